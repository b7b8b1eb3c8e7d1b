#!/bin/sh
# Event files that we write are read by TensorBoard's own loader, which comes from PyPI into a virtual environment
# that only this test uses. Exit code 77: not run, since it cannot be had.
# Usage: events.sh FOLDER_OF_PROGRAMS THIS_FOLDER VIRTUAL_ENVIRONMENT
. "$2/../cli/lib.sh"
here=$2 venv=$3
if [ ! -f "$venv/complete" ]; then
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q tensorboard; } >pip.txt 2>&1; then
        echo "not run: the Python package tensorboard cannot be had: $(tail -n 1 pip.txt)"
        exit 77
    fi
    touch "$venv/complete"
fi
read_by_tensorboard() { "$venv/bin/python" "$here/check_events.py" "$@"; }

"$tools/p2p-data" demo data --count 5 --size 64 --quiet
train run --n_epochs 2 --n_epochs_decay 0 --val_split 0.2 --display_freq 3 --tensorboard
check 'scalars, pictures and options' read_by_tensorboard checkpoints/run 1
"$tools/p2p-train" --device cpu --quiet --name run --continue_train --n_epochs 3 --max_steps 10
check 'of a run that goes on' read_by_tensorboard checkpoints/run 2
# From an earlier checkpoint: what was told of later steps is void.
train again --n_epochs 3 --n_epochs_decay 0 --save_epoch_freq 1 --display_freq 3 --tensorboard
sleep 1
"$tools/p2p-train" --device cpu --quiet --name again --continue_train --epoch 1 --max_steps 7
check 'of a run that goes back' read_by_tensorboard checkpoints/again 2
train none --max_steps 1
check 'none where they are not wanted' [ ! -e checkpoints/none/tensorboard ]
"$venv/bin/python" - checkpoints/run/tensorboard/* <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[1], "wb").write(data)
END
read_by_tensorboard checkpoints/run 2 >changed.txt 2>&1 || true
tail -1 changed.txt
check 'a changed bit is noticed' grep -qi 'crc\|DataLoss' changed.txt
finish
