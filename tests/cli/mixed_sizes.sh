#!/bin/sh
# Pictures of mixed sizes: a plan for each size, batches of one size, the same bits however a run was cut.
# Usage: mixed_sizes.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

learn() { # NAME OPTION...
    run=$1
    shift
    $train_by "$tools/p2p-train" --device cpu --dataroot mixed --name "$run" --netG resnet_6blocks --n_blocks 1 --ngf 4 \
        --ndf 4 --norm instance --preprocess none --print_freq 1 "$@" >out.txt 2>error.txt
}
go_on() { run=$1; shift; "$tools/p2p-train" --device cpu --name "$run" --continue_train "$@" >out.txt 2>error.txt; }
same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
log() { sed 's/,"seconds_per_step.*//' "checkpoints/$1/loss_log.jsonl"; }
same_log() { [ "$(log "$1")" = "$(log "$2")" ]; }
told() { grep -q -- "$1" error.txt; }
planned() { grep -c 'planning the step' error.txt; }
trained() { # WHAT OPTION...: whole and in two halves
    what=$1
    shift
    learn whole --overwrite --max_steps 12 "$@"
    learn halves --overwrite --max_steps 5 "$@"
    check "$what: a run goes on" go_on halves --max_steps 12
    check "$what: to the same file" same whole halves
    check "$what: and log" same_log whole halves
}

# Twelve pairs of three sizes: 40 x 32, 44 x 32, and 33 x 45, which becomes 32 x 44 for a ResNet
"$tools/p2p-data" demo data --count 12 --size 64 --quiet
mkdir one two three
cp data/train/000[1-4].png one
cp data/train/000[5-7].png two
cp data/train/000[89].png data/train/001*.png three
"$tools/p2p-data" resize one mixed/train --size 80x32 --stretch --quiet
"$tools/p2p-data" resize two mixed/train --size 88x32 --stretch --quiet
"$tools/p2p-data" resize three mixed/train --size 66x45 --stretch --quiet

trained 'batches of 1'
check 'the sizes are told' told 'these have 3 sizes (--preprocess none)'
learn whole --overwrite --max_steps 12
check 'and each is announced once' [ "$(planned)" = 3 ]
check 'with its pixels' told 'pictures of 32 x 44 pixels (size [123] of 3)'
for threads in 0 3; do
    learn threads$threads --max_steps 12 --num_threads $threads
    check "$threads loader threads give the same file" same whole threads$threads
done
learn seed --max_steps 12 --seed 1
if same whole seed >/dev/null 2>&1; then bad 'another seed gives another file'
else ok 'another seed gives another file'; fi

trained 'batches of 2' --batch_size 2
learn two --batch_size 2 --n_epochs 1 --n_epochs_decay 0
check 'an epoch has the batches of each size' [ "$(log two | wc -l)" = 5 ]
check 'which leaves out the rest' told 'leaves out 2 of 12 pairs'
learn five --batch_size 5 --max_steps 2
check 'sizes that make no batch are told' told '7 of 12 pairs are never trained on'
trained 'steps of 3 batches' --accumulate 3
trained 'averages, a clipped gradient' --ema_decay 0.9 --clip_grad 1 --accumulate 2
trained 'sums of losses' --lr_policy plateau --n_epochs 2
learn sample --max_steps 24 --val_split 0.25 --val_freq 1
check 'pictures to validate on have any size' grep -q '"val_PSNR"' checkpoints/sample/loss_log.jsonl
learn keep --max_steps 12 --preprocess keep
check '--preprocess keep' [ "$(planned)" = 3 ]
learn wide --max_steps 12 --preprocess scale_width --load_size 38 --crop_size 32
check '--preprocess scale_width, two of which have one shape' [ "$(planned)" = 2 ]
"$tools/p2p-train" --device cpu --dataroot mixed --name deep --netG unet_256 --num_downs 5 --ngf 4 --ndf 4 \
    --norm instance --preprocess none --max_steps 2 --batch_size 12 2>error.txt
check 'for a deeper network all become 32 x 32' sh -c '! grep -q "have .* sizes" error.txt'

# Killed at any moment
(train_by=exec; learn killed --n_epochs 500 --save_latest_freq 3 --seed 3) &
pid=$!
while [ "$(log killed 2>/dev/null | wc -l)" -lt 8 ] && kill -0 $pid; do sleep 0.1; done
kill -9 $pid
wait $pid 2>/dev/null || true
steps=$(($(log killed | tail -n 1 | sed 's/.*"step":\([0-9]*\).*/\1/') + 3))
check 'a run that was killed goes on' go_on killed --max_steps $steps
learn straight --n_epochs 500 --save_latest_freq 3 --seed 3 --max_steps $steps
check 'to the same file' same straight killed
check 'and log' same_log straight killed

# What cannot go together
refused() { # WHAT STATUS MESSAGE OPTION...
    what=$1 status=$2 message=$3 code=0
    shift 3
    learn refused --max_steps 1 --quiet "$@" || code=$?
    if [ $code -eq $status ] && told "$message" && [ "$(wc -l <error.txt)" -eq 1 ] && [ ! -d checkpoints/refused ]
    then ok "$what is refused"
    else bad "$what is refused (exit $code: $(cat error.txt))"; fi
}
refused 'a batch that no size fills' 2 '12 pairs of 3 sizes do not make a batch of 6' --batch_size 6
refused 'a step of more batches than there are' 2 'accumulate 13' --accumulate 13
refused 'a pool' 2 'pool_size 0' --model cycle_gan --dataset_mode aligned --netG resnet_6blocks --n_blocks 1
learn cycle --max_steps 4 --model cycle_gan --dataset_mode aligned --pool_size 0
check 'which without one is none' [ -f checkpoints/cycle/latest.safetensors ]
finish
