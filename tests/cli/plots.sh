#!/bin/sh
# Drawings of networks and logs: well-formed, whatever they are called, and whole or not at all.
# Usage: plots.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"
info="$tools/p2p-info"
# drawn FILE TEXT...: it is XML, loads nothing, and its texts are there.
drawn() { python3 - "$@" <<'END'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
texts = "\n".join("".join(e.itertext()) for e in root.iter())
assert root.tag.endswith("svg") and not [e for e in root.iter() if e.tag.endswith(("script", "image"))]
assert "nan" not in open(sys.argv[1]).read(), "NaN"
for text in sys.argv[2:]:
    assert text in texts, text
END
}
refused() { name=$1 text=$2; shift 2; code=0; "$@" >out.txt 2>err.txt || code=$?
    check "$name" [ "$code $(grep -c -- "$text" err.txt) $(wc -l <err.txt)" = '1 1 1' ]; }

"$tools/p2p-data" demo data --count 3 --size 64 --quiet
train run --n_epochs 2 --n_epochs_decay 0 --val_split 0.4
cp -r checkpoints/run 'a<b>&"c'
"$info" --plot net.svg checkpoints/run/latest.safetensors
check 'the networks of a run' drawn net.svg 'G: unet_128' 'D: basic' 'transposed 4 x 4, stride 2, tanh' '3 x 128 x 128'
"$info" --plot net.svg 'a<b>&"c/latest.safetensors'
check 'whatever it is called' drawn net.svg 'a<b>&"c'
"$info" --plot loss.svg 'a<b>&"c'
check 'its losses' drawn loss.svg 'a<b>&"c' G_L1 D_fake lr val_SSIM
echo '{"step": 3, "<script>": 5, "G_L1": -1e308}
{"G_L1": 1e308, "step": 4}
junk' >>'a<b>&"c/loss_log.jsonl'
"$info" --plot loss.svg 'a<b>&"c'
check 'of a damaged log, too' drawn loss.svg '<script>' G_L1
before=$(cksum <loss.svg)
mkdir empty
refused 'a folder without a log' 'no line of a run' "$info" --plot loss.svg empty
refused 'a file that is no model' 'readme' "$info" --plot loss.svg readme
check 'what was there stays' [ "$(cksum <loss.svg)" = "$before" ]
refused 'a place that is none' 'cannot be' "$info" --plot none/loss.svg checkpoints/run
"$info" --receptive_field checkpoints/run >fields.txt
check 'receptive fields' grep -qx 'D: basic, 70 x 70 pixels' fields.txt
finish
