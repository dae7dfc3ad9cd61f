#!/usr/bin/env bash
# The node: the first process in namespaces of its own, which starts all the others and starts them again when they end.
# cluster.sh starts it. $1: .cache/local-cluster
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=$1
state=$home/node
logs=$home/logs
pki=$state/pki
# Services are in 10.96.0.0/16, pods in 10.244.0.0/24.
node_address=10.245.0.1
export PATH=$home/bin:$PATH KUBECONFIG=$state/kubeconfig
cd "$home"

# Where Kubernetes and containerd write wherever they are told to, and where pods' networks are mounted.
mkdir -p /var/lib/kubelet /var/lib/cni /var/log/containers
for directory in /run /var/lib/kubelet /var/lib/cni /var/log/containers; do mount -t tmpfs tmpfs "$directory"; done

# The kubelet sets these for the whole machine. It finds them set, in files that only it sees.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  echo "${setting#*=}" > "$state/$(basename "${setting%=*}")"
  mount --bind "$state/$(basename "${setting%=*}")" "/proc/sys/${setting%=*}"
done

ip link set lo up
ip address add "$node_address/32" dev lo
# Of this network only. Nothing leads out of it, and nobody else is in it.
echo 1 > /proc/sys/net/ipv4/ip_forward
# A Service's address is nowhere: kube-proxy puts another in its place, but not before there is a route.
ip route add 10.96.0.0/16 dev lo src "$node_address"

# $1: name  $2…: program
keep() {
  (
    while :; do
      "${@:2}" >> "$logs/$1.log" 2>&1 || true
      echo "$1 ended, and is started again" >&2
      sleep 1
    done
  ) &
}

# All data of the cluster end with it, so they may be in memory.
keep etcd etcd --data-dir /run/etcd --unsafe-no-fsync --log-level warn

keep kube-apiserver kube-apiserver \
  --etcd-servers http://127.0.0.1:2379 --advertise-address "$node_address" --service-cluster-ip-range 10.96.0.0/16 \
  --authorization-mode Node,RBAC --client-ca-file "$pki/ca.crt" \
  --tls-cert-file "$pki/api.crt" --tls-private-key-file "$pki/api.key" \
  --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" \
  --kubelet-preferred-address-types InternalIP \
  --service-account-issuer https://kubernetes.default.svc.cluster.local \
  --service-account-key-file "$pki/service-accounts.key" --service-account-signing-key-file "$pki/service-accounts.key"
keep relay socat UNIX-LISTEN:node/api.sock,fork,unlink-early TCP:127.0.0.1:6443
until kubectl get --raw /readyz > /dev/null 2>&1; do sleep 0.5; done

keep kube-controller-manager kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false \
  --root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/service-accounts.key"
keep kube-scheduler kube-scheduler --kubeconfig "$KUBECONFIG" --leader-elect=false

cat > "$state/containerd.toml" << TOML
version = 2
root = "$state/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:local"
  # Root in a container or a virtual machine may lack the right to make a process safer from a lack of memory than itself.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
TOML
# A cable from each pod to the node, and no bridge: so all that pods say to each other passes where policies are enforced.
mkdir -p "$state/cni"
cat > "$state/cni/pods.conflist" << JSON
{ "cniVersion": "1.0.0", "name": "pods", "plugins": [{ "type": "ptp", "ipam": { "type": "host-local", "dataDir": "/run/cni",
  "ranges": [[{ "subnet": "10.244.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } }] }
JSON
keep containerd containerd --config "$state/containerd.toml"
until [ -S /run/containerd/containerd.sock ]; do sleep 0.5; done

: > "$state/resolv.conf"
cat > "$state/kubelet.yaml" << YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $pki/ca.crt } }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
failSwapOn: false
podLogsDir: $logs/pods
resolvConf: $state/resolv.conf
# There is no registry to fetch an image from again.
imageGCHighThresholdPercent: 100
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1% }
YAML
keep kubelet kubelet --kubeconfig "$KUBECONFIG" --config "$state/kubelet.yaml" --root-dir "$state/kubelet" \
  --hostname-override local --node-ip "$node_address"
# What it would set of connection tracking belongs to the machine.
keep kube-proxy kube-proxy --kubeconfig "$KUBECONFIG" --hostname-override local --proxy-mode nftables \
  --cluster-cidr 10.244.0.0/24 --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 \
  --conntrack-tcp-timeout-close-wait 0
keep policies node "$here/policies.mjs" "$pki"

# As the first process, it also takes leave of those whose parents are gone.
wait
