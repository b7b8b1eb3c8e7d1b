#!/bin/sh
# What a run does around its steps: averaged weights, steps of several batches, clipped gradients.
# Usage: training.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

t="$tools/p2p-train --device cpu --quiet"
same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
differ() { ! cmp -s "$1" "$2"; }
last() { tail -n 1 "checkpoints/$1/loss_log.jsonl"; }
says() { grep -q -- "$1" err.txt || { cat err.txt; false; }; }

"$tools/p2p-data" demo data --count 5 --size 64 --quiet

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
finish
