#!/bin/sh
# A page as embed_text.sh makes it, with the styles and scripts that lie beside it in the place of the
# elements that name them. Usage: embed_page.sh FILE.html NAME
set -eu
here=$(dirname "$0")
page=$(mktemp)
trap 'rm -f "$page"' EXIT
awk -v folder="$(dirname "$1")" '
    function put(file, element) {
        print "<" element ">"
        while ((found = (getline line <(folder "/" file))) > 0) print line
        if (found < 0) { print file ": cannot be read" >"/dev/stderr"; exit 1 }
        print "</" element ">"
    }
    /<link rel="stylesheet" href="/ { split($0, part, "\""); put(part[4], "style"); next }
    /<script src="/ { split($0, part, "\""); put(part[2], "script"); next }
    { print }' "$1" >"$page"
sh "$here/embed_text.sh" "$page" "$2"
