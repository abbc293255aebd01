#!/usr/bin/env bash
# Fails when "make generate" would change a generated source, and leaves the new sources in place.
set -euo pipefail
cd "$(dirname "$0")/.."

sums() { git ls-files -z --cached --others --exclude-standard -- '*_templ.go' '*.gen.go' | xargs -0 -r sha256sum; }

before=$(sums)
make generate
after=$(sums)
if ! diff <(echo "$before") <(echo "$after"); then
	echo "generated sources were out of date: commit what make generate just wrote" >&2
	exit 1
fi
