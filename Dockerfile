# syntax=docker/dockerfile:1

# Parley's image: Node.js, the production dependencies and the compiled gateway (with the simulator of the chart's try-out),
# on a base without shell and package manager. docs/image.md says what is in it, how large it is, and how to build one's own.
#
# Both bases are arguments, so that the same stages build from a mirror, from digests (`name:tag@sha256:…`), or on bases that
# were made on this machine (scripts/image/build.sh).

# Node.js for building and running: one version, by its full number.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
# glibc, libstdc++, CA certificates, the user 65532, and nothing to log in with. Not the distroless image with Node.js in it:
# its tags name no patch version, so what runs would not be what was built and tested with.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

# Node.js of the platform that the image is for; nothing runs in this stage, so no emulation is needed.
FROM ${NODE_IMAGE} AS node

# All that is built is JavaScript, the same for every platform: built once, on the platform of the builder.
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS base
WORKDIR /parley
ENV NO_UPDATE_NOTIFIER=1
COPY package.json package-lock.json .npmrc ./

FROM base AS dependencies
# A package mirror's settings may come as the secret `npmrc`; they leave no trace in the image.
# Optional packages are Node.js itself as npm packages, for development: the image has its own.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=cache,target=/root/.npm,sharing=locked \
    npm ci --omit=dev --omit=optional --ignore-scripts
# Types, sources, maps and commands of packages are for those who develop. A package with machine code would be wrong on other platforms.
RUN find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete \
    && rm -rf node_modules/.bin \
    && find node_modules -type d -empty -delete \
    && if find node_modules -name '*.node' | grep .; then echo 'has machine code: not for every platform' >&2; exit 1; fi

FROM base AS build
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=cache,target=/root/.npm,sharing=locked \
    npm ci --omit=optional --ignore-scripts
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY src src
COPY simulator simulator
# What tests share is compiled like the rest; source maps would need --enable-source-maps, which slows errors down.
RUN npm run build \
    && find dist -depth -type d -name testing -exec rm -r {} + \
    && find dist -type f \( -name '*.map' -o -name '*.contract.js' -o -name '.tsbuildinfo' \) -delete

# The tree as it will be, with times that do not depend on when it was built.
FROM base AS tree
COPY LICENSE ./
COPY simulator/assets/*.wav simulator/assets/
COPY --from=build /parley/dist dist
COPY --from=dependencies /parley/node_modules node_modules
ARG SOURCE_DATE_EPOCH=0
RUN rm .npmrc package-lock.json \
    && chmod -R u=rwX,go=rX . \
    && find . -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM ${RUNTIME_IMAGE}
# From what changes least to what changes most. All of it belongs to root, so that the process cannot change what it runs.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /parley
COPY --from=tree /parley/node_modules node_modules
COPY --from=tree /parley/package.json /parley/LICENSE ./
COPY --from=tree /parley/simulator simulator
COPY --from=tree /parley/dist dist

ENV NODE_ENV=production
# By number: with a name, Kubernetes cannot see that it is not root (runAsNonRoot).
USER 65532:65532
# Public (webhooks, media streams) and management (health, metrics, other pods).
EXPOSE 6000 8081
# Node.js is PID 1 itself: the gateway handles SIGTERM and SIGINT and leaves no child processes behind.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["--import", "./dist/src/telemetry/preload.js", "dist/src/main.js"]

ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Parley" \
      org.opencontainers.image.description="Voice gateway: answers phone calls from Telnyx with OpenAI's Realtime API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/parley-voice/parley" \
      org.opencontainers.image.documentation="https://github.com/parley-voice/parley/tree/main/docs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
