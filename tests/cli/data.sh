#!/bin/sh
# p2p-data and p2p-metrics as a person runs them: a data set from odd pictures to training without
# another program; measures; bad input.
# Usage: data.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"
data="$tools/p2p-data"
metrics="$tools/p2p-metrics"

# refuses NAME CODE PATTERN COMMAND...: one line of error that has the pattern
refuses() {
    name=$1 code=$2 pattern=$3
    shift 3
    got=0
    "$@" >out.txt 2>err.txt || got=$?
    if [ $got -eq "$code" ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then
        ok "$name: $(cut -c 1-110 err.txt)"
    else
        bad "$name: exit $got, wanted $code with /$pattern/: $(head -n 3 err.txt)"
    fi
}
count() { find "$1" -type f | wc -l; }

# Photographs and label maps of odd sizes in two folders
"$data" demo shapes --count 12 --size 200 --quiet
mkdir photos maps
"$data" resize shapes/train photos --size 150x170 --quiet
"$data" resize shapes/val maps --size 333x77 --pad --quiet
check 'resize: every picture' [ "$(count photos)" -eq 12 ]
check 'resize: to the size' sh -c "'$data' stats photos | grep -q '12     150     170'"
check 'resize --pad: to the size' sh -c "'$data' stats maps | grep -q '333      77'"

# Prepared and trained on: edges of photographs as A, the photographs as B
"$data" resize photos b --size 128 --quiet
"$data" edges b a --quiet
check 'edges: black on white, one channel' sh -c "'$data' stats a | grep -q '12     128     128        1     8'"
"$data" combine a b pairs --quiet
"$data" split pairs data --val 0.1 --test 0.1 --seed 3 --quiet
check 'split: 10, 1 and 1' [ "$(count data/train) $(count data/val) $(count data/test)" = '10 1 1' ]
train prepared --max_steps 2
check 'and trained on' [ -f checkpoints/prepared/latest.safetensors ]
before=$(find data -type f -exec cksum {} + | sort)
rm -r data
"$data" split pairs data --val 0.1 --test 0.1 --seed 3 --quiet
check 'split: the same again' [ "$before" = "$(find data -type f -exec cksum {} + | sort)" ]

# As other programs say it
"$data" --operation resize --input_dir photos --output_dir byname --size 64 --quiet
"$data" resize photos direct --size 64 --quiet
check 'as process.py says it' diff -r byname direct
"$data" --operation grayscale --input_dir direct --output_dir grey --quiet
"$data" --operation combine --input_dir direct --b_dir grey --output_dir joined --quiet
check 'two folders' [ "$(count joined)" -eq 12 ]

# Label maps to indices and back
printf '0 0 0 sky\n255 255 255 wall\n' >table.txt
"$data" labels a index --table table.txt --quiet 2>err.txt || true
"$data" labels index back --table table.txt --back --quiet
check 'labels: there and back' sh -c "'$metrics' back a --summary --json | grep -q '\"L1\": 0,'"
check 'labels: measured' sh -c "'$metrics' back a --summary --table table.txt | grep -q 'pixel accuracy 1.0000'"
refuses 'labels: an index without colour' 1 'has the index' "$data" labels photos/../grey x --table table.txt --back --quiet
refuses 'labels without a table' 2 'needs --table' "$data" labels a x
refuses 'labels: jpg' 2 'JPEG does not keep' "$data" labels a x --table table.txt --format jpg
refuses 'a table that is none' 1 'line 1: is not RED' "$data" labels a x --table photos/0001.png

# What is wrong with a folder
mkdir -p odd/A odd/B
cp direct/0001.png odd/A/1.png; cp direct/0001.png odd/B/1.png
cp direct/0002.png odd/A/2.png
head -c 100 direct/0003.png >odd/B/3.png
code=0; "$data" check odd >out.txt || code=$?
check 'check: exit code 1' [ $code -eq 1 ]
check 'check: unusable' grep -q 'odd/B/3.png' out.txt
check 'check: alone' grep -q 'A/2.png: has no partner in B' out.txt
check 'check: twice' grep -q 'B/1.png: is the same picture as A/1.png' out.txt
check 'check: JSON' sh -c "'$data' check odd --json | python3 -c 'import json, sys; assert len(json.load(sys.stdin)[\"findings\"]) == 4'"
check 'stats: JSON, and drawn' sh -c "'$data' stats photos --json --svg sizes.svg | python3 -c 'import json, sys; assert json.load(sys.stdin)[\"kinds\"][0][\"count\"] == 12'"
check 'the drawing is XML' python3 -c 'import xml.dom.minidom as x; x.parse("sizes.svg")'

# Nothing is written over; nothing is half done
refuses 'into itself' 2 'overwrite the input' "$data" gray photos photos
refuses 'no folder' 1 'cannot be read' "$data" gray nowhere x
refuses 'no pictures' 1 'has no pictures' "$data" gray checkpoints x --quiet
refuses 'larger than the picture' 1 '12 of 12 pictures cannot be used' "$data" crop photos x --size 1000 --quiet
refuses 'an option of another command' 2 'pad has no meaning for gray' "$data" gray photos x --pad
refuses "a format that is none" 2 "" "$data" gray photos x --format gif
refuses 'a size that is none' 2 'out of range' "$data" resize photos x --size 0
refuses 'no size' 2 'needs --size' "$data" resize photos x
refuses 'too few folders' 2 'needs 2 folders' "$data" gray photos
refuses 'no such command' 2 'is no command' "$data" shrink photos x
refuses 'all split off' 2 'leave none for training' "$data" split photos x --val 0.6 --test 0.5
refuses 'a larger one than allowed' 1 'cannot be used' "$data" gray photos x --max_pixels 100 --quiet
"$data" gray photos dry --dry_run 2>out.txt
check 'dry_run writes nothing' [ ! -e dry ]
check 'dry_run tells' grep -q 'photos/0001.png -> dry/0001.png' out.txt
refuses 'metrics: another size' 1 'its target' "$metrics" direct photos
refuses 'metrics: no partner' 1 'has no partner' "$metrics" maps photos
refuses 'metrics: no results' 1 '_fake_B' "$metrics" photos
refuses 'metrics: nothing named' 2 'name a folder' "$metrics"
if [ -e /dev/full ]; then
    code=0; "$metrics" direct direct >/dev/full 2>err.txt || code=$?
    check 'metrics: a full disk is told' [ $code -eq 1 ]
fi
finish
