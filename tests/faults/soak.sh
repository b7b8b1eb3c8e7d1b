#!/bin/sh
# Memory, threads and descriptors of a long small run that saves often stay where they were after the
# first steps: resident memory within 2 %.
#
# Usage: soak.sh FOLDER_OF_PROGRAMS [STEPS]
. "$(dirname "$0")/../cli/lib.sh"
steps=${2:-3000}

"$tools/p2p-data" demo data --count 8 --size 64 --quiet
"$tools/p2p-train" --device cpu --quiet --dataroot data --name soak --netG unet_256 --num_downs 5 \
    --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --print_freq 10 --save_latest_freq 100 \
    --save_epoch_freq 200 --n_epochs 100000 --max_steps "$steps" &
pid=$!
step() { tail -n 1 checkpoints/soak/loss_log.jsonl 2>/dev/null | sed 's/.*"step":\([0-9]*\).*/\1/'; }
while kill -0 $pid 2>/dev/null; do
    at=$(step)
    rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status 2>/dev/null || true)
    threads=$(sed -n 's/^Threads:[^0-9]*//p' /proc/$pid/status 2>/dev/null || true)
    files=$(ls /proc/$pid/fd 2>/dev/null | wc -l)
    [ -z "$rss" ] || echo "${at:-0} $rss ${threads:-0} $files" >>samples.txt
    sleep 0.2
done
code=0
wait $pid || code=$?
check "the run of $steps steps ends well" [ $code -eq 0 ]
# A save's own thread and file come and go: what counts is the least and the most of each half.
awk -v steps="$steps" '
    $1 >= 200 { half = $1 > steps / 2 + 100; n[half]++
        for (k = 2; k <= 4; k++) {
            if (n[half] == 1 || $k < least[half, k]) least[half, k] = $k
            if (n[half] == 1 || $k > most[half, k]) most[half, k] = $k } }
    END {
        printf "samples %d and %d; resident KiB %d..%d, then %d..%d; threads %d..%d, then %d..%d; " \
               "descriptors %d..%d, then %d..%d\n", n[0], n[1],
               least[0, 2], most[0, 2], least[1, 2], most[1, 2], least[0, 3], most[0, 3],
               least[1, 3], most[1, 3], least[0, 4], most[0, 4], least[1, 4], most[1, 4]
        bad = n[0] < 5 || n[1] < 5 || most[1, 2] > 1.02 * most[0, 2] ||
              most[1, 3] > most[0, 3] || most[1, 4] > most[0, 4]
        exit bad }' samples.txt && ok 'memory, threads and descriptors are flat' ||
    bad 'memory, threads and descriptors are flat'
finish
