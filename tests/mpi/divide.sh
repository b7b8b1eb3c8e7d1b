#!/bin/sh
# What ranks divide besides the pictures of batches: validation, tests; and what each has all of: pools of earlier
# pictures.
# Usage: divide.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"

"$tools/p2p-data" demo data --count 12 --size 40 --quiet

# ---- Validation ---------------------------------------------------------------------------------
# Networks that stay as they are: five pictures on up to four ranks have the same figures, to the last digit.
watch='--lr_policy plateau --n_epochs 8 --lr 0 --val_split 0.45 --early_stop 2 --num_threads 1'
validated() { sed -n '/"val/p' "checkpoints/$1/loss_log.jsonl"; }
for n in 1 2 4; do small $n watch$n $watch; done
small 2 watch5 $watch --shares 7,1
check 'a run that nothing improves ends early' [ "$(validated watch1 | wc -l)" -eq 3 ]
for run in watch2 watch4 watch5; do
    check "$run is validated as one process is" [ "$(validated watch1)" = "$(validated $run)" ]
done
small 3 best --val_split 0.45 --max_steps 4
small 3 again --val_split 0.45 --max_steps 4
check 'the best is the same twice' cmp checkpoints/best/best.safetensors checkpoints/again/best.safetensors

# ---- Tests --------------------------------------------------------------------------------------
results() { # N FOLDER OPTIONS...: all that a test of 12 pictures leaves
    results_n=$1 results_to=$2
    shift 2
    ranks "$results_n" "$tools/p2p-test" --device cpu --name best --phase train --num_threads 1 "$@" >"$results_to.txt" &&
        mv results/best/train_latest "$results_to"
}
results 1 test1
for n in 2 5; do
    check "p2p-test on $n ranks" results $n test$n
    check 'leaves what one process leaves' diff -r test1 test$n
    check 'and says it once' cmp test1.txt test$n.txt
done
check 'p2p-test with shares' results 2 shared --shares 1,5
check 'has the same figures' cmp test1/metrics.json shared/metrics.json
code=0
results 2 wrong --shares 1,1,1 2>shares.err || code=$?
check "wrong shares are told once: $(cat shares.err)" [ "$code $(wc -l <shares.err)" = '2 1' ]
mkdir -p elsewhere
ln -s ../data ../checkpoints elsewhere
code=0
mpirun --quiet -n 2 sh -c '[ "$OMPI_COMM_WORLD_RANK" = 0 ] || cd elsewhere; exec "$@"' sh "$tools/p2p-test" \
    --device cpu --name best --phase train 2>apart.err || code=$?
check "results that are not in one folder: $(head -n 1 apart.err)" [ $code -eq 1 ]
check 'are refused' grep -q 'a folder that all ranks share' apart.err
check 'without a page' [ ! -e results/best/train_latest/index.html ]
code=0
ranks 2 "$tools/p2p-metrics" test1/images 2>metrics.err || code=$?
check "p2p-metrics: $(head -n 1 metrics.err)" [ $code -eq 1 ]

# ---- Pools --------------------------------------------------------------------------------------
mkdir -p unpaired
"$tools/p2p-data" demo other --count 12 --size 40 --seed 1 --quiet
cp -r data/train unpaired/trainA
cp -r other/train unpaired/trainB

# cycle N NAME OPTIONS...: each batch fills most of the pool or changes places with its pictures, also one with
# another of the same batch.
cycle() {
    cycle_n=$1 cycle_name=$2
    shift 2
    ranks "$cycle_n" "$tools/p2p-train" --device cpu --quiet --dataroot unpaired --name "$cycle_name" --model cycle_gan \
        --netG resnet_6blocks --n_blocks 1 --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --pool_size 5 --batch_size 4 \
        --print_freq 1 --save_latest_freq 1 --no_html --display_freq 0 --n_epochs 9 --n_epochs_decay 0 \
        --adam_eps 1e-2 --lr 0.002 --max_steps 5 "$@"
}

cycle 1 one
for n in 2 4; do
    cycle $n pool$n
    check "$n ranks with a pool train as one does" alike one pool$n 5
    check 'and have the same pictures in it' near one pool$n pool
done
cycle 2 shares --shares 3,1
check 'shares of 3 and 1, too' alike one shares 5
cycle 2 fresh --pool_size 0
check 'the pool has an effect' differ one fresh 5
cycle 2 twice
check 'the same bits twice' same_bits pool2 twice
for n in 1 2 4; do
    cycle 2 on$n --max_steps 1
    cycle $n on$n --continue_train
    check "two ranks whose pool fills, then $n" alike one on$n 5
done
check 'the same number stopped: the same bits' same_bits pool2 on2
finish
