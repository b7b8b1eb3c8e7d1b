#!/bin/sh
# Models that share a device, sizes that share a model. Usage: sharing.sh FOLDER_OF_PROGRAMS PROGRAM
. "$(dirname "$0")/lib.sh"
program=$2

"$tools/p2p-data" demo data --count 2 --size 64 --quiet
train run --netG unet_256 --num_downs 5 --norm instance --preprocess none --max_steps 1
check 'sharing' "$program" checkpoints/run/latest.safetensors data/train/0001.png
finish
