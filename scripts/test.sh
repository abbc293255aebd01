#!/usr/bin/env bash
# Runs go test over both modules, or over the area that AREA names. "make test" calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

flags=(-count=1)
race=()
[ -n "${RACE:-}" ] && race=(-race)
# CI's machine has other things to do: what watches deadlines there stretches them, and its work alike.
[ -n "${CI:-}" ] && flags+=(-tags patient)
# shellcheck disable=SC2206 # TESTFLAGS holds several words
flags+=(${TESTFLAGS:-})
if [ -n "${AREA:-}" ]; then
	if ! grep -q "^$AREA " scripts/areas; then
		echo "no area named $AREA; scripts/areas has: $(awk '!/^#/ && NF {print $1}' scripts/areas | sort -u | xargs)" >&2
		exit 2
	fi
fi

failed=0
run() { go test "${flags[@]}" "${race[@]}" "$@" || failed=1; }

if [ -z "${AREA:-}" ]; then
	run -timeout 40m ./...
	# One package at a time: these watch deadlines of seconds with the real server, workers and browser. The race
	# detector makes the embedded server and the pages several times slower than that, so what watches them runs without.
	clocked='/standalone/(causes|e2e|faults/harness|surfaces)$'
	# shellcheck disable=SC2046 # several packages
	run -timeout 40m -p 1 $(go list ./standalone/... | grep -vE "$clocked")
	if [ ${#race[@]} -gt 0 ]; then
		# With the race detector a tenth of the runs are read on whose telling all surfaces have to agree, and few rounds of
		# each race are played. Here they all are.
		race=()
		run -timeout 40m -p 1 -run '^(TestSurfacesAgree|TestRaceOf.*|TestTinyChunksShareAnActivity)$' ./cmd/opstruth ./activities
	fi
	# shellcheck disable=SC2046
	run -timeout 40m -p 1 $(go list ./standalone/... | grep -E "$clocked")
else
	while read -r area pattern packages; do
		[ "$area" = "$AREA" ] || continue
		# shellcheck disable=SC2086 # several packages
		run -timeout 40m -p 1 -run "$pattern" $packages
	done <scripts/areas
fi
exit "$failed"
