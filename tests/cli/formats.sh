#!/bin/sh
# Pictures of other formats than PNG and JPEG, of many channels and bits: training, testing, translating.
# Usage: formats.sh FOLDER_OF_PROGRAMS COMPARE
compare=$2
. "$(dirname "$0")/lib.sh"

says() { # NAME CODE PATTERN COMMAND...
    name=$1 code=$2 pattern=$3
    shift 3
    got=0
    "$@" >out.txt 2>err.txt || got=$?
    if [ $got -eq "$code" ] && grep -q -- "$pattern" err.txt; then ok "$name"; else
        bad "$name: exit $got, wanted $code with /$pattern/: $(head -n 3 err.txt)"
    fi
}
"$tools/p2p-data" demo data --count 4 --size 128 --quiet
train run --max_steps 1
model=checkpoints/run/latest.safetensors
t="timeout 60 $tools/p2p-translate --device cpu --quiet -m $model"

# Out: each format without loss has the samples of the PNG
$t data/train/0001.png -o o.png
for kind in tif webp ppm npy; do
    if $t data/train/0001.png -o o.$kind 2>err.txt; then
        check "$kind has the PNG's samples" "$compare" o.png o.$kind
        check 'exactly' [ "$("$compare" o.png o.$kind)" = 'largest difference 0' ]
        $t o.$kind -o in_$kind.png
        $t o.png -o in_png.png
        check "$kind as input" cmp in_$kind.png in_png.png
    else
        check "$kind lacks its library" grep -q 'this build is without' err.txt
    fi
done
mkdir in && cp data/train/0001.png data/train/0002.png in
$t in -o folder --format ppm
check 'a folder in another format' [ "$(ls folder | tr '\n' ' ')" = '0001.ppm 0002.ppm ' ]
check 'the same samples' [ "$("$compare" o.png folder/0001.ppm)" = 'largest difference 0' ]
$t data/train/0001.png -o - --format ppm >piped.ppm
check 'on standard output' cmp piped.ppm folder/0001.ppm
$t in/0001.png -o best.jpg --quality 100
$t in/0001.png -o worst.jfif --quality 5
check 'a smaller file of less quality' [ "$(wc -c <worst.jfif)" -lt "$(($(wc -c <best.jpg) / 2))" ]

# Bits: 8, 16 and floats are roundings of the same
$t in/0001.png -o sixteen.png --bits 16
$t in/0001.png -o sixteen.npy --bits 16
$t in/0001.png -o real.npy --bits 32
$t in/0001.png -o eight.npy
cat >bits.py <<'END'
import struct
def npy(name, kind):
    data = open(name, 'rb').read()
    start = 10 + struct.unpack('<H', data[8:10])[0]
    return struct.unpack('<%d%s' % ((len(data) - start) // struct.calcsize(kind), kind), data[start:])
real, sixteen, eight = npy('real.npy', 'f'), npy('sixteen.npy', 'H'), npy('eight.npy', 'B')
assert len(real) == len(sixteen) == len(eight)
assert max(abs(r * 65535 - s) for r, s in zip(real, sixteen)) <= .51
assert max(abs(r * 255 - e) for r, e in zip(real, eight)) <= .51
assert open('sixteen.png', 'rb').read()[24] == 16
END
check 'bits are roundings of the same floats' python3 bits.py

# What cannot be written is refused before the work, and leaves nothing
says 'BMP is not written' 2 'read, but not written' $t in/0001.png -o o.bmp
says 'a format that is none' 2 'did you mean' $t in -o none --format pmg
says 'a format of models' 2 'the name of a picture ends in' $t in -o none --format onnx
says 'the former name of --quality' 2 '--quality' $t in/0001.png -o o.jpg --jpeg_quality 90
check 'nothing is left' [ ! -e o.bmp ] && [ ! -e none ]

# Many channels: 7 to 5, as floats
cat >many.py <<'END'
import os, random, struct
random.seed(1)
def npy(name, height, width, channels, scale):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d), }" % (height, width, channels)
    head += ' ' * (-(len(head) + 11) % 64) + '\n'
    os.makedirs(os.path.dirname(name), exist_ok=True)
    open(name, 'wb').write(b'\x93NUMPY\1\0' + struct.pack('<H', len(head)) + head.encode() +
                           b''.join(struct.pack('<f', random.random() * scale) for _ in range(height * width * channels)))
