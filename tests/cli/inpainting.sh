#!/bin/sh
# Inpainting: holes in the centre, of boxes, of a folder's masks; trained, gone on with, tested, translated
# by what is transparent; what is refused.
# Usage: inpainting.sh FOLDER_OF_PROGRAMS COMPARE
. "$(dirname "$0")/lib.sh"
compare=$2

"$tools/p2p-data" demo data --count 4 --size 64 --quiet
"$tools/p2p-data" demo other --count 3 --size 48 --seed 5 --quiet
for in in data/test/*; do break; done
tests=$(find data/test -name '*.png' | wc -l)
size='--netG resnet_6blocks --ngf 4 --ndf 4 --load_size 72 --crop_size 64 --print_freq 1 --device cpu --quiet'
fill() {
    run=$1
    shift
    "$tools/p2p-train" --dataroot data --name "$run" --model inpainting $size "$@"
}
kind() { od -An -tu1 -j25 -N1 "$1" | tr -d ' '; } # of a PNG: 2 RGB, 6 with alpha

for mask in center random other/train; do
    name=$(echo $mask | tr / _)
    fill $name --mask $mask --max_steps 4
    fill $name.part --mask $mask --max_steps 2
    "$tools/p2p-train" --device cpu --quiet --name $name.part --continue_train --max_steps 4
    mask_name=$name
    check "$mask: stopped and continued, the same bits" \
        cmp checkpoints/$mask_name/latest.safetensors checkpoints/$mask_name.part/latest.safetensors
    "$tools/p2p-test" --device cpu --quiet --dataroot data --name $mask_name
    check "$mask: tested" [ "$(find results/$mask_name/test_latest/images -name '*_output.png' | wc -l)" -eq "$tests" ]
done
for other in random other_train; do
    if cmp -s checkpoints/center/latest.safetensors checkpoints/$other/latest.safetensors; then
        bad "$other is another mask"
    else
        ok "$other is another mask"
    fi
done
r=results/center/test_latest/images
for holed in $r/*_input.png; do break; done
check 'an input has a hole' [ "$(kind "$holed")" = 6 ]
check 'and compares what was there' grep -q '"PSNR": [0-9]' results/center/test_latest/metrics.json
"$tools/p2p-translate" --device cpu --quiet -m checkpoints/center/latest.safetensors "$holed" -o y.png
check 'a transparent picture is filled as in the test' cmp y.png "$(echo "$holed" | sed s/_input/_output/)"
"$tools/p2p-export" --quiet checkpoints/center/latest.safetensors -o frozen.safetensors
"$tools/p2p-translate" --device cpu --quiet -m frozen.safetensors "$holed" -o x.png
check 'by a frozen model, too' cmp x.png y.png
"$tools/p2p-test" --device cpu --quiet --dataroot data --name center --mask random --results_dir boxes
check 'p2p-test cuts other holes' eval '! cmp -s "$holed" "boxes/${holed#results/}"'
check 'of the same pictures' cmp "$(echo "$holed" | sed s/_input/_target/)" \
    "$(echo "boxes/${holed#results/}" | sed s/_input/_target/)"
"$tools/p2p-test" --device cpu --quiet --dataroot data -m frozen.safetensors --name frozen
check 'a frozen model is tested in the same way' [ "$(kind results/frozen/test_frozen/images/"${holed##*/}")" = 6 ]

# Losses of the hole alone: of a picture that is a hole they are the whole's, of one without hole none
mkdir white black
printf 'P5 1 1 255 \377' >white/mask.pgm
printf 'P5 1 1 255 \0' >black/mask.pgm
sums() { "$tools/p2p-info" --tensors "checkpoints/$1/latest.safetensors"; }
for loss in whole hole; do
    fill white_$loss --mask white --mask_loss $loss --max_steps 3
    fill black_$loss --mask black --mask_loss $loss --max_steps 1 --lambda_GAN 0
    fill center_$loss --mask_loss $loss --n_epochs 1 --n_epochs_decay 0 --val_split 0.25 --val_freq 1 --ema_decay 0.9
    sums white_$loss >$loss.txt
