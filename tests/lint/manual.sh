#!/bin/sh
# Manual pages and completions have what --help has, and nothing is wrong with them for those of man, bash, zsh
# and fish that are there. Usage: manual.sh FOLDER_OF_PROGRAMS
set -eu
cd "$1"
failed=0
checked=0
complain() { echo "$1"; failed=$((failed + 1)); }
options() { grep -o -- '--[A-Za-z][A-Za-z0-9_]*' | sort -u; }
there() { command -v "$1" >/dev/null || { echo "SKIPPED: no $1"; false; }; }

for page in p2p-*.1; do
    program=${page%.1}
    checked=$((checked + 1))
    "./$program" --help >help.$$
    offered=$(grep '^ \{1,9\}\(-[a-zA-Z], \)\{0,1\}--[A-Za-z]' help.$$ | sed 's/^ *\(-[a-zA-Z], \)\{0,1\}//; s/ .*//' | sort -u)
    [ "$(sed -n 's/^\.B \(\\-[a-zA-Z], \)\{0,1\}\(\\-\\-[A-Za-z0-9_]*\).*/\2/p' "$page" | tr -d '\\' | sort -u)" = "$offered" ] ||
        complain "$page: other options than --help"
    grep -A 1 '^\.SH NAME' "$page" | grep -q ' \\- [a-z].\{9\}' || complain "$page: no summary"
    [ "$(sed -n 's/.*-l \([A-Za-z0-9_]*\).*/--\1/p' "$program.fish" | sort -u)" = "$offered" ] ||
        complain "$program.fish: other options"
    [ "$(sed -n "s/^  '\(--[A-Za-z0-9_]*\)[=[].*/\1/p" "_$program" | sort -u)" = "$offered" ] ||
        complain "_$program: other options"
done
rm -f help.$$
if there groff; then
    for page in p2p-*.1; do
        warned=$(groff -man -Tutf8 -ww -z "$page" 2>&1 | grep -v 'cannot adjust line' || true)
        [ -z "$warned" ] || complain "$page: $warned"
    done
fi
if there bash; then # as a person types
    completed() { # LINE BEFORE CURRENT: words
        bash -c '. ./$1.bash; COMP_CWORD=1; _${1//-/_} "$1" "$3" "$2"; echo "${COMPREPLY[*]}"' - "$@"
    }
    [ "$(completed p2p-train --netG resnet)" = 'resnet_9blocks resnet_6blocks' ] || complain 'bash: choices'
    [ "$(completed p2p-train p2p-train --netG)" = '--netG' ] || complain 'bash: options'
    [ "$(completed p2p-data p2p-data de)" = 'demo' ] || complain 'bash: commands'
fi
if there zsh; then for file in _p2p-*; do zsh -n "$file" || complain "$file"; done; fi
if there fish; then for file in p2p-*.fish; do fish -n "$file" || complain "$file"; done; fi
echo "$((checked - failed)) passed, $failed failed"
[ $failed -eq 0 ] && [ $checked -ge 8 ]
