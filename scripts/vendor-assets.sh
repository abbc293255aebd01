#!/bin/sh
# Fetches the pinned browser libraries with the npm client and writes web/assets/vendor and
# web/assets/icons.svg. Needed only to change a version: the results are committed, no build runs npm.
set -eu

TABLER=1.6.1
HTMX=2.0.11
IDIOMORPH=0.8.0
ICONS=3.51.0

root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/web/assets/vendor"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fetch() { # fetch <package> <version> <directory>
	mkdir -p "$tmp/$3"
	tarball=$(cd "$tmp" && npm pack --silent "$1@$2")
	tar -xzf "$tmp/$tarball" -C "$tmp/$3" --strip-components=1
}

fetch @tabler/core "$TABLER" tabler
fetch htmx.org "$HTMX" htmx
fetch idiomorph "$IDIOMORPH" idiomorph
fetch @tabler/icons "$ICONS" icons

rm -rf "$out"
mkdir -p "$out/licences"
# The source maps are not shipped, so their references go too: a browser would ask for them in vain.
sed '/^\/\*# sourceMappingURL=/d; s#/\*\# sourceMappingURL=[^*]*\*/##' "$tmp/tabler/dist/css/tabler.min.css" >"$out/tabler.min.css"
cp "$tmp/htmx/dist/htmx.min.js" "$out/htmx.min.js"
cp "$tmp/idiomorph/dist/idiomorph-ext.min.js" "$out/idiomorph-ext.min.js"
cp "$tmp/htmx/LICENSE" "$out/licences/htmx.txt"
cp "$tmp/idiomorph/LICENSE" "$out/licences/idiomorph.txt"
cp "$tmp/icons/LICENSE" "$out/licences/tabler.txt" # one MIT text, same author; @tabler/core ships none

# The sprite holds the icons of web/assets/icons.txt and nothing else.
sprite="$root/web/assets/icons.svg"
{
	printf '<svg xmlns="http://www.w3.org/2000/svg">\n'
	while read -r name; do
		case $name in '' | '#'*) continue ;; esac
		file="$tmp/icons/icons/outline/$name.svg"
		[ -f "$file" ] || { echo "no Tabler icon named $name: correct web/assets/icons.txt" >&2; exit 1; }
		printf '<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">' "$name"
		grep -o '<\(path\|circle\|rect\|line\|polyline\|polygon\|ellipse\) [^>]*/>' "$file" | grep -v 'M0 0h24v24H0z' | tr -d '\n'
		printf '</symbol>\n'
	done <"$root/web/assets/icons.txt"
	printf '</svg>\n'
} >"$sprite"

cat >"$root/web/assets/VENDOR.md" <<MD
# Vendored browser assets

Written by \`scripts/vendor-assets.sh\`. Change a version there and run it; it needs the npm client, nothing else does.

| Package | Version | Licence | Files |
|---|---|---|---|
| @tabler/core | $TABLER | MIT | vendor/tabler.min.css |
| htmx.org | $HTMX | 0BSD | vendor/htmx.min.js |
| idiomorph | $IDIOMORPH | 0BSD | vendor/idiomorph-ext.min.js |
| @tabler/icons | $ICONS | MIT | icons.svg (the names in icons.txt) |

Licence texts are in vendor/licences. Tabler's JavaScript is not vendored: menus are \`<details>\`, which need none.

SHA-256:

\`\`\`
$(cd "$root/web/assets" && sha256sum icons.svg vendor/*.css vendor/*.js)
\`\`\`
MD
