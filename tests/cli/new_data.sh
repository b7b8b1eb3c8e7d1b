#!/bin/sh
# A run goes on with the data that it began with, wherever they are; with others only when told to.
# Usage: new_data.sh FOLDER_OF_PROGRAMS TEST_DATA
. "$(dirname "$0")/lib.sh"
old=$2/old

go_on() { # NAME OPTION...
    run=$1
    shift
    "$tools/p2p-train" --device cpu --name "$run" --continue_train "$@" >out.txt 2>error.txt
}
stored() { grep -ao "\"opt.$2\":\"[^\"]*\"" "checkpoints/$1/latest.safetensors"; }
refused() { # WHAT MESSAGE OPTION...
    what=$1 message=$2
    shift 2
    code=0
    cp checkpoints/run/latest.safetensors before
    go_on run --quiet --max_steps 9 "$@" || code=$?
    if [ $code -eq 2 ] && grep -q -- "$message" error.txt && grep -q -- '--new_data' error.txt &&
        [ "$(wc -l <error.txt)" -eq 1 ] && cmp -s before checkpoints/run/latest.safetensors; then
        ok "$what is refused"
    else
        bad "$what is refused (exit $code: $(cat error.txt))"
    fi
}

"$tools/p2p-data" demo data --count 5 --size 64 --quiet
"$tools/p2p-data" demo other --count 6 --size 64 --seed 1 --quiet
cp -r data renamed
mv renamed/train/0005.png renamed/train/0006.png

# What decides what is trained on is kept
train part --phase val --max_dataset_size 1 --max_steps 1
check 'a checkpoint keeps the phase' [ "$(stored part phase)" = '"opt.phase":"val"' ]
check 'and the number of pairs' [ "$(stored part max_dataset_size)" = '"opt.max_dataset_size":"1"' ]
check 'and goes on with both' go_on part --max_steps 2
check 'as the log says' grep -q 'data: 1 pairs' error.txt

# Batches of another size: the epoch goes on behind the same pictures
train sizes --max_steps 4
check 'a run goes on with larger batches' go_on sizes --batch_size 2 --max_steps 6 --print_freq 1
check 'behind the pictures that it has seen' grep -q '"epoch": *2.*"step": *5' \
    checkpoints/sizes/loss_log.jsonl

# The same elsewhere
train whole --max_steps 8
train run --max_steps 3
cp -r data elsewhere
check 'a data set that moved is the same' go_on run --dataroot elsewhere --max_steps 6
check 'and is looked for there from then on' [ "$(stored run dataroot)" = '"opt.dataroot":"elsewhere"' ]
check 'also when it moves back' go_on run --dataroot data --max_steps 8
check 'and the file is that of a run that was never stopped' \
    cmp checkpoints/whole/latest.safetensors checkpoints/run/latest.safetensors

# Others
refused 'another data set' '6 pictures of other names and number in other' --dataroot other
refused 'one with another name in it' '5 pictures of other names in renamed' --dataroot renamed
refused 'another direction' '--direction BtoA instead of AtoB' --direction BtoA
refused 'another phase' '--phase val instead of train' --phase val
refused 'another size' '--crop_size 256 instead of 128' --crop_size 256 --load_size 256
refused 'another number' '--max_dataset_size 3 instead of 0' --max_dataset_size 3
check 'what does not decide it may change' go_on run --num_threads 0 --print_freq 7 --lr 0.001 \
    --max_steps 9
check '--new_data goes on' go_on run --dataroot other --new_data --max_steps 11
check 'and says so' grep -q 'new data: 6 pictures .*; epoch 2 begins anew' error.txt
check 'and it needs to be told once' go_on run --max_steps 12
check 'the new ones are the run'"'"'s data then' [ "$(stored run dataroot)" = '"opt.dataroot":"other"' ]

# Checkpoints that do not tell
mkdir -p checkpoints/old
cp "$old/pytorch.safetensors" checkpoints/old/latest.safetensors
check 'an old checkpoint takes what is there for the same' go_on old --dataroot other --max_steps 3
check 'and says so' grep -q 'does not tell the names of its pictures' error.txt
check 'but tells from then on' go_on old --max_steps 4
check 'without a word' sh -c '! grep -q "does not tell" error.txt'
finish
