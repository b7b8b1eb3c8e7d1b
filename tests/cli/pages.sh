#!/bin/sh
# The pages that the programs write, opened by a browser: no error in its console, and what a person does there
# has its effect (tests/cli/pages/*.js). Skipped where there is no Chromium.
# Usage: pages.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo 'SKIPPED: there is no chromium to open the pages with'
    exit 77
}

# opened FOLDER CHECKS [OPTION]
opened() {
    folder=$1 checks=$2
    shift 2
    check "$folder is as pages/$checks.js wants it, without an error in the console" timeout 120 python3 \
        "$here/pages/open.py" "$browser" "file://$work/$folder/index.html" --checks "$here/pages/$checks.js" "$@"
}

"$tools/p2p-data" demo data --count 4 --size 64 --quiet
train 'r<b>un' --n_epochs 3 --n_epochs_decay 0 --val_split 0.5 --display_freq 1 --save_epoch_freq 1
mv 'checkpoints/r<b>un' run
echo '{"step":6,"G_L1":' >>run/loss_log.jsonl
cp run/samples/step_0000001.jpg run/samples/step_0000099.jpg
sed -i 's/"samples":\[/&["step_0000099.jpg",1],["<img src=x onerror=alert(1)>.png",1],/' run/index.js
opened run run
opened run dark --dark

mkdir both
cp -r data/train both/trainA
cp -r data/train both/trainB
train ways --dataroot both --model cycle_gan --n_epochs 1 --n_epochs_decay 0
opened checkpoints/ways ways

# 10,000 results, of whose pictures there are four; names and figures that differ; one equal to its target.
"$tools/p2p-test" --device cpu --quiet --dataroot data --checkpoints_dir . --name run --phase train --display_winsize 100
mv results/run/train_latest results/one
opened results/one results
mkdir results/many
cp -r results/one/images results/one/index.html results/many
awk '/^\["/ { row[count++] = $0; next }
    /^\]/ { for (i = 0; i < 10000; i++) { text = row[i % count]; split(text, part, ", ")
            printf "%s[\"<img src=x onerror=alert(1)> %d\", %s, %d, %s, 0.5, null]\n", i ? "," : "", i,
                part[2], (7 * i) % 10000, i == 77 ? "null" : i % 40 } }
    { print }' results/one/index.js >results/many/index.js
opened results/many many
finish
