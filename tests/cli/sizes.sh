#!/bin/sh
# Pictures of any size keep it, or get the one that was asked for. Usage: sizes.sh FOLDER_OF_PROGRAMS COMPARE
. "$(dirname "$0")/lib.sh"
compare=$2

# draw NAME WIDTH HEIGHT: a PNG of coloured blocks
draw() {
    python3 - "$@" <<'END'
import struct, sys, zlib
name, w, h = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
rows = b''.join(b'\0' + bytes(v for x in range(w) for v in (x // 9 * 40 % 256, y // 7 * 50 % 256, (x + y) % 256))
                for y in range(h))
open(name, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>2I5B', w, h, 8, 2, 0, 0, 0)) +
                       chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
END
}
size() { od -An -j16 -N8 -tu1 "$1" | awk '{ print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4 "x" $5 * 16777216 + $6 * 65536 + $7 * 256 + $8 }'; }
is() { [ "$(size "$1")" = "$2" ] || { echo "$1 has $(size "$1")"; return 1; }; }
refuses() {
    name=$1 code=$2 pattern=$3 got=0
    shift 3
    "$@" >out.txt 2>err.txt || got=$?
    if [ $got -eq "$code" ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then
        ok "$name: $(cut -c 1-110 err.txt)"
    else
        bad "$name: exit $got, wanted $code with /$pattern/: $(head -n 3 err.txt)"
    fi
}

"$tools/p2p-data" demo data --count 2 --size 128 --quiet
train unet --max_steps 1
train resnet --max_steps 1 --netG resnet_6blocks --init_type xavier --init_gain 1
t="timeout 100 $tools/p2p-translate --device cpu"

mkdir in
for s in 333x217 100x70 1x1 2x300 128x128; do draw in/$s.png ${s%x*} ${s#*x}; done
for net in unet resnet; do
    $t -m checkpoints/$net/latest.safetensors in -o $net --quiet
    for s in 333x217 100x70 1x1 2x300 128x128; do check "$net keeps $s" is $net/$s.png $s; done
done
model=checkpoints/unet/latest.safetensors
to() { # SIZE_WANTED OPTIONS...
    want=$1
    shift
    $t -m $model in/333x217.png -o to.png "$@"
    check "333x217 with $*" is to.png "$want"
}
to 100x65 --max_size 100
to 333x217 --max_size 1000
to 333x217 --max_size inf
to 60x39 --fit 60x60
to 460x300 --fit 1000x300
to 230x150 --fit 1000x300 --max_size 230
to 333x217 --preprocess keep
to 128x128 --preprocess resize_and_crop
to 128x128 --preprocess crop
to 384x256 --preprocess none
to 200x130 --preprocess scale_width --load_size 200
to 100x100 --crop_size 100
$t -m $model in/128x128.png -o squeezed.png --preprocess resize_and_crop
check "a picture of the network's size is the same either way" cmp unet/128x128.png squeezed.png

refuses 'a side of none' 2 'max_size takes' $t -m $model in/1x1.png -o x.png --max_size -1
refuses 'no size' 2 "'12' is no size WIDTHxHEIGHT" $t -m $model in/1x1.png -o x.png --fit 12
refuses 'a size of none' 2 "'0x4' is no size" $t -m $model in/1x1.png -o x.png --fit 0x4
refuses 'a size with something behind it' 2 "'4x4x4' is no size" $t -m $model in/1x1.png -o x.png --fit 4x4x4
refuses 'two sizes at once' 2 'leave --preprocess' $t -m $model in/1x1.png -o x.png --fit 4x4 --crop_size 128
refuses 'a size beyond --max_pixels' 2 'that is too large' $t -m $model in/1x1.png -o x.png \
    --fit 1000x1000 --max_pixels 999999
refuses 'a filter that is none' 2 'resize_filter_A takes' $t -m $model in/1x1.png -o x.png \
    --resize_filter_A box
check 'nothing is left of them' [ ! -e x.png ]

# Tiles: where a network has seen all that it looks at, they are the whole
draw wide.png 700 300
draw huge.png 1200 1000
resnet="$t -m checkpoints/resnet/latest.safetensors --quiet"
$resnet wide.png -o whole.png --eval
$resnet wide.png -o tiles.png --eval --tile 512 --overlap 256
check 'tiles of a ResNet are the whole' "$compare" whole.png tiles.png
$resnet wide.png -o cut.png --eval --tile 128 --overlap 0
check 'which without overlap they are not' eval '! "$compare" whole.png cut.png >compare.txt'
$resnet wide.png -o auto.png --eval
check 'what fits is not cut' cmp whole.png auto.png
$t -m $model wide.png -o tiled.png --tile 128 --overlap 32
check 'a U-Net in tiles keeps the size' is tiled.png 700x300
refuses 'no room for the whole' 3 'MiB' $resnet --tile 0 --device_memory 60 huge.png -o x.png
$resnet --device_memory 60 huge.png -o huge_tiles.png
check 'for which there is in tiles' is huge_tiles.png 1200x1000
draw large.png 4200 1000 # by rows of tiles from a file, in memory from a pipe
$t -m $model large.png -o rows.png --tile 512 --quiet
$t -m $model - -o - --tile 512 --quiet <large.png >memory.png
check 'rows of tiles give what the picture in memory does' cmp rows.png memory.png
head -c 20000 large.png >cut.png
refuses 'a file that ends between rows of tiles' 1 'cut.png' $t -m $model cut.png -o x.png --tile 512
check 'and nothing is left of that' eval '[ ! -e x.png ] && [ -z "$(ls -A | grep tmp || true)" ]'
refuses 'tiles of a size that is none' 2 "takes auto, or the side" $t -m $model wide.png -o x.png --tile big
refuses 'tiles that are too large' 2 'takes auto' $t -m $model wide.png -o x.png --tile 99999
refuses 'tiles below nothing' 2 'takes auto' $t -m $model wide.png -o x.png --tile -4
refuses 'more overlap than tile' 2 'more than half of a tile' $t -m $model wide.png -o x.png --tile 128 \
    --overlap 65
refuses 'an overlap below nothing' 2 'overlap takes' $t -m $model wide.png -o x.png --overlap -1

# p2p-test: pairs of any size. A picture A|B of twice the width is in itself a pair.
mkdir -p odd/A/test odd/B/test
cp in/333x217.png in/1x1.png odd/A/test && cp in/333x217.png in/1x1.png odd/B/test
"$tools/p2p-test" --device cpu --quiet --name unet --dataroot odd
for kind in input output target; do
    check "p2p-test keeps the size of $kind" is results/unet/test_latest/images/333x217_$kind.png 333x217
done
check 'also the least' is results/unet/test_latest/images/1x1_output.png 1x1
"$tools/p2p-test" --device cpu --quiet --name unet --dataroot odd --max_size 50 --results_dir small
check 'and takes --max_size' is small/unet/test_latest/images/333x217_target.png 50x33
"$tools/p2p-test" --device cpu --quiet --name unet --dataroot odd --preprocess resize_and_crop \
    --results_dir squeezed
check 'and --preprocess' is squeezed/unet/test_latest/images/333x217_target.png 128x128

# A program of its own, frames, unlike channels in both directions
"$tools/p2p-export" --quiet $model -o alone --standalone
./alone --device cpu --quiet in/333x217.png -o alone.png
check 'a program with the model inside keeps it, too' cmp alone.png unet/333x217.png
head -c 14700 /dev/zero >frame.rgb # of 70 x 70
$t -m $model --raw 70x70 - -o - <frame.rgb >out.rgb 2>err.txt
check 'frames keep their size' [ "$(wc -c <out.rgb)" -eq 14700 ]
check 'and that is said' grep -q 'frames of 70x70 become frames of 70x70' err.txt
for direction in AtoB BtoA; do
    train grey_$direction --max_steps 1 --input_nc 1 --output_nc 3 --direction $direction
    $t -m checkpoints/grey_$direction/latest.safetensors in/100x70.png -o grey.png
    check "one channel to three, $direction" is grey.png 100x70
    "$tools/p2p-test" --device cpu --quiet --name grey_$direction --dataroot odd
    check 'also in p2p-test' is results/grey_$direction/test_latest/images/333x217_output.png 333x217
done
finish
