#!/bin/sh
# A run keeps the variants of kernels that it began with, unless others are forced.
# Usage: variants.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

go_on() { # NAME STEPS [OPTION...]: tells the variants of the convolutions on standard error
    run=$1 steps=$2
    shift 2
    "$tools/p2p-train" --device cpu --verbose --name "$run" --continue_train --max_steps "$steps" \
        "$@" >"$run.log" 2>&1
}
runs_by() { # NAME VARIANT: all convolutions
    sed -n 's/^step .* conv2d_[a-z_]*  *//p' "$1.log" | sort -u | tr '\n' ' ' | grep -qx "$2 "
}

"$tools/p2p-data" demo data --count 5 --size 64 --quiet
train whole --variant conv2d=naive --max_steps 4
train halves --variant conv2d=naive --max_steps 2
check 'a run goes on' go_on halves 4
check 'by the variants that it began with' runs_by halves naive
check 'to the same file' cmp checkpoints/whole/latest.safetensors \
    checkpoints/halves/latest.safetensors

check 'a run goes on by what is forced' go_on halves 5 --variant conv2d=tile
check 'everywhere' runs_by halves tile
check 'and again' go_on halves 6
check 'by what ran last' runs_by halves tile

for file in latest previous; do
    LC_ALL=C sed 's/: tile:\([1-9]\)\\n/: gone:\1\\n/g' checkpoints/halves/$file.safetensors >edited
    mv edited checkpoints/halves/$file.safetensors
done
check 'a run whose variants are gone goes on' go_on halves 7
check 'with a warning' grep -q 'cannot run as before' halves.log
if runs_by halves tile; then bad 'by the rule'; else ok 'by the rule'; fi
finish
