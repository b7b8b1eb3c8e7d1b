#!/bin/sh
# Every call that can fail fails once: the n-th allocation, OpenCL call, read, write, flush, rename ...
# of each program, for n = 1, 2, ... until one passes untouched. Each time: no crash, no hang, with
# AddressSanitizer no leak; one message and a failure, or the whole work done; files that are whole.
# Needs programs built with -Dfault_injection=true.
# Usage: sweep.sh FOLDER_OF_PROGRAMS [STEP] [KINDS] [CASES]
#   STEP: every so many calls (default 1: all). KINDS, CASES: names, or - for all. FAULTS_LOG: a file
#   that gets a line for each call that failed.
here=$(cd "$(dirname "$0")" && pwd)
keep_log=${FAULTS_LOG:-/dev/null}
. "$here/../cli/lib.sh"
step=${2:-1}
kinds=${3:--}
cases=${4:--}
[ "$kinds" != - ] || kinds='alloc map cl open read stat write flush rename link unlink mkdir thread library'
[ "$cases" != - ] || cases='train again replace test translate folder standard frozen f16 q8 onnx pth pict c
    program own from_pth from_pict info devices demo combine calibrate'
export XDG_CACHE_HOME="$work/cache"
export ASAN_OPTIONS="exitcode=99:log_path=$work/asan:allocator_may_return_null=1"
unset P2P_FAULT
export P2P_FAULT_MARK="$work/mark"

# ---- What is done -----------------------------------------------------------------------------

tiny() {
    "$tools/p2p-train" --device cpu --quiet --dataroot data --name run --netG unet_256 --num_downs 5 \
        --ngf 1 --ndf 1 --netD pixel --load_size 34 --crop_size 32 --print_freq 1 \
        --save_latest_freq 1 --save_epoch_freq 1 --n_epochs 2 --n_epochs_decay 0 --num_threads 2 "$@"
}
model=model.safetensors
sizes='--load_size 32 --crop_size 32'
translate() { "$tools/p2p-translate" --device cpu "$@"; }
export_to() { file=$1; shift; "$tools/p2p-export" --quiet "$model" -o "out/$file" "$@"; }
pict_to() { "$tools/p2p-export" --quiet tensorflow.safetensors -o "out/$1"; }

do_train() { tiny; }
do_again() { tiny --continue_train; }
do_replace() { tiny --overwrite; }
do_test() { "$tools/p2p-test" --device cpu --dataroot data -m $model --results_dir out --name r; }
do_translate() { translate -m $model -o out/x.jpg $sizes data/test/0001.png; }
do_folder() { translate --quiet -m $model -o out/x $sizes jpg/test; }
do_standard() { translate -m $model -o - $sizes - <data/test/0001.png; }
do_frozen() { export_to x.safetensors; }
do_f16() { export_to x.safetensors --dtype f16; }
do_q8() { export_to x.safetensors --dtype q8; }
do_onnx() { export_to x.onnx; }
do_pth() { export_to x.pth; }
do_pict() { pict_to x.pict; }
do_c() { export_to x.c; }
do_program() { export_to x --standalone; }
do_own() { ./own --device cpu -o out/x.png data/test/0001.png; }
do_from_pth() { translate -m $model.pth -o out/x.png $sizes data/test/0001.png; }
do_from_pict() { translate -m $model.pict -o out/x.png $sizes data/test/0001.png; }
do_info() { "$tools/p2p-info" $model $model.pth $model.pict; }
do_devices() { "$tools/p2p-info"; }
do_demo() { "$tools/p2p-data" demo out/d --count 1 --size 32 --quiet; }
do_combine() { "$tools/p2p-data" combine data/train data/train out/c --quiet; }
do_calibrate() { export_to x.safetensors --dtype q8 --calibrate data/val $sizes; }

# What lies there before: of a file that the case replaces, an old one.
prepare() {
    rm -rf out checkpoints
    mkdir out
    case $1 in
    train) ;;
    again|replace) cp -r part checkpoints ;;
    *) for file in wanted/"$1"/out/x*; do [ ! -f "$file" ] || echo old >"out/${file##*/}"; done ;;
    esac
}

# ---- What has come of it ----------------------------------------------------------------------

