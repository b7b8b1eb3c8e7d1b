#!/bin/sh
# Install into a temporary folder; build the examples with nothing but what is there; run them.
# Usage: run.sh BUILD_FOLDER SOURCE_FOLDER
set -eu
build=$1 source=$2
work=$(mktemp -d)
trap 'code=$?; rm -rf "$work"; [ $code -eq 0 ] || echo "0 passed, 1 failed"; exit $code' EXIT
cd "$work"

DESTDIR="$work/root" meson install -C "$build" --no-rebuild --quiet
pc=$(find root -name pix2pix-cl.pc)
prefix=$(sed -n 's/^prefix=//p' "$pc")
export PKG_CONFIG_PATH="$(dirname "$work/$pc")" PKG_CONFIG_SYSROOT_DIR="$work/root"
flags=$(pkg-config --cflags --libs pix2pix-cl)
library=$(dirname "$(find "$work/root" -name 'libpix2pixcl.so')")

exported=$(nm -D --defined-only "$library/libpix2pixcl.so" | grep -c ' p2p_')
foreign=$(nm -D --defined-only "$library/libpix2pixcl.so" | awk '{print $3}' | grep -v '^p2p_' || true)
[ -z "$foreign" ] || { echo "exported without p2p_: $foreign"; exit 1; }
[ "$exported" -gt 0 ]
echo "ok      the library exports $exported functions, all called p2p_*"

for name in translate train; do
    cc -std=c11 -Wall -Wextra -Werror "$source/$name.c" -o $name $flags
    echo "ok      $name.c builds with the installed headers and pkg-config"
done
export LD_LIBRARY_PATH="$library" P2P_DEVICE=cpu
"$work/root$prefix/bin/p2p-data" demo data --count 2 --size 64 --quiet
./train data run 2
./translate checkpoints/run/latest.safetensors "data/test/$(ls data/test | head -n 1)" out.png
[ "$(od -An -j16 -N8 -tu1 out.png)" = "$(od -An -j16 -N8 -tu1 data/test/*)" ]
echo 'ok      they train and translate in the picture'"'"'s own size'
echo '4 passed, 0 failed'
