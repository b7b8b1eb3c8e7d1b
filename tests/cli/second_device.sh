#!/bin/sh
# A translation on Mesa's rusticl (llvmpipe) agrees with PoCL's within 1/255 everywhere.
# Usage: second_device.sh FOLDER_OF_PROGRAMS COMPARE_PROGRAM
. "$(dirname "$0")/lib.sh"
compare=$2
export RUSTICL_ENABLE=llvmpipe

"$tools/p2p-data" demo data --count 2 --size 64 --quiet
train run --ngf 8 --max_steps 2
picture=data/test/$(ls data/test | head -n 1)
model=checkpoints/run/latest.safetensors
"$tools/p2p-translate" --device cpu -m $model "$picture" -o pocl.png
for variant in naive tile; do
    "$tools/p2p-translate" --device rusticl --variant conv2d=$variant -m $model "$picture" \
        -o $variant.png || true
    check "rusticl, conv2d=$variant, agrees with PoCL" "$compare" pocl.png $variant.png
done

export XDG_CACHE_HOME="$work/kept"
tuned() { # MODE
    "$tools/p2p-translate" --device rusticl --tune "$1" --variant -tile,-tile_winograd,-winograd,-thin,-clblast -m $model \
        "$picture" -o "$1.png" --verbose >tuned.txt 2>&1
}
check 'rusticl, tuned' tuned full
check 'agrees with PoCL' "$compare" pocl.png full.png
check 'nothing is refused' eval '! grep -q "left out\|wrongly" tuned.txt'
check 'what was measured is kept' grep -q '^conv2d_fwd .*: simd [0-9.]* us, .*naive [0-9.]* us' kept/pix2pix-cl/tuning.txt
check 'rusticl, as it was tuned' tuned known
check 'the same picture' cmp full.png known.png
finish
