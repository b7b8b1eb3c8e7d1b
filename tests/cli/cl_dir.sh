#!/bin/sh
# Kernels under P2P_CL_DIR: an edited piece counts at the next start, nothing of it is kept; and the
# kernels that are kept have a limit. Usage: cl_dir.sh FOLDER_OF_PROGRAMS SOURCES BUILD
sources=$(cd "$2" && pwd)
build=$(cd "$3" && pwd)
. "$(dirname "$0")/lib.sh"

"$tools/p2p-data" demo data --count 1 --size 64 --quiet
train run --max_steps 1
translate() {
    "$tools/p2p-translate" --device cpu --quiet -m checkpoints/run/latest.safetensors \
        data/train/0001.png -o "$1.png"
}
translate embedded
cp -r "$sources/cl" edited
export P2P_CL_DIR="$work/edited:$build/cl"
translate same
check 'the same kernels give the same picture' cmp -s embedded.png same.png
sed -i 's/ tanh(v)/ -tanh(v)/' edited/activation.clh
check 'there is something to edit' grep -q -- '-tanh(v)' edited/activation.clh
translate changed
check 'an edited piece changes the picture' sh -c '! cmp -s embedded.png changed.png'
unset P2P_CL_DIR
translate again
check 'without the folder it is as before' cmp -s embedded.png again.png

"$tools/p2p-info" --device cpu >info
check 'p2p-info tells where kernels are kept' \
    grep -q "^kernel cache: .*pix2pix-cl: .* MB (P2P_CACHE_MB)" info
finish
