#!/bin/sh
# `kill -9` at random moments of small runs, without and with what is done around the steps: each time
# one goes on, and ends with the files of a run that nothing happened to. Usage: kill9.sh FOLDER_OF_PROGRAMS [COUNT] [SEED]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
count=${2:-10}
seed=${3:-$(date +%s)}
echo "seed $seed"

"$tools/p2p-data" demo data --count 5 --size 32 --quiet
killed=0
saving=0
early=0
# Kill the run $1 after $2 seconds; fails where it had ended by then.
kill_after() {
    (tiny "$1" 2>/dev/null) 2>/dev/null &
    pid=$!
    sleep "$2"
    kill -9 $pid 2>/dev/null || true
    code=0
    wait $pid || code=$?
    [ $code -eq 137 ] || return 1
    killed=$((killed + 1))
    [ -z "$(find "checkpoints/$1" -name '*.tmp*' 2>/dev/null)" ] || saving=$((saving + 1))
    [ -e "checkpoints/$1/latest.safetensors" ] || early=$((early + 1))
}

one() {
    kill_after "$1" "$2" || true
    has_whole "$1" && go_on "$1" && same_as_whole "$1"
}

# kill_all OPTIONS...: runs with these, until COUNT of them were killed.
kill_all() {
    extra="$*"
    rm -rf checkpoints/whole
    begin=$(now)
    (tiny whole)
    seconds=$(echo "$begin $(now)" | awk '{ print $2 - $1 }')
    killed=0
    for moment in $(draw "$seed" $((4 * count)) "$seconds"); do
        [ $killed -lt "$count" ] || break
        n=$((passed + failed))
        if one "run$n" "$moment"; then passed=$((passed + 1))
        else bad "killed after $moment of $seconds s: $extra"; fi
        rm -rf "checkpoints/run$n"
    done
    check "$killed of $count runs were killed: $extra" [ $killed -eq "$count" ]
}

count=$(((count + 3) / 4))
kill_all
kill_all --ema_decay 0.9 --accumulate 2 --diffaugment color,translation,cutout --clip_grad 1 \
    --val_split 0.2 --lr_policy plateau --val_metric PSNR --early_stop 3 --save_by_iter
kill_all --lr_policy plateau --val_dir data/val --val_freq 3 --ema_decay 0.5
kill_all --lr_policy plateau
echo "$saving of them while a file was written, $early before the first checkpoint"
finish
