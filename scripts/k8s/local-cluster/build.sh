#!/usr/bin/env bash
# Builds what a cluster is made of from Go modules, once: bin/ and images/ in .cache/local-cluster. cluster.sh calls it.
#
#   build.sh            Kubernetes, etcd, CoreDNS, the pause image
#   build.sh traefik    Traefik
#   build.sh companions what the chart's try-out brings along
#   build.sh probe      what check.sh runs in pods
#
# A module's version pins every version it is built from, and Go's checksum database what is in them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=$(cd "$here/../../.." && pwd)/.cache/local-cluster
mkdir -p "$home"/{bin,images,build}

# The newest minor release whose kubelet still runs where cgroups are of version 1.
kubernetes=v1.34.4
# The one that this Kubernetes was made with: it is in its modules already.
etcd=v3.6.4
coredns=v1.14.1
traefik=v3.7.13

export CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local
say() { echo "local-cluster: $*" >&2; }
build() { nice -n 15 go build -mod=mod -trimpath -p 2 "$@"; }

# Only a main module's replacements count, so the module to build becomes a dependency of a small one.
# $1: name  $2…: what it requires, as path@version. Leaves it as the working directory.
wrapper() {
  mkdir -p "$home/build/$1" && cd "$home/build/$1"
  printf 'module local-cluster/%s\n\ngo 1.24.0\n\n' "$1" > go.mod
  [ $# -eq 1 ] || printf 'require %s\n' "${@:2}" | tr '@' ' ' >> go.mod
}

# $1: name  $2: folder with its files  $3: user  $4: its program. An archive as `docker save` writes it, of one layer, the same
# bytes each time.
image() {
  local root
  root=$(mktemp -d)
  tar --create --file "$root/layer.tar" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$2" .
  cat > "$root/config.json" << JSON
{"architecture":"$(go env GOARCH)","os":"linux","config":{"Entrypoint":["$4"],"User":"$3"},
 "rootfs":{"type":"layers","diff_ids":["sha256:$(sha256sum "$root/layer.tar" | cut -d ' ' -f 1)"]}}
JSON
  echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"$1\"],\"Layers\":[\"layer.tar\"]}]" > "$root/manifest.json"
  tar --create --file "$home/images/$(basename "${1%:*}").tar" -C "$root" manifest.json config.json layer.tar
  rm -r "$root"
}

build_kubernetes() {
  local package flags=() programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
  say "Kubernetes $kubernetes and etcd $etcd; this takes minutes"
  wrapper kubernetes "k8s.io/kubernetes@$kubernetes" "go.etcd.io/etcd/server/v3@$etcd"
  # Its parts are modules of their own, which it takes from its own tree, and the module comes without that.
  grep -o '^\sk8s.io/[a-z-]* v0\.0\.0$' "$(go mod download -json "k8s.io/kubernetes@$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')" \
    | sed "s/^\s\(\S*\) .*/replace \1 => \1 v0${kubernetes#v1}/" >> go.mod
  # Helm, kubectl and the kubelet look at the version, and a build of one's own has none.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=(-X "$package.gitVersion=$kubernetes" -X "$package.gitMajor=1" -X "$package.gitMinor=$(cut -d . -f 2 <<< "$kubernetes")")
  done
  build -ldflags "-s -w ${flags[*]}" -o "$home/bin/" "${programs[@]/#/k8s.io/kubernetes/cmd/}"
  build -ldflags '-s -w' -o "$home/bin/etcd" go.etcd.io/etcd/server/v3
}

# $1: name, which is also that of the folder with its only file  $2: user  $3…: modules. Leaves an image.
build_small() {
  wrapper "$1" "${@:3}"
  cp "$here/$1/main.go" .
  build -ldflags '-s -w' -o "$home/build/$1/files/$1" .
  image "localhost/$1:local" files "$2" "/$1"
}

build_traefik() {
  local sources=$home/build/traefik module=github.com/traefik/traefik/v3
  say "Traefik $traefik"
  rm -rf "$sources"
  cp -r "$(go mod download -json "$module@$traefik" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')" "$sources"
  chmod -R u+w "$sources" && cd "$sources"
  # An empty module for extensions, which Traefik's module comes without.
  mkdir -p pkg/config/dynamic/ext
  cp "$here/traefik-ext/ext.go" pkg/config/dynamic/ext/
  printf 'module github.com/traefik/traefik/dynamic/ext\n\ngo 1.24.0\n' > pkg/config/dynamic/ext/go.mod
  # Its fork of this module as it was until 2026: the newer one is not everywhere to be had.
  sed -i 's/\(containous\/go-http-auth\) .*/\1 v0.4.1-0.20200324110947-a37a7636d23e/' go.mod
  # Without certificates by way of DNS: the clients of two hundred providers are most of what there would be to compile.
  sed -i -e '/lego\/v[0-9]*\/providers\/dns"/d' -e 's/dns\.NewDNSChallengeProviderByName(.*)/nil, errors.New("not in this build")/' \
    pkg/provider/acme/provider.go
  build -ldflags "-s -w -X $module/pkg/version.Version=${traefik#v}" -o "$home/build/traefik-files/traefik" ./cmd/traefik
  image localhost/traefik:local "$home/build/traefik-files" 65532:65532 /traefik
}

# What the chart's try-out brings along, under the names that it has there: Debian's Redis in Valkey's place, and a Jaeger as
# `npm run test:jaeger` builds it.
build_companions() {
  local chart=$here/../../../charts/parley/Chart.yaml valkey=$home/build/valkey jaeger=$home/build/jaeger redis built
  redis=$(command -v redis-server) || { say 'no redis-server: apt-get install redis-server' && exit 2; }
  # Says itself what it lacks.
  built=$(node "$here/../../jaeger/build.mjs")
  rm -rf "$valkey" "$jaeger" && mkdir -p "$valkey/usr/local/bin" "$jaeger"
  cp "$redis" "$valkey/usr/local/bin/valkey-server"
  ldd "$valkey/usr/local/bin/valkey-server" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$valkey$(dirname "$library")"
    cp -L "$library" "$valkey$library"
  done
  image "$(grep -o 'docker.io/valkey/\S*' "$chart")" "$valkey" 65532:65532 /usr/local/bin/valkey-server
  cp "$built" "$jaeger/jaeger"
  image "$(grep -o 'docker.io/jaegertracing/\S*' "$chart")" "$jaeger" 65532:65532 /jaeger
}

started=$SECONDS
case ${1:-} in
  '')
    [ -x "$home/bin/etcd" ] || build_kubernetes
    [ -f "$home/images/coredns.tar" ] || build_small coredns 65532:65532 "github.com/coredns/coredns@$coredns"
    [ -f "$home/images/pause.tar" ] || build_small pause 65535:65535
    ;;
  probe) [ -f "$home/images/probe.tar" ] || build_small probe 65532:65532 ;;
  traefik) [ -f "$home/images/traefik.tar" ] || build_traefik ;;
  # Copies, made in a second: under the names that the chart has today.
  companions) build_companions ;;
  *) sed -n '2,9s/^# \?//p' "$0" >&2 && exit 2 ;;
esac
[ $((SECONDS - started)) -lt 5 ] || say "built in $((SECONDS - started)) s"
