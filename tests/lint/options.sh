#!/bin/sh
# What messages tell people to type exists: each --name in a string of src/ and tools/ is an option of
# the program that prints it, and each p2p-NAME is a program. Names of options in tools/ exist, too,
# and are asked for by their type.
# Usage: options.sh SOURCE_FOLDER FOLDER_OF_PROGRAMS
set -eu
cd "$1"
tools=$2
failed=0
checked=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
complain() { echo "$1"; failed=$((failed + 1)); }

mkdir "$work/programs"
for source in tools/p2p_*.c; do
    program=$(basename "${source#tools/p2p_}" .c)
    [ "$program" != serve ] || [ -x "$tools/p2p-serve" ] || { # built without libmicrohttpd
        echo 'p2p-serve is not built, and not looked at'
        continue
    }
    "$tools/p2p-$program" --help >"$work/help.$program"
    # NAME and what follows it: N, NAME, TEXT, or nothing for a flag; further names as (-m, --model)
    sed 's/.*(-[a-z], --\([a-z]*\))$/&\n  --\1 TEXT /' "$work/help.$program" |
        sed -n 's/^ *\(-[a-zA-Z], \)*--\([A-Za-z][A-Za-z0-9_]*\)\( \([A-Z]*\)\)\{0,1\} .*/\2 \4/p' \
            >"$work/programs/$program"
done
sort -u "$work"/programs/* >"$work/any"

models='train test translate bench export' # all that read models and open devices
printing() { # programs that print the strings of a file
    case $1 in
    tools/p2p_*) echo "$1" | sed 's/.*p2p_//; s/\.c//' ;;
    src/train/* | src/comm/* | src/options/meaning.c | src/model/checkpoint*.c | src/device/wait.c) echo train ;;
    src/model/export.c | src/model/frozen.c | src/model/onnx_export.c | src/model/source.c)
        echo export ;;
    src/bench/* | tools/bench*) echo bench ;;
    src/demo/* | src/prepare/* | tools/data*) echo data ;;
    tools/results*) echo test ;;
    src/data/dataset_check.c) echo train test ;;
    src/data/outputs*.c | tools/translate*) echo translate ;;
    tools/serve*) echo serve ;;
    src/data/classes.c) echo train ;;
    src/model/model.c) echo test translate ;;
    src/options/help.c) ;; # seen in each program's --help
    *) echo "$models" ;;
    esac
}
known() { # PROGRAM NAME
    checked=$((checked + 1))
    grep -q "^$2 " "$work/programs/$1"
}

# Options belong to the program that the same string names before them, or to those that print it.
check_words() { # WHERE PROGRAM... : text on standard input, strings between quotes
    where=$1
    shift
    grep -o -e 'p2p-[a-z]*' -e '--[a-zA-Z][A-Za-z0-9_]*' -e '"' >"$work/words" || true
    program=
    while read -r word; do
        case $word in
        '"') program= ;;
        p2p-*)
            program=${word#p2p-}
            [ -f "$work/programs/$program" ] || complain "$where: there is no program $word"
            ;;
        *)
            for one in ${program:-"$@"}; do
                known "$one" "${word#--}" || complain "$where: p2p-$one has no option $word"
            done
            ;;
        esac
    done <"$work/words"
}
for file in src/*/*.c tools/*.c; do
    case $file in # seen in each program's --help, and by the unit tests
    src/options/options_table.c | src/options/peers.c) continue ;;
    esac
    grep -v '^ *\(/\*\|\*\|#\)' "$file" | grep -o '"\([^"\\]\|\\.\)*"' >"$work/strings" || true
    check_words "$file" $(printing "$file") <"$work/strings"
done
for program in $(ls "$work/programs"); do
    sed 's/$/"/' "$work/help.$program" >"$work/strings"
    check_words "p2p-$program --help" "$program" <"$work/strings"
done

typed() { # FUNCTION... : TYPE... of the help
    pattern=$1
    shift
    for name in $(grep -oh "\($pattern\)([a-z>-]*, \"[A-Za-z0-9_]*\"" tools/*.c |
        sed 's/.*"\(.*\)"/\1/' | sort -u); do
        checked=$((checked + 1))
        grep -q "^$name \($*\)\$" "$work/any" || complain "tools: no option $name as $pattern reads it"
    done
}
typed 'cli_flag\|p2p_options_get_flag' ''
typed 'cli_int\|cli_size\|p2p_options_get_int' 'N'
typed 'p2p_options_get_number' 'N'
typed 'p2p_options_given\|p2p_options_set_[a-z]*' '[A-Z]*'
typed 'cli_text\|p2p_options_get_string' 'TEXT\|NAME'
echo "$((checked - failed)) passed, $failed failed"
[ $failed -eq 0 ] && [ $checked -gt 100 ]
