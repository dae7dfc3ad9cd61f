#!/usr/bin/env bash
# Calls on a cluster the way Telnyx' calls come: webhooks over https and media streams over wss, through Traefik with a
# certificate, while the gateway is upgraded. Nothing real: Telnyx and OpenAI are the doubles of the chart's try-out.
#
#   KUBECONFIG=… PARLEY_IMAGE=registry/parley:tag .github/scripts/ingress-calls.sh
#
# Needs helm, kubectl, openssl, and a cluster that has the image or can pull it. Leaves namespaces traefik and parley-ingress.
# TRAEFIK=installed: there is one already, as Service traefik in the namespace traefik.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=${PARLEY_IMAGE:?names the image, as registry/repository:tag}
namespace=parley-ingress
# A name that the cluster's own DNS knows: the simulated Telnyx needs no hosts file.
host=traefik.traefik.svc.cluster.local
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

registry=${image%%/*}
repository=${image#*/}
cat > "$scratch/values.yaml" <<VALUES
image:
  registry: $registry
  repository: ${repository%:*}
  tag: '${repository##*:}'
replicaCount: 2
minReadySeconds: 0
# A node of two cores has room for a third one while they are replaced.
resources:
  requests:
    cpu: 100m
drain:
  # A rollout in production hands calls over after three minutes.
  handoverAfterSeconds: 2
  deadlineSeconds: 120
valkey:
  enabled: true
ingress:
  enabled: true
  preset: traefik
  hosts: [$host]
  tls:
    - secretName: parley-tls
networkPolicy:
  publicFrom:
    - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: traefik } }
simulator:
  enabled: true
  webhookUrl: https://$host/webhooks/
  streamTo: wss://$host
  # Long enough to be under way while the pods are replaced.
  callerSays: [caller-booking, caller-goodbye, caller-booking, caller-goodbye]
  # The certificate below is its own authority.
  extraArgs: ['--calls', '6', '--rate', '2', '--switch', 'validateCertificates=off']
VALUES

gateways=app.kubernetes.io/instance=parley,app.kubernetes.io/component=gateway
parley() { helm "$1" parley charts/parley --namespace "$namespace" --values "$scratch/values.yaml" "${@:2}"; }
streams() { kubectl --namespace "$namespace" logs --selector "$gateways" --tail=-1 | grep -c 'media stream started' || true; }
if [ "${TRAEFIK:-}" != installed ]; then
  echo "== Traefik"
  # Its Service waits for a load balancer that a test cluster does not have, so Helm must not wait for it.
  helm upgrade --install traefik oci://ghcr.io/traefik/helm/traefik --version 41.3.0 --namespace traefik --create-namespace
  kubectl --namespace traefik rollout status deployment/traefik --timeout 5m
fi

echo "== Parley behind it"
kubectl create namespace "$namespace"
kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=parley" \
  -addext "subjectAltName=DNS:$host" -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2> /dev/null
kubectl --namespace "$namespace" create secret tls parley-tls --cert "$scratch/cert.pem" --key "$scratch/key.pem"
parley install --wait --timeout 5m

echo "== Calls, while every pod is replaced"
kubectl --namespace "$namespace" create job calls --from=cronjob/parley-simulated-call
for _ in $(seq 60); do
  [ "$(streams)" -ge 6 ] && break
  sleep 1
done
[ "$(streams)" -ge 6 ] || { echo 'the calls did not get through' >&2; exit 1; }
parley upgrade --wait --timeout 5m --set-string podAnnotations.upgraded=yes

status=''
for _ in $(seq 150); do
  status=$(kubectl --namespace "$namespace" get job calls --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
  [ -n "$status" ] && break
  sleep 2
done
kubectl --namespace "$namespace" logs job/calls
case $status in
  *Complete*) echo '== Every call went on to its end' ;;
  *) echo "== Calls were lost ($status)" >&2 && exit 1 ;;
esac
