#!/bin/sh
# What a run does around its steps: averaged weights, steps of several batches, clipped gradients,
# validation and what follows from it, checkpoints by name.
# Usage: training.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

t="$tools/p2p-train --device cpu --quiet"
same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
differ() { ! cmp -s "$1" "$2"; }
last() { tail -n 1 "checkpoints/$1/loss_log.jsonl"; }
says() { grep -q -- "$1" err.txt || { cat err.txt; false; }; }

"$tools/p2p-data" demo data --count 5 --size 64 --quiet

# Looking at a run changes nothing of it.
train seen --ema_decay 0.9 --max_steps 8 --display_freq 2 --update_html_freq 3
train unseen --ema_decay 0.9 --max_steps 8 --display_freq 0 --no_html
losses() { sed 's/,"seconds_per_step.*//' "checkpoints/$1/loss_log.jsonl"; }
check 'samples leave the losses as they are' [ "$(losses seen)" = "$(losses unseen)" ]
check 'samples of steps and epochs' [ "$(ls checkpoints/seen/samples | tr '\n' ' ')" = \
    'epoch_001.png step_0000002.jpg step_0000004.jpg step_0000006.jpg step_0000008.jpg ' ]
check 'and none that are not wanted' [ "$(ls checkpoints/unseen/samples)" = epoch_001.png ]
check "a page" grep -q "^p2pRun({.*\"live\":false,\"step\":8" checkpoints/seen/index.js
check 'and none' [ ! -e checkpoints/unseen/index.html ]
$t --name seen --continue_train --max_steps 9
check 'which goes on with the run' grep -q '"live":false,"step":9' checkpoints/seen/index.js

# Averages of weights are networks of the file, and what it translates by.
train averaged --ema_decay 0.9 --max_steps 6
model=checkpoints/averaged/latest.safetensors
for net in G_ema G; do
    "$tools/p2p-export" --device cpu --quiet $model --net $net -o $net.safetensors
done
"$tools/p2p-export" --device cpu --quiet $model -o default.safetensors
check 'a checkpoint is exported by its averaged weights' cmp G_ema.safetensors default.safetensors
check 'which are not the last' differ G.safetensors default.safetensors
picture=data/test/$(ls data/test | head -n 1)
for of in $model G_ema.safetensors G.safetensors; do
    "$tools/p2p-translate" --device cpu -m $of "$picture" -o "$(basename $of .safetensors).png"
done
check 'translated by them' cmp latest.png G_ema.png
check 'and not by the last' differ latest.png G.png
train tuned --init_from $model --max_steps 1 --lr 0
first() { # of a network: least, largest and sum of its first weights
    "$tools/p2p-info" --tensors "$1" | sed -n "s/.*\"name\": *\"$2.model.model.0.weight\".*\"min\"/min/p"
}
first $model G_ema >wanted.txt
first checkpoints/tuned/latest.safetensors G >got.txt
check 'a run begins with them' sh -c '[ -s wanted.txt ] && cmp wanted.txt got.txt'
train twice --ema_decay 0.9 --max_steps 3
$t --name twice --continue_train --max_steps 6
check 'averages go on where they were' same averaged twice
$t --name twice --continue_train --max_steps 7 --ema_decay 0
"$tools/p2p-info" checkpoints/twice/latest.safetensors >info.txt
check 'and end where they are switched off' sh -c '! grep -q G_ema info.txt'
$t --name twice --continue_train --max_steps 8 --ema_decay 0.5
check 'and begin where they are switched on' \
    "$tools/p2p-translate" --device cpu -m checkpoints/twice/latest.safetensors "$picture" -o x.png

# Five pictures make two steps of two batches; the fifth is left out.
train double --accumulate 2 --n_epochs 2 --n_epochs_decay 0
check 'an epoch has whole steps of several batches' \
    [ "$(sed 's/.*"step":\([0-9]*\).*/\1/' checkpoints/double/loss_log.jsonl | tail -n 1)" = 4 ]
train halves --accumulate 2 --n_epochs 2 --n_epochs_decay 0 --max_steps 1
$t --name halves --continue_train
check 'a stopped run of such steps ends as a whole one' same double halves
train clipped --clip_grad 0.5 --max_steps 2
train free --max_steps 2
check 'clipped gradients make another run' \
    differ checkpoints/clipped/latest.safetensors checkpoints/free/latest.safetensors
code=0
train many --accumulate 6 2>err.txt || code=$?
check 'a step of more batches than there are is refused' [ $code -eq 2 ]
check 'with what to do' says 'too few for --accumulate 6'

# What discriminators see.
for augment in color translation cutout color,translation,cutout; do
    train plain$augment --diffaugment $augment --max_steps 2
    check "--diffaugment $augment makes another run" \
        differ checkpoints/plain$augment/latest.safetensors checkpoints/free/latest.safetensors
done
train augmented --diffaugment cutout,color --max_steps 6 --batch_size 2 --accumulate 2
train augmented2 --diffaugment cutout,color --max_steps 2 --batch_size 2 --accumulate 2
$t --name augmented2 --continue_train --max_steps 6
check 'and goes on where it was' same augmented augmented2

