#!/usr/bin/env bash
# Calls through two gateways that share a Redis: webhooks go to the one, media streams to the other, so that every call needs
# what the first wrote down. Nothing real: Telnyx and OpenAI are doubles. `npm run build` was run; needs curl.
#
#   .github/scripts/redis-calls.sh redis://127.0.0.1:6379
set -euo pipefail
cd "$(dirname "$0")/../.."
redis=${1:?usage: redis-calls.sh REDIS_URL}
calls=${CALLS:-10}
scratch=$(mktemp -d)
pids=()

finish() {
  local status=$?
  trap - EXIT
  # What the gateways did with SIGTERM counts too: they leave with 0 when the last call is over.
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2> /dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" || { echo "process $pid ended with $?" >&2 && status=1; }; done
  [ "$status" -eq 0 ] || tail -n 60 "$scratch"/gateway-*.log >&2
  rm -rf "$scratch"
  exit "$status"
}
trap finish EXIT

simulate() { node dist/simulator/cli/main.js "$@"; }

# Not by the function: in the background that is a shell around Node.js, and signals would reach the shell.
node dist/simulator/cli/main.js realtime --port 7001 --reply assistant-greeting --reply assistant-answer-short \
  > "$scratch/model.log" 2>&1 &
pids+=($!)

export REDIS_URL=$redis
export OPENAI_REALTIME_URL=ws://127.0.0.1:7001/v1/realtime OPENAI_API_KEY=sk-double
export TELNYX_BASE_URL=http://127.0.0.1:7000/v2 TELNYX_API_KEY=KEY-double
TELNYX_PUBLIC_KEY=$(simulate key "$scratch/telnyx.pem")
STREAM_TOKEN_SECRET=$(head -c 32 /dev/urandom | base64)
export TELNYX_PUBLIC_KEY STREAM_TOKEN_SECRET POD_IP=127.0.0.1

for pod in 0 1; do
  PORT=$((6000 + pod)) MANAGEMENT_PORT=$((8081 + pod)) POD_NAME=pod-$pod POD_UID=pod-$pod \
    node --import ./dist/src/telemetry/preload.js dist/src/main.js > "$scratch/gateway-$pod.log" 2>&1 &
  pids+=($!)
done
for pod in 0 1; do
  curl --silent --show-error --fail --retry 60 --retry-delay 1 --retry-connrefused --retry-all-errors \
    "http://127.0.0.1:$((8081 + pod))/readyz" > /dev/null
done

simulate call --webhook-url http://127.0.0.1:6000/webhooks/ --stream-to ws://127.0.0.1:6001 \
  --port 7000 --key-file "$scratch/telnyx.pem" --calls "$calls" --rate 2

carried=$(grep -c 'media stream started' "$scratch/gateway-1.log" || true)
if [ "$carried" -ne "$calls" ]; then
  echo "the second gateway carried $carried of $calls calls" >&2
  exit 1
fi
echo "$calls calls: answered by one gateway, carried by the other"
