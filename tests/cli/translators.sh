#!/bin/sh
# Two translators in two threads give what one gives. Usage: translators.sh FOLDER_OF_PROGRAMS PROGRAM
. "$(dirname "$0")/lib.sh"
program=$2

"$tools/p2p-data" demo data --count 3 --size 64 --quiet
train run --norm instance --max_steps 1
"$tools/p2p-export" checkpoints/run/latest.safetensors -o frozen.safetensors --dtype f16 --quiet
for model in checkpoints/run/latest.safetensors frozen.safetensors; do
    check "two translators of $model in two threads" "$program" "$model" data/train/*
done
finish
