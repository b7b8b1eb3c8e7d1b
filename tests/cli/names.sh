#!/bin/sh
# Names and metadata that attack: terminals and pages get them escaped, and nothing is written
# outside of the output folder.
# Usage: names.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"
LC_ALL=C
export LC_ALL

# Each in a line of its own, as printf has it: no / and no leading . (hidden files are left out)
long=$(printf '%0251d' 0)
cat >names.txt <<END
a\\nerror: forged
a\\\\\\\\nerror: forged
esc \\033[31mred\\033]0;title\\007
c1 \\302\\2331m
bidi \\342\\200\\256gnp
latin \\351\\377
fa\\303\\247ade
"quote' \`id\` \$(touch pwned)
<script>alert(1)<script>&amp;
<SCRIPT>alert(1)<script>&amp;
up..%%2f..%%2fup
-rf %%41 #?*: \\\\\\\\
$long
END
names=$(wc -l <names.txt)

# No character that a terminal obeys, no bytes that are no UTF-8; a name's newline forges no line.
harmless() {
    ! grep -q "$(printf '[\001-\010\013-\037\177]')" "$1" || { echo "control characters in $1"; return 1; }
    ! grep -q "$(printf '\302[\200-\237]')" "$1" || { echo "U+0080..9F in $1"; return 1; }
    ! grep -q "$(printf '\342\200[\252-\256]')" "$1" || { echo "directions in $1"; return 1; }
    ! grep -q '^error: forged' "$1" || { echo "a forged line in $1"; return 1; }
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 || { echo "$1 is no UTF-8"; return 1; }
}

# hostile PICTURES_FOLDER TO: as many pictures with the names, in order
hostile() {
    mkdir -p "$2"
    ls "$1" | head -n "$names" >../pictures.txt
    paste ../pictures.txt ../names.txt | while IFS="$(printf '\t')" read -r picture name; do
        cp "$1/$picture" "$2/$(printf -- "$name.png")"
    done
}
files() { find "$1" -name '*.png' -exec printf 'x' \; | wc -c; }
outside() { find . -path "./$1" -prune -o -type f -print | sort; }

# stays FOLDER COMMAND...: exits with $wanted, says nothing harmful, writes in the folder alone
wanted=0
stays() {
    folder=$1
    shift
    code=0
    outside "$folder" >../before.txt
    "$@" >../out.txt 2>&1 </dev/null || code=$?
    outside "$folder" >../after.txt
    cmp ../before.txt ../after.txt && harmless ../out.txt || return 1
    [ $code -eq $wanted ] || { echo "exit $code"; cat ../out.txt; return 1; }
}

mkdir here
cd here
"$tools/p2p-data" demo plain --count "$names" --size 64 --quiet
hostile plain/train data/train
cp -r data/train data/test
check "$names hostile names are there" [ "$(files data/train)" -eq "$names" ]

check 'p2p-train shows them and stays in its folder' stays checkpoints \
    "$tools/p2p-train" --verbose --device cpu --dataroot data --name run --netG unet_128 --ngf 4 --ndf 4 \
    --load_size 143 --crop_size 128 --print_freq 1 --max_steps 2 --norm instance
model=checkpoints/run/latest.safetensors

check 'p2p-test does' stays results \
    "$tools/p2p-test" --verbose --device cpu --dataroot data --name run --phase test
page=results/run/test_latest/index.html
check 'its page and its figures are harmless' harmless $page
check 'its figures too' harmless results/run/test_latest/metrics.json
check 'they are JSON' python3 -m json.tool results/run/test_latest/metrics.json /dev/null
data=results/run/test_latest/index.js
check 'what it shows too' harmless $data
check 'no markup comes from a name' sh -c "! grep -qi -e 'alert' -e '&amp;' $page"
check 'each name is a string for the page' [ "$(grep -c '^\["' $data)" -eq "$names" ]
check 'each picture has files of its own' [ "$(files results/run/test_latest/images)" -eq $((4 * names)) ]
check 'each link of the page leads to a file' python3 -c '
import json, os
rows = json.loads(open("'$data'").read()[len("p2pResults("):-len(");\n")])["pictures"]
assert len(rows) == '"$names"'
for row in rows:
    for kind in "input", "output", "target":
        os.stat("results/run/test_latest/images/%s_%s.png" % (row[1], kind))'

check 'p2p-translate does' stays out \
    "$tools/p2p-translate" --verbose --device cpu -m $model data/test -o out
check 'and each picture has an output' [ "$(files out)" -eq "$names" ]
mkdir -p pair/A pair/B
cp -r data/train pair/A/train && cp -r data/train pair/B/train
check 'p2p-data combine does' stays both "$tools/p2p-data" combine pair/A pair/B both
check 'and each pair has a picture' [ "$(files both)" -eq "$names" ]

# Failures that name them
bad=$(printf 'z\nerror: forged \033[31m\351')
cp -r data/train pair/C && mkdir -p spoiled/train
for picture in pair/C/*; do head -c 100 "$picture" >"spoiled/train/${picture##*/}"; done
cp "plain/train/$(ls plain/train | head -n 1)" spoiled/train/good.png
cp ../names.txt "spoiled/train/$bad.png"
wanted=1
check 'a damaged picture is named' stays checkpoints "$tools/p2p-train" --device cpu --dataroot spoiled \
    --name bad
