#!/bin/sh
# A second compiler's opinion: every kernel program is clean OpenCL C 1.2 to clang, with the build
# options that the host uses for it, for vectors of 4, 8 and 16 floats, all ways of packing weights,
# and as on a device that is no CPU.
#
# Usage: kernels.sh CLCHECK SOURCE_FOLDER BUILD_FOLDER
set -eu
clcheck=$1
made=$3/cl
cd "$2"
command -v clang >/dev/null || {
    echo 'kernels.sh: clang is missing; install the package clang' >&2
    exit 1
}
builds=$(mktemp)
trap 'rm -f "$builds"' EXIT
"$clcheck" --device cpu --tiny --repeat 3 --builds | sed -n 's/^built \(.*\) in [0-9.]* s$/\1/p' |
    sort -u >"$builds"

checked=0
failed=0
check() { # NAME OPTION...
    name=$1
    shift
    checked=$((checked + 1))
    clang -x cl -Xclang -finclude-default-header -fsyntax-only -Wall -Wextra -Werror \
        -Wno-unused-parameter -Wno-unused-function -Icl -I"$made" "$@" "cl/$name.cl" || {
        failed=$((failed + 1))
        echo "FAILED  $name $*"
    }
}
replace() { printf '%s\n' "$options" | sed "$1"; }

while read -r name options; do
    for width in 4 8 16; do
        check "$name" $(replace "s/VW=[0-9]*/VW=$width/")
    done
    case $options in
    *TURN* | *WGRAD*) ;;
    *PACKING*) for packing in 1 2; do check "$name" $(replace "s/PACKING=0/PACKING=$packing/"); done ;;
    esac
    case $name in
    *_simd | *_thin | *_winograd) ;;
    *) check "$name" $(replace 's/VW=[0-9]*/VW=1/; s/P2P_CPU=1/P2P_CPU=0/') ;;
    esac
done <"$builds"
missing=$(for file in cl/*.cl; do
    name=$(basename "$file" .cl)
    grep -q "^$name " "$builds" || echo "$name"
done | grep -v -e im2col -e peak || true)
[ -z "$missing" ] || { echo "FAILED  never built by clcheck: $missing"; failed=$((failed + 1)); }
echo "$((checked - failed)) passed, $failed failed"
[ $failed -eq 0 ]
