#!/bin/sh
# Intel's OpenCL runtime for CPUs, the only one without a GPU that has Intel's sub-groups: their kernels, and
# a training run by them. It comes from PyPI into a virtual environment that only this test uses. Exit code 77:
# not run, since it cannot be had.
# Usage: intel_device.sh FOLDER_OF_PROGRAMS CLCHECK GOLDEN FOLDER_OF_NUMBERS LYING_DEVICE VIRTUAL_ENVIRONMENT
. "$(dirname "$0")/lib.sh"
clcheck=$2 golden=$3 numbers=$4 lying=$5 venv=$6
packages='intel-opencl-rt intel-cmplr-lib-rt'

if [ ! -f "$venv/complete" ]; then
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q $packages; } >pip.txt 2>&1; then
        echo "not run: the Python packages $packages cannot be had: $(tail -n 1 pip.txt)"
        exit 77
    fi
    touch "$venv/complete"
fi
mkdir vendors
find "$venv/lib" -name libintelocl.so >vendors/intel.icd
export OCL_ICD_VENDORS="$work/vendors"

"$tools/p2p-info" >info.txt
check 'it tells the sizes of its sub-groups' grep -q 'sub-groups of 4, 8, 16, 32, 64,' info.txt
check 'sub-groups agree with the reference' \
    "$clcheck" --op 'conv2d*' --variant subgroup --vector_width 8 --repeat 6 --seed 1

# As on a GPU, whose weights are blocked by 16.
as_gpu() { LIE_GPU=1 LD_PRELOAD="$lying" "$@"; }
"$tools/p2p-data" demo data --count 2 --size 64 --quiet
small() {
    as_gpu "$tools/p2p-train" --device Intel --dataroot data --name "$1" --netG unet_256 --num_downs 5 \
        --ngf 32 --ndf 32 --load_size 72 --crop_size 64 --print_freq 1 --max_steps 2 --tune off --verbose >"$1.txt" 2>&1
}
check 'a run' small one
check 'goes mostly by sub-groups' [ "$(grep -c 'step .* conv2d_.* subgroup$' one.txt)" -gt 20 ]
check 'once more' small two
check 'the same bits' cmp checkpoints/one/latest.safetensors checkpoints/two/latest.safetensors
check 'a network has the numbers of the framework' \
    eval 'as_gpu "$golden" --device Intel --variant -inner "$numbers/nets/unet_256_ngf64_batch_b2.safetensors" >numbers.txt'
check 'by sub-groups' grep -q 'conv2d_fwd=subgroup.*conv2d_dgrad=subgroup.*conv2d_wgrad=subgroup' numbers.txt
finish
