#!/usr/bin/env bash
# Builds the image from the Dockerfile, stage by stage as it is, where there is no registry and no Docker: with buildah, on two
# bases that are made on this machine. With a registry, `docker build .` does the same on the real ones (docs/image.md).
#
#   sudo scripts/image/build.sh
#
# For building: Debian by debootstrap, with Node.js and npm in it. For running: what node links to, CA certificates, the user
# 65532, and nothing else. Needs Linux, root, and buildah, debootstrap and npm; `npm ci` was run (it brings Node.js).
#
#   IMAGE=localhost/parley:dev     its name
#   IMAGE_HOME=/tmp/parley-image   where bases, storage and the archive are kept
#   PULL=yes                       use the bases that the Dockerfile names, not local ones
#
# Leaves $IMAGE_HOME/parley.tar, a docker-archive: `docker load`, `podman load`, `kind load image-archive`, `ctr images import`.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=${IMAGE:-localhost/parley:dev}
home=${IMAGE_HOME:-${TMPDIR:-/tmp}/parley-image}
archive=$home/parley.tar
mkdir -p "$home"

missing=()
for program in buildah npm node; do command -v "$program" > /dev/null || missing+=("$program"); done
[ -n "${PULL:-}" ] || command -v debootstrap > /dev/null || missing+=(debootstrap)
if [ ${#missing[@]} -gt 0 ] || [ "$(id -u)" -ne 0 ]; then
  echo "image: needs root and ${missing[*]:-nothing more} (Debian: apt-get install buildah debootstrap)" >&2
  exit 2
fi

say() { echo "image: $*" >&2; }
# Its own storage: nothing of a Docker or Podman that is already here is seen or changed. vfs and chroot need no kernel feature.
builder() { buildah --root "$home/storage" --runroot "$home/run" --storage-driver vfs "$@"; }

# The Node.js that `npm ci` brought, the same version that the Dockerfile names.
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) say "no Node.js for $(uname -m)" && exit 2 ;;
esac
node_binary=node_modules/node-linux-$arch/bin/node

# $1: name of the base, $2: folder with its file system
import_base() {
  local container
  container=$(builder from scratch)
  builder copy --quiet "$container" "$2" / > /dev/null
  builder commit --quiet --rm "$container" "$1" > /dev/null
}

make_build_base() {
  local mirror root=$home/debian
  # The mirror that this machine uses itself.
  # shellcheck disable=SC2016 # apt's own variable
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2> /dev/null | head -n 1)
  say "Debian, by debootstrap"
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${mirror:+"$mirror"} > "$home/debootstrap.log"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/etc/apt/sources.list
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -- "$node_binary" "$root/usr/local/bin/node"
  cp -rL -- "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  # A certificate authority of this machine's network counts in the build, not in the image.
  cp -- /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  import_base "$build_base" "$root"
  rm -rf "$root"
}

make_runtime_base() {
  local root=$home/runtime library
  say "what node links to, with nothing else"
  rm -rf "$root"
  mkdir -p "$root"/{etc/ssl/certs,home/nonroot,proc,sys,dev,run,usr/lib}
  mkdir -m 1777 "$root/tmp"
  ldd "$node_binary" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L -- "$library" "$root$library"
  done
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > "$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' > "$root/etc/group"
  printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
  # As Debian ships them: those of this machine's network are left out.
  find /usr/share/ca-certificates/mozilla -name '*.crt' | LC_ALL=C sort | xargs cat > "$root/etc/ssl/certs/ca-certificates.crt"
  chown 65532:65532 "$root/home/nonroot"
  import_base "$runtime_base" "$root"
  rm -rf "$root"
}

arguments=()
if [ -z "${PULL:-}" ]; then
  version=$("$node_binary" --version)
  build_base=localhost/parley-node:${version#v}
  runtime_base=localhost/parley-runtime:${version#v}
  builder inspect --type image "$build_base" > /dev/null 2>&1 || make_build_base
  builder inspect --type image "$runtime_base" > /dev/null 2>&1 || make_runtime_base
  arguments+=(--pull-never --build-arg "NODE_IMAGE=$build_base" --build-arg "RUNTIME_IMAGE=$runtime_base")
fi

# npm as it is set up here, as far as the build needs it: for that step only, it stays out of every layer.
npmrc=$(mktemp)
trap 'rm -f "$npmrc"' EXIT
printf 'registry=%s\n' "$(npm config get registry 2> /dev/null)" > "$npmrc"
[ -z "${PULL:-}" ] && printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >> "$npmrc"

# The time of the last commit, so that the same commit gives the same bytes.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || echo 0)}
say "the Dockerfile's stages, as $image"
# Without a cgroup and a network of its own: a build needs neither, and a container may not make them.
builder build --isolation chroot --layers=false --format oci --timestamp "$epoch" ${NO_CACHE:+--no-cache} \
  --secret "id=npmrc,src=$npmrc" \
  --build-arg "SOURCE_DATE_EPOCH=$epoch" \
  --build-arg "VERSION=$(node -p 'require("./package.json").version')" \
  --build-arg "REVISION=$(git rev-parse HEAD 2> /dev/null || echo unknown)" \
  --build-arg "CREATED=$(date --utc --date="@$epoch" +%Y-%m-%dT%H:%M:%SZ)" \
  "${arguments[@]}" --tag "$image" .

rm -f "$archive"
builder push --quiet "$image" "docker-archive:$archive:$image"
say "$archive ($(du -m "$archive" | cut -f 1) MiB), $(builder inspect --type image --format '{{.FromImageDigest}}' "$image")"