def pgm(name, value, classes=0):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    data = bytes((x // 8 + value) % classes if classes else (value + x) % 256 for x in range(4096))
    open(name, 'wb').write(b'P5\n64 64\n255\n' + data)
for phase in 'train', 'test':
    for i in range(2):
        npy('many/A/%s/%d.npy' % (phase, i), 64, 64, 7, 1)
        npy('many/B/%s/%d.npy' % (phase, i), 64, 64, 5, .5)
        for side, value in ('A1', 3), ('A2', 90), ('B', 200):
            pgm('stack/%s/%s/%d.pgm' % (side, phase, i), value + i)
        pgm('index/A/%s/%d.pgm' % (phase, i), i, 5)
        pgm('index/B/%s/%d.pgm' % (phase, i), i)
END
python3 many.py
small='--netG resnet_6blocks --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --n_epochs 1 --n_epochs_decay 0 --device cpu --quiet'
learn() { "$tools/p2p-train" --dataroot "$1" --name "$@" $small; }
check '7 channels to 5' learn many --input_nc 7 --output_nc 5
check 'a sample to look at' [ -s checkpoints/many/samples/epoch_001.png ]
check 'tested' "$tools/p2p-test" --device cpu --quiet --name many --dataroot many
check 'with pictures' [ -s results/many/test_latest/images/1_input.png ]
t="timeout 60 $tools/p2p-translate --device cpu --quiet -m checkpoints/many/latest.safetensors"
$t many/A/test -o made --format npy --bits 32
check 'a folder of arrays' grep -q '(.*, 5)' made/1.npy
says '5 channels are no PNG' 2 'a PNG has 1 to 4 channels, not 5; write a TIFF or NPY' $t many/A/test/1.npy -o o7.png
check 'nothing is left of it' [ ! -e o7.png ]
says '3 channels are not 7' 2 'a picture of 3 channels cannot become one of 7' $t in/0001.png -o o7.npy

# Label maps: as indices, as colours; the model knows them
check 'label maps of 5 indices' learn index --labels 5 --output_nc 1
check 'are shown as colours' "$tools/p2p-test" --device cpu --quiet --name index --dataroot index
check 'of RGB' python3 -c "assert open('results/index/test_latest/images/0_input.png', 'rb').read()[25] == 2"
"$tools/p2p-export" --quiet checkpoints/index/latest.safetensors -o index.safetensors
for m in checkpoints/index/latest.safetensors index.safetensors; do
    check "$m knows its labels" "$tools/p2p-translate" --device cpu --quiet -m $m index/A/test/0.pgm -o $(basename $m).png
done
says 'other classes' 1 'has the class 200; there are 5' "$tools/p2p-translate" --device cpu -m index.safetensors stack/B/test/0.pgm -o o.png
says 'fewer labels than there are' 1 'more than 4 colours' learn index --overwrite --labels 4 --output_nc 1

# Stacks
check 'A1 and A2 are two channels' learn stack --input_nc 2 --output_nc 1
t="timeout 60 $tools/p2p-translate --device cpu --quiet -m checkpoints/stack/latest.safetensors"
check 'a folder and a further one' $t stack/A1/test --stack stack/A2/test -o stacked
check 'each picture' [ "$(ls stacked | tr '\n' ' ')" = '0.png 1.png ' ]
check 'one picture' $t stack/A1/test/0.pgm --stack stack/A2/test -o alone.png
check 'is the same' cmp alone.png stacked/0.png
says 'a partner is missing' 1 'no partner of its name in stack/A2/train/x' \
    sh -c "mkdir -p stack/A2/train/x && $t stack/A1/test/0.pgm --stack stack/A2/train/x -o alone.png"
says 'no other number' 2 'its 2 folders have 2 channels together, not 3; give --input_nc 2' \
    learn stack --overwrite --output_nc 1
finish
