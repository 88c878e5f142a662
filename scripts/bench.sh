#!/usr/bin/env bash
# Measures a fresh server through its protocols, then the Go micro-benchmarks.
# Further flags go to `parlor bench`; PARLOR_DATABASE picks the engine.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(mktemp -d)
port=${PORT:-18099}
export PARLOR_DATA="$data" PARLOR_LISTEN="127.0.0.1:$port" PARLOR_RATE_LIMITS=off PARLOR_LOG_LEVEL=warn PARLOR_METRICS_TOKEN=bench
ulimit -n "$(ulimit -Hn)"
./bin/parlor serve &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$data"' EXIT
until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do
	kill -0 "$server" || exit 1
	sleep 0.1
done
tokens=()
for i in 1 2 3 4; do
	echo "bench-password" | ./bin/parlor agent add --email "bench$i@example.com" --name "Bench $i" --cap 999 >/dev/null
	tokens+=(--token "$(./bin/parlor token add --email "bench$i@example.com" --name bench)")
done
./bin/parlor bench --url "http://127.0.0.1:$port" --pid "$server" --metrics-token bench "${tokens[@]}" "$@"
if [ "${MICRO:-1}" = 1 ]; then
	go test -run '^$' -bench . -benchmem ./internal/routing ./internal/store ./internal/socketio/...
fi
