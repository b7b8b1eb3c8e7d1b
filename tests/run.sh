#!/bin/sh
# All tests: install what is missing, build, run them on PoCL, the kernels and a
# translation also on Mesa's rusticl.
#
# Usage: tests/run.sh [MESON-TEST-ARGUMENTS]
set -eu
cd "$(dirname "$0")/.."
. tools/without-sysfs.sh

sh tools/install-packages.sh gcc libc6-dev meson ninja-build pkg-config ocl-icd-opencl-dev \
    pocl-opencl-icd libclblast-dev libjpeg-dev libpng-dev libjansson-dev libdeflate-dev \
    libzip-dev nettle-dev libmicrohttpd-dev liblcms2-dev libtiff-dev libwebp-dev libopenmpi-dev openmpi-bin libcmocka-dev mesa-opencl-icd oclgrind clang clang-format curl python3-venv
sh tools/install-packages.sh chromium chromium-driver || echo 'Without chromium: pages are not opened'
[ -f build/build.ninja ] || meson setup build >/dev/null
# Newer compilers may warn of more than the one that we know.
werror=$([ "$(gcc -dumpversion)" = 12 ] && echo true || echo false)
meson configure build -Dtests=true -Dwerror=$werror
echo 'Building'
ninja -C build --quiet
exec meson test -C build --no-rebuild --print-errorlogs "$@"
