#!/usr/bin/env bash
# Proves that the cluster does what tests on it rely on: DNS, Services, NetworkPolicies, Pod Security, logs, exec, relays.
#
#   check.sh      after `cluster.sh up`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=$(cd "$here/../../.." && pwd)/.cache/local-cluster
export KUBECONFIG=$home/kubeconfig PATH=$home/bin:$PATH
namespace=check-$$

"$here/build.sh" probe
"$here/cluster.sh" load "$home/images/probe.tar" 2> /dev/null
kubectl create namespace "$namespace" > /dev/null
trap 'kubectl delete namespace "$namespace" --wait=false > /dev/null' EXIT

# $1: name  $2…: what it does in it
pod() {
  kubectl run "$1" --namespace "$namespace" --image localhost/probe:local --image-pull-policy Never --restart Never \
    --labels "app=$1" --port 8080 "${@:2}" > /dev/null
}
pod server -- serve :8080
pod friend -- serve :8080
pod stranger -- serve :8080
kubectl expose pod server --namespace "$namespace" --port 80 --target-port 8080 > /dev/null
kubectl wait --namespace "$namespace" --for=condition=Ready pod --all --timeout 60s > /dev/null

# shellcheck disable=SC2317 # `expect` calls these
within() { kubectl exec --namespace "$namespace" "$1" -- /probe "${@:2}" 2>&1; }
# Rules come a moment after the policy. $1: yes or no  $2: who  $3: of whom
# shellcheck disable=SC2317
reaches() {
  local is=''
  for _ in $(seq 10); do
    if within "$2" get "http://$3/" > /dev/null; then is=yes; else is=no; fi
    [ "$is" != "$1" ] || return 0
  done
  return 1
}
expect() {
  if "${@:2}" > /dev/null; then echo "ok      $1"; else echo "FAILED  $1" && failed=1; fi
}
policy() { kubectl apply --namespace "$namespace" -f - > /dev/null; }

failed=0
server=server.$namespace.svc.cluster.local
api=$(kubectl get endpointslices --selector kubernetes.io/service-name=kubernetes --output 'jsonpath={.items[0].endpoints[0].addresses[0]}')
expect 'a Service is found by name, and leads to its pod' reaches yes friend "$server"
expect 'to whoever asks' reaches yes stranger "$server"
expect 'a pod reaches itself by its Service' reaches yes server "$server"
expect 'the API is reached from a pod, by its Service' within friend dial kubernetes.default.svc.cluster.local:443
expect 'logs come through' grep -q 'asked for' <(kubectl logs --namespace "$namespace" server)

policy << YAML
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: server }
spec:
  podSelector: { matchLabels: { app: server } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: friend } } }], ports: [{ port: 8080 }] }]
YAML
expect 'a policy keeps others out' reaches no stranger "$server"
expect 'and lets in whom it names' reaches yes friend "$server"

policy << YAML
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: friend }
spec:
  podSelector: { matchLabels: { app: friend } }
  policyTypes: [Egress]
  egress: [{ to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }], ports: [{ port: 53 }, { port: 53, protocol: UDP }] }]
YAML
expect 'a policy keeps its own pods in' reaches no friend "$server"
expect 'but for what it opens: DNS' within friend dial 10.96.0.10:53
expect 'the node is outside too' bash -c "! '$home/bin/kubectl' exec --namespace $namespace friend -- /probe dial $api:6443"
kubectl delete networkpolicy --namespace "$namespace" --all > /dev/null
expect 'without policies all is open again' reaches yes stranger "$server"

kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted > /dev/null 2>&1
expect 'Pod Security refuses what is not restricted' grep -q 'violates PodSecurity "restricted' <(pod refused -- true 2>&1)
exit $failed