log() { sed 's/,"seconds_per_step.*//' "$1/loss_log.jsonl"; }
is_run() { [ "$1" = train ] || [ "$1" = again ] || [ "$1" = replace ]; }
# The run that is replaced is whole, under its name or another.
old_is_kept() {
    for folder in checkpoints/run checkpoints/run.old-*; do
        diff -r part/run "$folder" >/dev/null 2>&1 && return
    done
    false
}
# All that was to be done. The pictures' order in lists of metrics and such is part of it.
complete() {
    case $1 in
    train|again|replace)
        [ "$1" != replace ] || old_is_kept || return 1
        for file in latest previous 1 2; do
            cmp -s "whole/run/$file.safetensors" "checkpoints/run/$file.safetensors" || return 1
        done
        [ "$(log whole/run)" = "$(log checkpoints/run)" ] &&
            diff -r whole/run/samples checkpoints/run/samples >/dev/null ;;
    *) diff -r "wanted/$1/out" out >/dev/null && cmp -s "wanted/$1/out.txt" out.txt ;;
    esac
}
# Each file as it was before, or as it was to become.
whole() {
    for file in $(find out checkpoints -type f ! -name '*.tmp*' ! -path '*.old-*' 2>/dev/null); do
        case $file in
        *.safetensors) ! is_run "$1" || {
            cmp -s $file known/1 || cmp -s $file known/2 || cmp -s $file known/3 ||
                cmp -s $file known/4 || return 1
            continue
        } ;;
        checkpoints/*.png) cmp -s "$file" "whole${file#checkpoints}" || return 1; continue ;;
        checkpoints/*) continue ;;
        esac
        cmp -s "$file" "wanted/$1/$file" || [ "$(cat "$file" | tr -d '\0')" = old ] || return 1
    done
    [ "$1" != replace ] || old_is_kept || return 1
    [ "$1" != again ] || [ -e checkpoints/run/latest.safetensors ] ||
        [ -e checkpoints/run/previous.safetensors ]
}
# What the next one makes of it.
goes_on() {
    case $1 in
    train|again)
        if [ -e checkpoints/run/latest.safetensors ] || [ -e checkpoints/run/previous.safetensors ]; then
            tiny --continue_train 2>next.txt || grep -q 'run is complete' next.txt
        else
            tiny 2>next.txt
        fi ;;
    *) "do_$1" >out.txt 2>next.txt ;;
    esac && complete "$1" && [ -z "$(find out checkpoints -name '*.tmp*' 2>/dev/null)" ]
}
# A message is one line, and not the one that says that there is none.
told() { [ "$(wc -l <err.txt)" -eq 1 ] && ! grep -q 'no error$' err.txt; }

# A driver that fails is named, the devices of others are listed.
warned() { [ "$1" = devices ] && told && grep -q '^warning: OpenCL: .* CL_' err.txt; }

judge() {
    case $code in
    99) if grep -q 'LeakSanitizer' "$work"/asan.* && ! grep -q 'ERROR: AddressSanitizer' "$work"/asan.*
        then echo leak; else echo crash; fi
        cat "$work"/asan.* >&3; rm -f "$work"/asan.* ;;
    124|137) echo hang ;;
    12[5-9]|1[3-9]?|2??) echo crash ;;
    0)  if ! complete "$1" && ! warned "$1"; then echo wrong
        elif [ -s err.txt ] && ! told; then echo untold
        else echo anyway; fi ;;
    *)  if ! told; then echo untold
        elif ! whole "$1"; then echo half
        elif ! goes_on "$1"; then echo stuck
        else echo message; fi ;;
    esac
}

# ---- The sweep --------------------------------------------------------------------------------

"$tools/p2p-data" demo data --count 2 --size 32 --quiet
"$tools/p2p-data" demo jpg --count 2 --size 32 --format jpg --quiet
P2P_FAULT=alloc:1 "$tools/p2p-info" >/dev/null 2>&1 || true
[ -e mark ] || { echo 'these programs were built without -Dfault_injection=true'; exit 1; }
mkdir known wanted
for k in 1 2 3 4; do
    rm -rf checkpoints
    tiny --max_steps $k
    cp checkpoints/run/latest.safetensors known/$k
    [ $k -ne 2 ] || cp -r checkpoints part
done
rm -rf checkpoints
tiny
mv checkpoints whole
cp whole/run/latest.safetensors $model
tiny --overwrite --preset tensorflow --norm batch --gan_mode vanilla --max_steps 1
mv checkpoints/run/latest.safetensors tensorflow.safetensors
rm -rf checkpoints
mkdir out
(export_to x.pth && pict_to x.pict && export_to x --standalone)
mv out/x.pth $model.pth
mv out/x.pict $model.pict
mv out/x own
for case in $cases; do
    [ "$case" != train ] && [ "$case" != again ] || continue
    rm -rf out
    mkdir -p out "wanted/$case"
    "do_$case" >"wanted/$case/out.txt"
    mv out "wanted/$case/out"
done

one() { # CASE KIND N
    rm -f mark
    prepare "$1"
    code=0
    (P2P_FAULT="$2:$3"; export P2P_FAULT; limited "$1") >out.txt 2>err.txt || code=$?
    [ -e mark ] || return 1
    verdict=$(judge "$1")
    echo "$2 $verdict $1 $3 $(head -n 1 mark) $code $(head -n 1 err.txt)" >>results.txt
    case $verdict in
    message|anyway) ;;
    *) echo "FAILED  $1 with $2:$3 ($(head -n 1 mark)): $verdict, exit $code: $(head -n 3 err.txt)" >&3 ;;
    esac
}
# Programs of the case get ten times as long as they need under a sanitizer.
limited() {
    "do_$1" &
    pid=$!
    (trap 'kill $! 2>/dev/null; exit' TERM; sleep 60 & wait; kill -9 $pid 2>/dev/null) >/dev/null 2>&1 &
    guard=$!
    result=0
    wait $pid || result=$?
    kill $guard 2>/dev/null
    return $result
}

exec 3>&1
: >results.txt
for case in $cases; do
    for kind in $kinds; do
        n=$((step > 1 ? 1 + ($$ + ${#case}) % step : 1))
        while one "$case" "$kind" $n; do n=$((n + step)); done
    done
done
cat results.txt >"$keep_log"
awk '{ kinds[$1] = 1; n[$1]++; n[$1, $2]++; all["all", $2]++ }
    function row(k, total) {
        printf "%-8s %6d %8d %7d %7d %6d %6d %6d %7d %6d %6d\n", k, total, n[k, "message"],
            n[k, "anyway"], n[k, "crash"], n[k, "leak"], n[k, "hang"], n[k, "half"], n[k, "untold"],
            n[k, "wrong"], n[k, "stuck"]
    }
    END {
        printf "%-8s %6s %8s %7s %7s %6s %6s %6s %7s %6s %6s\n", "kind", "failed", "message",
            "anyway", "crash", "leak", "hang", "half", "untold", "wrong", "stuck"
        for (k in kinds) row(k, n[k])
        for (k in all) { split(k, part, SUBSEP); n[k] = all[k] }
        row("all", NR)
        exit NR == 0 || NR != n["all", "message"] + n["all", "anyway"]
    }' results.txt && echo 'none was done wrong'
