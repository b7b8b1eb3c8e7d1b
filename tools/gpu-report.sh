#!/bin/sh
# Everything worth knowing of a device in a few minutes, for a report: facts, peaks, all kernels against their
# references, times of training and translating by pass, PyTorch beside it where python3 has it, a real run.
# Writes FOLDER/report.json and FOLDER/report.html, which may be attached as they are: they name the machine's
# devices and drivers, and nothing of its user.
#
# Usage: tools/gpu-report.sh [MINUTES [DEVICE [FOLDER]]]    (10; the one that p2p-info would use; gpu-report)
set -u
cd "$(dirname "$0")/.."
. tools/without-sysfs.sh
minutes=${1:-10} device=${2:-} folder=${3:-gpu-report}
case $minutes in *[!0-9]* | '' | 0) echo 'gpu-report.sh: MINUTES is a number' >&2; exit 2 ;; esac
start=$(date +%s)
left() { echo $((start + 60 * minutes - $(date +%s))); }

if [ ! -x build/tools/p2p-bench ]; then
    sh tools/install-packages.sh gcc libc6-dev meson ninja-build pkg-config ocl-icd-opencl-dev \
        libclblast-dev libjpeg-dev libpng-dev libjansson-dev libdeflate-dev libzip-dev nettle-dev libcmocka-dev || exit 1
    [ -f build/build.ninja ] || meson setup build >/dev/null || exit 1
    echo 'Building'
    ninja -C build --quiet || exit 1
