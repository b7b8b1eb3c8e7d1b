#!/bin/sh
# The commands that pytorch-CycleGAN-and-pix2pix documents for pix2pix, as typed but for the program's
# name, at small size: "size" is what they leave to the defaults.
# Usage: peers.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

size='--ngf 4 --ndf 4 --max_steps 1 --device cpu'
# runs WHAT FILE COMMAND...: it ends well and FILE is there.
runs() {
    what=$1 file=$2
    shift 2
    code=0
    "$@" >out.txt 2>err.txt || code=$?
    check "$what" [ "$code$([ -e "$file" ] && echo there)" = 0there ]
    [ $code -eq 0 ] || cat err.txt
}
# refused WHAT PATTERN COMMAND...: with exit code 2 and one line that says what to do.
refused() {
    what=$1 pattern=$2 code=0
    shift 2
    "$@" >out.txt 2>err.txt || code=$?
    check "$what" [ "$code $(grep -c -- "$pattern" err.txt) $(wc -l <err.txt)" = '2 1 1' ]
}
train=$tools/p2p-train test=$tools/p2p-test

"$tools/p2p-data" demo datasets/facades --count 2 --size 64 --quiet
for side in A B; do
    mkdir -p "data/$side"
    cp -r datasets/facades/train "data/$side/train"
done
runs 'combine_A_and_B' data/train/0001.png "$tools/p2p-data" combine --fold_A data/A --fold_B data/B \
    --fold_AB data

runs 'README, training' checkpoints/facades_pix2pix/latest.safetensors \
    "$train" --dataroot ./datasets/facades --name facades_pix2pix --model pix2pix --direction BtoA $size
runs 'README, testing' results/facades_pix2pix/test_latest/index.html \
    "$test" --dataroot ./datasets/facades --name facades_pix2pix --model pix2pix --direction BtoA
rm -r checkpoints results
runs 'train_pix2pix.sh' checkpoints/facades_pix2pix/latest.safetensors \
    "$train" --dataroot ./datasets/facades --name facades_pix2pix --model pix2pix --netG unet_256 \
    --direction BtoA --lambda_L1 100 --dataset_mode aligned --norm batch --pool_size 0 $size
runs 'test_pix2pix.sh' results/facades_pix2pix/test_latest/index.html \
    "$test" --dataroot ./datasets/facades --name facades_pix2pix --model pix2pix --netG unet_256 \
    --direction BtoA --dataset_mode aligned --norm batch
mkdir datasets/facades/testB
cp datasets/facades/train/*.png datasets/facades/testB
rm -r results
runs 'test_single.sh' results/facades_pix2pix/test_latest/images/0001_output.png \
    "$test" --dataroot ./datasets/facades/testB/ --name facades_pix2pix --model test --netG unet_256 \
    --direction BtoA --dataset_mode single --norm batch
check 'without a target' [ ! -e results/facades_pix2pix/test_latest/images/0001_target.png ]
runs 'test_before_push, training' checkpoints/temp_pix2pix/latest.safetensors \
    "$train" --model pix2pix --name temp_pix2pix --dataroot ./datasets/facades --n_epochs 1 \
    --n_epochs_decay 5 --save_latest_freq 10 --display_id -1 $size
runs 'test_before_push, testing' results/temp_pix2pix/test_latest/index.html \
    "$test" --model pix2pix --name temp_pix2pix --dataroot ./datasets/facades --num_test 1
runs 'a display and a server' checkpoints/shown/latest.safetensors \
    "$train" --dataroot ./datasets/facades --name shown --gpu_ids -1 --display_server http://localhost \
    --display_port 8097 --display_ncols=4 --update_html_freq 1000 --no_html --use_wandb \
    --max_dataset_size inf --lr_policy step --lr_decay_iters 50 --epoch_count 1 --verbose $size
check 'one notice' [ "$(grep -c 'without a meaning here' err.txt)" = 1 ]

pretrained=checkpoints/facades_label2photo_pretrained
mkdir $pretrained
for net in G D; do
    "$tools/p2p-export" checkpoints/facades_pix2pix/latest.safetensors --net $net --quiet \
        -o $pretrained/latest_net_$net.pth
done
runs 'README, a pretrained model without targets' results/facades_label2photo_pretrained/test_latest/index.html \
    "$test" --dataroot datasets/facades/testB --name facades_label2photo_pretrained --model test \
    --no_dropout
refused 'training without targets' 'single is for p2p-test' "$train" --dataroot datasets/facades/testB \
    --dataset_mode single --name none
rm -r results/facades_label2photo_pretrained
runs 'README, a pretrained model' results/facades_label2photo_pretrained/test_latest/index.html \
    "$test" --dataroot ./datasets/facades/ --direction BtoA --model pix2pix \
    --name facades_label2photo_pretrained
code=0
"$train" --dataroot ./datasets/facades --name facades_label2photo_pretrained --continue_train --quiet \
    $size 2>err.txt || code=$?
check 'going on with it offers --init_from' \
    [ "$code $(grep -c -- "--init_from ./$pretrained/latest_net_G.pth,./$pretrained/latest" err.txt)" = '1 1' ]

one=datasets/facades/test/0001.png
[ -e $one ] || one=datasets/facades/test/$(ls datasets/facades/test | head -n 1)
for model in checkpoints/facades_pix2pix/latest.safetensors $pretrained/latest_net_G.pth; do
    refused "another network than that of $model" '--netG unet_256, not unet_128' \
        "$tools/p2p-translate" -m $model --netG unet_128 $one -o out.png --device cpu
    refused "another number of filters than in $model" '--ngf 4, not 64' \
        "$test" -m $model --ngf 64 --dataroot datasets/facades --device cpu --quiet
    runs "the network of $model, repeated" out.png \
        "$tools/p2p-translate" -m $model --netG unet_256 --ngf 4 --norm batch $one -o out.png --device cpu
    rm out.png
done
refused 'names of before' 'use --n_epochs' "$train" --dataroot data --niter 100
refused 'names of pix2pix-tensorflow' 'use p2p-train' "$train" --mode train --input_dir data
refused 'names of pix2pix-pytorch' 'use --lambda_L1' "$train" --lamb 10 --dataroot data
finish
