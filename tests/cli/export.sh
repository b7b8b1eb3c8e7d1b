#!/bin/sh
# Models out and in again: frozen files, .pth, .pict, programs, C, and runs that begin with them.
# Usage: export.sh FOLDER_OF_PROGRAMS COMPARE TEST_DATA SOURCE_FOLDER
. "$(dirname "$0")/lib.sh"
compare=$2
data=$3/exchange
source=$4

translate() {
    from=$1 to=$2
    shift 2
    "$tools/p2p-translate" --device cpu -m "$from" "$picture" -o "$to" "$@"
}
tensors() { "$tools/p2p-info" --tensors "$1" | sort; }
same_tensors() { [ "$(tensors "$1")" = "$(tensors "$2")" ]; }
export_to() { to=$1; shift; "$tools/p2p-export" --quiet "$@" -o "$to"; }
refused() {
    name=$1 word=$2
    shift 2
    code=0
    "$@" >out.txt 2>error.txt || code=$?
    if [ $code -ne 0 ] && [ "$(wc -l <error.txt)" -eq 1 ] && grep -q -- "$word" error.txt; then
        ok "$name"
    else
        bad "$name (exit $code: $(cat error.txt))"
    fi
}
at_least() { awk -v got="$1" -v least="$2" 'BEGIN { exit !(got >= least) }'; }

