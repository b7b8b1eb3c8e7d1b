#!/bin/sh
# The commands that the peers document, as typed but for the program that "python" and "th" start, at small
# size: those of pytorch-CycleGAN-and-pix2pix run, options of pix2pix-tensorflow, pix2pix-pytorch and
# phillipi's pix2pix are answered with ours. Then: what files tell of their networks, and what users say.
# Usage: peers.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

size='--ngf 4 --ndf 4 --max_steps 1 --device cpu' # beside what the commands say
train=$tools/p2p-train test=$tools/p2p-test
python() {
    script=$1
    shift
    case $script in
    train.py | pix2pix.py) "$train" "$@" $size ;;
    test.py) "$test" "$@" --device cpu ;;
    *combine_A_and_B.py) "$tools/p2p-data" combine "$@" ;;
    esac
}
# runs FILE COMMAND...: it ends well and FILE, which was not there before, is.
runs() {
    file=$1
    shift
    rm -rf "$file"
    code=0
    "$@" >out.txt 2>err.txt || code=$?
    check "$(echo "$*" | cut -c -110)" [ "$code$([ -e "$file" ] && echo there)" = 0there ]
    [ $code -eq 0 ] || cat err.txt
}
# refused PATTERN COMMAND...: with exit code 2 and one line that says what to do.
refused() {
    pattern=$1 code=0
    shift
    "$@" >out.txt 2>err.txt || code=$?
    check "$(echo "$*" | cut -c -80): $(cut -c -100 err.txt)" \
        [ "$code $(grep -c -- "$pattern" err.txt) $(wc -l <err.txt)" = '2 1 1' ]
}

