#!/bin/sh
# The messages that docs/troubleshooting.md explains are in the sources, and the options that docs name exist.
# Usage: messages.sh SOURCE_FOLDER FOLDER_OF_PROGRAMS
set -eu
cd "$1"
tools=$2
failed=0
checked=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
complain() { echo "$1"; failed=$((failed + 1)); }

# Strings of the sources, those that continue each other as one; what printf puts in is `...`.
cat src/*/*.c tools/*.c | tr '\n' ' ' | sed 's/" *"//g; s/%[-+ 0-9.*]*[a-z]*/.../g' >"$work/sources"
sed -n 's/^| \(`[^|]*\) |.*/\1/p' docs/troubleshooting.md | grep -o '`[^`]*`' | tr -d '`' |
    sed 's/\.\.\./\n/g' | sed 's/^[ ;:]*//; s/[ ;:]*$//' | grep '.\{8\}' >"$work/pieces"
while read -r piece; do
    checked=$((checked + 1))
    grep -qF -e "$piece" "$work/sources" || complain "docs/troubleshooting.md: no message has '$piece'"
done <"$work/pieces"
for program in "$tools"/p2p-*; do
    [ ! -f "$program" ] || [ ! -x "$program" ] || "$program" --help >>"$work/help" 2>/dev/null || true
done
for name in $(grep -oh -e '--[a-zA-Z][A-Za-z0-9_]*' docs/*.md | sort -u); do
    checked=$((checked + 1))
    case $name in
    --data | --cflags | --libs) continue ;; # of curl and pkg-config
    --host | --mca | --cpus | --gpus | --kill | --mpi | --nodes | --ntasks | --open | --requeue | --signal)
        continue ;; # of mpirun and Slurm
    esac
    grep -q -e "$name\\b" "$work/help" || complain "docs: no program has $name"
done
echo "$((checked - failed)) passed, $failed failed"
[ $failed -eq 0 ] && [ $checked -gt 30 ]
