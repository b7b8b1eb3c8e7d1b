#!/bin/sh
# A laboratory without a GPU: a training step and a translation are recorded on a device that says it is
# a GPU, and each program that they build goes through the compilers of AMD, NVIDIA and Intel. Fails on
# what tests/gpulab/lab.py finds wrong. The compilers are fetched into build/gpulab where that can be done;
# without any it is skipped (77).
#
# Usage: gpulab.sh [--target NAME,...] [--variant conv2d=tile] [--kernel PART]      (--help says more)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${P2P_BUILD:-$here/../build}
[ -e "$build/tests/gpulab/recorder.so" ] || { echo 'gpulab: build first: ninja -C build' >&2; exit 2; }
command -v python3 >/dev/null || { echo 'gpulab: python3 is missing' >&2; exit 77; }
tools=$build/gpulab/tools
case " $* " in
*' --launches '* | *' --help '*) ;;
*)
    sh "$here/gpulab/tools.sh" "$tools" || exit $?
    . "$tools/env.sh"
    ;;
esac
exec python3 -B "$here/gpulab/lab.py" --bench "$build/tools/p2p-bench" --recorder "$build/tests/gpulab/recorder.so" \
    --folder "$build/gpulab" "$@"
