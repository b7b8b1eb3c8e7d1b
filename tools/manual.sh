#!/bin/sh
# The manual page and the shells' completions of a program, from its --help.
# Usage: manual.sh PROGRAM 'NAME NAME ...' VERSION MANUAL BASH ZSH FISH
set -eu
program=$1
programs=$2
version=$3
help=$("$program" --help)
shift 3
for form in man bash zsh fish; do
    printf '%s\n' "$help" | awk -v form=$form -v program="$(basename "$program")" -v programs="$programs" \
        -v version="$version" -f "$(dirname "$0")/manual.awk" >"$1"
    shift
done
