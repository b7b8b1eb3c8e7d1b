#!/bin/sh
# AddressSanitizer and UndefinedBehaviorSanitizer on both ranks of a short run, in ./build-asan. Leaks are not looked
# for: Open MPI leaves memory behind.
set -eu
cd "$(dirname "$0")/../.."
source=$PWD
[ -f build-asan/build.ninja ] || meson setup build-asan -Dclblast=disabled \
    -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
ninja -C build-asan --quiet tools/p2p-train tools/p2p-test tools/p2p-data tools/mpi-module.so tests/unit/test_comm
export ASAN_OPTIONS=exitcode=66:detect_leaks=0:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=exitcode=66:halt_on_error=1:print_stacktrace=1
export OCL_ICD_VENDORS=pocl.icd
build-asan/tests/unit/test_comm
set -- "$source/build-asan/tools"
. tests/cli/lib.sh
. "$source/tests/mpi/lib.sh"
"$tools/p2p-data" demo data --count 12 --size 72 --quiet
check 'two ranks' small 2 two --max_steps 3 --accumulate 2 --val_split 0.25 --shard_adam on --clip_grad 1
check 'two ranks go on' small 2 two --continue_train --max_steps 4 --shard_adam on
check 'four with halves and --sync_norm' small 4 four --max_steps 2 --compress f16 --norm batch --sync_norm \
    --shard_adam off
check 'two with pools' small 2 pools --max_steps 3 --model cycle_gan --dataset_mode aligned --pool_size 5
check 'three test' ranks 3 "$tools/p2p-test" --device cpu --name two --phase train --quiet
finish
