#!/bin/sh
# Compilers that make real GPU instructions without a GPU, unpacked into a folder and never installed, so
# that no OpenCL platform is added: clang 19 with libclc (AMD's instructions; NVIDIA's PTX), Intel's ocloc,
# and NVIDIA's ptxas and nvdisasm. Says what cannot be had; about 130 MB are fetched.
#
# Usage: tools.sh FOLDER      then: . FOLDER/env.sh
set -eu
mkdir -p "$1/root" "$1/fetched"
dir=$(cd "$1" && pwd)
[ ! -e "$dir/env.sh" ] || exit 0

debian='clang-19 libclang-cpp19 libllvm19 libclang-common-19-dev llvm-19 libclc-19
    intel-opencl-icd libigc1 libigdfcl1 libigdgmm12 libopencl-clang14 libllvmspirvlib14'
wheels='nvidia-cuda-nvdisasm nvidia-cuda-nvcc'

cd "$dir/fetched"
if ! apt-get download -qq $debian >apt.log 2>&1; then
    tail -n 1 apt.log >&2
    echo "gpulab: AMD's and Intel's compilers cannot be fetched from Debian's packages (apt-get update?)" >&2
    exit 77
fi
for file in *.deb; do dpkg -x "$file" "$dir/root"; done
if python3 -m pip download -q --disable-pip-version-check --no-deps $wheels >pip.log 2>&1; then
    for file in *.whl; do python3 -m zipfile -e "$file" "$dir/wheels"; done
    find "$dir/wheels" -path '*/bin/*' -exec chmod +x {} +
else
    echo "gpulab: NVIDIA's assembler cannot be fetched from PyPI: no sm_ targets" >&2
fi
rm -f -- *.deb *.whl
bin() { dirname "$(find "$dir/wheels" -name "$1" -type f 2>/dev/null | head -n 1)"; }
lib=$dir/root/usr/lib
cat >env.sh <<END
GPULAB_CLC=$lib/clc
LD_LIBRARY_PATH=$lib/x86_64-linux-gnu:$lib/llvm-19/lib:$lib/x86_64-linux-gnu/intel-opencl
PATH=$lib/llvm-19/bin:$dir/root/usr/bin:$(bin ptxas):$(bin nvdisasm):\$PATH
export GPULAB_CLC LD_LIBRARY_PATH PATH
END
mv env.sh "$dir/env.sh"
