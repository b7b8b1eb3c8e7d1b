#!/bin/sh
# Files of earlier versions keep their meaning: the pictures that they made then, and the steps that
# a continued run made then (tests/data/old/README.md).
# Usage: old_files.sh FOLDER_OF_PROGRAMS COMPARE TEST_DATA
. "$(dirname "$0")/lib.sh"
compare=$2
old=$3/old
picture=$3/resize_noise_x.png

near() { awk -v got="$1" -v want="$2" 'BEGIN { exit !((d = got / want - 1) * d < 1e-8) }'; }
gives_picture() { # MODEL PICTURE
    "$tools/p2p-translate" --device cpu -m "$old/$1.safetensors" "$picture" -o "$1.png" \
        --preprocess resize_and_crop &&
        "$compare" "$1.png" "$old/$2.png"
}

for preset in pytorch paper torch tensorflow mrzhu; do
    check "a checkpoint of $preset gives its picture" gives_picture $preset $preset
    check "a frozen model of $preset gives its picture" gives_picture ${preset}_frozen $preset
done
check 'a folded model gives its picture' gives_picture pytorch_folded pytorch_folded

# D's first moments after one more step: they tell its input, its objective and its loss.
"$tools/p2p-data" demo data --count 2 --size 64 --seed 3 --quiet
for run in pytorch:-0.299672499 paper:-0.289727367 torch:-0.5794611 tensorflow:0.324464952 \
    mrzhu:-4.84900818; do
    name=${run%:*}
    mkdir -p "checkpoints/$name"
    cp "$old/$name.safetensors" "checkpoints/$name/latest.safetensors"
    "$tools/p2p-train" --device cpu --quiet --name "$name" --continue_train --max_steps 3
    sum=$("$tools/p2p-info" --tensors "checkpoints/$name/latest.safetensors" |
        sed -n 's/.*"adam_m.D.model.0.weight".*"sum": *\([^,}]*\).*/\1/p')
    check "a continued run of $name makes its step" near "$sum" "${run#*:}"
done
check 'what a preset stood for is kept as options from then on' grep -q '"opt.lambda_D":"1"' \
    checkpoints/torch/latest.safetensors
check 'and the name of the preset is not' sh -c \
    "! grep -q 'opt.preset' checkpoints/torch/latest.safetensors"
finish
