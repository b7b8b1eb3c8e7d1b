#!/bin/sh
# The same seed gives the same bits: run twice, stopped and continued, with any number of threads.
# Usage: reproducible.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
log() { sed 's/,"seconds_per_step.*//' "checkpoints/$1/loss_log.jsonl"; }
same_log() { [ "$(log "$1")" = "$(log "$2")" ]; }

"$tools/p2p-data" demo data --count 5 --size 64 --quiet

train whole --max_steps 8
train again --max_steps 8
check 'two runs give the same file' same whole again

train halves --max_steps 3
"$tools/p2p-train" --device cpu --quiet --name halves --continue_train --max_steps 8
check 'a run stopped in an epoch and continued gives the same file' same whole halves
check 'and the same log' same_log whole halves

for threads in 0 1 4; do
    train "threads$threads" --max_steps 8 --num_threads $threads
    check "$threads loader threads give the same file" same whole "threads$threads"
done

odd=$(printf 'data \351\377%%41') # no UTF-8
if mv data "$odd" 2>/dev/null; then
    "$tools/p2p-train" --device cpu --quiet --dataroot "$odd" --name odd --netG unet_128 --ngf 4 \
        --ndf 4 --load_size 143 --crop_size 128 --print_freq 1 --max_steps 2
    check 'a run remembers a folder whose name is no UTF-8' \
        "$tools/p2p-train" --device cpu --quiet --name odd --continue_train --max_steps 4
    mv "$odd" data
fi

train other --max_steps 8 --seed 1
if same whole other >/dev/null 2>&1; then bad 'another seed gives another file'
else ok 'another seed gives another file'; fi

# Adam's first moments after one step: in the paper's D half of phillipi's, to the bit.
for preset in paper torch; do
    train $preset --preset $preset --max_steps 1
    "$tools/p2p-info" --tensors checkpoints/$preset/latest.safetensors |
        sed -n 's/.*"adam_m.D.model.0.weight".*"sum": *\([^,}]*\).*/\1/p' >$preset.sum
done
check 'the paper halves the objective of D' \
    awk '{ sum[NR] = $1 } END { exit !(sum[1] != 0 && (d = sum[2] / sum[1] - 2) * d < 1e-10) }' \
    paper.sum torch.sum

(train_by=exec; train signal --n_epochs 2000 --max_steps 4000 2>signal.txt) &
pid=$!
while [ ! -s checkpoints/signal/loss_log.jsonl ] && kill -0 $pid; do sleep 0.1; done
kill -INT $pid
code=0
wait $pid || code=$?
check 'an interrupt exits with 130' [ $code -eq 130 ]
check 'and says how to go on' grep -q -- --continue_train signal.txt
steps=$(tail -n 1 checkpoints/signal/loss_log.jsonl | sed 's/.*"step":\([0-9]*\).*/\1/')
train straight --n_epochs 2000 --max_steps $((steps + 2))
"$tools/p2p-train" --device cpu --quiet --name signal --continue_train --max_steps $((steps + 2))
check 'and continuing gives the file of an uninterrupted run' same straight signal
check 'and its log' same_log straight signal
finish