"$tools/p2p-data" demo data --count 4 --size 128 --quiet
picture=$(ls "$PWD"/data/test/* | head -n 1)
train run --max_steps 6
model=checkpoints/run/latest.safetensors

# Frozen
export_to f32.safetensors $model
export_to again.safetensors $model
check 'a frozen model has the same bytes each time' cmp f32.safetensors again.safetensors
translate $model checkpoint.png
translate f32.safetensors frozen.png
check 'and gives the same picture as its checkpoint' cmp checkpoint.png frozen.png
check 'and knows its options' grep -q '"opt.netG":"unet_128"' f32.safetensors
for dtype in f16:50 q8:34; do
    name=${dtype%:*}
    export_to $name.safetensors $model --dtype $name --no_dropout --device cpu \
        --calibrate data/test >fidelity.txt
    psnr=$(sed 's/.*PSNR \([0-9.]*\) dB.*/\1/' fidelity.txt)
    check "$name: $psnr dB against f32" at_least "$psnr" "${dtype#*:}"
done
for dtype in f16 q8; do # kernels that unpack weights against unpacked ones
    export_to unpacked.safetensors $dtype.safetensors
    translate $dtype.safetensors packed.png
    translate unpacked.safetensors unpacked.png
    check "$dtype: packed weights give the picture of the same weights as f32" \
        cmp packed.png unpacked.png
done
export_to twice.safetensors f16.safetensors --dtype f16
check 'a frozen model freezes to the same tensors' same_tensors f16.safetensors twice.safetensors
# A peer's weights, whose running statistics are far from 0 and 1 and from those of one picture.
peer=$data/unet256_ngf4_batch.pth
translate "$peer" eval.png --eval
export_to folded.safetensors "$peer" --eval
translate folded.safetensors folded.png
translate "$peer" batch.png --no_dropout
check 'folded running statistics give the picture of --eval' "$compare" eval.png folded.png
check 'which others do not' eval '! "$compare" eval.png batch.png'
"$tools/p2p-info" f32.safetensors >info.txt
check 'p2p-info says where it comes from' grep -q 'frozen model .* after 6 steps .* on data' info.txt

# .pth
export_to run.pth $model
export_to from_pth.safetensors run.pth
check 'a .pth holds the same weights' same_tensors f32.safetensors from_pth.safetensors
translate run.pth pth.png --no_dropout
translate $model plain.png --no_dropout
check 'and gives the same picture' cmp plain.png pth.png
"$tools/p2p-export" run.pth -o told.safetensors 2>told.txt
check 'and what it does not tell is said' grep -q 'taken: --direction AtoB' told.txt
export_to peer.pth "$data/unet256_ngf4_batch.pth"
check "a peer's .pth goes through bit for bit" same_tensors "$data/unet256_ngf4_batch.pth" peer.pth
export_to d.pth $model --net D
export_to d2.pth d.pth
check 'a discriminator goes to .pth and back' same_tensors d.pth d2.pth

mkdir -p checkpoints/peer
cp run.pth checkpoints/peer/latest_net_G.pth
for name in run peer; do
    "$tools/p2p-test" --device cpu --quiet --dataroot data --name $name --no_dropout
done
check "p2p-test reads a peer's folder of checkpoints" cmp results/run/test_latest/metrics.json \
    results/peer/test_latest/metrics.json
"$tools/p2p-test" --device cpu --quiet --dataroot data -m f32.safetensors --no_dropout --name frozen
check 'and any model file' cmp results/run/test_latest/metrics.json results/frozen/test_f32/metrics.json

# .pict
pict=$data/unet256_ngf4_even.pict
picture=$data/../resize_noise_x.png
export_to pict.safetensors "$pict"
translate "$pict" pict1.png
translate pict.safetensors pict2.png
check 'a .pict freezes' cmp pict1.png pict2.png
export_to again.pict pict.safetensors
export_to third.pict again.pict
check 'a .pict of our table goes through bit for bit' cmp again.pict third.pict
picture=$(ls "$PWD"/data/test/* | head -n 1)

# Programs and C
export_to facades $model --standalone --dtype f16
export_to half.safetensors $model --dtype f16
(mkdir elsewhere && cd elsewhere && P2P_DEVICE=cpu ../facades "$picture" -o ../alone.png)
translate half.safetensors half.png
check 'a program with the model inside translates' cmp half.png alone.png
export_to facades.c $model
cc -std=c11 -Wall -Wextra -Werror "$source/embedded.c" facades.c -o embedded \
    ${P2P_TEST_SANITIZED:+-fsanitize=$P2P_TEST_SANITIZED} \
    -I. -I"$source/../../include" -L"$tools/../src" -lpix2pixcl
P2P_DEVICE=cpu LD_LIBRARY_PATH="$tools/../src" ./embedded "$picture" embedded.png
check 'a C program with the model inside translates' cmp frozen.png embedded.png

# Beginning with other weights
train tuned --max_steps 1 --init_from run.pth,d.pth --lr 0
"$tools/p2p-info" --tensors checkpoints/tuned/latest.safetensors | grep '"[GD]\.' |
    grep -v running_ | sort >tuned.txt
"$tools/p2p-info" --tensors $model | grep '"[GD]\.' | grep -v running_ | sort >first.txt
check '--init_from takes G and D from .pth files' cmp first.txt tuned.txt
"$tools/p2p-train" --device cpu --dataroot data --name begun --init_from \
    "$data/unet256_ngf4_batch.pth" --ndf 4 --max_steps 1 2>peer.txt
check 'and a network that only the file describes' grep -q 'G: 69 of 69 tensors' peer.txt
check 'and says what is new' grep -q 'D: all new' peer.txt

export_to told.onnx $model
field() { printf "$1\\022\\$(printf %03o ${#2})$2"; } # of metadata, as protobuf has it
check 'ONNX tells step and epoch' eval 'grep -aq "$(field step 6)" told.onnx &&
    grep -aq "$(field epoch 1)" told.onnx'

# What cannot be
refused 'a suffix that tells nothing' suffix "$tools/p2p-export" $model -o facades.bin -q
refused 'the model as its own output' 'overwrite the input' "$tools/p2p-export" $model -o $model -q
refused 'a folder that is not there' 'cannot be written' "$tools/p2p-export" $model -o no/x.pth -q
refused 'a .pict of another network' 'preset tensorflow' "$tools/p2p-export" $model -o x.pict -q
refused 'a discriminator to freeze' 'pth alone' "$tools/p2p-export" $model --net D -o x.onnx -q
refused 'a folded .pth' eval "$tools/p2p-export" $model --eval -o x.pth -q
refused 'options of another network' '--ngf 4, not 8' "$tools/p2p-export" run.pth --ngf 8 -o x.pth -q
refused 'a preset for a model that tells its options' 'tells its options itself' \
    "$tools/p2p-export" $model --preset tensorflow -o x.pth -q
refused 'a frozen model to continue' 'frozen model' sh -c \
    "mkdir -p checkpoints/frozen && cp f32.safetensors checkpoints/frozen/latest.safetensors &&
     '$tools/p2p-train' --device cpu --name frozen --continue_train -q"
check 'and leaves nothing half-written' [ -z "$(ls -A | grep -E 'tmp|^x\.|^no$' || true)" ]
(ulimit -f 100; refused 'a full disk' 'cannot be written' \
    "$tools/p2p-export" $model -o full.safetensors -q; [ "$failed" -eq 0 ]) || failed=$((failed + 1))
check 'leaves nothing either' [ -z "$(ls -A | grep -E 'tmp|full' || true)" ]
finish
