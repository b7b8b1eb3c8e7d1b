#!/bin/sh
# Frames of a video through standard input and output: each once, in order, as a picture alone; where
# ffmpeg is installed, with it on both sides. Usage: frames.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

"$tools/p2p-data" demo data --count 2 --size 64 --quiet
train run --netG unet_256 --num_downs 5 --norm instance --preprocess none --max_steps 1
model=checkpoints/run/latest.safetensors
t="timeout 100 $tools/p2p-translate --device cpu -m $model"
# refused CODE WORD FILE OPTIONS...
refused() {
    code=0
    wanted=$1 word=$2 file=$3
    shift 3
    $t "$@" <"$file" >out.rgb 2>err.txt || code=$?
    [ $code -eq "$wanted" ] && grep -q -- "$word" err.txt
}

# 40 frames of 64 x 32, none like another, and their pictures as PPM would have them
python3 - <<'END'
import random, struct, zlib
random.seed(1)
def png(name, rgb, w, h):
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    rows = b''.join(b'\0' + rgb[3 * w * y:3 * w * (y + 1)] for y in range(h))
    open(name, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>2I5B', w, h, 8, 2, 0, 0, 0)) +
                           chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
import os
os.mkdir('in')
with open('in.rgb', 'wb') as f:
    for i in range(40):
        rgb = bytes(random.randrange(256) for _ in range(64 * 32 * 3))
        f.write(rgb)
        png('in/%06d.png' % (i + 1), rgb, 64, 32)
END
$t in -o out --quiet
python3 - <<'END'
import glob, struct, zlib
def rgb(name): # of our own PNG: 8 bits, RGB, any filter
    data, at, idat = open(name, 'rb').read(), 8, b''
    while at < len(data):
        n, kind = struct.unpack('>I4s', data[at:at + 8])
        if kind == b'IHDR': w, h = struct.unpack('>2I', data[at + 8:at + 16])
        if kind == b'IDAT': idat += data[at + 8:at + 8 + n]
        at += n + 12
    raw, rows, above = zlib.decompress(idat), [], bytes(3 * w)
    for y in range(h):
        line = raw[y * (3 * w + 1):(y + 1) * (3 * w + 1)]
        row = bytearray(line[1:])
        for x in range(3 * w):
            a, b, c = (row[x - 3] if x > 2 else 0), above[x], (above[x - 3] if x > 2 else 0)
            p = a + b - c
            near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[x] = (row[x] + (0, a, b, (a + b) // 2, near)[line[0]]) & 255
        rows.append(bytes(row))
        above = row
    return b''.join(rows)
open('expected.rgb', 'wb').write(b''.join(rgb(n) for n in sorted(glob.glob('out/*.png'))))
END
for threads in 0 2 5; do
    $t --raw 64x32 - -o - --num_threads $threads <in.rgb >out.rgb 2>err.txt
    check "each frame once, in order, as its picture, $threads threads" cmp out.rgb expected.rgb
done
check 'sizes are told' grep -q '^frames of 64x32 become frames of 64x32' err.txt
check 'and the number' grep -q '^40 frames$' err.txt
check 'no frame is no failure' refused 0 '^0 frames' /dev/null --raw 64x32 - -o -
head -c 10000 in.rgb >cut.rgb
check 'a cut frame is told' refused 1 'in frame 2 after 3856 of its 6144' cut.rgb --raw 64x32 - -o -
check 'behind the whole ones' [ "$(wc -c <out.rgb)" -eq 6144 ]
check 'a size that does not fit' refused 2 '64 x 32' in.rgb --raw 64x32 - -o - --preprocess crop \
    --crop_size 128
check 'gives no frame' [ ! -s out.rgb ]
for size in 64 64x 0x32 64x32x3 -1x3 99999x99999 axb; do
    check "--raw $size is refused" refused 2 'WIDTHxHEIGHT' in.rgb --raw=$size - -o -
done
check 'frames come from standard input' refused 2 'from standard input' in.rgb --raw 64x32 in -o out

if command -v ffmpeg >/dev/null; then
    f='ffmpeg -hide_banner -loglevel error -nostdin -y'
    $f -f lavfi -i testsrc2=size=64x32:rate=25:duration=3 -c:v ffv1 -pix_fmt gbrp clip.mkv
    $f -i clip.mkv -f rawvideo -pix_fmt rgb24 - | $t --raw 64x32 - -o - --quiet |
        ffmpeg -hide_banner -loglevel error -y -f rawvideo -pix_fmt rgb24 -video_size 64x32 \
            -framerate 25 -i - -c:v ffv1 -pix_fmt gbrp made.mkv
    $f -i made.mkv -f rawvideo -pix_fmt rgb24 made.rgb
    check 'through ffmpeg: 75 frames' [ "$(wc -c <made.rgb)" -eq $((75 * 64 * 32 * 3)) ]
    mkdir frames && $f -i clip.mkv frames/%06d.png
    $t frames -o new --quiet
    $f -framerate 25 -i new/%06d.png -f rawvideo -pix_fmt rgb24 new.rgb
    check 'the same as by a folder of frames' cmp made.rgb new.rgb
fi
finish
