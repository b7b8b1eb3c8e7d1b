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

# opened FOLDER CHECKS: FOLDER/index.html with CHECKS.js in it.
opened() {
    { sed '/<\/body>/d' "$1/index.html"
        echo '<script>'
        cat "$here/pages/check.js" "$here/pages/$2.js"
        echo '</script></body></html>'; } >"$1/checked.html"
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" \
        --window-size=1200,1600 --enable-logging=stderr --virtual-time-budget=20000 --dump-dom \
        "file://$work/$1/checked.html" >dom.txt 2>log.txt || true
    sed -n '/<pre id="checks">/,/end of checks/p' dom.txt | grep '^ok\|^FAILED' >checks.txt || true
    cat checks.txt
    check "$1: all checks were made, and hold" [ "$(grep -c '^end of checks' dom.txt) $(grep -c '^FAILED' checks.txt)" = '1 0' ]
    check "$1: no error in the console" eval '! grep CONSOLE log.txt'
    rm "$1/checked.html"
}

"$tools/p2p-data" demo data --count 4 --size 64 --quiet
train 'r<b>un' --n_epochs 3 --n_epochs_decay 0 --val_split 0.5 --display_freq 1 --save_epoch_freq 1
mv 'checkpoints/r<b>un' run
echo '{"step":6,"G_L1":' >>run/loss_log.jsonl
cp run/samples/step_0000001.jpg run/samples/step_0000099.jpg
sed -i 's/"samples":\[/&["step_0000099.jpg",1],["<img src=x onerror=alert(1)>.png",1],/' run/index.js
opened run run
finish
