#!/bin/sh
# Folders whose pictures are read, translated and written side by side: the same files, messages and
# exit status as one after the other. Usage: folders.sh FOLDER_OF_PROGRAMS STREAM
. "$(dirname "$0")/lib.sh"
program=$2

"$tools/p2p-data" demo data --count 12 --size 128 --quiet
train run --norm instance --max_steps 1
model=checkpoints/run/latest.safetensors
t="timeout 60 $tools/p2p-translate --device cpu -m $model"
check 'streams' "$program" $model data/train/000[1-5].png

# As one after the other
cp -r data/train in
for i in 03 07; do head -c 700 in/00$i.png >cut.png && mv cut.png in/00$i.png; done
for threads in 0 1 2 7; do
    code=0
    $t in -o out --verbose --num_threads $threads 2>err.txt || code=$?
    grep -e ' -> ' -e 'in/00' -e pictures err.txt >said.txt
    (cd out && cksum *) >files.txt
    echo $code >>files.txt
    [ $threads -gt 0 ] || { mv said.txt said0.txt && mv files.txt files0.txt && rm -r out; continue; }
    check "the same files and exit status, $threads threads" cmp files.txt files0.txt
    check "the same messages in the same order, $threads threads" cmp said.txt said0.txt
    [ $threads -eq 7 ] || rm -r out
done
check 'two bad ones are told' [ "$(grep -c 'in/00.*PNG' said0.txt)" -eq 2 ]
check 'and the others are there' [ "$(wc -l <files0.txt)" -eq 11 ]

# What is there need not be made again
mv out old && mkdir out && cp old/0001.png old/0002.png out
echo mine >out/0004.png
code=0
$t in -o out --skip_existing 2>err.txt || code=$?
check 'what is there is told' grep -q '^7 pictures in out, 3 already there, 2 failed' err.txt
check 'and stays' [ $code -eq 1 -a "$(cat out/0004.png)" = mine ]
cp old/0004.png out && check 'the others are made' diff -r old out
rm in/0003.png in/0007.png
check 'nothing to do is no failure' $t in -o old --skip_existing

# Progress is for people
rm -rf out && $t in -o out 2>progress.txt
check 'no progress goes to a file' [ "$(cat progress.txt)" = '10 pictures in out' ]
if script -qec true /dev/null >/dev/null 2>&1; then
    rm -rf out && script -qec "$t in -o out" /dev/null >progress.txt
    check 'on a terminal it tells rate and time left' \
        grep -q 'of 10 pictures, [0-9.]* a second, [0-9]* s left' progress.txt
    check 'and at the end what it did' grep -q '10 pictures in out' progress.txt
    rm -rf out && script -qec "$t in -o out --quiet" /dev/null >progress.txt
    check 'but not with --quiet' [ ! -s progress.txt ]
else # as in a root without /dev/pts
    echo 'NOT CHECKED: progress on a terminal: there is none to be had'
fi
finish
