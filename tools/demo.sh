#!/bin/sh
# The whole way once: install what is missing, build, make a demo data set, train a full-size
# pix2pix on it for about two minutes with PoCL, and show a picture. Running it again goes on
# training. Everything lands in ./build and ./demo.
#
# Usage: tools/demo.sh [SECONDS]
set -eu
cd "$(dirname "$0")/.."
. tools/without-sysfs.sh
seconds=${1:-120}

sh tools/install-packages.sh gcc libc6-dev meson ninja-build pkg-config ocl-icd-opencl-dev \
    pocl-opencl-icd libjpeg-dev libpng-dev libjansson-dev libdeflate-dev \
    libzip-dev nettle-dev libmicrohttpd-dev
[ -f build/build.ninja ] || meson setup build -Dtests=false >/dev/null
echo 'Building'
ninja -C build --quiet

[ -d demo/facades/train ] || build/tools/p2p-data demo demo/facades
if [ -f demo/checkpoints/facades/latest.safetensors ]; then
    set -- --continue_train
else
    set -- --dataroot demo/facades --direction BtoA --print_freq 10
fi
build/tools/p2p-train --checkpoints_dir demo/checkpoints --name facades --device cpu \
    --max_seconds "$seconds" "$@"
build/tools/p2p-test --checkpoints_dir demo/checkpoints --name facades --device cpu \
    --dataroot demo/facades --results_dir demo/results --num_test 8
echo "Look at demo/results/facades/test_latest/index.html, or at one picture (input | output | target):"
ls demo/results/facades/test_latest/images/*_all.png | head -n 1
[ ! -x build/tools/p2p-serve ] || {
    echo 'Or draw your own; this serves a page on this machine:'
    echo 'build/tools/p2p-serve demo/checkpoints/facades --dataroot demo/facades'
}
