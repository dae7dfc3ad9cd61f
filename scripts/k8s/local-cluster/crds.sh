#!/usr/bin/env bash
# Applies the definitions of the custom resources that the chart can make, as their makers publish them, from Go modules:
# so the API server checks those resources, without the operators.
#
#   KUBECONFIG=… crds.sh
set -euo pipefail
export GOWORK=off GOTOOLCHAIN=local

# module@version  files in it
definitions() {
  cat << 'LIST'
github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd/monitoring.coreos.com_*monitors.yaml
github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml
github.com/kedacore/keda/v2@v2.21.0 config/crd/bases/keda.sh_*.yaml
github.com/external-secrets/external-secrets@v1.3.2 config/crds/bases/external-secrets.io_externalsecrets.yaml
sigs.k8s.io/gateway-api@v1.6.3 config/crd/standard/gateway.networking.k8s.io_*.yaml
github.com/envoyproxy/gateway@v1.9.1 charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_*.yaml
istio.io/api@v1.31.1 kubernetes/customresourcedefinitions.gen.yaml
github.com/argoproj/argo-cd/v3@v3.5.7 manifests/crds/application-crd.yaml
github.com/fluxcd/source-controller@v1.9.6 config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml
LIST
}

definitions | while read -r module pattern; do
  directory=$(go mod download -json "$module" | sed -n 's/^\s"Dir": "\(.*\)".*/\1/p')
  mapfile -t files < <(compgen -G "$directory/$pattern")
  kubectl apply --server-side --force-conflicts "${files[@]/#/--filename=}" > /dev/null
  echo "$module: ${#files[@]} files"
done
kubectl wait --for=condition=Established customresourcedefinitions --all --timeout 60s > /dev/null
