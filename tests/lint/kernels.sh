#!/bin/sh
# A second compiler's opinion: every kernel program is clean OpenCL C 1.2 to clang, with the build
# options that the host uses for it, for vectors of 4, 8 and 16 floats on the x86 processors that have
# them, weights of all types, and as on a device that is no CPU. PoCL, a clang too, would tell the
# user how many warnings there are: nothing may appear when all programs are compiled anew.
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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
builds=$work/builds
env -u HOME -u XDG_CACHE_HOME POCL_CACHE_DIR="$work/cache" \
    "$clcheck" --device cpu --tiny --repeat 3 --builds >"$work/out" 2>"$work/warnings"
sed -n 's/^built \(.*\) in [0-9.]* s$/\1/p' "$work/out" | sort -u >"$builds"

checked=0
failed=0
check() { # NAME OPTION...
    name=$1
    shift
    checked=$((checked + 1))
    clang -x cl -Xclang -finclude-default-header -S -emit-llvm -o /dev/null -Wall -Wextra -Werror \
        -target x86_64-linux-gnu -Wno-unused-parameter -Wno-unused-function -Icl -I"$made" "$@" "cl/$name.cl" || {
        failed=$((failed + 1))
        echo "FAILED  $name $*"
    }
}
replace() { printf '%s\n' "$options" | sed "$1"; }

while read -r name options; do
    check "$name" -march=x86-64-v2 $(replace 's/VW=[0-9]*/VW=4/')
    check "$name" -march=x86-64-v3 $(replace 's/VW=[0-9]*/VW=8/')
    check "$name" -march=x86-64-v4 $(replace 's/VW=[0-9]*/VW=16/')
    case $options in
    *TURN* | *WGRAD*) ;;
    *W_TYPE=0*) for type in 1 2 3; do check "$name" -march=x86-64-v4 $(replace "s/W_TYPE=0/W_TYPE=$type/"); done ;;
    esac
    case $name in
    *_simd | *_thin | *_few | conv2d_winograd*) ;;
    # Whether loops are written out on GPUs, their own compilers say in tests/gpulab.
    *) check "$name" -Wno-pass-failed $(replace 's/VW=[0-9]*/VW=1/; s/P2P_CPU=1/P2P_CPU=0/') ;;
    esac
done <"$builds"
# What PoCL lacks: Intel's sub-groups, which clang knows by this.
for lanes in 8 16; do
    common="-march=x86-64-v3 -D cl_intel_subgroups -include opencl-c.h -cl-std=CL1.2 -D VW=1 -D P2P_CPU=0
        -D LANES=$lanes -D ACROSS=2 -D DOWN=2 -D SPLIT=4"
    check conv2d_subgroup $common -D TURNED=0 -D ACT_TANH=0
    check conv2d_subgroup $common -D TURNED=1 -D ACT_TANH=1
    check conv2d_subgroup_wgrad $common -D LARGE_OUT=0
done
missing=$(for file in cl/*.cl; do
    name=$(basename "$file" .cl)
    grep -q "^$name " "$builds" || echo "$name"
done | grep -v -e im2col -e peak -e subgroup || true)
[ -z "$missing" ] || { echo "FAILED  never built by clcheck: $missing"; failed=$((failed + 1)); }
[ ! -s "$work/warnings" ] || { echo 'FAILED  PoCL has said:'; cat "$work/warnings"; failed=$((failed + 1)); }
echo "$((checked - failed)) passed, $failed failed"
[ $failed -eq 0 ]
