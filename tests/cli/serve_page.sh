#!/bin/sh
# The page of p2p-serve in a browser. Skipped where there is no Chromium with its driver.
# Usage: serve_page.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/serve_lib.sh"
command -v chromedriver >/dev/null || {
    echo 'SKIPPED: there is no chromedriver (chromium-driver) to open the page with'
    exit 77
}

"$tools/p2p-data" demo data --count 3 --size 128 --quiet
train run --direction BtoA --max_steps 2
train labels --direction BtoA --labels 12 --max_steps 2
start checkpoints/run --dataroot data --phase train
check 'the page of a model with samples' python3 "$here/serve_page.py" "$at/"
check 'stops' stop TERM
start checkpoints/labels
check 'the page of a model of label maps' python3 "$here/serve_page.py" "$at/"
check 'stops' stop TERM
finish