check 'in one line of error' [ "$(grep -c '^p2p-train: ' ../out.txt)" -eq 1 ]
cp ../names.txt "pair/A/train/$bad.png"
check 'a picture without partner is named' stays both "$tools/p2p-data" combine pair/A pair/B both
check 'a model that is none is named' stays out "$tools/p2p-info" "spoiled/train/$bad.png"
check 'a data folder that is missing is named' stays checkpoints "$tools/p2p-train" --device cpu \
    --dataroot "$bad" --name bad
wanted=2
check 'an option that is none is named' stays checkpoints "$tools/p2p-train" "--$bad"
check 'a value that is none is named' stays checkpoints "$tools/p2p-train" --netG "$bad"
wanted=0
check 'damaged pictures that are skipped are named' stays checkpoints "$tools/p2p-train" --device cpu \
    --dataroot spoiled --name skip --skip_bad --netG unet_128 --ngf 4 --ndf 4 --load_size 143 \
    --crop_size 128 --max_steps 1
check 'each in a warning' [ "$(grep -c '^warning: ' ../out.txt)" -ge "$names" ]

# Metadata and tensors' names; sed keeps the length of the header
mask='____________________________________________'
evil='\\u001b[31m\\nerror: forged\\u009b1m\\u202e<b>xx'
ln -s data "$mask"
train masked --dataroot "$mask" --max_steps 1
sed "s/$mask/$evil/" checkpoints/masked/latest.safetensors >evil.safetensors
[ "$(wc -c <evil.safetensors)" -eq "$(wc -c <checkpoints/masked/latest.safetensors)" ] ||
    bad 'the header keeps its length'
check "a model's metadata is shown escaped" stays out "$tools/p2p-info" evil.safetensors
check 'whole' grep -q 'x1b\[31m.nerror: forged' ../out.txt
mkdir -p checkpoints/evil && cp evil.safetensors checkpoints/evil/latest.safetensors
wanted=1
check 'also by a run that goes on with it' stays checkpoints "$tools/p2p-train" --device cpu --name evil \
    --continue_train --max_steps 2
wanted=0
odd=$(printf 'set \033[31m\nerror: forged \351\302\233')
ln -s data "$odd"
train odd --dataroot "$odd" --max_steps 1
mkdir out_of_odd
for suffix in safetensors onnx pth c; do
    check "an export to .$suffix says nothing harmful" stays out_of_odd \
        "$tools/p2p-export" --verbose checkpoints/odd/latest.safetensors -o out_of_odd/m.$suffix
done
check 'a frozen model shows the name of its data escaped' stays out \
    "$tools/p2p-info" out_of_odd/m.safetensors
check 'whole' grep -q 'on set .x1b\[31m.nerror: forged .xe9.xc2.x9b$' ../out.txt
wanted=2
check 'a name that would end a comment of C is refused' stays out_of_odd \
    "$tools/p2p-export" checkpoints/odd/latest.safetensors -o 'out_of_odd/*"m.c'
wanted=0

header='{"\u001b[31m\nerror: forged\u009b\u202e":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
{
    printf "\\$(printf '%03o' ${#header})\0\0\0\0\0\0\0"
    printf '%s\0\0\0\0' "$header"
} >tensors.safetensors
check "a tensor's name is shown escaped" stays out "$tools/p2p-info" --tensors tensors.safetensors
check 'as JSON' grep -q 'u001B\[31m.*u009B' ../out.txt

check 'nothing was run' [ ! -e pwned ]
finish
