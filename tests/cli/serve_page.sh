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
# Label maps whose samples are the classes.
mkdir -p classes/A/train classes/B/train
python3 - <<'PY'
for n in range(2):
    labels = bytes(min(3, (x // 40 + y // 50 + n) % 4) for y in range(128) for x in range(128))
    open(f'classes/A/train/{n}.pgm', 'wb').write(b'P5 128 128 255\n' + labels)
    open(f'classes/B/train/{n}.pgm', 'wb').write(b'P5 128 128 255\n' + bytes(60 * c for c in labels))
PY
train classes --dataroot classes --labels 4 --output_nc 1 --max_steps 2
start checkpoints/run --dataroot data --phase train
check 'the page of a model with samples' python3 "$here/serve_page.py" "$at/"
check 'stops' stop TERM
start checkpoints/labels
check 'the page of a model of label maps' python3 "$here/serve_page.py" "$at/"
check 'stops' stop TERM
start checkpoints/classes
check 'the page of a model of grey label maps' python3 "$here/serve_page.py" "$at/"
check 'stops' stop TERM
finish
