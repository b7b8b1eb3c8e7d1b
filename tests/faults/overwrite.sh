#!/bin/sh
# --overwrite: a new run takes a name, and the run that had it stays whole under another one, whatever
# happens meanwhile. Usage: overwrite.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"

same_folder() { diff -r "$1" "$2" >/dev/null; }
untouched() { same_folder keep checkpoints/run && [ ! -e checkpoints/run.old-1 ]; }
again() { rm -rf checkpoints/run* && cp -r keep checkpoints/run; }

"$tools/p2p-data" demo data --count 5 --size 32 --quiet
begin=$(now)
(tiny whole)
seconds=$(echo "$begin $(now)" | awk '{ print $2 - $1 }')
(tiny run --seed 1 --max_steps 17)
cp -r checkpoints/run keep

# What is refused touches nothing.
says 'without --overwrite' 1 'this run exists' tiny run
check 'the run is as it was' untouched
says 'a data folder that is missing' 1 nowhere tiny run --overwrite --dataroot nowhere
check 'the run is as it was' untouched
says 'a size that does not fit' 2 'multiples of 32' tiny run --overwrite --crop_size 31
check 'the run is as it was' untouched
says 'a network too large' 3 smaller tiny run --overwrite --ngf 1024 --device_memory 20
check 'the run is as it was' untouched

(tiny run --overwrite)
check 'the new run is as if nothing had been there' same_as_whole run
check 'of the old one nothing is missing' same_folder keep checkpoints/run.old-1
(tiny run --overwrite --max_steps 1)
check 'and once more: nor of that one' same_as_whole run.old-2
check 'which does not touch the first' same_folder keep checkpoints/run.old-1

# Stopped before its first save, a new run has no checkpoint.
again
"$tools/p2p-data" demo many --count 300 --size 32 --quiet
(tiny run --overwrite --dataroot many --save_latest_freq 1000000 2>/dev/null) &
pid=$!
until [ -e checkpoints/run.old-1 ] || ! kill -0 $pid; do :; done
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
says 'p2p-test finds none' 1 'latest.safetensors' "$tools/p2p-test" --device cpu --dataroot data --name run
says 'nor is there one to continue' 1 'no run to continue' tiny run --continue_train
check 'of the old one nothing is missing' same_folder keep checkpoints/run.old-1
check 'a new one begins' eval '(tiny run) && same_as_whole run'

# Killed at any moment
for moment in $(draw 1 8 "$seconds"); do
    again
    (tiny run --overwrite) 2>/dev/null &
    pid=$!
    sleep "$moment"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    if [ -e checkpoints/run.old-1 ]; then
        check "killed after $moment s: it was moved" same_folder keep checkpoints/run.old-1
        check 'and the new one goes on' eval 'go_on run && same_as_whole run'
    else
        check "killed after $moment s: it has not been moved" same_folder keep checkpoints/run
    fi
done

# Trained by another process
again
(tiny run --seed 1 --continue_train --n_epochs 100000 --save_latest_freq 1000000) &
pid=$!
until grep -q '"step":20' checkpoints/run/loss_log.jsonl || ! kill -0 $pid; do sleep 0.1; done
says 'a run that is being trained' 1 "process $pid is training" tiny run --overwrite
check 'it is not moved' [ ! -e checkpoints/run.old-1 ]
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
finish
