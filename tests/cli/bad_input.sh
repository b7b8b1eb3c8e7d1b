#!/bin/sh
# Bad input: one clear line on standard error, the documented exit code, nothing half-written.
# Usage: bad_input.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

# Checkpoints and what was half-written: a refusal changes neither.
files() { find . -name '*.safetensors' -o -name '*.tmp[0-9]*' | sort; }

# refuses NAME CODE PATTERN COMMAND...
refuses() {
    name=$1 code=$2 pattern=$3
    shift 3
    got=0
    before=$(files)
    "$@" >out.txt 2>err.txt || got=$?
    if [ "$got" -eq "$code" ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q '^p2p-[a-z]*: ' err.txt &&
        grep -q -- "$pattern" err.txt && [ "$before" = "$(files)" ]; then
        ok "$name: $(cut -c 1-100 err.txt)"
    else
        bad "$name: exit $got, wanted $code with /$pattern/: $(head -n 3 err.txt)"
    fi
}
t="$tools/p2p-train --quiet --device cpu"

"$tools/p2p-data" demo data --count 3 --size 64 --quiet
train good --max_steps 1
model=checkpoints/good/latest.safetensors
picture=data/test/$(ls data/test | head -n 1)

refuses 'an unknown option' 2 'did you mean --lambda_L1' $t --lamda_L1 3
refuses 'a value that is none of the choices' 2 'did you mean unet_256' $t --netG unet_257
refuses 'a value out of range' 2 'beta1 takes' $t --beta1 2
refuses 'contradictory options' 2 'exclude' $t --continue_train --overwrite
refuses 'no data folder given' 2 'dataroot' $t --name x
refuses 'a data folder that is missing' 1 'nowhere' $t --dataroot nowhere --name x
mkdir -p empty/train
refuses 'an empty data folder' 1 'empty/train' $t --dataroot empty --name x
refuses 'an unknown device' 3 'nosuch' "$tools/p2p-train" --device nosuch --dataroot data
mkdir none
refuses 'no OpenCL platform' 3 'no OpenCL device' env OCL_ICD_VENDORS=none OPENCL_VENDOR_PATH=none \
    "$tools/p2p-translate" -m $model "$picture" -o out.png
refuses 'a run that exists' 1 'continue_train' train good
refuses 'no run to continue' 1 'no run to continue' $t --name nothing --continue_train
refuses 'a size that does not fit the network' 2 'multiples of 128' train x --crop_size 100

mkdir -p bad/train
cp "data/train/$(ls data/train | head -n 1)" bad/train/a.png
cp -r bad bad_text && echo 'no picture' >bad_text/train/b.png
refuses 'a text file as picture' 1 'b.png' $t --dataroot bad_text --name x
cp -r bad bad_short && head -c 3000 bad/train/a.png >bad_short/train/c.png
refuses 'a truncated picture' 1 'c.png' $t --dataroot bad_short --name x
"$tools/p2p-data" demo jpeg --count 2 --size 64 --format jpg --quiet
name=$(ls jpeg/train | head -n 1)
head -c 2000 "jpeg/train/$name" >short.jpg && mv short.jpg "jpeg/train/$name"
refuses 'a truncated JPEG' 1 "$name" $t --dataroot jpeg --name x
cp -r bad bad_odd # one pixel
echo 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' |
    base64 -d >bad_odd/train/odd.png
refuses 'a pair of odd width' 1 'odd.png' $t --dataroot bad_odd --name x
code=0
"$tools/p2p-train" --device cpu --quiet --dataroot bad_short --name skip --netG unet_128 --ngf 4 \
    --ndf 4 --load_size 128 --crop_size 128 --skip_bad --max_steps 1 2>err.txt || code=$?
check '--skip_bad trains without it' [ $code -eq 0 ]
mkdir -p two/A/train two/B/train
cp bad/train/a.png two/A/train/lonely.png
refuses 'a picture without partner' 1 'lonely' $t --dataroot two --name x

echo 'no model' >text.safetensors
refuses 'a text file as model' 1 'text.safetensors' "$tools/p2p-info" text.safetensors
for bytes in 0 5 1000 100000; do
    head -c $bytes $model >short.safetensors
    refuses "a model of $bytes bytes" 1 'short.safetensors' \
        "$tools/p2p-translate" --device cpu -m short.safetensors "$picture" -o out.png
done
cp $model flipped.safetensors
printf 'X' | dd of=flipped.safetensors bs=1 seek=200000 conv=notrunc 2>/dev/null
refuses 'a model with a damaged byte' 1 'damaged' "$tools/p2p-info" flipped.safetensors
sed 's/"opt.netG":"unet_128"/"opt.netG":"unet_256"/' $model >other.safetensors
refuses 'a model of another network' 1 'another network' \
    "$tools/p2p-translate" --device cpu -m other.safetensors "$picture" -o out.png
latest=checkpoints/copy/latest.safetensors
mkdir -p checkpoints/copy
for bytes in 0 7 8 1000 100000; do
    head -c $bytes $model >$latest
    refuses "continuing a checkpoint of $bytes bytes" 1 $latest $t --name copy --continue_train
done
head -c $(($(wc -c <$model) - 1)) $model >$latest
refuses 'continuing a checkpoint without its last byte' 1 $latest $t --name copy --continue_train
cp flipped.safetensors $latest
refuses 'continuing a checkpoint with a damaged byte' 1 'damaged' $t --name copy --continue_train
sed 's/"opt.ngf":"4"/"opt.ngf":"8"/' $model >$latest
refuses 'continuing a checkpoint of another network' 1 'another network' \
    $t --name copy --continue_train
rm -r checkpoints/copy
sed 's/"format_version":"[0-9]*"/"format_version":"9"/' $model >newer.safetensors
refuses 'a model of another version' 1 'version 9' "$tools/p2p-info" newer.safetensors
check 'nothing was written' [ ! -e out.png ]

echo file >plain
refuses 'a checkpoints folder that cannot be made' 1 'plain' train x --checkpoints_dir plain/below

# A limit of 512-byte blocks stands for a full disk: the programs themselves ignore SIGXFSZ.
limited() { (ulimit -f "$1" && shift && exec "$@"); }
cp $model before.safetensors
refuses 'a full disk in training' 1 'latest.safetensors' \
    limited 2000 $t --name good --continue_train --max_steps 2
check 'the checkpoint before is whole' cmp $model before.safetensors
refuses 'a full disk when drawing pictures' 1 'full/' \
    limited 4 "$tools/p2p-data" demo full --count 1 --size 256 --quiet
refuses 'an output that cannot be written' 1 'plain/out.png' \
    "$tools/p2p-translate" --device cpu -m $model "$picture" -o plain/out.png
[ ! -c /dev/full ] || refuses 'a full standard output' 1 'standard output' \
    sh -c 'exec "$@" >/dev/full' sh "$tools/p2p-translate" --device cpu -m $model "$picture" -o -
refuses 'a text file to translate' 1 'b.png' \
    "$tools/p2p-translate" --device cpu -m $model bad_text/train/b.png -o out.png
refuses 'an unknown option of p2p-data' 2 'nonsense' "$tools/p2p-data" --nonsense

# The limit of time and memory stands for "at once, without swapping"; AddressSanitizer needs more.
quickly_train() {
    (
        [ -n "${P2P_TEST_SANITIZED-}" ] || ulimit -v 16000000
        train_by='exec timeout 20'
        train "$@"
    )
}
refuses 'a network too large for the device' 3 'smaller' quickly_train huge --ngf 1024
refuses 'and a batch too large' 3 '[0-9].*smaller' quickly_train huge --ngf 1024 --batch_size 4096
refuses 'a picture too large for the device' 3 '[0-9].*smaller' \
    quickly_train huge --load_size 32768 --crop_size 32768 --max_pixels 2000000000
refuses 'pictures scaled beyond all measure' 2 'too large' \
    quickly_train huge --preprocess scale_width --load_size 65536
refuses 'pictures scaled beyond --max_pixels' 2 '143 x 143 .*max_pixels is 20448' \
    quickly_train huge --preprocess scale_width --max_pixels 20448
refuses 'an output beyond --max_pixels' 2 'would become 256 x 128 .*max_pixels is 32767' \
    "$tools/p2p-translate" --device cpu -m $model "$picture" -o out.png --preprocess scale_width \
    --load_size 256 --max_pixels 32767
refuses 'networks that alone do not fit' 3 'beside 0 MiB in use.*smaller' \
    quickly_train huge --ngf 16 --device_memory 20
refuses 'networks and step that together do not fit' 3 'beside [1-9][0-9]* MiB.*smaller' \
    quickly_train huge --ngf 16 --device_memory 34
refuses 'a crop that no picture has' 2 'data/train/0001.png: 64 x 64 .*smaller than the crop' \
    quickly_train huge --preprocess crop --crop_size 32768
finish