# Validation gives what p2p-test gives.
"$tools/p2p-data" demo more --count 4 --size 64 --quiet
rm -f more/val/*[4-9].png
epochs='--n_epochs 3 --n_epochs_decay 0'
means() { # of p2p-test and of the log, as L1 PSNR SSIM
    sed -n 's/.*"mean": {"L1": \([^,]*\), "PSNR": \([^,]*\), "SSIM": \([^,}]*\)[,}].*/\1 \2 \3/p' "$1"
}
logged() {
    sed -n "s/.*\"epoch\":$2,.*\"val_L1\":\([^,]*\),\"val_PSNR\":\([^,]*\),\"val_SSIM\":\([^,]*\),.*/\1 \2 \3/p" \
        "checkpoints/$1/loss_log.jsonl"
}
alike() { # of six and nine digits
    echo "$1" "$2" | awk '{ for (i = 1; i < 4; i++) if (($i - $(i + 3)) ^ 2 > 3e-11 * $i ^ 2) exit 1
        exit NF != 6 }'
}
run=checked
for options in '' '--ema_decay 0.5 --no_dropout' '--direction BtoA --preprocess none'; do
    if [ "$options" = '--direction BtoA --preprocess none' ]; then # of 64 pixels
        "$tools/p2p-train" --device cpu --quiet --dataroot more --name $run --netG unet_256 --num_downs 5 \
            --ngf 4 --ndf 4 $options --val_freq 2 $epochs --overwrite
    else
        train $run --dataroot more --val_freq 2 $epochs $options --overwrite
    fi
    case $options in *preprocess*) size= ;; *) size='--preprocess resize_and_crop' ;; esac
    "$tools/p2p-test" --device cpu --quiet --name $run --phase val $size
    check "validated as tested: $options" \
        alike "$(means results/$run/val_latest/metrics.json)" "$(logged $run 3)"
done
check 'in every second epoch and the last' [ "$(grep -c val_L1 checkpoints/$run/loss_log.jsonl)" = 2 ]
"$tools/p2p-train" --device cpu --quiet --dataroot more --name folder --netG unet_256 --num_downs 5 \
    --ngf 4 --ndf 4 --direction BtoA --preprocess none --val_dir more/val $epochs
check 'another folder with the same pictures gives the same' \
    [ "$(logged folder 3)" = "$(logged $run 3)" ]
mkdir -p pictures
for side in A B; do
    cp -r data/train pictures/train$side
    cp -r more/val pictures/val$side
done
train turned --model cycle_gan --netG resnet_6blocks --dataroot pictures --ema_decay 0.9 \
    --diffaugment color,translation,cutout --clip_grad 1 --accumulate 2 --max_steps 2
train cycle --model cycle_gan --netG resnet_6blocks --dataroot pictures --val_freq 1 --n_epochs 1 \
    --n_epochs_decay 0
"$tools/p2p-test" --device cpu --quiet --name cycle --phase val --preprocess resize_and_crop
check 'a cycle is validated by what comes back' \
    alike "$(means results/cycle/val_latest/metrics.json)" "$(logged cycle 1)"

# The best is kept; ten steps of it are enough to see the metric go up and down.
train best --val_split 0.4 --val_metric SSIM --lr 0.01 --n_epochs 6 --n_epochs_decay 0 --save_epoch_freq 1
epoch=$(sed -n 's/.*"epoch":\([0-9]*\).*"best":true.*/\1/p' checkpoints/best/loss_log.jsonl | tail -n 1)
check "the best is that of epoch $epoch" cmp checkpoints/best/best.safetensors "checkpoints/best/$epoch.safetensors"
check 'by the largest SSIM' [ "$epoch" = "$(sed -n 's/.*"epoch":\([0-9]*\).*"val_SSIM":\([^,]*\).*/\2 \1/p' \
    checkpoints/best/loss_log.jsonl | sort -g | tail -n 1 | cut -d ' ' -f 2)" ]
"$tools/p2p-test" --device cpu --quiet --name best --epoch best
check 'and tested by its name' [ -s results/best/test_best/metrics.json ]
for of in checkpoints/best/best.safetensors 'checkpoints/best --epoch best' "checkpoints/best --epoch $epoch"; do
    "$tools/p2p-translate" --device cpu -m $of "$picture" -o "best.png"
    [ ! -e first.png ] && mv best.png first.png || cmp best.png first.png || bad "translated by $of"
    "$tools/p2p-export" --device cpu --quiet $of -o best.safetensors
    "$tools/p2p-info" $of >info.txt
    grep -q "after $((3 * epoch)) steps" info.txt || bad "described by $of"
done
check "which p2p-info tells" grep -q "best validation: SSIM [0-9.]* after epoch $epoch" info.txt
ok 'and translated, exported and described'

