#!/bin/sh
# Networks of other shapes: blocks, resizing decoders, separable convolutions. Trained, gone on with,
# exported and read back; what is refused.
# Usage: networks.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

"$tools/p2p-data" demo data --count 3 --size 64 --quiet
for in in data/test/*; do break; done
run() {
    run=$1
    shift
    "$tools/p2p-train" --device cpu --quiet --name "$run" --dataroot data --ngf 4 --ndf 4 --load_size 72 \
        --crop_size 64 --print_freq 1 "$@"
}
# network NAME OPTIONS...: with dropout, so that names in a state_dict differ
network() {
    net=$1
    shift
    m=checkpoints/$net/latest.safetensors
    run $net "$@" --max_steps 2
    run $net.part "$@" --max_steps 1
    "$tools/p2p-train" --device cpu --quiet --name $net.part --continue_train --max_steps 2
    check "$net: stopped and continued, the same bits" cmp $m checkpoints/$net.part/latest.safetensors
    for how in '' --no_dropout --eval; do
        "$tools/p2p-translate" --device cpu --quiet -m $m $how "$in" -o y.png
        "$tools/p2p-export" --quiet $how $m -o frozen.safetensors
        "$tools/p2p-translate" --device cpu --quiet -m frozen.safetensors "$in" -o x.png
        check "$net: frozen $how" cmp x.png y.png
        "$tools/p2p-export" --quiet $how $m -o $net.onnx
        rm frozen.safetensors $net.onnx
    done
}
# pth NAME OPTIONS...: what the file does not tell
pth() {
    net=$1
    m=checkpoints/$1/latest.safetensors
    shift
    for how in '' --no_dropout; do
        "$tools/p2p-export" --quiet $how $m -o $net.pth
        "$tools/p2p-translate" --device cpu --quiet $how -m $m "$in" -o y.png
        "$tools/p2p-translate" --device cpu --quiet $how -m $net.pth "$@" "$in" -o x.png
        check "$net: through .pth $how" cmp x.png y.png
        rm $net.pth
    done
}
network blocks --netG resnet_6blocks --n_blocks 1
pth blocks
network bilinear --netG resnet_9blocks --n_blocks 2 --upsample bilinear
pth bilinear
network nearest --netG resnet_6blocks --upsample nearest --norm instance
pth nearest --upsample nearest
network unet --netG unet_256 --num_downs 5 --upsample bilinear
network separable --netG unet_256 --num_downs 5 --separable_conv
network both --netG unet_256 --num_downs 6 --separable_conv --upsample bilinear --norm instance

# Spectral norm: its vectors are state of the run.
for mode in vanilla wgangp; do
    sn="--netG resnet_6blocks --n_blocks 1 --norm_D spectral --gan_mode $mode"
    run $mode $sn --max_steps 3
    run $mode.part $sn --max_steps 1
    "$tools/p2p-train" --device cpu --quiet --name $mode.part --continue_train --max_steps 3
    check "spectral norm, $mode: stopped and continued, the same bits" \
        cmp checkpoints/$mode/latest.safetensors checkpoints/$mode.part/latest.safetensors
done
"$tools/p2p-info" --tensors checkpoints/vanilla/latest.safetensors >tensors.txt
check 'its vectors are in the checkpoint' [ "$(grep -c 'D\.model\.[0-9]*\.weight_[uv]"' tensors.txt)" -eq 10 ]
run pixel --netD pixel --norm_D spectral --netG resnet_6blocks --n_blocks 1 --max_steps 1
run apart --norm instance --norm_D batch --netG resnet_6blocks --n_blocks 1 --max_steps 1
"$tools/p2p-info" --tensors checkpoints/apart/latest.safetensors >tensors.txt
check 'norms of their own' [ "$(grep -c '"D\..*running_mean"' tensors.txt) $(grep -c '"G\..*running_mean"' tensors.txt)" = '3 0' ]

# refuses NAME PATTERN COMMAND...: one line with the pattern.
refuses() {
    what=$1 pattern=$2
    shift 2
    if "$@" >out.txt 2>err.txt; then bad "$what: was taken"
    elif [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then ok "$what: $(cut -c 1-100 err.txt)"
    else bad "$what: wanted /$pattern/: $(head -n 3 err.txt)"; fi
}
refuses 'blocks of a U-Net' 'n_blocks is for' run x --n_blocks 3
refuses 'too many blocks' 'n_blocks takes' run x --netG resnet_6blocks --n_blocks 65
refuses 'a way up that is none' 'upsample takes' run x --upsample cubic
refuses 'a separable ResNet' 'separable_conv is for U-Nets' run x --netG resnet_6blocks --separable_conv
refuses 'a norm that is none' 'norm_D takes' run x --norm_D spectrum
refuses 'another norm than the run has' 'others than with --norm_D batch instead of' \
    "$tools/p2p-train" --quiet --name vanilla --continue_train --norm_D batch
refuses 'a spectral discriminator as .pth' 'has no such network' "$tools/p2p-export" --quiet \
    checkpoints/vanilla/latest.safetensors --net D -o x.pth
refuses 'other blocks than the file has' 'its network has --n_blocks 1, not 2' \
    "$tools/p2p-translate" -m checkpoints/blocks/latest.safetensors --n_blocks 2 "$in" -o x.png
for name in unet separable; do
    refuses "$name as .pth" 'has no such network' "$tools/p2p-export" --quiet checkpoints/$name/latest.safetensors -o x.pth
    refuses "$name as .pict" 'has no such network' "$tools/p2p-export" --quiet checkpoints/$name/latest.safetensors -o x.pict
done
finish
