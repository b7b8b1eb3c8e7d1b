#!/bin/sh
# Devices that are not what programs expect, and not what they say. Usage: lies.sh FOLDER_OF_PROGRAMS LYING_DEVICE
here=$(cd "$(dirname "$0")" && pwd)
library=$(realpath "$2")
. "$here/../cli/lib.sh"
. "$here/lib.sh"
unset P2P_DEVICE
export RUSTICL_ENABLE=

lying() { # LIE=... -- COMMAND...
    lies=
    while [ "$1" != -- ]; do
        lies="$lies $1"
        shift
    done
    shift
    (
        export $lies LD_PRELOAD="$library"
        "$@"
    )
}
# A small run by the kernels for GPUs: small NAME OPTIONS...
small() {
    run=$1
    shift
    "$tools/p2p-train" --device Portable --variant -inner,-pixels,-tile_winograd --dataroot data --name "$run" --netG unet_256 --num_downs 5 --ngf 4 \
        --ndf 4 --load_size 36 --crop_size 32 --print_freq 1 --max_steps 2 --verbose --tune off "$@" >"$run.txt" 2>&1
}
# Whether all convolutions of a run went by a variant.
all_by() {
    [ -z "$(sed -n 's/.*step .* conv2d_[a-z_]* *\([a-z]*\)$/\1/p' "$1.txt" | sort -u | grep -v "^$2\$")" ]
}
lies_ok() { # WHAT VARIANT LIES... : such a device trains by such convolutions, with the same losses
    what=$1 variant=$2
    shift 2
    id=$(echo "$what" | tr -c 'a-z0-9\n' _)
    check "$what: trains" lying LIE_GPU=1 "$@" -- small "$id"
    check "$what: by $variant" all_by "$id" "$variant"
    check "$what: the same losses" like "$id" truth
}

"$tools/p2p-data" demo data --count 2 --size 32 --quiet
check 'a GPU with all it needs trains' lying LIE_GPU=1 -- small truth
check 'by tiles in local memory' all_by truth tile
lies_ok 'groups of 128' tile LIE_GROUP=128
lies_ok 'groups of 64' tile LIE_GROUP=64
lies_ok 'little local memory' naive LIE_LOCAL=4
lies_ok 'little of both' naive LIE_LOCAL=1 LIE_GROUP=64
check 'little local memory, all kernels' lying LIE_GPU=1 LIE_LOCAL=4 -- small all --variant -none
lies_ok 'small buffers' tile LIE_BUFFER=1
check 'small buffers: the same bits' cmp checkpoints/small_buffers/latest.safetensors checkpoints/truth/latest.safetensors

check 'parts of buffers that must be released in order' lying LIE_GPU=1 LIE_ORDER=1 -- small order

# Programs that do not build
check 'a program that does not build: another' lying LIE_GPU=1 LIE_BUILD=conv2d_gather_tile -- small unbuilt
check 'the same losses' like unbuilt truth
check 'one line says so' [ "$(grep -c 'does not build.*the variant tile is left out' unbuilt.txt)" -eq 1 ]
check 'nothing else warns' [ "$(grep -c warning unbuilt.txt)" -eq 1 ]
says 'one that was forced is not replaced' 3 'conv2d_tile does not build' lying LIE_GPU=1 LIE_BUILD=conv2d_gather_tile -- \
    tiny forced --tune off --device Portable --variant conv2d=tile
says 'nor is one that has no other' 3 'loss does not build' lying LIE_BUILD=loss_final -- tiny last

# Memory
says 'less memory than is needed' 3 'tells of 1 MiB.*--device_memory' lying LIE_GPU=1 LIE_MEMORY=1 -- tiny poor --tune off --device Portable
check 'there is more than it tells' lying LIE_GPU=1 LIE_MEMORY=1 -- small rich --device_memory 900
check 'the same bits' cmp checkpoints/rich/latest.safetensors checkpoints/truth/latest.safetensors

# Watchdogs
says 'a device that is reset' 3 'was reset or lost .*CL_OUT_OF_RESOURCES.*--continue_train' lying LIE_RESET=700 -- tiny reset
check 'what is saved is whole' has_whole reset
check 'the run goes on' eval '(go_on reset)'
(tiny undisturbed)
check 'as if nothing had happened' cmp checkpoints/undisturbed/latest.safetensors checkpoints/reset/latest.safetensors
"$tools/p2p-data" demo wide --count 1 --size 352 --quiet
(tiny long --netG resnet_6blocks --ngf 32 --max_steps 1)
# With one unit a launch of more than 1 GFLOP is long.
watched() { lying LIE_GPU=1 LIE_UNITS="$1" -- "$tools/p2p-translate" --device Portable --tune off --verbose --preprocess scale_width \
    --load_size 352 -m checkpoints/long/latest.safetensors wide/train/0001.png -o "units$1.png" >"units$1.txt" 2>&1; }
