#!/usr/bin/env bash
# A Kubernetes of one node for tests, from source, where there is no Docker and no image registry. See README.md.
#
#   cluster.sh up               builds what is missing, starts the node, waits until it is ready
#   cluster.sh load IMAGE.tar   gives it an image (docker-archive or OCI)
#   cluster.sh companions       gives it the images of Valkey and Jaeger that the chart's try-out wants: stand-ins
#   cluster.sh traefik          builds Traefik and installs it
#   cluster.sh status           says whether it runs, and what is on it
#   cluster.sh down             ends it; nothing of it is left but what was built
#
# Then: export KUBECONFIG=.cache/local-cluster/kubeconfig PATH="$PWD/.cache/local-cluster/bin:$PATH"
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=$(cd "$here/../../.." && pwd)/.cache/local-cluster
state=$home/node
logs=$home/logs
# On the loopback address, where the API is for whoever is outside.
port=${LOCAL_CLUSTER_PORT:-16443}

say() { echo "local-cluster: $*" >&2; }
die() { say "$@" && exit 1; }
kubectl() { "$home/bin/kubectl" --kubeconfig "$home/kubeconfig" "$@"; }
# $1: node or relay. Nothing where the process of that number is another one by now.
pid_of() {
  local pid
  pid=$(cat "$home/$1.pid" 2> /dev/null) && grep -qsa 'node\.sh\|node/api\.sock' "/proc/$pid/cmdline" && echo "$pid"
}
running() { pid_of node > /dev/null; }
# In the namespaces of the node, whose first process is the only child of `unshare`.
inside() {
  local first
  first=$(pgrep --parent "$(pid_of node)") && nsenter --target "$first" --mount --net --pid -- "$@"
}

# $1: what for  $2: seconds  $3…: asks
until_so() {
  local deadline=$((SECONDS + $2))
  until "${@:3}" > /dev/null 2>&1; do
    running || die "the node ended: see $logs"
    [ "$SECONDS" -lt "$deadline" ] || die "$1: not within $2 s; see $logs"
    sleep 0.5
  done
}

check_machine() {
  local program missing=()
  for program in containerd runc nft socat openssl unshare nsenter go node; do
    command -v "$program" > /dev/null || missing+=("$program")
  done
  [ -x /usr/lib/cni/ptp ] || missing+=(/usr/lib/cni/ptp)
  [ ${#missing[@]} -eq 0 ] && [ "$(id -u)" -eq 0 ] && return
  say "needs root and ${missing[*]:-nothing more}"
  say "Debian: apt-get install containerd containernetworking-plugins nftables socat openssl; and Go, and Node.js"
  exit 2
}

# $1: name  $2: subject  $3: extensions
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2> /dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile <(echo "$3") -out "$1.crt" 2> /dev/null
}

make_keys() {
  mkdir -p "$state/pki" && cd "$state/pki"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=local-cluster \
    -keyout ca.key -out ca.crt 2> /dev/null
  local names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  certificate api /CN=kube-apiserver "subjectAltName=$names,IP:127.0.0.1,IP:10.96.0.1,IP:10.245.0.1"
  certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  openssl genrsa -out service-accounts.key 2048 2> /dev/null
  cat > "$home/kubeconfig" << YAML
apiVersion: v1
kind: Config
current-context: local-cluster
clusters: [{ name: local-cluster, cluster: { server: 'https://127.0.0.1:$port', certificate-authority-data: $(base64 -w 0 ca.crt) } }]
users: [{ name: admin, user: { client-certificate-data: $(base64 -w 0 admin.crt), client-key-data: $(base64 -w 0 admin.key) } }]
contexts: [{ name: local-cluster, context: { cluster: local-cluster, user: admin } }]
YAML
  sed "s/127.0.0.1:$port/127.0.0.1:6443/" "$home/kubeconfig" > "$state/kubeconfig"
  chmod 600 "$home/kubeconfig" "$state/kubeconfig"
  cd "$home"
}

up() {
  running && die "it runs already"
  check_machine
  "$here/build.sh"
  down
  mkdir -p "$state" "$logs" && cd "$home"
  make_keys
  # A network, mounts and process ids of its own: whatever it does to them ends with it, and the machine's stay as they are.
  setsid nohup unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
    "$here/node.sh" "$home" > "$logs/node.log" 2>&1 < /dev/null &
  echo $! > node.pid
  # From this machine's loopback to the node's, by a socket in a file, for those two networks have nothing in common.
  setsid nohup socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" UNIX-CONNECT:node/api.sock > "$logs/relay.log" 2>&1 < /dev/null &
  echo $! > relay.pid
  until_so 'the API' 120 kubectl get --raw /readyz
  until_so 'containerd' 60 inside ctr version
  load "$home"/images/{pause,coredns}.tar
  until_so 'the system' 60 kubectl apply --server-side -f "$here/system.yaml"
  until_so 'a node that is ready' 120 kubectl wait --for=condition=Ready node/local --timeout=1s
  until_so 'DNS' 120 kubectl --namespace kube-system rollout status deployment/coredns --timeout=1s
  say "ready: export KUBECONFIG=$home/kubeconfig PATH=\"$home/bin:\$PATH\""
}

load() {
  local archive
  running || die "it does not run: $0 up"
  for archive; do inside ctr --namespace k8s.io images import "$(realpath "$archive")" >&2; done
}

companions() {
  "$here/build.sh" companions
  load "$home"/images/{valkey,jaeger}.tar
}

traefik() {
  "$here/build.sh" traefik
  load "$home/images/traefik.tar"
  kubectl apply --server-side -f "$here/traefik.yaml" >&2
  kubectl --namespace traefik rollout status deployment/traefik --timeout 3m >&2
}

status() {
  running || { say "it does not run" && return 1; }
  kubectl get nodes --output wide
  kubectl get pods --all-namespaces
}

down() {
  local name
  for name in relay node; do
    # Its namespaces end with the first process, and all that is in them.
    [ -z "$(pid_of $name)" ] || kill -KILL "$(pid_of $name)" 2> /dev/null || true
    rm -f "$home/$name.pid"
  done
  # What processes leave behind, once they are all gone: their control groups.
  for _ in $(seq 50); do
    find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2> /dev/null || true
    [ -n "$(find /sys/fs/cgroup -type d -name kubepods -print -quit 2> /dev/null)" ] || break
    sleep 0.2
  done
  rm -rf "$state" "$logs" "$home/kubeconfig"
  rmdir /var/lib/kubelet /var/lib/cni /var/log/containers 2> /dev/null || true
}

case ${1:-} in
  up | companions | traefik | status | down) "$1" ;;
  load) [ $# -gt 1 ] || die "load what?"; load "${@:2}" ;;
  *) sed -n '2,11s/^# \?//p' "$0" >&2 && exit 2 ;;
esac
