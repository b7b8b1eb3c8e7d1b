#!/bin/sh
# Folders are layers: includes point downwards only; OpenCL is named in src/device alone; files are
# short, licensed, without tabs and trailing blanks; headers compile alone.
# Usage: layers.sh SOURCE_FOLDER BUILD_FOLDER
set -eu
cd "$1"
build=$2
failed=0
complain() { echo "$1"; failed=$((failed + 1)); }

below() { # what a layer may include besides itself
    case $1 in
    base) echo '' ;;
    device) echo 'base' ;;
    tensor) echo 'base device' ;;
    ops) echo 'base device tensor' ;;
    graph) echo 'base device tensor ops' ;;
    nets) echo 'base device tensor ops graph' ;;
    formats | data) echo 'base' ;;
    model) echo 'base device tensor ops graph nets formats data' ;;
    train) echo 'base device tensor ops graph nets formats data model' ;;
    esac
}
for layer in base device tensor ops graph nets formats data model train; do
    allowed=" $layer $(below $layer) "
    for used in $(grep -ho '#include "src/[a-z]*' src/$layer/*.[ch] | sed 's/.*src.//' | sort -u); do
        case "$allowed" in *" $used "*) ;; *) complain "src/$layer includes src/$used" ;; esac
    done
    [ $layer = device ] || ! grep -l '<CL/' src/$layer/*.[ch] || complain "src/$layer names OpenCL"
done
for folder in src/*/; do # a new folder needs a place among the layers
    case " base device tensor ops graph nets formats data model train " in
    *" $(basename "$folder") "*) ;;
    *) complain "$folder is no layer" ;;
    esac
done
! grep -n '#include "' include/p2p/*.h | grep -v '"p2p/' || complain 'a public header includes another'
! grep -n '#include "' tools/*.[ch] | grep -v -e '"p2p/' -e '"cli.h"' -e 'sscanf' -e 'fputs' ||
    complain 'a program includes more than p2p/ and cli.h'

for file in $(find src include tools tests -name '*.[ch]'); do
    case $file in
    tests/examples/*) ;; # as the README prints them
    *) head -n 1 "$file" | grep -q SPDX || complain "$file: no SPDX line" ;;
    esac
    [ "$(wc -l <"$file")" -le 600 ] || complain "$file: over 600 lines"
done
tab=$(printf '\t')
for file in $(find src include tools tests cl -name '*.[ch]' -o -name '*.cl' -o -name '*.clh' -o \
    -name '*.sh' -o -name 'meson.build') meson.build; do
    ! grep -n -e "$tab" -e ' $' "$file" || complain "$file: tabs or trailing blanks"
done
for file in cl/*.cl cl/*.clh; do
    head -n 1 "$file" | grep -q SPDX || complain "$file: no SPDX line"
    [ "$(wc -l <"$file")" -le 400 ] || complain "$file: over 400 lines"
done
printed=$(sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d')
[ "$printed" = "$(cat tests/examples/translate.c)" ] ||
    complain "README.md's program is not tests/examples/translate.c"
for file in translate:30 train:60; do
    [ "$(wc -l <"tests/examples/${file%:*}.c")" -le "${file#*:}" ] ||
        complain "tests/examples/${file%:*}.c: over ${file#*:} lines"
done
for header in include/p2p/*.h src/*/*.h tools/*.h; do
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -DCL_TARGET_OPENCL_VERSION=120 -fsyntax-only -x c \
        -I. -Iinclude -I"$build" "$header" || complain "$header does not compile alone"
done
[ $failed -gt 0 ] || echo 'layers, licences, lengths, blanks and headers are as they should be'
echo "$((failed == 0)) passed, $failed failed"
[ $failed -eq 0 ]
