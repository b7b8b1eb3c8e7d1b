#!/bin/sh
# ThreadSanitizer, in ./build-tsan: the loader's threads, checking pictures and uploading weights in
# threads, the saver beside the steps, two translators in two threads, two on one device, and folders
# whose pictures are read, translated and written side by side, and clients of p2p-serve.
#
# Drivers are not instrumented: what only they and the kernels do is not seen. There are no
# suppressions.
set -eu
cd "$(dirname "$0")/../.."
# Before gcc 14 the runtime needs the old layout of addresses where the kernel randomizes more bits.
run=
! setarch -R true 2>/dev/null || run='setarch -R'
[ -f build-tsan/build.ninja ] || meson setup build-tsan -Dclblast=disabled \
    -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false >/dev/null
ninja -C build-tsan --quiet tools/p2p-data tools/p2p-train tools/p2p-export tests/unit/test_loader \
    tests/unit/test_dataset tests/unit/test_parallel tests/cli/translators tests/cli/sharing \
    tests/cli/stream tools/p2p-translate tools/p2p-serve
export TSAN_OPTIONS='exitcode=66 second_deadlock_stack=1'
export OCL_ICD_VENDORS=pocl.icd
tools=$PWD/build-tsan/tools
if ! $run "$tools/p2p-data" --version >/dev/null 2>&1; then
    echo 'tsan.sh: skipped: ThreadSanitizer cannot start here (vm.mmap_rnd_bits above 28?)'
    exit 77
fi
$run build-tsan/tests/unit/test_loader
$run build-tsan/tests/unit/test_dataset
$run build-tsan/tests/unit/test_parallel
$run sh tests/cli/translators.sh "$tools" "$PWD/build-tsan/tests/cli/translators"
$run sh tests/cli/sharing.sh "$tools" "$PWD/build-tsan/tests/cli/sharing"
$run sh tests/cli/folders.sh "$tools" "$PWD/build-tsan/tests/cli/stream"
$run sh tests/cli/serve.sh "$tools"

# Steps, a save beside each of them, and pictures loaded ahead.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$tools/p2p-data" demo data --count 6 --size 64 --quiet
$run "$tools/p2p-train" --device cpu --quiet --dataroot data --name run --netG unet_256 --num_downs 5 \
    --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --print_freq 1 --save_latest_freq 1 \
    --save_epoch_freq 1 --num_threads 3 --max_steps 20
echo 'ok      saving beside the steps'
