#!/bin/sh
# Tuning: what is measured is used again and can be read; kernels that compute wrongly are refused and told; a
# damaged file is told and ignored; a run that goes on keeps its kernels.
# Usage: tune.sh FOLDER_OF_PROGRAMS LYING_DEVICE
here=$(cd "$(dirname "$0")" && pwd)
library=$2 device=cpu
. "$here/../cli/lib.sh"
. "$here/lib.sh"
export XDG_CACHE_HOME="$work/kept" POCL_CACHE_DIR="$work/pocl"
unset P2P_CL_DIR P2P_DEVICE
mkdir kept pocl
file=kept/pix2pix-cl/tuning.txt

run() { # MODE OPTIONS...
    mode=$1
    shift
    "$tools/p2p-train" --device "$device" --dataroot data --netG unet_256 --num_downs 5 --ngf 8 --ndf 8 --norm instance \
        --load_size 36 --crop_size 32 --max_steps 2 --print_freq 1 --verbose --tune "$mode" "$@" >run.txt 2>&1
}
by() { sed -n "s/.*step .* $1 *\([a-z]*\)$/\1/p" run.txt | sort | uniq -c | sort -rn | awk '{ print $2; exit }'; }
# Few kernels, which a loaded machine compiles soon; and so all of them
use() { run "$@" --variant -tile,-tile_winograd,-inner,-winograd,-clblast; }

"$tools/p2p-data" demo data --count 2 --size 32 --quiet
check 'a run without tuning' use off --name off
check 'measures nothing' [ ! -e $file ]
check 'a run that tunes' use full --name quick
check 'tells how many convolutions' grep -q '^measuring kernels for [1-9][0-9]* convolutions' run.txt
check 'keeps what it found' grep -q '^conv2d_fwd .*: [a-z]*\(:[0-9]*\)\? [0-9.]* us' $file
check 'weight gradients are measured with Adam' grep -q '^conv2d_wgrad_adam .* us' $file
"$tools/p2p-info" --device "$device" --tuning >info.txt
check 'p2p-info shows it' grep -q '^conv2d_dgrad .*: [a-z]*\(:[0-9]*\)\? [0-9.]* us' info.txt
cp $file before.txt
rm $file
check 'a run for twenty seconds at most' run quick --name short
check 'ends in time' awk '/^tuned/ { good = $7 < 60 } END { exit !good }' run.txt
cp before.txt $file
check 'another run' use full --name again
check 'measures nothing again' eval '! grep -q ^measuring run.txt && cmp -s $file before.txt'
check 'has the same bits' cmp checkpoints/quick/latest.safetensors checkpoints/again/latest.safetensors

# What is remembered is used, also where nothing is measured
sed -i 's/^\(conv2d_fwd .*: \)[a-z:0-9]* [0-9.]* us.*/\1naive 1.0 us/' $file
check 'a run that only knows' use known --name known
check 'goes by what is kept' [ "$(by conv2d_fwd)" = naive ]
check 'and without tuning' use off --name rule
check 'by the rule' [ "$(by conv2d_fwd)" != naive ]
check 'as before' cmp checkpoints/off/latest.safetensors checkpoints/rule/latest.safetensors
check 'what went on' use full --name off --continue_train --max_steps 3
check 'keeps its own' [ "$(by conv2d_fwd)" != naive ]

# A damaged file
echo 'conv2d_fwd 0:1,2,3,4 nonsense' >>$file
check 'a run with a damaged file' use known --name damaged
check 'one line tells the line' [ "$(grep -c "tuning.txt, line $(wc -l <$file): is damaged" run.txt)" -eq 1 ]
check 'it goes by the rule' cmp checkpoints/rule/latest.safetensors checkpoints/damaged/latest.safetensors
head -c 300 /dev/urandom >$file
check 'one of noise' use full --name noise
check 'is told' grep -q 'tuning.txt, line [0-9]*: is damaged' run.txt
check 'and written anew' grep -q '^conv2d_fwd .* us' $file

# Kernels that compute wrongly: those of a variant for CPUs
rm $file
check 'where conv2d_gather_simd does nothing' eval 'LD_PRELOAD=$library LIE_WRONG=conv2d_gather_simd use full --name wrong'
check 'it is refused, with what came out' grep -q 'conv2d_fwd by simd computes wrongly on .* expected' run.txt
check 'in each pass once' [ "$(grep -c 'computes wrongly' run.txt)" -eq 2 ]
check 'and kept' grep -q '^wrong conv2d_fwd=simd: ' $file
none_by() { ! grep -q 'step .* conv2d_\(fwd\|dgrad\) *simd$' run.txt; }
check 'it never runs' none_by
check 'the losses are those of another' like wrong off
check 'without tuning, too' use off --name never
check 'it does not run' none_by
"$tools/p2p-info" --device "$device" --tuning >info.txt
check 'p2p-info shows it' grep -q '^wrong conv2d_dgrad=simd' info.txt

# Tensors of f16, as on a GPU
rm $file
device=pthread
as_gpu() { LIE_GPU=1 LIE_VENDOR=$((0x10de)) LD_PRELOAD="$library" run "$@" --precision f16; }
check 'of f16, where conv2d_gather_tile does nothing' eval 'LIE_WRONG=conv2d_gather_tile as_gpu quick --name halves'
check 'it is refused' grep -q 'conv2d_fwd by tile:[0-9]* computes wrongly on .* expected' run.txt
check 'nothing else is' [ "$(grep 'computes wrongly' run.txt | grep -vc 'conv2d_\(fwd\|dgrad\) by tile:')" -eq 0 ]
check 'weight gradients are measured' grep -q '^conv2d_wgrad.*,f16.*: [a-z]*\(:[0-9]*\)\? [0-9.]* us' $file
finish
