#!/bin/sh
# The kernels that GPUs take, on a CPU that says it is one of a vendor's: the framework's numbers, and a
# training run to the same bits twice. A network that learns by Winograd's tiles is large, so that clcheck alone
# checks these.
# Usage: gpu_kernels.sh FOLDER_OF_PROGRAMS GOLDEN FOLDER_OF_NUMBERS LYING_DEVICE
. "$(dirname "$0")/lib.sh"
golden=$2 numbers=$3 lying=$4
# What was measured on this machine stays out of it; PoCL's kernels are those that it has.
export POCL_CACHE_DIR="${POCL_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pocl/kcache}" XDG_CACHE_HOME="$work/kept"

as_gpu() { # VENDOR_ID COMMAND...
    as_vendor=$1
    shift
    LIE_GPU=1 LIE_VENDOR=$((as_vendor)) LIE_UNITS=60 LD_PRELOAD="$lying" "$@"
}
# agree NAME VENDOR_ID RAN FILE...: they hold by the kernels of the pattern, each of which ran
agree() {
    agree_name=$1 agree_vendor=$2 agree_ran=$3
    shift 3
    check "$agree_name" as_gpu $agree_vendor sh -c 'exec "$@" >numbers.txt' sh "$golden" --device pthread --tries 3 "$@"
    for pass in $agree_ran; do check "by $pass" grep -q "^ran:.* $pass\( \|\$\)" numbers.txt; done
}
amd=0x1002 intel=0x8086 nvidia=0x10de

agree 'ops as on an AMD GPU' $amd 'conv2d_fwd=tile conv2d_dgrad=tile conv2d_wgrad=tile conv2d_fwd=inner
    conv2d_dgrad=inner conv2d_wgrad=inner norm_fwd=whole norm_bwd=whole norm_stats=joined' "$numbers"/ops/*.safetensors
for vendor in amd nvidia intel; do
    passes='conv2d_fwd=inner conv2d_dgrad=tile conv2d_wgrad=tile conv2d_fwd=one conv2d_dgrad=pixels norm_bwd=whole
        norm_act_bwd=quads'
    agree "networks as on a GPU of $vendor" "$(eval echo \$$vendor)" "$passes" "$numbers"/nets/*.safetensors
done
agree 'trajectories as on an NVIDIA GPU' $nvidia 'conv2d_wgrad_adam=tile conv2d_wgrad_adam=inner adam=quads' \
    "$numbers"/trajectories/*.safetensors

"$tools/p2p-data" demo data --count 2 --size 128 --quiet
small() {
    as_gpu $nvidia "$tools/p2p-train" --device pthread --dataroot data --name "$1" --netG unet_128 --ngf 32 --ndf 64 \
        --load_size 136 --crop_size 128 --print_freq 1 --max_steps 3 --tune off --verbose >"$1.txt" 2>&1
}
check 'a run' small one
check 'by many kernels' eval '[ $(grep -oE "conv2d_[a-z_]* +[a-z_]*$" one.txt | sort -u | tee kernels.txt | wc -l) -ge 8 ]'
check 'once more' small two
check 'the same bits' cmp checkpoints/one/latest.safetensors checkpoints/two/latest.safetensors
finish