# ---- Data -------------------------------------------------------------------------------------
"$tools/p2p-data" demo datasets/facades --count 2 --size 64 --quiet
for side in A B; do
    mkdir -p "path/to/data/$side" "datasets/maps/train$side" "datasets/maps/test$side" "datasets/facades/test$side"
    cp -r datasets/facades/train "path/to/data/$side/train"
    cp datasets/facades/train/*.png "datasets/maps/train$side"
    cp datasets/facades/test/*.png "datasets/maps/test$side"
    cp datasets/facades/test/*.png "datasets/facades/test$side"
done
for set in mini horse2zebra; do ln -s maps datasets/$set; done
ln -s facades datasets/mini_pix2pix
mkdir -p datasets/colorization/train datasets/colorization/test
cp datasets/facades/train/*.png datasets/colorization/train
cp datasets/facades/test/*.png datasets/colorization/test
ln -s colorization datasets/mini_colorization
runs path/to/data/train/0001.png python datasets/combine_A_and_B.py --fold_A path/to/data/A \
    --fold_B path/to/data/B --fold_AB path/to/data

# ---- pytorch-CycleGAN-and-pix2pix: README, tutorials, scripts, tests -----------------------------
latest() { echo "checkpoints/$1/latest.safetensors"; }
page() { echo "results/$1/test_latest/index.html"; }
runs $(latest facades_pix2pix) python train.py --dataroot ./datasets/facades --name facades_pix2pix \
    --model pix2pix --direction BtoA
runs $(page facades_pix2pix) python test.py --dataroot ./datasets/facades --name facades_pix2pix --model pix2pix \
    --direction BtoA
runs $(page facades_pix2pix) python test.py --dataroot ./datasets/facades --direction BtoA --model pix2pix \
    --name facades_pix2pix
rm -r checkpoints results
runs $(latest facades_pix2pix) python train.py --dataroot ./datasets/facades --name facades_pix2pix \
    --model pix2pix --netG unet_256 --direction BtoA --lambda_L1 100 --dataset_mode aligned --norm batch \
    --pool_size 0
runs $(page facades_pix2pix) python test.py --dataroot ./datasets/facades --name facades_pix2pix --model pix2pix \
    --netG unet_256 --direction BtoA --dataset_mode aligned --norm batch
rm -r results
runs results/facades_pix2pix/test_latest/images/0001_output.png python test.py \
    --dataroot ./datasets/facades/testB/ --name facades_pix2pix --model test --netG unet_256 --direction BtoA \
    --dataset_mode single --norm batch
check 'without a target' [ ! -e results/facades_pix2pix/test_latest/images/0001_target.png ]

runs $(latest maps_cyclegan) python train.py --dataroot ./datasets/maps --name maps_cyclegan --model cycle_gan
runs $(page maps_cyclegan) python test.py --dataroot ./datasets/maps --name maps_cyclegan --model cycle_gan
rm -r checkpoints/maps_cyclegan
runs $(latest maps_cyclegan) python train.py --dataroot ./datasets/maps --name maps_cyclegan --model cycle_gan \
    --pool_size 50 --no_dropout
runs $(page maps_cyclegan) python test.py --dataroot ./datasets/maps --name maps_cyclegan --model cycle_gan \
    --phase test --no_dropout
runs $(latest horse2zebra) python train.py --dataroot ./datasets/horse2zebra --name horse2zebra \
    --model cycle_gan
runs $(latest temp_cyclegan) python train.py --model cycle_gan --name temp_cyclegan --dataroot ./datasets/mini \
    --n_epochs 1 --n_epochs_decay 0 --save_latest_freq 10 --print_freq 1 --display_id -1
runs $(page temp_cyclegan) python test.py --model test --name temp_cyclegan --dataroot ./datasets/mini \
    --num_test 1 --model_suffix "_A" --no_dropout
runs $(latest temp_pix2pix) python train.py --model pix2pix --name temp_pix2pix \
    --dataroot ./datasets/mini_pix2pix --n_epochs 1 --n_epochs_decay 5 --save_latest_freq 10 --display_id -1
runs $(page temp_pix2pix) python test.py --model pix2pix --name temp_pix2pix --dataroot ./datasets/mini_pix2pix \
    --num_test 1
refused "not 'template'" python train.py --model template --name temp2 --dataroot ./datasets/mini_pix2pix \
    --n_epochs 1 --n_epochs_decay 0 --save_latest_freq 10 --display_id -1
if "$train" --help | grep -q '^  --model .*colorization'; then
    runs $(latest color_pix2pix) python train.py --dataroot ./datasets/colorization --name color_pix2pix \
        --model colorization
    runs $(page color_pix2pix) python test.py --dataroot ./datasets/colorization --name color_pix2pix \
        --model colorization
    runs $(latest temp_color) python train.py --model colorization --name temp_color \
        --dataroot ./datasets/mini_colorization --n_epochs 1 --n_epochs_decay 0 --save_latest_freq 5 \
        --display_id -1
    runs $(page temp_color) python test.py --model colorization --name temp_color \
        --dataroot ./datasets/mini_colorization --num_test 1
else
    refused "not 'colorization'" python train.py --dataroot ./datasets/colorization --name color_pix2pix \
        --model colorization
fi

# Options of its documents and questions, each with a value that it has there.
runs $(latest shown) python train.py --dataroot ./datasets/facades --name shown --gpu_ids -1 \
    --display_server http://localhost --display_port 8097 --display_ncols=4 --display_env main \
    --update_html_freq 1000 --no_html --use_wandb --max_dataset_size inf --verbose --suffix ''
check 'one notice' [ "$(grep -c 'without a meaning here' err.txt)" = 1 ]
runs $(latest steps) python train.py --dataroot ./datasets/facades --name steps --lr_policy step \
    --lr_decay_iters 50 --epoch_count 1 --gan_mode lsgan --init_type xavier --init_gain 0.02
runs $(latest cropped) python train.py --dataroot ./datasets/facades --name cropped --netG resnet_6blocks \
    --preprocess scale_width_and_crop --load_size 70 --crop_size 64 --no_flip --serial_batches --norm instance
runs $(latest layers) python train.py --dataroot ./datasets/facades --name layers --netD n_layers \
    --n_layers_D 2 --netG unet_128 --batch_size 2 --num_threads 4 --lr 0.0001 --beta1 0.5
runs $(latest grey) python train.py --dataroot ./datasets/facades --name grey --input_nc 1 --output_nc 1 \
    --netD pixel --lr_policy cosine
runs $(page grey) python test.py --dataroot ./datasets/facades --name grey --model pix2pix --input_nc 1 \
    --output_nc 1 --netD pixel --aspect_ratio 1.0 --display_winsize 256 --eval
runs checkpoints/grey/2.safetensors "$train" --dataroot ./datasets/facades --name grey --continue_train \
    --epoch_count 2 --n_epochs 2 --n_epochs_decay 0 --save_epoch_freq 1 --device cpu

# ---- What that program left behind ---------------------------------------------------------------
# left RUN OF NETS...: a run folder of it, with the .pth files alone.
left() {
    mkdir -p "checkpoints/$1"
    run=$1 of=$2
    shift 2
    for net in "$@"; do
        "$tools/p2p-export" "$(latest "$of")" --net "$net" --quiet -o "checkpoints/$run/latest_net_$net.pth"
    done
}
left facades_label2photo_pretrained facades_pix2pix G D
left two_ways maps_cyclegan G_A G_B D_A D_B
mkdir checkpoints/horse2zebra_pretrained
cp checkpoints/two_ways/latest_net_G_A.pth checkpoints/horse2zebra_pretrained/latest_net_G.pth
runs $(page facades_label2photo_pretrained) python test.py --dataroot ./datasets/facades/ --direction BtoA \
    --model pix2pix --name facades_label2photo_pretrained
runs $(page facades_label2photo_pretrained) python test.py --dataroot ./datasets/facades/ --direction BtoA \
    --model pix2pix --name facades_label2photo_pretrained --num_test 1
runs $(page horse2zebra_pretrained) python test.py --dataroot datasets/horse2zebra/testA \
    --name horse2zebra_pretrained --model test --no_dropout
runs $(page horse2zebra_pretrained) python test.py --model test --dataroot ./datasets/mini \
    --name horse2zebra_pretrained --no_dropout --num_test 1 --no_dropout
runs results/two_ways/test_latest/images/0001_rec_B.png python test.py --dataroot ./datasets/maps \
    --name two_ways --model cycle_gan --phase test --no_dropout
runs $(page two_ways) python test.py --dataroot ./datasets/maps/testB --name two_ways --model test \
    --model_suffix _B --no_dropout
refused 'model_suffix is for --model test' python test.py --dataroot ./datasets/maps --name two_ways \
    --model cycle_gan --model_suffix _A
refused 'single is for p2p-test' python train.py --dataroot datasets/facades/testB --dataset_mode single \
    --name none
# offers RUN FILES: going on with it begins a new run from these.
offers() {
    code=0
    python train.py --dataroot ./datasets/facades --name "$1" --continue_train >out.txt 2>err.txt || code=$?
    check "--continue_train with what is in $1 offers --init_from" \
        [ "$code $(grep -c -- "--init_from $2" err.txt)" = '1 1' ]
}
p=./checkpoints/facades_label2photo_pretrained
offers facades_label2photo_pretrained $p/latest_net_G.pth,$p/latest_net_D.pth
p=./checkpoints/two_ways
offers two_ways $p/latest_net_G_A.pth,$p/latest_net_G_B.pth,$p/latest_net_D_A.pth,$p/latest_net_D_B.pth

# ---- What a file tells, and what users say -------------------------------------------------------
one=datasets/facades/test/0001.png
data=$here/../data/exchange
for model in $(latest facades_pix2pix) checkpoints/facades_label2photo_pretrained/latest_net_G.pth \
    "$data/unet256_ngf2_tensorflow.index"; do
    ngf=4
    [ "$model" = "${model%.index}" ] || ngf=2
    refused '--netG unet_256, not unet_128' "$tools/p2p-translate" -m "$model" --netG unet_128 $one -o out.png \
        --device cpu
    refused '--norm batch, not none' "$tools/p2p-translate" -m "$model" --norm none $one -o out.png --device cpu
    refused "--ngf $ngf, not 64" python test.py -m "$model" --ngf 64 --dataroot datasets/facades --quiet
    refused "--ngf $ngf, not 64" "$tools/p2p-export" "$model" --ngf 64 -o out.safetensors --quiet
    runs out.png "$tools/p2p-translate" -m "$model" --netG unet_256 --ngf $ngf --norm batch $one -o out.png \
        --device cpu
done

# ---- pix2pix-tensorflow, pix2pix-pytorch, phillipi's pix2pix -------------------------------------
refused 'use p2p-train' python pix2pix.py --mode train --output_dir facades_train --max_epochs 200 \
    --input_dir facades/train --which_direction BtoA
refused 'use p2p-train' python test.py --mode test --output_dir facades_test --input_dir facades/val \
    --checkpoint facades_train
refused 'use --dataroot' python train.py --dataset facades --cuda
refused 'use --dataroot' python test.py --dataset facades --cuda
# answered OURS OPTION [VALUE]: of a training program that has it.
answered() {
    ours=$1
    shift
    refused "use .*$ours" "$train" "$@"
}
for pair in 'dataroot input_dir' 'name output_dir' 'n_epochs max_epochs' 'print_freq summary_freq' \
    'print_freq progress_freq' 'save_latest_freq save_freq' 'load_size scale_size' 'lambda_L1 l1_weight' \
    'lambda_GAN gan_weight' 'direction which_direction' 'init_from checkpoint' 'batch_size test_batch_size' \
    'n_epochs niter' 'n_epochs_decay niter_decay' 'num_threads threads' 'lambda_L1 lamb' 'device cuda' \
    'dataroot DATA_ROOT' 'batch_size batchSize' 'load_size loadSize' 'crop_size fineSize' \
    'max_dataset_size ntrain' 'no_flip flip' 'device gpu' 'num_threads nThreads' \
    'unconditional_D condition_GAN' 'lambda_GAN use_GAN' 'lambda_L1 use_L1' 'netD which_model_netD' \
    'netG which_model_netG' 'lambda_L1 lambda'; do
    answered "${pair%% *}" "--${pair#* }" 1
done
refused 'use --epoch' "$test" --which_epoch latest
refused 'use --num_test' "$test" --how_many 10
refused 'use --epoch' "$test" --nepochs 200
refused 'did you mean BtoA' "$train" --direction b2a
refused 'linear' "$train" --lr_policy lambda
runs $(latest torch) python train.py --dataroot datasets/facades --name torch --display 0 --cudnn 0 \
    --display_plot errL1 --save_display_freq 5000 --trace_freq 0 --serial_batch_iter 1
finish
