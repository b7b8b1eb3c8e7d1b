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
! grep -l '#include "src/' tools/*.c || complain 'a program includes src/'

for file in $(git ls-files 'src/*.[ch]' 'include/*.h' 'tools/*.[ch]' 'tests/*.[ch]' 2>/dev/null); do
    head -n 1 "$file" | grep -q SPDX || case $file in tests/examples/*) ;; *) complain "$file: no SPDX line" ;; esac
    [ "$(wc -l <"$file")" -le 600 ] || complain "$file: over 600 lines"
    ! grep -nP '\t| $' "$file" || complain "$file: tabs or trailing blanks"
done
for file in cl/*.cl cl/*.clh; do
    [ "$(wc -l <"$file")" -le 400 ] || complain "$file: over 400 lines"
done
for header in include/p2p/*.h src/*/*.h; do
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -DCL_TARGET_OPENCL_VERSION=120 -fsyntax-only -x c \
        -I. -Iinclude -I"$build" "$header" || complain "$header does not compile alone"
done
echo "1 passed, $failed failed"
[ $failed -eq 0 ]
