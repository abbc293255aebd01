#!/usr/bin/env bash
# Starts standalone with everything on, leaves it alone for ten minutes (or as many as are given), and tells what its
# processes use together. It fails where that is over the limit. Linux only: it reads /proc.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10} limit=350 # MB

data=$(mktemp -d)
log=$data/standalone.log
go build -o "$data/standalone" ./standalone
"$data/standalone" --data "$data/installation" --listen 127.0.0.1:0 --temporal-ui 127.0.0.1:0 >"$log" 2>&1 &
main=$!
trap 'kill "$main" 2>/dev/null || true; wait "$main" 2>/dev/null || true; rm -rf "$data"' EXIT

# A page that several processes share counts for each by its part of it.
used() {
	local kb=0 pid part
	for pid in "$main" $(pgrep -P "$main"); do
		part=$(awk '/^Pss:/ {print $2}' "/proc/$pid/smaps_rollup")
		kb=$((kb + part))
	done
	echo $((kb / 1024))
}

for minute in $(seq "$minutes"); do
	sleep 60
	kill -0 "$main" 2>/dev/null || { cat "$log" >&2; exit 1; }
	mb=$(used)
	echo "after $minute min: $mb MB in $((1 + $(pgrep -cP "$main"))) processes"
done
[ "$mb" -le "$limit" ] || { echo "that is over $limit MB" >&2; exit 1; }
