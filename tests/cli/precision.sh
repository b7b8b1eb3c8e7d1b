#!/bin/sh
# --precision: losses near those of f32, the same bits again and over a break, steps left out where f16 is too small.
# Usage: precision.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
meta() { head -c 60000 "checkpoints/$1/latest.safetensors" | grep -ao "\"$2\":\"[0-9a-z]*\"" | sed 's/.*:"//; s/"//'; }
tensors() { "$tools/p2p-info" --tensors "checkpoints/$1/latest.safetensors" | grep "$2"; }
go_on() { run=$1; shift; "$tools/p2p-train" --device cpu --quiet --name "$run" --continue_train "$@"; }
refused() { # WHAT WORDS OPTIONS...
    what=$1 words=$2
    shift 2
    code=0
    train refused "$@" 2>err.txt || code=$?
    check "$what is refused" sh -c "[ $code -ne 0 ] && grep -q -- '$words' err.txt"
}
# The largest difference of losses in all steps, relative.
apart() {
    paste "checkpoints/$1/loss_log.jsonl" "checkpoints/$2/loss_log.jsonl" | tr '\t' '\n' |
        sed 's/.*"G_GAN":\([^,]*\),"G_L1":\([^,]*\),"D_real":\([^,]*\),"D_fake":\([^,]*\),.*/\1 \2 \3 \4/' |
        awk 'NR % 2 { split($0, a); next }
             { for (i = 1; i <= 4; i++) { d = ($i - a[i]) / a[i]; d = d < 0 ? -d : d; if (d > most) most = d } }
             END { print most }'
}

"$tools/p2p-data" demo data --count 5 --size 64 --quiet

train exact --max_steps 10
train units --max_steps 10 --precision tf32
tensors exact . >exact.txt
tensors units . >units.txt
check 'tf32 is f32 on a CPU' cmp exact.txt units.txt
train halves --max_steps 10 --precision f16
far=$(apart exact halves)
check "f16 is not f32: losses of ten steps differ by $far" [ "$far" != 0 ]
# A number in f16 is off by 0.05 %; chance in training makes ten times that of it.
check 'and by 2 % at most' sh -c "echo $far | awk '{ exit !(\$1 < 0.02) }'"
train again --max_steps 10 --precision f16
check 'f16 gives the same file twice' same halves again
train broken --max_steps 4 --precision f16
go_on broken --max_steps 10
check 'and over a break, without being asked for again' same halves broken
check 'losses are multiplied' [ "$(meta halves loss_scale)" = 65536 ]
check 'and steps are counted' [ "$(meta halves loss_scale_good)" = 10 ]

# An objective so large that its gradients have no room in f16.
large='--precision f16 --lambda_L1 5000'
train none --max_steps 1 $large --lr 1e-30
train slow --max_steps 1 $large
check 'a step too large halves the scale' [ "$(meta slow loss_scale)" = 32768 ]
for run in none slow; do tensors $run '"\(adam_[mv].\)\?G\..*\(weight\|bias\)"' >$run.txt; done
check 'and is left out: weights and moments stay' cmp none.txt slow.txt
check 'while D, whose gradients are numbers, learns' sh -c "! cmp -s \
    checkpoints/none/latest.safetensors checkpoints/slow/latest.safetensors"
"$tools/p2p-train" --device cpu --dataroot data --name told --netG unet_128 --ngf 4 --ndf 4 --load_size 143 \
    --crop_size 128 --print_freq 1 --max_steps 10 $large >told.txt 2>&1
check "which is told" grep -q 'step 1: losses are multiplied by 32768 from now on, not 65536; 1 ' told.txt
skipped=$(meta told loss_scale_skipped) good=$(meta told loss_scale_good)
check "after $skipped steps left out it is small enough" [ "$((skipped + good))" = 10 -a "$skipped" -gt 1 -a "$good" -gt 0 ]
check 'so that G learns too' sh -c '"$0" --tensors checkpoints/told/latest.safetensors |
    grep adam_m.G.model.model.0.weight | grep -qv "\"sum\": 0.0}"' "$tools/p2p-info"
train broken --max_steps 2 $large --overwrite
go_on broken --max_steps 10
check 'a break among steps left out changes nothing' same told broken

go_on halves --max_steps 12 --precision f32
check 'a run can go on with another precision' [ "$(meta halves opt.precision)" = f32 ]
refused 'a gradient penalty' '--precision f16 is not for the gradient penalty' --precision f16 --gan_mode wgangp
refused 'a separable convolution' '--precision f16 is not for --separable_conv' --precision f16 --separable_conv

for precision in f32 f16; do
    mkdir $precision
    "$tools/p2p-translate" --device cpu --quiet -m checkpoints/exact/latest.safetensors data/test/0001.png \
        -o $precision/1.png --precision $precision
done
psnr=$("$tools/p2p-metrics" f32 f16 --summary | awk 'END { print $2 }')
check "a picture in f16 is not that in f32: $psnr dB" sh -c '! cmp -s f32/1.png f16/1.png'
check 'but more than 50 dB' sh -c "echo $psnr | awk '{ exit !(\$1 > 50) }'"
finish
