#!/bin/sh
# GAN losses in both models: what the log has, the same bits when a run goes on, what is refused.
# Usage: gan_modes.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

"$tools/p2p-data" demo data --count 4 --size 32 --quiet
mkdir -p unpaired/trainA unpaired/trainB
cp data/train/* unpaired/trainA
cp data/val/* unpaired/trainB
# run NAME OPTIONS...
run() {
    name=$1
    shift
    "$tools/p2p-train" --device cpu --quiet --name "$name" --netG resnet_6blocks --ngf 4 --ndf 4 \
        --load_size 36 --crop_size 32 --print_freq 1 --norm instance "$@"
}
log() { sed 's/,"seconds_per_step.*//' "checkpoints/$1/loss_log.jsonl"; }
same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }

for mode in wgangp hinge; do
    run $mode --dataroot data --gan_mode $mode --max_steps 4 --batch_size 2
    run $mode.part --dataroot data --gan_mode $mode --max_steps 2 --batch_size 2
    "$tools/p2p-train" --device cpu --quiet --name $mode.part --continue_train --max_steps 4
    check "$mode: stopped and continued, the same bits" same $mode $mode.part
    run $mode.cycle --dataroot unpaired --model cycle_gan --gan_mode $mode --max_steps 2
done
check 'wgangp logs its penalty' grep -q '"D_gp":[0-9]' checkpoints/wgangp/loss_log.jsonl
check 'for both discriminators of cycle_gan' grep -q '"gp_A":[0-9].*"gp_B":[0-9]' \
    checkpoints/wgangp.cycle/loss_log.jsonl
for other in hinge hinge.cycle; do
    if log $other | grep -q gp; then bad "$other has no penalty"; else ok "$other has no penalty"; fi
done
run off --dataroot data --gan_mode wgangp --lambda_gp 0 --max_steps 1
if log off | grep -q gp; then bad 'nor has a weight of 0'; else ok 'nor has a weight of 0'; fi

# refuses NAME PATTERN COMMAND...: one line with the pattern.
refuses() {
    name=$1 pattern=$2
    shift 2
    if "$@" >out.txt 2>err.txt; then bad "$name: was taken"
    elif [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then ok "$name: $(cut -c 1-100 err.txt)"
    else bad "$name: wanted /$pattern/: $(head -n 3 err.txt)"; fi
}
refuses 'a mode that is none' 'gan_mode takes' run x --dataroot data --gan_mode wgan
refuses 'a penalty without wgangp' 'lambda_gp is for --gan_mode wgangp' run x --dataroot data --lambda_gp 5
refuses 'a weight that is none' 'lambda_gp takes' run x --dataroot data --gan_mode wgangp --lambda_gp -1
finish
