#!/bin/sh
# valgrind's memcheck over what reads files of others: the fuzz targets on their seeds and past
# findings, and the unit tests of the formats, in ./build-valgrind. Sees reads of memory that nobody
# wrote, which AddressSanitizer does not.
#
# Usage: valgrind.sh [NAME...] (of a fuzz target or a unit test)
set -eu
cd "$(dirname "$0")/../.."
. tests/fuzz/seeds.sh
targets='safetensors pth pickle pict model options image'
units='show foreign safetensors onnx options half image_file dataset'
command -v valgrind >/dev/null || {
    echo 'valgrind.sh: valgrind is missing; install the package valgrind' >&2
    exit 1
}
[ -f build-valgrind/build.ninja ] || meson setup build-valgrind -Dclblast=disabled \
    -Dbuildtype=debugoptimized >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# check NAME PROGRAM ARGUMENTS...
check() {
    name=$1
    shift
    ninja -C build-valgrind --quiet "${1#build-valgrind/}"
    if valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        "$@" >"$log" 2>&1; then
        echo "ok      $name"
    else
        failed=$((failed + 1))
        echo "FAILED  $name"
        head -n 60 "$log"
    fi
}
wanted() { [ -z "$only" ] || case " $only " in *" $1 "*) ;; *) return 1 ;; esac; }

only="$*"
for name in $targets; do
    ! wanted $name || check "fuzz $name" build-valgrind/tests/fuzz/fuzz_$name \
        $(find tests/fuzz/corpus/$name -type f | sort) $(seeds tests/data $name)
done
for name in $units; do
    ! wanted $name || check "unit $name" build-valgrind/tests/unit/test_$name
done
echo "$failed failed"
[ $failed -eq 0 ]