# With a rate of almost nothing no metric becomes better.
still="--lr 1e-30 --no_dropout --val_split 0.2 --n_epochs 9 --n_epochs_decay 0"
train stops $still --early_stop 2
check 'a run ends early' grep -q '"epoch":3.*val_L1' checkpoints/stops/loss_log.jsonl
check 'and not later' sh -c '! grep -q "\"epoch\":4" checkpoints/stops/loss_log.jsonl'
code=0
$t --name stops --continue_train 2>err.txt || code=$?
check 'and says how to go on' says 'complete .*raise --early_stop'
$t --name stops --continue_train --early_stop 3
check 'goes on by one epoch' grep -q '"epoch":4.*val_L1' checkpoints/stops/loss_log.jsonl
rates() { sed -n 's/.*"lr":\([^,]*\),.*/\1/p' "checkpoints/$1/loss_log.jsonl" | uniq | tr '\n' ' '; }
train plateau $still --lr_policy plateau
check "a plateau cuts the rate: $(rates plateau)" [ "$(rates plateau)" = '1e-30 2e-31 ' ]
check 'after the seventh epoch' grep -q '"epoch":8.*"lr":2e-31' checkpoints/plateau/loss_log.jsonl
train loss $still --lr_policy plateau --max_steps 10 --val_split 0 --serial_batches --no_flip \
    --load_size 128
"$tools/p2p-info" --tensors checkpoints/loss/latest.safetensors >tensors.txt
check 'sums of the losses are kept in an epoch' grep -q '"losses"' tensors.txt
"$tools/p2p-train" --device cpu --name loss --continue_train >told.txt 2>&1
check "$(grep -o "epoch 7: the generators' loss.*" told.txt)" \
    grep -q "the generators' loss was best, [0-9.]*, after epoch 1:.* 2e-31" told.txt

# Checkpoints by step and by name, to go on from.
train steps --max_steps 8 --save_latest_freq 3 --save_by_iter --save_epoch_freq 1
check 'saves by step' [ -e checkpoints/steps/iter_3.safetensors ]
train coincide --max_steps 6 --save_latest_freq 5 --save_by_iter
check 'also where an epoch ends' [ -e checkpoints/coincide/iter_5.safetensors ]
check 'are the checkpoints of that step' [ -e checkpoints/steps/iter_6.safetensors ]
"$tools/p2p-test" --device cpu --quiet --name steps --load_iter 3
check 'tested by their steps' [ -s results/steps/test_iter_3/metrics.json ]
for from in '--load_iter 3' '--epoch 1' '--epoch latest'; do
    cp -r checkpoints/steps checkpoints/again
    $t --name again --continue_train $from --max_steps 8 2>err.txt || :
    cmp checkpoints/again/latest.safetensors checkpoints/steps/latest.safetensors || bad "going on from $from"
    rm -r checkpoints/again
done
ok 'and gone on from'
"$tools/p2p-train" --device cpu --name steps --continue_train --max_steps 9 --lr 0.001 --n_epochs 7 2>err.txt
check 'changed options are told' says '--n_epochs 7 instead of 100, --lr 0.001 instead of 0.0002'

refused() { # NAME PATTERN COMMAND...
    name=$1 pattern=$2
    shift 2
    code=0
    "$@" >out.txt 2>err.txt || code=$?
    if [ "$code" -ne 0 ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then
        ok "$name: $(cut -c 1-120 err.txt)"
    else bad "$name: exit $code: $(head -n 3 err.txt)"; fi
}
refused 'all pairs to validate on' 'leaves nothing' train x --val_split 0.9
refused 'two sets to validate on' 'exclude each other' train x --val_split 0.5 --val_dir more/val
mkdir none && cp -r data/train none/train
refused 'no folder to validate on' 'validate on' train x --dataroot none --val_freq 1
refused 'a folder that is missing' 'nowhere' train x --val_dir nowhere
refused 'pictures without an SSIM' 'no SSIM' "$tools/p2p-train" --device cpu --quiet --dataroot data --name x \
    --netG resnet_6blocks --ngf 4 --netD pixel --ndf 4 --load_size 8 --crop_size 8 --n_epochs 1 \
    --val_split 0.2 --val_metric SSIM --overwrite
refused 'an end without validation' 'needs a validation' train x --early_stop 3
refused 'a split of what are no pairs' '--val_dir' train x --model cycle_gan --dataroot pictures --val_split 0.2
refused 'another split' 'was not trained on this' $t --name best --continue_train --val_split 0.2
refused 'an epoch that is none' 'takes latest, best' "$tools/p2p-test" --name best --epoch newest
refused 'an epoch and a step' 'exclude each other' "$tools/p2p-test" --name best --epoch 2 --load_iter 3
refused 'an epoch that is missing' '77.safetensors' $t --name best --continue_train --epoch 77
refused 'an epoch without a run' 'continue_train' train x --epoch 3
refused 'an epoch of a file' 'is a file; an epoch' "$tools/p2p-export" $model --epoch best -o x.onnx
refused 'changes that are none' 'takes color, translation and cutout' train x --diffaugment colour
refused 'decay that keeps all' 'ema_decay takes' train x --ema_decay 1
refused 'steps of nothing' 'accumulate takes' train x --accumulate 0
refused 'a negative clip' 'clip_grad takes' train x --clip_grad -1
refused 'a metric that is none' 'val_metric takes' train x --val_metric LPIPS
finish
