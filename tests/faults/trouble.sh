#!/bin/sh
# Damaged checkpoints, two trainers at once, numbers that are none, a device that does not answer:
# one message, the documented exit code, the last whole checkpoint stays.
# Usage: trouble.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"

damage() { printf 'XYZ' | dd of="$1" bs=1 seek=200000 conv=notrunc 2>/dev/null; }
steps() { "$tools/p2p-info" "$1" | sed -n 's/.*after \([0-9]*\) steps.*/\1/p'; }

"$tools/p2p-data" demo data --count 5 --size 32 --quiet
picture=data/test/$(ls data/test | head -n 1)
folder=checkpoints/run
(tiny whole)
(tiny run --max_steps 7)
check 'the one before is kept' [ "$(steps $folder/latest.safetensors) \
$(steps $folder/previous.safetensors)" = '7 6' ]

# Damaged checkpoints
translate() {
    "$tools/p2p-translate" --device cpu -m "$1" "$picture" -o "$2" --load_size 32 --crop_size 32
}
translate $folder/previous.safetensors wanted.png
cp -r checkpoints/run keep
damage $folder/latest.safetensors
check 'p2p-translate takes the one before' translate $folder/latest.safetensors got.png
translate $folder/latest.safetensors got.png 2>warning.txt
check 'and is right' cmp wanted.png got.png
check 'and names both' grep -q 'warning.*latest.safetensors: damaged.*previous.safetensors' warning.txt
"$tools/p2p-info" $folder/latest.safetensors >info.txt
check 'p2p-info names both too' grep -q '^warning.*latest.*previous' info.txt
"$tools/p2p-test" --device cpu --dataroot data --name run 2>warning.txt
check 'p2p-test takes it' grep -q 'warning.*latest.*previous' warning.txt
"$tools/p2p-train" --device cpu --name run --continue_train 2>warning.txt
check 'a run goes on from it and says so' grep -q 'warning.*latest.*previous' warning.txt
check 'and ends as if nothing had happened' same_as_whole run

for kind in missing short; do
    rm -r $folder && cp -r keep $folder
    if [ $kind = missing ]; then rm $folder/latest.safetensors
    else head -c 1000 keep/latest.safetensors >$folder/latest.safetensors; fi
    (tiny run --continue_train)
    check "a latest checkpoint that is $kind does no harm" same_as_whole run
done

rm -r $folder && cp -r keep $folder
ln -f $folder/latest.safetensors $folder/previous.safetensors
(tiny run --continue_train --max_steps 8)
check 'killed between the two names: the next save leaves nothing over' \
    [ -z "$(find $folder -name '*.tmp*')" ]

rm -r $folder && cp -r keep $folder
damage $folder/latest.safetensors
damage $folder/previous.safetensors
says 'both damaged' 1 'latest.*damaged.*previous.*damaged' tiny run --continue_train

# Two trainers at once
(tiny two --n_epochs 100000) &
pid=$!
while [ ! -e checkpoints/two/latest.safetensors ] && kill -0 $pid; do sleep 0.1; done
says 'a second trainer' 1 "process $pid is training" tiny two --continue_train
kill -9 $pid
wait $pid 2>/dev/null || true
check 'a killed one leaves its lock' [ -e checkpoints/two/lock ]
check 'that stops nobody' go_on two

# A limit that is reached is named.
rm -r $folder && cp -r keep $folder
says 'complete by --max_steps' 2 'is complete (7 steps); raise --max_steps' \
    tiny run --continue_train --max_steps 7
says 'complete by --max_seconds' 2 'raise --max_seconds' tiny run --continue_train --max_seconds 1e-9
says 'complete by --n_epochs' 2 'raise --n_epochs or' tiny run --continue_train --n_epochs 1

# Numbers that are none: of so large weights the loss, the step, or Adam's second moment is infinite.
wild='--norm none --init_gain 100 --lr 10 --save_latest_freq 1000'
says 'a loss that is no number' 1 'step 1, picture [0-9]*: loss G_GAN is NaN or infinite' \
    tiny nan $wild --gan_mode lsgan --ndf 64 --lambda_GAN 1e6
says 'a weight that is none' 1 'step 1, picture [0-9]*: G.model.*weight is NaN or infinite' \
    tiny nan $wild --gan_mode lsgan --ndf 64 --ngf 32
check 'is not saved' [ ! -e checkpoints/nan/latest.safetensors ]
check 'nor called live on its page' grep -q '"live":false' checkpoints/nan/index.js
says 'a moment that is none, at a save' 1 'step 1: .* is not saved' tiny nan $wild --save_latest_freq 1 --print_freq 99
check 'is not saved' [ ! -e checkpoints/nan/latest.safetensors ]
check 'nor called live on its page' grep -q '"live":false' checkpoints/nan/index.js
says '--debug_nan' 1 'step 1, picture [0-9]*: pass [0-9]*, .* by .* reads is finite' \
    tiny nan $wild --debug_nan
rm -r $folder && cp -r keep $folder
(tiny run --continue_train --debug_nan)
check '--debug_nan changes no bit' same_as_whole run

# A device that does not answer
rm -r $folder && cp -r keep $folder
says 'a device that is too slow' 4 'has not answered for 1e-06 s' \
    tiny run --continue_train --device_timeout 1e-6
check 'the checkpoint is whole' has_whole run
(tiny run --continue_train --device_timeout 60)
check 'a time limit changes no bit' same_as_whole run
finish
