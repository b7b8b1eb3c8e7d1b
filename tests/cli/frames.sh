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

# Y4M: the same frames, as exact as 8 bits of YUV are
cat >y4m.py <<'END'
import sys
W, H = 64, 32
def clip(v): return max(0, min(255, round(v)))
def write(frames, name, kind):
    with open(name, 'wb') as f:
        f.write(b'YUV4MPEG2 W%d H%d F30000:1001 Ip A1:1 C%s\n' % (W, H, kind))
        for rgb in frames:
            y, u, v = bytearray(), bytearray(), bytearray()
            for r, g, b in zip(rgb[0::3], rgb[1::3], rgb[2::3]):
                l = .299 * r + .587 * g + .114 * b
                y.append(clip(16 + l * 219 / 255))
                u.append(clip(128 + (b - l) / 1.772 * 224 / 255))
                v.append(clip(128 + (r - l) / 1.402 * 224 / 255))
            if kind == b'420jpeg':
                u, v = (bytes(p[W * j + i] for j in range(0, H, 2) for i in range(0, W, 2)) for p in (u, v))
            f.write(b'FRAME\n' + (bytes(y) if kind == b'mono' else bytes(y + u + v)))
def read(name):
    f = open(name, 'rb')
    head, frames = f.readline(), []
    while f.readline().startswith(b'FRAME'):
        y, u, v = (f.read(W * H) for _ in range(3))
        rgb = bytearray()
        for l, p, q in zip(y, u, v):
            l, p, q = (l - 16) * 255 / 219, (p - 128) * 255 / 224, (q - 128) * 255 / 224
            rgb += bytes((clip(l + 1.402 * q), clip(l - .344136 * p - .714136 * q), clip(l + 1.772 * p)))
        frames.append(bytes(rgb))
    return head, frames
def raw(name):
    data = open(name, 'rb').read()
    return [data[i:i + 3 * W * H] for i in range(0, len(data), 3 * W * H)]
if sys.argv[1] == 'make':
    for kind in (b'444', b'420jpeg', b'mono'): write(raw('in.rgb'), kind.decode() + '.y4m', kind)
else: # like FILE RATE MOST: the mean of differences of each frame from expected.rgb's
    head, frames = read(sys.argv[2])
    wanted = raw('expected.rgb')
    means = [sum(abs(a - b) for a, b in zip(p, q)) / len(p) for p, q in zip(frames, wanted)]
    print(head, len(frames), max(means))
    sys.exit(not (b' F' + sys.argv[3].encode() + b' ' in head and len(frames) == len(wanted) and
                  max(means) < float(sys.argv[4])))
END
python3 y4m.py make
$t --raw 64x32@25 - -o - <in.rgb >out.y4m
check 'RGB24 to Y4M' python3 y4m.py like out.y4m 25:1 1.5
$t --raw y4m - -o - <444.y4m >out.y4m 2>err.txt
check 'Y4M to Y4M, in its rate' python3 y4m.py like out.y4m 30000:1001 3
check 'sizes are told' grep -q '^frames of 64x32 become frames of 64x32, y4m' err.txt
for kind in 420jpeg mono; do
    $t --raw y4m - -o - <$kind.y4m >out.y4m 2>err.txt
    check "$kind: each frame" grep -q '^40 frames$' err.txt
done
check 'no Y4M' refused 1 'is no Y4M' in.rgb --raw y4m - -o -
head -c 10000 444.y4m >cut.y4m
check 'a cut frame of Y4M is told' refused 1 'ends in frame 2 after' cut.y4m --raw y4m - -o -
sed 's/Ip/It/' 444.y4m >wrong.y4m
check 'interlaced' refused 1 'interlaced' wrong.y4m --raw y4m - -o -
sed 's/C444/C444p10/' 444.y4m >wrong.y4m
check 'of 10 bits' refused 1 'yuv444p' wrong.y4m --raw y4m - -o -
head -c $(($(head -n 1 444.y4m | wc -c) + 6 + 6144)) 444.y4m >wrong.y4m && echo nonsense >>wrong.y4m
check 'no frame' refused 1 'no frame begins' wrong.y4m --raw y4m - -o -
check 'a rate that is none' refused 2 'RATE' in.rgb --raw 64x32@0 - -o -

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
    $f -i clip.mkv -pix_fmt yuv444p -f yuv4mpegpipe - | $t --raw y4m - -o - --quiet |
        ffmpeg -hide_banner -loglevel error -y -f yuv4mpegpipe -i - -c:v ffv1 made.mkv
    check 'as Y4M: 75 frames of 25 a second' [ "$(ffprobe -v error -count_frames -select_streams v \
        -show_entries stream=nb_read_frames,r_frame_rate -of csv=p=0 made.mkv)" = '25/1,75' ]
fi
finish