done
check 'all a hole: weights of the whole' cmp whole.txt hole.txt
check 'no hole: nothing to learn' grep -q '"G_L1":0.0,' checkpoints/black_hole/loss_log.jsonl
check 'but of the whole' eval '! grep -q "\"G_L1\":0.0," checkpoints/black_whole/loss_log.jsonl'
psnr() { sed -n 's/.*"val_PSNR":\([0-9]*\).*/\1/p' checkpoints/center_$1/loss_log.jsonl | tail -n 1; }
check 'what is known is not compared' [ "$(psnr hole)" -gt "$(psnr whole)" ]
for model in checkpoints/center_hole/latest.safetensors hole.safetensors; do
    [ -e $model ] || "$tools/p2p-export" --quiet checkpoints/center_hole/latest.safetensors -o $model
    "$tools/p2p-translate" --device cpu --quiet -m $model "$in" -o x.png
    check "a picture without holes stays as it is, by $model" "$compare" x.png "$in"
    "$tools/p2p-translate" --device cpu --quiet -m $model "$in" -o tiles.png --tile 64 --overlap 16
    check 'in tiles, too' "$compare" tiles.png "$in"
done
"$tools/p2p-translate" --device cpu --quiet -m checkpoints/center_hole/latest.safetensors "$holed" -o x.png
check 'a hole is filled' [ "$(kind x.png)" = 2 ]
check 'with something else than was there' eval '! "$compare" x.png "$(echo "$holed" | sed s/_input/_target/)" >compare.txt'

# Tiles: where the network has seen all that it looks at, they are the whole. Holes stay holes in them.
"$tools/p2p-data" demo large --count 1 --size 512 --quiet
"$tools/p2p-test" --device cpu --quiet --dataroot large --name center --mask random --results_dir large
for wide in large/center/test_latest/images/*_input.png; do break; done
fill strong --max_steps 1 --init_type xavier --init_gain 1
strong="$tools/p2p-translate --device cpu --quiet --eval -m checkpoints/strong/latest.safetensors"
$strong "$wide" -o whole.png
$strong "$wide" -o tiles.png --tile 512 --overlap 256
check 'tiles are the whole' "$compare" whole.png tiles.png
$strong "$wide" -o cut.png --tile 128 --overlap 0
check 'which without overlap they are not' eval '! "$compare" whole.png cut.png >compare.txt'
fill watched --mask random --n_epochs 1 --n_epochs_decay 0 --val_split 0.25 --val_freq 1
check 'validated on a part' grep -q '"val_PSNR":[0-9]' checkpoints/watched/loss_log.jsonl

# refuses NAME PATTERN COMMAND...: one line with the pattern.
refuses() {
    what=$1 pattern=$2
    shift 2
    if "$@" >out.txt 2>err.txt; then bad "$what: was taken"
    elif [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then ok "$what: $(cut -c 1-100 err.txt)"
    else bad "$what: wanted /$pattern/: $(head -n 3 err.txt)"; fi
}
mkdir empty
echo text >empty.txt
mkdir broken
echo text >broken/mask.png
refuses 'a mask that is none' 'is center, random or a folder' fill x --mask left
refuses 'a folder without masks' 'has no masks' fill x --mask empty
refuses 'a mask that is no picture' 'broken/mask.png' fill x --mask broken
refuses 'to go on as another model' 'cannot go on as --model colorization' "$tools/p2p-train" --device cpu --quiet \
    --name center --continue_train --model colorization
refuses 'a loss that is none' 'mask_loss takes' fill x --mask_loss outside
refuses 'a loss of holes for pix2pix' 'mask_loss is for --model inpainting' \
    "$tools/p2p-train" --dataroot data --name x $size --mask_loss hole
refuses 'a mask for pix2pix' 'mask is for --model inpainting' \
    "$tools/p2p-train" --dataroot data --name x $size --mask random
sed 's/opt\.lab":"0"/opt.lab":"1"/' frozen.safetensors >other_word.safetensors
refuses 'a file whose network is another' 'colorization does not make 3 channels of 4' \
    "$tools/p2p-translate" --device cpu -m other_word.safetensors "$in" -o none.png
refuses 'other channels' 'input_nc 4' fill x --input_nc 3
refuses 'another direction' 'leave --direction BtoA out' fill x --direction BtoA
finish
