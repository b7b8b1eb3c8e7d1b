#!/bin/sh
# Models that we write are read by onnxruntime and by the safetensors package, which come from PyPI
# into a virtual environment that only this test uses; and by PyTorch, if P2P_TEST_TORCH=1 (large).
# Exit code 77: not run, since the packages cannot be had.
#
# Usage: peers.sh FOLDER_OF_PROGRAMS FORWARD THIS_FOLDER VIRTUAL_ENVIRONMENT
. "$3/../cli/lib.sh"
forward=$2 here=$3 venv=$4
packages='numpy onnx onnxruntime safetensors'
[ "${P2P_TEST_TORCH:-0}" = 1 ] && packages="$packages torch"

if [ ! -f "$venv/complete-${P2P_TEST_TORCH:-0}" ]; then
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q $packages; } >pip.txt 2>&1; then
        echo "not run: the Python packages $packages cannot be had: $(tail -n 1 pip.txt)"
        exit 77
    fi
    touch "$venv/complete-${P2P_TEST_TORCH:-0}"
fi

"$tools/p2p-data" demo data --count 2 --size 64 --quiet
# A checkpoint of a small network: make NAME OPTIONS... Initial weights of this scale keep outputs
# from vanishing where no norm does, so that what is wrong within reaches them.
make() {
    run=$1
    shift
    "$tools/p2p-train" --device cpu --quiet --dataroot data --name "$run" --ngf 4 --ndf 4 \
        --load_size 72 --crop_size 64 --max_steps 2 --init_type xavier --init_gain 1 "$@"
}
onnx() { # NAME SIZE TOLERANCE MODE EXPORT-OPTIONS...
    run=$1 size=$2 tolerance=$3 mode=$4
    shift 4
    "$tools/p2p-export" -q "checkpoints/$run/latest.safetensors" -o model.onnx "$@"
    "$forward" "checkpoints/$run/latest.safetensors" $size x.bin y.bin $mode
    check "onnxruntime: $run $size $*" "$venv/bin/python" "$here/check_onnx.py" model.onnx x.bin \
        y.bin $size "$tolerance"
}

make unet --netG unet_256 --num_downs 5
make instance --netG unet_256 --num_downs 5 --norm instance
make plain --netG unet_256 --num_downs 6 --norm none --no_dropout
make deep --netG unet_256 --num_downs 6 --preset tensorflow
make unet_128 --netG unet_128 --load_size 143 --crop_size 128
make unet_256 --netG unet_256 --load_size 286 --crop_size 256
make straight --netG encoder_decoder --num_downs 5 --init_gain 1.5
make grey --netG unet_256 --num_downs 5 --input_nc 1 --output_nc 2
make resnet --netG resnet_6blocks --norm instance
make resnet_batch --netG resnet_9blocks
make zero --netG resnet_6blocks --padding_type zero --all_bias
onnx unet '64 64' 1e-4 ''
onnx unet '64 160' 1e-4 ''
onnx unet '64 64' 1e-4 eval --eval
onnx unet '64 64' 2e-2 '' --dtype f16
onnx deep '64 64' 1e-4 '' # norms of 1x1
onnx unet_128 '128 128' 1e-4 ''
onnx unet_256 '256 256' 1e-4 ''
onnx straight '64 64' 1e-4 eval --eval
for run in instance plain straight grey resnet resnet_batch zero; do
    onnx $run '64 128' 1e-4 ''
done
onnx resnet_batch '64 64' 1e-4 eval --eval

check 'the safetensors package reads a checkpoint' "$venv/bin/python" -c "
from safetensors import safe_open
with safe_open('checkpoints/unet/latest.safetensors', 'numpy') as f:
    names, checksums = list(f.keys()), f.metadata()['crc32_of_tensors']
    assert len(checksums) == 8 * len(names), (len(checksums), len(names))
    for prefix in '', 'adam_m.', 'adam_v.':
        assert f.get_tensor(prefix + 'D.model.0.weight').shape == (4, 6, 4, 4)"
for dtype in f32 f16 q8; do
    "$tools/p2p-export" -q checkpoints/unet/latest.safetensors -o $dtype.safetensors --dtype $dtype
    check "the safetensors package reads $dtype" "$venv/bin/python" -c "
from safetensors.numpy import load_file
t = load_file('$dtype.safetensors')
assert t['G.model.model.0.weight'].shape == (4, 3, 4, 4), t['G.model.model.0.weight'].shape"
done

if [ "${P2P_TEST_TORCH:-0}" = 1 ]; then
    "$tools/p2p-export" -q checkpoints/unet/latest.safetensors -o unet.pth
    "$forward" unet.pth 64 64 x.bin y.bin
    check 'PyTorch loads our .pth and gives our output' "$venv/bin/python" "$here/check_pth.py" \
        unet.pth x.bin y.bin
fi
finish
