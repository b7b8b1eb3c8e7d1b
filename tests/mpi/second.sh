#!/bin/sh
# PoCL and Mesa's rusticl in one job: they train as PoCL alone does. Usage: second.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
export RUSTICL_ENABLE=llvmpipe P2P_COMPILE=

"$tools/p2p-data" demo data --count 4 --size 36 --quiet
# Weights lie alike where a CPU's vectors are half a GPU's blocks; few plain kernels compile soon.
few='--num_downs 5 --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --batch_size 2 --max_steps 2
    --vector_width 8 --variant conv2d=naive'
small 1 one $few
small 2 both $few --device portable,rusticl
check 'PoCL and rusticl in one job' alike one both 2
finish
