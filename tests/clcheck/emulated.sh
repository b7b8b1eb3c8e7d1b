#!/bin/sh
# Kernels for matrix units on a device that has none: their instructions are replaced by the same in plain OpenCL C,
# after the layouts that the vendors document (tests/clcheck/emulated), on a device that says it is such a one.
# Usage: emulated.sh CLCHECK LYING_DEVICE SOURCE_FOLDER BUILD_FOLDER [OPTION OF CLCHECK]...
set -eu
clcheck=$1 lying=$2 source=$3 build=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source"/cl/* "$build"/cl/*.clh "$work"
cp "$source"/tests/clcheck/emulated/* "$work"

failed=0
check() { # WHAT FACT=VALUE...
    what=$1
    shift
    echo "$what:"
    env P2P_CL_DIR="$work" LD_PRELOAD="$lying" "$@" "$clcheck" --device cpu --vector_width 8 --op 'conv2d*' \
        --variant mma $options >"$work/out" 2>&1 || failed=1
    cat "$work/out"
    # Emulation is what ran: without it the instructions do not build here.
    ! grep -q 'does not build' "$work/out" || failed=1
}
options=${*:---quick --seed 1}
nvidia='LIE_EXTENSIONS=cl_khr_fp64 cl_nv_device_attribute_query'
check "NVIDIA's, TF32 and f16" "$nvidia" LIE_CAPABILITY=80
check "NVIDIA's of Turing" "$nvidia" LIE_CAPABILITY=75
check "AMD's of RDNA 3" LIE_NAME=gfx1100 LIE_VENDOR=0x1002
check "AMD's of CDNA" LIE_NAME=gfx942:sramecc+:xnack- LIE_VENDOR=0x1002
intel='cl_intel_subgroups cl_intel_required_subgroup_size cl_intel_subgroup_matrix_multiply_accumulate'
check "Intel's" "LIE_EXTENSIONS=$intel" LIE_SUBGROUPS=8
exit $failed
