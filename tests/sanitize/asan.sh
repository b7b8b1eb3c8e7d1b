#!/bin/sh
# AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer over the ordinary suites, in
# ./build-asan. Left out: tests that measure time or kill at random moments, those that run other
# programs with our library, and golden runs that add nothing but time.
#
# PoCL alone is used: Mesa's drivers leak at start from libraries that are unloaded by the end, which
# no suppression can name. There are no suppressions.
#
# Usage: asan.sh [MESON-TEST-ARGUMENTS]
set -eu
cd "$(dirname "$0")/../.."
[ -f build-asan/build.ninja ] || meson setup build-asan -Dclblast=disabled \
    -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
ninja -C build-asan --quiet
export ASAN_OPTIONS=exitcode=66:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=exitcode=66:halt_on_error=1:print_stacktrace=1
export OCL_ICD_VENDORS=pocl.icd
export P2P_TEST_SANITIZED=address,undefined # no limit of address space; what else is compiled
run() { meson test -C build-asan --no-rebuild --print-errorlogs --num-processes 1 -t 6 "$@"; }
if [ $# -gt 0 ]; then
    run "$@"
else
    run --suite unit --suite fuzz --suite cli
    run 'clcheck of the day' 'golden ops' 'golden nets' 'golden trajectories' samples trouble
fi
