#!/bin/sh
# Where p2p-test writes, what its page says, and that --load_size does what it says.
# Usage: results.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"
run_test() { "$tools/p2p-test" --device cpu --quiet "$@"; }
is_there() { [ -s "results/$1/index.html" ] && [ -s "results/$1/index.js" ] && [ -s "results/$1/overview.png" ] && [ -s "results/$1/metrics.json" ] &&
    [ "$(find "results/$1/images" -name '*_all.png' | wc -l)" -eq "$2" ]; }
says() { grep -q -e "$2" "results/$1/index.html"; }

"$tools/p2p-data" demo data --count 3 --size 64 --quiet
train run --n_epochs 2 --n_epochs_decay 0 --save_epoch_freq 1 --direction BtoA
run_test --name run
check 'results lie under phase and epoch' is_there run/test_latest 1
run_test --name run --epoch 1 --phase train --num_test 2 --eval
check 'also of another phase and epoch' is_there run/train_1 2
check 'the page is told how large' grep -q '"winsize": 256' results/run/train_1/index.js
check 'all metrics are written' grep -q '"mean": {"L1": .*"PSNR": .*"SSIM": .*"MS_SSIM": ' results/run/train_1/metrics.json
check 'which leaves those that were there' is_there run/test_latest 1
check 'the page names the run, phase and epoch' says run/train_1 '<h1>run, train, epoch 1</h1>'
check 'the data set' says run/train_1 'Data set data<'
check "the model's options" says run/train_1 '^--netG unet_128$'
check 'and those given' says run/train_1 '^--eval'
mkdir 'data/<b>'
cp -r data/test 'data/<b>/test'
cp checkpoints/run/2.safetensors 'two models.safetensors'
run_test -m 'two models.safetensors' --dataroot data --name any --phase '<b>/test'
check 'a model file gives its name, cleaned' is_there "any/$(ls results/any)" 1
check 'in one folder' eval 'ls results/any | grep -qx "_b__test_two models_[0-9a-f]*"'
check 'and the page what it was called' says "any/$(ls results/any)" \
    '<h1>any, &#60;b&#62;/test, model two models.safetensors</h1>'
check 'p2p-info takes the folder of a run' \
    [ "$("$tools/p2p-info" checkpoints/run)" = "$("$tools/p2p-info" checkpoints/run/latest.safetensors)" ]

# What the network sees where a size is asked for: the whole picture, or the middle of a larger one.
run_test --name run --results_dir default --preprocess resize_and_crop
run_test --name run --results_dir whole --load_size 128
run_test --name run --results_dir middle --load_size 256
input=run/test_latest/images/$(ls default/run/test_latest/images | grep _input | head -n 1)
check '--load_size is --crop_size by default' cmp "default/$input" "whole/$input"
check 'a larger one shows another part' eval '! cmp -s "default/$input" "middle/$input"'
finish
