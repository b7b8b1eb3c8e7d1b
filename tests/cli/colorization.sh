#!/bin/sh
# Colorization: trained, gone on with, tested and translated in RGB, exported; what is refused.
# Usage: colorization.sh FOLDER_OF_PROGRAMS COMPARE
. "$(dirname "$0")/lib.sh"
compare=$2

"$tools/p2p-data" demo data --count 4 --size 64 --quiet
for in in data/test/*; do break; done
tests=$(find data/test -name '*.png' | wc -l)
size='--netG resnet_6blocks --ngf 4 --ndf 4 --load_size 72 --crop_size 64 --print_freq 1 --device cpu --quiet'
color() {
    run=$1
    shift
    "$tools/p2p-train" --dataroot data --name "$run" --model colorization $size "$@"
}
translate() { "$tools/p2p-translate" --device cpu --quiet "$@"; }
side() { od -An -j16 -N8 -tu1 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }
kind() { od -An -tu1 -j25 -N1 "$1" | tr -d ' '; } # of a PNG: 0 grey, 2 RGB, 6 with alpha

color whole --max_steps 4 --save_epoch_freq 1
color half --max_steps 2 --save_epoch_freq 1
"$tools/p2p-train" --device cpu --quiet --name half --continue_train --max_steps 4
m=checkpoints/whole/latest.safetensors
check 'stopped and continued: the same bits' cmp $m checkpoints/half/latest.safetensors
check 'the file tells of L and ab' [ "$("$tools/p2p-info" $m | grep -c '1 -> 2')" -ge 1 ]
check 'samples are in RGB' [ "$(for s in checkpoints/whole/samples/*.png; do kind "$s"; break; done)" = 2 ]

translate -m $m "$in" -o y.png
check 'a translation is in RGB' [ "$(kind y.png)" = 2 ]
check 'of the size of the picture' [ "$(side y.png)" = 128x64 ]
mkdir eight sixteen
cp y.png eight
translate -m $m "$in" -o sixteen/y.png --bits 16
check 'of 16 bits, too' [ "$(od -An -tu1 -j24 -N2 sixteen/y.png | tr -s ' ')" = ' 16 2' ]
"$tools/p2p-metrics" --json eight sixteen >figures.txt
check 'of the same colours' grep -q '"L1": 0\.[012]' figures.txt
"$tools/p2p-export" --quiet $m -o frozen.safetensors
"$tools/p2p-export" --quiet $m -o x.pth
"$tools/p2p-export" --quiet $m -o x.onnx
for model in frozen.safetensors x.pth; do
    translate -m $model "$in" -o x.png
    check "the same by $model" cmp x.png y.png
done
"$tools/p2p-test" --device cpu --quiet --dataroot data --name whole --model colorization
r=results/whole/test_latest
for kind in real_A fake_B_rgb real_B_rgb all; do
    check "p2p-test writes $kind" [ "$(find $r/images -name "*_$kind.png" | wc -l)" -eq $tests ]
done
check 'the input is grey' [ "$(for f in $r/images/*_real_A.png; do kind "$f"; break; done)" = 0 ]
check 'and compares colours' grep -q '"PSNR": [0-9]' $r/metrics.json
mean() { sed -n 's/.*"L1": \([0-9]*\.[0-9]\).*/\1/p' "$1" | tail -n 1; }
"$tools/p2p-metrics" --json --summary $r/images >figures.txt
check 'p2p-metrics measures the same' [ "$(mean figures.txt)" != '' -a "$(mean figures.txt)" = "$(mean $r/metrics.json)" ]
"$tools/p2p-test" --device cpu --quiet --dataroot data/test --name whole --dataset_mode single
check 'without targets' [ "$(find $r/images -name '*_output.png' | wc -l)" -eq $tests ]

# Tiles: where the network has seen all that it looks at, they are the whole
"$tools/p2p-data" demo large --count 1 --size 512 --quiet
color strong --max_steps 1 --init_type xavier --init_gain 1
m=checkpoints/strong/latest.safetensors
for wide in large/train/*.png; do break; done
translate -m $m "$wide" -o whole.png --eval
translate -m $m "$wide" -o tiles.png --eval --tile 512 --overlap 256
check 'tiles are the whole' "$compare" whole.png tiles.png
translate -m $m "$wide" -o cut.png --eval --tile 128 --overlap 0
check 'which without overlap they are not' eval '! "$compare" whole.png cut.png >compare.txt'
translate -m $m "$wide" -o x.png --tile 256
check 'tiles with statistics of the whole keep the size' [ "$(side x.png)" = 1024x512 ]
"$tools/p2p-data" demo larger --count 1 --size 1500 --quiet
for wide in larger/train/*.png; do break; done
translate -m $m "$wide" -o rows.png --eval --tile 512
translate -m $m - -o - --eval --tile 512 <"$wide" >memory.png
check 'rows of tiles give what the picture in memory does' cmp rows.png memory.png

color watched --n_epochs 1 --n_epochs_decay 0 --val_freq 1 --ema_decay 0.9
"$tools/p2p-test" --device cpu --quiet --dataroot data --name watched --phase val --crop_size 64
value() { sed -n 's/.*"mean": {.*"PSNR": \([0-9.]*\).*/\1/p' results/watched/val_latest/metrics.json; }
check 'a validation is that of p2p-test' grep -q "\"val_PSNR\":$(value | cut -c 1-5)" checkpoints/watched/loss_log.jsonl

# refuses NAME PATTERN COMMAND...: one line with the pattern.
refuses() {
    what=$1 pattern=$2
    shift 2
    if "$@" >out.txt 2>err.txt; then bad "$what: was taken"
    elif [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then ok "$what: $(cut -c 1-100 err.txt)"
    else bad "$what: wanted /$pattern/: $(head -n 3 err.txt)"; fi
}
refuses 'another direction' 'from L to ab' color x --direction BtoA
refuses 'other channels' 'output_nc 2' color x --output_nc 3
refuses 'another data set' 'dataset_mode colorization' color x --dataset_mode unaligned
refuses 'this data set for pix2pix' 'is for --model colorization' \
    "$tools/p2p-train" --dataroot data --name x $size --dataset_mode colorization
refuses 'no folder of the phase' 'data/none' color x --phase none
refuses 'a folder without pictures' 'no pictures' sh -c "mkdir -p empty/train && \"\$@\" --dataroot empty" x \
    "$tools/p2p-train" --name x --model colorization $size
refuses 'a penalty of cycle_gan' 'is for --model cycle_gan' color x --lambda_A 3
finish