check 'long launches on a small GPU' watched 1
check 'they are divided' grep -q 'conv2d_gather_tile: in 2 pieces' units1.txt
check 'the same on a larger one' watched 16
check 'they are not divided' eval '! grep -q "in . pieces" units16.txt'
check 'the same picture' cmp units1.png units16.png

# A driver that was updated under its old version: what it compiled before is not taken.
# (Mesa's, beside PoCL's, which would not run from another place.)
mkdir vendors
cp "$(find /usr/lib -name 'libRusticlOpenCL.so.1*' -type f | head -n 1)" driver.so
cp /etc/OpenCL/vendors/pocl.icd vendors
echo "$work/driver.so" >vendors/driver.icd
kept() { XDG_CACHE_HOME=$work/kept OCL_ICD_VENDORS=$work/vendors LIE_PLATFORM=Portable:Other LD_PRELOAD=$library \
    "$tools/p2p-bench" peak --quiet --device Other >peak.txt && find kept/pix2pix-cl -name '*.bin' | wc -l; }
check 'a compiled program is kept' [ "$(kept)" -eq 1 ]
check 'it is found again' [ "$(kept)" -eq 1 ]
touch -d '1 day ago' driver.so
check 'another driver compiles anew' [ "$(kept)" -eq 2 ]
check 'and finds its own' [ "$(kept)" -eq 2 ]

# The same on another boot (its hash is the second word): a kept binary must compute what it did
booted() { sed -i 's/ [0-9a-f]* / 0000000000000000 /' kept/pix2pix-cl/probes.txt && env "$@" XDG_CACHE_HOME="$work/kept" \
    OCL_ICD_VENDORS="$work/vendors" LIE_PLATFORM=Portable:Other LD_PRELOAD="$library" "$tools/p2p-bench" peak --device Other \
    >peak.txt 2>boot.txt; }
check 'what kernels make is kept' grep -q '^[0-9a-f]\{16\} [0-9a-f]\{16\} [0-9a-f]\{16\}$' kept/pix2pix-cl/probes.txt
check 'on another boot' booted LIE_UNITS=
check 'the kept binary is right' [ ! -s boot.txt ]
check 'on another boot, with a driver that misreads it' booted LIE_STALE=peak_copy
check 'one line says so' [ "$(grep -c 'peak_copy: the kept binary of peak computes otherwise' boot.txt)" -eq 1 ]
check 'it is built from its source, and kept' booted LIE_UNITS=
check 'which is right' [ ! -s boot.txt ]

# Two drivers for one card
export RUSTICL_ENABLE=llvmpipe
used() { lying "$@" -- "$tools/p2p-info" >info.txt 2>&1; sed -n 's/^will be used: \(....\).*/\1/p' info.txt; }
check 'two cards' [ "$(used LIE_GPU=1)" = pthr ]
check 'neither hides the other' eval '! grep -q "the same card" info.txt'
check 'one card: the vendor'"'"'s driver' [ "$(used LIE_GPU=1 LIE_VENDOR=0x1002)" = pthr ]
check 'the other is named' grep -q 'the same card as 0, which is taken unless' info.txt
check 'one card: not by Clover' [ "$(used LIE_GPU=1 LIE_VENDOR=0x1002 LIE_PLATFORM=Portable:Clover)" = llvm ]
check 'it is named' grep -q 'the same card as 1, which is taken unless' info.txt
check 'another card: not by Clover' [ "$(used LIE_GPU=1 LIE_PLATFORM=Portable:Clover)" = llvm ]
check 'unless it is named' [ "$(used LIE_GPU=1 LIE_PLATFORM=Portable:Clover P2P_DEVICE=clover)" = pthr ]
export RUSTICL_ENABLE=
says 'Clover alone' 3 'no other device; Clover .* --device clover' lying LIE_GPU=1 LIE_PLATFORM=Portable:Clover -- "$tools/p2p-info"

# Sub-groups by either name, or by none
check 'sub-groups of Khronos' eval 'used LIE_EXTENSIONS=cl_khr_subgroups >/dev/null; grep -q "sub-groups yes" info.txt'
check 'sub-groups of Intel' eval 'used LIE_EXTENSIONS=cl_intel_subgroups >/dev/null; grep -q "sub-groups yes" info.txt'
check 'sub-groups without a name' eval 'used LIE_EXTENSIONS=cl_khr_fp64 LIE_SUBGROUPS=1 >/dev/null; grep -q "sub-groups yes" info.txt'
check 'their size' eval 'used LIE_EXTENSIONS=cl_khr_fp64 LIE_SUBGROUPS=16 >/dev/null; grep -q "sub-groups of 16," info.txt'
check 'no sub-groups' eval 'used LIE_EXTENSIONS=cl_khr_fp64 >/dev/null; grep -q "sub-groups no" info.txt'
finish
