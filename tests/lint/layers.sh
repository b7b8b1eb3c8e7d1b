#!/bin/sh
# Folders are layers: includes point downwards only; OpenCL is named in src/device alone; files are
# short, licensed, without tabs and trailing blanks; headers compile alone.
# Usage: layers.sh SOURCE_FOLDER BUILD_FOLDER
set -eu
cd "$1"
build=$2
failed=0
complain() { echo "$1"; failed=$((failed + 1)); }

# The layers stand in src/meson.build, lowest first. formats, data, options and demo are beside the
# networks, not above them: they know base (and each other where it says so) alone.
layers=$(sed -n '/^foreach layer/,/^ *subdir/p' src/meson.build | grep -o "'[a-z]*'" | tr -d "'")
below() { # what a layer may include besides itself
    case $1 in
    options | formats | data) echo base ;;
    demo | prepare) echo base data ;;
    *) for layer in $layers; do
        [ "$layer" != "$1" ] || break
        echo "$layer"
    done ;;
    esac
}
public() { # the layer that implements a header of include/p2p
    case $1 in
    common) echo base ;;
    comm) echo comm ;;
    options) echo options ;;
    device) echo device ;;
    image | labels | data) echo data ;;
    prepare) echo prepare ;;
    model | export) echo model ;;
    report) echo report ;;
    train) echo train ;;
    bench | p2p) echo bench ;;
    *) complain "include/p2p/$1.h has no layer" ;;
    esac
}
for layer in $layers; do
    allowed=" $layer $(below "$layer" | tr '\n' ' ') "
    for used in $(grep -ho '#include "src/[a-z]*' src/"$layer"/*.[ch] | sed 's/.*src.//' | sort -u); do
        case "$allowed" in *" $used "*) ;; *) complain "src/$layer includes src/$used" ;; esac
    done
    for header in $(grep -ho '#include "p2p/[a-z0-9]*' src/"$layer"/*.[ch] | sed 's/.*p2p.//' | sort -u); do
        case "$allowed" in *" $(public "$header") "*) ;;
        *) complain "src/$layer includes p2p/$header.h" ;; esac
    done
    [ "$layer" = device ] || ! grep -l '<CL/' src/"$layer"/*.[ch] || complain "src/$layer names OpenCL"
done
for folder in src/*/; do # a new folder needs a place among the layers
    case " $(echo $layers) " in
    *" $(basename "$folder") "*) ;;
    *) complain "$folder is no layer" ;;
    esac
done
! grep -n '#include "' include/p2p/*.h | grep -v '"p2p/' || complain 'a public header includes another'
! grep -n '#include "[^"]*/' tools/*.[ch] | grep -v '"p2p/' ||
    complain 'a program includes more than p2p/ and what lies beside it'

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
for file in cl/*.cl cl/*.clh cl/*.h; do
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
for header in include/p2p/*.h src/*/*.h tools/*.h cl/*.h; do
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -DCL_TARGET_OPENCL_VERSION=120 -fsyntax-only -x c \
        -I. -Iinclude -I"$build" "$header" || complain "$header does not compile alone"
done
for header in include/p2p/*.h; do
    clang -x c++ -std=c++11 -Wall -Werror -Wno-pragma-once-outside-header -fsyntax-only -Iinclude \
        "$header" || complain "$header is no C++"
done
[ $failed -gt 0 ] || echo 'layers, licences, lengths, blanks and headers are as they should be'
echo "$((failed == 0)) passed, $failed failed"
[ $failed -eq 0 ]
