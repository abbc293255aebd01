#!/usr/bin/env bash
# Gets what the tests need beside Go: PostgreSQL's server, Chromium and promtool. As root on Debian it
# installs what is missing; elsewhere it names exactly what to install, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.build/bin
mkdir -p "$bin"

have() { command -v "$1" >/dev/null 2>&1; }
has_postgres() {
	[ -n "${OPSTRUTH_TEST_DATABASE_URL:-}" ] || have initdb ||
		compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
		compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null ||
		compgen -G '/opt/homebrew/opt/postgresql@*/bin/initdb' >/dev/null ||
		compgen -G '/usr/local/opt/postgresql@*/bin/initdb' >/dev/null
}
has_chromium() { have chromium || have chromium-browser || have google-chrome || have google-chrome-stable ||
	[ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ]; }
has_promtool() { have promtool || [ -x "$bin/promtool" ]; }
# The race detector needs a C compiler.
has_compiler() { [ -z "${RACE:-}${CI:-}" ] || have gcc || have clang; }

packages=()
has_postgres || packages+=(postgresql)
has_chromium || packages+=(chromium)
has_compiler || packages+=(gcc libc6-dev)
on_debian() { have apt-get && have dpkg-deb; }

if on_debian; then
	updated=
	update() { [ -n "$updated" ] || apt-get update -qq; updated=1; }
	if [ "${#packages[@]}" -gt 0 ] && [ "$(id -u)" = 0 ]; then
		update
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
	fi
	if ! has_promtool; then
		# Only the checker: the package itself would also start a Prometheus server.
		if [ "$(id -u)" = 0 ]; then update; fi
		work=$(mktemp -d)
		trap 'rm -rf "$work"' EXIT
		if (cd "$work" && apt-get download -qq prometheus 2>/dev/null && dpkg-deb -x prometheus_*.deb tree); then
			install -m 0755 "$work/tree/usr/bin/promtool" "$bin/promtool"
		fi
	fi
fi

missing=()
has_postgres || missing+=("PostgreSQL 15 or newer (Debian: postgresql, macOS: brew install postgresql@17), or OPSTRUTH_TEST_DATABASE_URL")
has_chromium || missing+=("Chromium or Chrome (Debian: chromium, macOS: brew install --cask google-chrome)")
has_promtool || missing+=("promtool (Debian: prometheus, macOS: brew install prometheus)")
has_compiler || missing+=("a C compiler for the race detector (Debian: gcc libc6-dev)")
if [ "${#missing[@]}" -gt 0 ]; then
	echo "install these, then run make test again (as root on Debian it installs them itself):" >&2
	printf '  - %s\n' "${missing[@]}" >&2
	exit 1
fi
