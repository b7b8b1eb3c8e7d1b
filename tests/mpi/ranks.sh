#!/bin/sh
# One, two and four ranks train alike, whatever is drawn at random; the same number twice gives the same
# bits; a run goes on with another number of ranks. Usage: ranks.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"

"$tools/p2p-data" demo data --count 8 --size 72 --quiet

small 1 one --max_steps 3
for n in 2 4; do
    small $n ranks$n --max_steps 3
    check "$n ranks train as one does" alike one ranks$n 3
done
small 2 shares --max_steps 3 --shares 3,1
check 'shares of 3 and 1 train as one does' alike one shares 3

more='--accumulate 2 --clip_grad 1 --diffaugment color,translation,cutout --gan_mode wgangp --ema_decay 0.9
    --lr 0.002'
small 1 more1 --max_steps 3 $more
small 2 more2 --max_steps 3 $more
check 'sums over batches, clipping, augmentation, penalty, averages: as one does' alike more1 more2 3

# Adam's step as a whole by every rank, and in slices: the same bits, in whichever way a run goes on.
for n in 2 4; do
    for how in on off; do small $n adam_$how$n --max_steps 3 --shard_adam $how; done
    check "$n ranks with --shard_adam: the bits of those without" same_numbers adam_on$n adam_off$n
    check 'which CPUs of one machine do by themselves' same_bits ranks$n adam_on$n
done
for how in on off; do small 2 more$how --max_steps 3 $more --shard_adam $how; done
check 'the same with sums over batches, clipping, averages' same_numbers moreon moreoff
for how in on off; do
    small 2 cycle$how --max_steps 3 --shard_adam $how --model cycle_gan --dataset_mode aligned --pool_size 0
    small 2 f16$how --max_steps 3 --shard_adam $how --precision f16 --norm_D spectral
done
check 'the same with cycle_gan' same_numbers cycleon cycleoff
check 'the same with scaled losses' same_numbers f16on f16off
small 4 adam_on2 --continue_train --max_steps 5 --shard_adam off
small 4 adam_off2 --continue_train --max_steps 5 --shard_adam on
check 'two ranks, then four' same_numbers adam_on2 adam_off2
small 1 adam_on4 --continue_train --max_steps 5
small 1 adam_off4 --continue_train --max_steps 5
check 'four ranks, then one' same_numbers adam_on4 adam_off4

# Gradients as halves: 11 bits of the largest in a slice.
small 4 half1 --max_steps 3 --compress f16
small 4 half2 --max_steps 3 --compress f16
LEEWAY=2e-2
check 'four ranks with --compress f16 train nearly as one does' alike one half1 3
LEEWAY=
check 'but not quite' differ one half1 3
check 'with the same bits twice' same_bits half1 half2

# Batch norm over all ranks' pictures; a step less: rounding flips the gates of networks so normalised sooner.
small 1 batch1 --max_steps 2 --norm batch
for n in 2 4; do
    small $n sync$n --max_steps 2 --norm batch --sync_norm
    check "$n ranks with --sync_norm train as one does" alike batch1 sync$n 2
    check 'and have its running statistics' near batch1 sync$n running
done
small 2 own --max_steps 2 --norm batch
check 'without it, batch norm is of each rank' differ batch1 own 2

# A part of a run, then the rest.
for n in 1 4; do
    small 2 on$n --max_steps 1
    small $n on$n --continue_train --max_steps 3
    check "two ranks, then $n" alike one on$n 3
done
for n in 2 4; do
    small $n whole$n --max_steps 8
    small $n parts$n --max_steps 5
    small $n parts$n --continue_train --max_steps 8
    check "$n ranks: the same bits twice, stopped or not" same_bits whole$n parts$n
done

# The default networks: several buckets, which begin within the backward pass. Their instance norms of four pixels
# make 1e-5 of rounding in the second step; each step moves losses by a twentieth and more.
for n in 1 2; do
    ranks $n "$tools/p2p-train" --device cpu --quiet --dataroot data --name large$n --batch_size 2 --load_size 286 \
        --norm instance --print_freq 1 --no_html --display_freq 0 --n_epochs 1 --n_epochs_decay 0 --max_steps 2 \
        --adam_eps 1e-2 --lr 0.0002
done
LEEWAY=2e-4
check 'the default networks train as in one process' alike large1 large2 2
LEEWAY=
rm -rf checkpoints/large*

# Measuring.
little='--device cpu --netG unet_128 --ngf 8 --ndf 8 --size 128 --steps 2 --batch_size 2 --json'
ranks 2 "$tools/p2p-bench" train $little >bench.json
check 'p2p-bench train tells of messages' grep -q '"ranks": 2, "sent_bytes": [1-9].*"comm_s": 0\.[0-9]*[1-9]' bench.json
check 'once' [ "$(grep -c median_s bench.json)" -eq 1 ]
# The moments, twice what the weights take, are halved: a fourth less of weights, sums and moments.
for how in on off; do
    ranks 2 "$tools/p2p-bench" train $little --ngf 64 --shard_adam $how >bench_$how.json
done
bytes() { sed -n 's/.*"plan_bytes": \([0-9]*\).*"gradient_bytes": \([0-9]*\).*/\1 \2/p' bench_$1.json; }
check '--shard_adam halves the moments of two ranks' awk -v on="$(bytes on)" -v off="$(bytes off)" 'BEGIN {
    split(on, a); split(off, b); saved = (b[1] - a[1]) / b[2]; print "saved", saved; exit !(saved > 0.98 && saved < 1.02) }'
ranks 2 "$tools/p2p-bench" scaling $little --svg scaling.svg >scaling.json
check 'p2p-bench scaling goes to 64 ranks' [ "$(grep -c '"ranks": 64, ' scaling.json)" -eq 9 ]
check 'and draws them' [ "$(grep -c '<polyline' scaling.svg)" -eq 18 ]

finish
