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
small 2 sliced $few --device portable,rusticl --shard_adam on
check 'with --shard_adam, too' alike one sliced 2
check 'which devices that are not alike do by themselves' same_bits both sliced
# Where buffers are copied to the host.
for how in on off; do small 2 adam_$how $few --device rusticl,rusticl --shard_adam $how; done
check 'and with the same bits on devices that are alike' same_numbers adam_on adam_off
finish
