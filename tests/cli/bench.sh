#!/bin/sh
# Measuring a folder, and the picture of a roofline. Usage: bench.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

bench() { "$tools/p2p-bench" --device cpu --quiet "$@"; }
tiny='--netG unet_128 --ngf 4 --ndf 4 --size 128 --steps 2'
value() { sed -n 's/.*"'"$1"'": \([^,}]*\).*/\1/p' folder.json; }
# refused CODE WORD COMMAND...
refused() {
    code=0
    wanted=$1 word=$2
    shift 2
    "$@" >out.txt 2>err.txt || code=$?
    [ $code -eq "$wanted" ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$word" err.txt
}

bench ops $tiny --svg roof.svg >table.txt
check 'the roofline is well-formed' \
    python3 -c 'import xml.etree.ElementTree as e; e.parse("roof.svg")'
rows=$(grep -c ' conv2d_' table.txt)
points=$(grep -c '<g class="point"' roof.svg)
check 'the table has convolutions' [ "$rows" -gt 20 ]
check "the roofline has a point for each of the $rows" [ "$points" -eq "$rows" ]
check 'points are labelled by layers' [ "$(grep -c '>G.0</text>' roof.svg)" -ge 2 ]
for text in 'arithmetic intensity, FLOP/byte' 'GFLOP/s<' '>fwd<' '>dgrad<' '>wgrad<' 'multiply-adds: ' \
    'memory (copy): ' 'Training unet_128'; do
    check "it says $text" grep -q -- "$text" roof.svg
done
check 'no number is none' sh -c '! grep -qi -e "nan" -e "inf[^o]" roof.svg'
check '--svg is for ops alone' refused 2 ops bench peak --svg other.svg
bench ops $tiny --units 3,64 >forecast.txt
check 'a forecast has a column for each number' grep -q '^step .* ms *3 *64$' forecast.txt
check 'and a line for each pass' [ "$(grep -c '% *[0-9]*%$' forecast.txt)" -gt 40 ]
check 'it names what would not use them' grep -q '^Below 70 % at 3 units' forecast.txt
for units in 0 8,,9 70000 4x 1,2,3,4,5,6,7,8,9; do
    check "--units $units is refused" refused 2 "numbers from 1" bench ops --units $units
done
check '--units is for ops alone' refused 2 'belongs to ops' bench train --units 8
check 'a picture that cannot be written is told' refused 1 nowhere/roof.svg \
    bench ops $tiny --svg nowhere/roof.svg

"$tools/p2p-data" demo data --count 3 --size 64 --quiet
train run --norm instance --max_steps 1
model=checkpoints/run/latest.safetensors
bench folder $model data/train --steps 7 --json >folder.json
check 'a folder is measured in whole passes' [ "$(value pictures)" -eq 9 ]
check 'its figures are JSON' python3 -m json.tool folder.json /dev/null
check 'its parts make the whole' awk -v whole="$(value median_s)" -v a="$(value decode_s)" \
    -v b="$(value device_s)" -v c="$(value encode_s)" -v device="$(value device_per_s)" \
    -v rate="$(value pictures_per_s)" -v least="$(value min_s)" -v most="$(value max_s)" 'BEGIN {
        sum = a + b + c
        exit !(a > 0 && b > 0 && c > 0 && sum > least / 2 && sum < 2 * most && least <= whole &&
               whole <= most && device >= 1 / most && rate >= .5 / most && rate < 2 * device) }'
check 'nothing is written' [ "$(find . -newer $model -name '*.png' | wc -l)" -eq 0 ]
mkdir empty
# A Python without packages.
python=$(command -v python3)
printf '#!/bin/sh\nexec %s -I -S "$@"\n' "$python" >bare
chmod +x bare
for kind in train:torch translate:onnxruntime; do
    check "compare $kind is missed in a line" refused 1 "install ${kind#*:}" \
        bench compare ${kind%:*} --python ./bare
done
check 'a Python that is none is told' refused 1 'no_python cannot be run' \
    bench compare train --python no_python
check 'compare wants to know what' refused 2 'train|translate' bench compare
check 'a network that it does not know is told' refused 1 'unet_128' \
    bench compare train --netG resnet_9blocks --python ./bare
check 'so is a peer' refused 1 'compile, tf32, not tensorflow' \
    bench compare train --peers tensorflow --python ./bare
check 'an empty folder is refused' refused 1 'no pictures' bench folder $model empty
check 'a missing model is refused' refused 1 nomodel bench folder nomodel data/train
check 'folder needs both' refused 2 'MODEL FOLDER' bench folder $model
finish
