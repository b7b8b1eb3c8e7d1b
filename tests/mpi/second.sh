#!/bin/sh
# PoCL and Mesa's rusticl in one job: they train as one of them does. Usage: second.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
export RUSTICL_ENABLE=llvmpipe

"$tools/p2p-data" demo data --count 4 --size 72 --quiet
# Weights lie alike where a CPU's vectors are half a GPU's blocks.
width='--vector_width 8'
small 1 one --max_steps 3 $width
small 2 both --max_steps 3 $width --device portable,rusticl
check 'PoCL and rusticl in one job' alike one both 3
finish
