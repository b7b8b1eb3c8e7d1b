#!/bin/sh
# Fuzz every reader for some time under AddressSanitizer and UndefinedBehaviorSanitizer, one after the
# other; what is found stays in ./fuzz-findings/NAME, the grown corpus in ./build-fuzz/corpus/NAME.
#
# Usage: fuzz.sh [SECONDS-EACH] [NAME...]
set -eu
cd "$(dirname "$0")/../.."
. tests/fuzz/seeds.sh
seconds=${1:-600}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- safetensors pth pickle pict t7 tensorflow table model options image tiff webp plain headers run_log

[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true -Dclblast=disabled \
    -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
    -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
failed=0
for name in "$@"; do
    ninja -C build-fuzz --quiet tests/fuzz/fuzz_$name
    mkdir -p build-fuzz/corpus/$name fuzz-findings/$name
    cp $(find tests/fuzz/corpus/$name -type f) $(seeds tests/data $name) build-fuzz/corpus/$name
    UBSAN_OPTIONS=halt_on_error=1 build-fuzz/tests/fuzz/fuzz_$name -max_total_time="$seconds" \
        -rss_limit_mb=2048 -timeout=20 -artifact_prefix=fuzz-findings/$name/ \
        -print_final_stats=1 build-fuzz/corpus/$name >build-fuzz/$name.log 2>&1 || failed=$((failed + 1))
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' build-fuzz/$name.log) executions," \
        "coverage $(grep -o 'cov: [0-9]*' build-fuzz/$name.log | tail -n 1 | cut -c6-)," \
        "$(find fuzz-findings/$name -type f | wc -l) findings"
done
[ $failed -eq 0 ]
