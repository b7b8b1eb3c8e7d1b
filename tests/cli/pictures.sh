#!/bin/sh
# Folders of pictures as people have them: nothing is overwritten that was read, no result vanishes,
# nothing is left out without a word, one bad file does not keep the others back.
# Usage: pictures.sh FOLDER_OF_PROGRAMS
upright=$(cd "$(dirname "$0")/../data/upright" && pwd)
. "$(dirname "$0")/lib.sh"

files() { find . -type f ! -name '*.txt' -exec cksum {} + | sort; }
# refuses NAME CODE PATTERN COMMAND...: one line of error, and every file stays what it was
refuses() {
    name=$1 code=$2 pattern=$3
    shift 3
    got=0
    before=$(files)
    "$@" >out.txt 2>err.txt || got=$?
    if [ $got -eq "$code" ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt &&
        [ "$before" = "$(files)" ]; then
        ok "$name: $(cut -c 1-110 err.txt)"
    else
        bad "$name: exit $got, wanted $code with /$pattern/: $(head -n 3 err.txt)"
    fi
}
# says NAME CODE PATTERN COMMAND...
says() {
    name=$1 code=$2 pattern=$3
    shift 3
    got=0
    "$@" >out.txt 2>err.txt || got=$?
    if [ $got -eq "$code" ] && grep -q -- "$pattern" err.txt; then
        ok "$name: $(grep -- "$pattern" err.txt | head -n 1 | cut -c 1-110)"
    else
        bad "$name: exit $got, wanted $code with /$pattern/: $(head -n 3 err.txt)"
    fi
}
count() { find "$1" -name '*.png' | wc -l; }

"$tools/p2p-data" demo data --count 4 --size 128 --quiet
train run --max_steps 1
model=checkpoints/run/latest.safetensors
t="timeout 60 $tools/p2p-translate --device cpu -m $model"
combine="$tools/p2p-data combine"
mkdir in
for i in 1 2 3; do cp data/train/000$i.png in/$i.png; done

# Outputs never destroy inputs
refuses 'a folder into itself' 2 'overwrite the input' $t in -o in
refuses 'a picture into itself' 2 'overwrite the input' $t in/1.png -o in/1.png
refuses 'by another name' 2 'overwrite the input' $t in/1.png -o in/../in/1.png
ln -s in link
refuses 'through a link' 2 'overwrite the input' $t in -o link
mkdir hard && ln in/2.png hard/1.png
refuses 'through a hard link' 2 'overwrite the input' $t in -o hard
refuses 'from standard input' 2 'overwrite the input' sh -c "$t - -o in/1.png <in/1.png"
refuses 'to standard output' 2 'overwrite the input' sh -c "$t in/1.png -o - >>in/1.png"
cp $model model.png
refuses 'into the model' 2 'overwrite the input' $t -m model.png in/1.png -o model.png
"$tools/p2p-export" --quiet $model -o alone.png --standalone
refuses 'a program into itself' 2 'overwrite the input' ./alone.png --device cpu in/1.png -o alone.png
cp -r in other
refuses 'p2p-data combine A B A' 2 'overwrite the input' $combine in other in
refuses 'p2p-data combine A B B' 2 'overwrite the input' $combine in other other
refuses 'p2p-export M -o M' 2 'overwrite the input' "$tools/p2p-export" $model -o $model
refuses 'p2p-export M -o ./M' 2 'overwrite the input' "$tools/p2p-export" $model -o ./$model
cp $model frozen.safetensors
refuses 'p2p-export M.safetensors -o M.c' 2 'overwrite the input' \
    "$tools/p2p-export" frozen.safetensors -o frozen.c
cp "$tools/p2p-translate" . && cp "$tools/p2p-export" .
refuses 'p2p-export over p2p-translate' 2 'overwrite the input' \
    env LD_LIBRARY_PATH="$tools/../src" ./p2p-export $model -o p2p-translate --standalone
rm p2p-translate p2p-export

mkdir -p mine/run/test_latest/images
first=$(ls data/test | head -n 1)
ln "data/test/$first" "mine/run/test_latest/images/${first%.png}_target.png"
refuses 'p2p-test into its data' 2 'overwrite the input' "$tools/p2p-test" --device cpu --name run \
    --dataroot data --results_dir mine

# Results never vanish
mkdir twins && cp in/1.png twins/a.png && cp in/2.png twins/a.jpg
refuses 'two pictures of one name' 1 'twins/a.jpg and twins/a.png would both' $t twins -o out
says 'kept apart' 0 '^2 pictures in out' $t twins -o out --keep_suffix
check 'by their suffixes' [ -f out/a.jpg.png -a -f out/a.png.png ]
refuses 'of two folders' 1 'in/1.png and other/1.png' $t in other -o out2
refuses 'several inputs to a file' 2 'name a folder' $t in/1.png in/2.png -o x.png
refuses 'a folder to a file' 2 'name a folder' $t in -o x.png
refuses 'a folder to standard output' 2 'name a folder' $t in -o -
says 'one picture to a folder' 0 '^1 picture in new/' $t in/1.png -o new/
check 'that is made' [ -f new/1.png ]

# Nothing is left out without a word
mkdir -p mixed/sub && cp in/1.png mixed && cp in/2.png mixed/sub && : >mixed/a.gif && : >mixed/sub/b.psd
: >mixed/sub/c.psd
says 'files of other kinds' 0 'mixed: 3 files ignored: .psd 2, .gif 1' $t mixed -o out3
check 'subfolders are walked' [ -f out3/1.png -a -f out3/sub/2.png ]
says 'and a second time into a folder within' 0 '^2 pictures' $t mixed -o mixed/out
says 'which is no input' 0 '^2 pictures' $t mixed -o mixed/out
ln -s .. mixed/sub/up
says 'links that lead back end' 0 'links to a folder above 1' $t mixed -o out4
mkdir -p nested/train/x && cp data/train/000[12].png nested/train/x && : >nested/train/x/c.psd

# What does not fit is found before the first step
learn() { timeout 60 "$tools/p2p-train" --device cpu --netG unet_128 --ngf 4 --ndf 4 --max_steps 1 "$@"; }
mkdir -p sizes/train square/train && cp data/train/*.png sizes/train
"$tools/p2p-data" demo small --count 1 --size 96 --quiet && cp small/train/0001.png sizes/train/9.png
says 'pictures of two sizes' 2 'do not make a batch of 5 of one size' \
    learn --dataroot sizes --name sizes --netG resnet_6blocks --n_blocks 1 --preprocess none --batch_size 5
says 'a picture smaller than the crop' 2 'sizes/train/9.png: 96 x 96 pixels' \
    learn --dataroot sizes --name sizes --preprocess crop --crop_size 128
says 'which is left out with --skip_bad' 0 'skipped: sizes/train/9.png: 96 x 96' \
    learn --dataroot sizes --name crop --preprocess crop --crop_size 128 --skip_bad
$t in/1.png -o square/train/a.png --preprocess resize_and_crop
cp square/train/a.png square/train/b.png
says 'p2p-train walks too' 0 'train: 1 file ignored: .psd 1' learn --dataroot nested --name nested \
    --load_size 128 --crop_size 128
says 'pictures that are no pairs' 0 'square/train/a.png: is not wider than high' learn --dataroot square \
    --name square --load_size 128 --crop_size 128
says 'a rest too small for a batch' 0 'each epoch leaves out 1 of 4 pairs' learn --dataroot data \
    --name rest --load_size 128 --crop_size 128 --batch_size 3

# Orientation: o1.jpg and o6.jpg hold the same samples, o6.jpg says that they are turned
cp "$upright"/o[16].jpg .
for i in o1 o6; do
    $t $i.jpg -o $i.png
    $t $i.jpg -o ${i}_stored.png --no_exif
done
check 'as stored both are the same' cmp o1_stored.png o6_stored.png
check 'which an upright picture is' cmp o1_stored.png o1.png
check 'a turned one is not' sh -c '! cmp -s o6_stored.png o6.png'
mkdir lying && cp o6.jpg lying
$combine lying lying turned --quiet
$combine lying lying stored --quiet --no_exif
size() { od -An -j16 -N8 -tu1 "$1" | tr -s ' '; } # of a PNG, as bytes
check 'combine turns' [ "$(size turned/o6.png)" = ' 0 0 0 34 0 0 0 24' ]
check 'and does not' [ "$(size stored/o6.png)" = ' 0 0 0 48 0 0 0 17' ]

# Alpha: o3.png is RGBA
cp "$upright"/o3.png .
$t o3.png -o alpha.png
$t o3.png -o opaque.png --no_alpha
kind() { od -An -j25 -N1 -tu1 "$1" | tr -d ' '; } # of a PNG: 2 is RGB, 6 is RGBA
check 'alpha is carried over' [ "$(kind alpha.png)" -eq 6 ]
check 'and is not' [ "$(kind opaque.png)" -eq 2 ]

# One bad file
mkdir some && cp in/*.png some && head -c 500 in/1.png >some/2.png && mkfifo some/4.png
says 'the others are translated' 1 '^2 pictures in out5, 2 failed' $t some -o out5
check 'all of them' [ "$(count out5)" -eq 2 ]
check 'and each bad one is named' [ "$(grep -c -e 'some/2.png' -e 'some/4.png' err.txt)" -eq 2 ]
says 'with --skip_bad that is no failure' 0 '^2 pictures in out6, 2 skipped' $t some -o out6 --skip_bad
mkdir none && head -c 500 in/1.png >none/1.png
says 'unless all are bad' 1 '^0 pictures' $t none -o out7 --skip_bad
refuses 'one bad picture' 1 'none/1.png' $t none/1.png -o x.png --skip_bad
refuses 'a pipe' 1 'not a regular file' $t some/4.png -o x.png
mkdir pairs && cp -r some pairs/test && cp -r none pairs/none
says 'p2p-test finds a bad one first' 1 'pairs/test/2.png: the PNG is trunc' "$tools/p2p-test" \
    --device cpu --name run --dataroot pairs
check 'and writes nothing' [ ! -e results ]
says 'with --skip_bad it goes on' 0 'skipped: pairs/test/4.png: is not a reg' "$tools/p2p-test" \
    --device cpu --name run --dataroot pairs --skip_bad
check 'with the others' grep -q '^2 pictures: ' out.txt
says 'unless all are bad' 1 'none of 1 pictures is usable' "$tools/p2p-test" --device cpu --name run \
    --dataroot pairs --phase none --skip_bad
mkdir A B && cp in/*.png A && cp in/*.png B && head -c 500 in/1.png >B/2.png
says 'combine joins the others' 1 '1 of 3 pairs cannot be joined; the first: B/2.png' $combine A B AB
check 'both of them' [ "$(count AB)" -eq 2 ]
says 'with --skip_bad that is no failure' 0 '^2 pictures in AB2' $combine A B AB2 --skip_bad
finish