fi
bin=$PWD/build/tools clcheck=$PWD/build/tests/clcheck/clcheck
mkdir -p "$folder/parts" || exit 1
folder=$(cd "$folder" && pwd)
rm -f "$folder"/parts/*

# A text as a JSON string, or as HTML.
json_text() {
    tr -d '\000-\010\013-\037' | tr '\011' ' ' | sed 's/\\/\\\\/g; s/"/\\"/g' | awk '{ printf "%s\\n", $0 }'
}
html_text() { sed 's/&/\&amp;/g; s/</\&lt;/g'; }

# part NAME SECONDS TITLE COMMAND...: a function of this file, or a command, within its seconds and what is
# left of the time; all that it says is kept.
part() {
    name=$1 most=$2 title=$3
    shift 3
    seconds=$(left)
    [ "$seconds" -le "$most" ] || seconds=$most
    if [ "$seconds" -lt 3 ]; then
        echo "no time left for: $title"
        return
    fi
    printf '%s ... ' "$title"
    began=$(date +%s)
    until=$((began + seconds))
    code=0
    "$@" >"$folder/parts/$name.out" 2>"$folder/parts/$name.err" </dev/null || code=$?
    took=$(($(date +%s) - began))
    printf '%s %s %s %s\n' "$name" "$code" "$took" "$title" >>"$folder/parts/list"
    case $code in
    0) echo "$took s" ;;
    124) echo "stopped after $took s" ;;
    *) echo "failed ($code): $(head -n 1 "$folder/parts/$name.err")" ;;
    esac
}
run() { # COMMAND...: until the part's time is up
    rest=$((until - $(date +%s)))
    [ "$rest" -gt 0 ] || rest=1
    timeout "$rest" "$@"
}
on() { # PROGRAM ARGUMENT...: on the device of the report
    program=$1
    shift
    run "$program" "$@" ${device:+--device "$device"}
}

# What the system's own tools know of it.
machine() {
    uname -srm
    sed -n 's/^PRETTY_NAME=//p' /etc/os-release
    sed -n 's/^model name.*: //p' /proc/cpuinfo | sort | uniq -c
    lspci 2>/dev/null | grep -Ei 'vga|3d|display'
    nvidia-smi 2>/dev/null
    rocminfo 2>/dev/null | grep -E 'Marketing|gfx' | sort -u
    ldconfig -p 2>/dev/null | grep -oE '(libcuda|libnvidia-opencl|libamdocl|libOpenCL)[^ ]*' | sort -u
    git log -1 --format='commit %h of %cs' 2>/dev/null
    true
}
opencl() {
    run "$bin/p2p-info" || return
    if nvidia-smi -L >/dev/null 2>&1 && ! "$bin/p2p-info" | grep -q '^   NVIDIA.*GPU'; then
        echo "There is an NVIDIA GPU with CUDA's driver but not OpenCL's: install nvidia-opencl-icd, or name" \
            'libnvidia-opencl.so.1 in a file in /etc/OpenCL/vendors'
    fi
}
on_nvidia() { "$bin/p2p-info" ${device:+--device "$device"} 2>/dev/null | grep -q '^will be used: NVIDIA'; }
translation() { on "$bin/p2p-bench" translate --json --profile --quiet; }
steps() { on "$bin/p2p-bench" ops --json --quiet --steps 5 "$@"; }
checks() { on stdbuf -oL "$clcheck" --quick --seed 1; }
peers() { # the best of PyTorch's settings in turn with ours, on its GPU
    on "$bin/p2p-bench" compare train --json --quiet --steps 5 --peers eager,channels_last,fused,tf32
}
training() { # losses of a real run
    [ -d "$folder/demo/train" ] || run "$bin/p2p-data" demo "$folder/demo" --count 40 --quiet || return
    rm -rf "$folder/runs"
    on "$bin/p2p-train" --dataroot "$folder/demo" --direction BtoA --checkpoints_dir "$folder/runs" --name report \
        --max_seconds $((seconds * 2 / 3)) --print_freq 10 --n_epochs 1 --n_epochs_decay 0 --quiet || return
    cat "$folder/runs/report/loss_log.jsonl"
    rm -rf "$folder/runs"
}

part machine 20 'the machine' machine
part opencl 60 'OpenCL devices' opencl
part peak 120 'peaks, launches' on "$bin/p2p-bench" peak --json --quiet
part translate 180 'translating, by pass' translation
part train 300 'a training step, by pass' steps
if on_nvidia; then
    part tf32 120 'the same with --precision tf32' steps --precision tf32
    part f16 120 'the same with --precision f16' steps --precision f16
fi
[ ! -x "$clcheck" ] || part clcheck $(($(left) / 2)) 'kernels against their references' checks
if python3 -c 'import torch' 2>/dev/null; then part torch $(($(left) / 2)) 'PyTorch in turn' peers; fi
part run 300 'an epoch' training

# One object: each part with its seconds, status and words; as JSON where that is what it printed.
{
    printf '{"date": "%s", "minutes": %s, "parts": {' "$(date -u +%Y-%m-%dT%H:%MZ)" "$minutes"
    comma=
    while read -r name code took title; do
        out=$folder/parts/$name.out
        printf '%s\n"%s": {"title": "%s", "status": %s, "seconds": %s, "errors": "%s", ' "$comma" "$name" "$title" \
            "$code" "$took" "$(head -n 40 "$folder/parts/$name.err" | json_text)"
        case $(head -c 1 "$out")$code in
        '{0') case $name in
            run) printf '"losses": [%s]}' "$(paste -sd, "$out")" ;;
            *) printf '"numbers": %s}' "$(cat "$out")" ;;
            esac ;;
        *) printf '"text": "%s"}' "$(json_text <"$out")" ;;
        esac
        comma=,
    done <"$folder/parts/list"
    printf '\n}}\n'
} >"$folder/report.json"
{
    echo '<!DOCTYPE html><meta charset="utf-8"><title>pix2pix-cl on this device</title>'
    echo '<style>body{font-family:sans-serif;max-width:75em;margin:1em auto}pre{background:#f4f4f4;padding:.5em;overflow:auto;max-height:40em}</style>'
    echo "<h1>pix2pix-cl, $(date -u +%Y-%m-%d)</h1>"
    while read -r name code took title; do
        echo "<h2>$title</h2><p>$took s, exit status $code</p><pre>"
        cat "$folder/parts/$name.out" "$folder/parts/$name.err" | html_text
        echo '</pre>'
    done <"$folder/parts/list"
} >"$folder/report.html"
rm -rf "$folder/parts" "$folder/demo"
echo "Attach $folder/report.json or report.html"
