#!/bin/sh
# A first start with an empty cache, its kernels compiled by other processes: also where these are
# missing, die, lie or hang. Usage: compile.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
unset XDG_CACHE_HOME P2P_COMPILE P2P_CL_DIR P2P_DEVICE

"$tools/p2p-data" demo data --count 2 --size 32 --quiet
(tiny run --max_steps 1)
picture="data/test/$(ls data/test | head -n 1)"
# cold NAME OPTIONS...: a picture translated with an empty cache; err.txt has what was said
cold() {
    rm -rf cache && mkdir cache
    warm "$@"
}
warm() {
    name=$1
    shift
    POCL_CACHE_DIR="$work/cache" "$tools/p2p-translate" --device cpu "$@" \
        -m checkpoints/run/latest.safetensors "$picture" -o "$name.png" 2>err.txt
}
same() { cmp -s here.png "$1.png"; }

P2P_COMPILE='' cold here
check 'without helpers nothing is said' [ ! -s err.txt ]
cold helped --verbose
check 'kernels are counted' grep -q '^compiling [0-9]* kernels, once' err.txt
check 'helpers compile all of them' awk '/kernels compiled by/ { n = $1 == $3 && $1 > 5 } END { exit !n }' err.txt
check 'the picture is the same' same helped
find cache -name '*.so' | sort >before.txt
warm again
check 'nothing is said of a warm cache' [ ! -s err.txt ]
find cache -name '*.so' | sort >after.txt
check 'nothing else is compiled when it runs' cmp -s before.txt after.txt
cold quiet --quiet
check 'nothing is said with --quiet' [ ! -s err.txt ]

# broken NAME SCRIPT: helpers that are another program
broken() {
    printf '#!/bin/sh\n%s\n' "$2" >"$1.sh"
    chmod +x "$1.sh"
    code=0
    P2P_COMPILE="$work/$1.sh" cold "$1" || code=$?
    check "helpers: $1" eval "[ $code -eq 0 ] && same $1"
}
P2P_COMPILE=/nowhere cold missing
check 'helpers: missing' same missing
broken 'dying' 'exit 1'
broken 'killed' 'kill -9 $$'
broken 'dying_later' 'read line; read line; printf .'
broken 'deaf' 'exec <&-; sleep 1'
broken 'lying' 'yes . | tr -d "\n" >&0'
broken 'hanging' 'exec sleep 97.3'
check 'none of them is left' eval '! pgrep -f "^/bin/sh $work/" && ! pgrep -x -f "sleep 97.3"'

# The one that started them is killed
ln -s "$tools/p2p-compile" helper
rm -rf cache && mkdir cache
P2P_COMPILE="$work/helper" POCL_CACHE_DIR="$work/cache" "$tools/p2p-translate" --device cpu \
    -m checkpoints/run/latest.safetensors "$picture" -o killed.png 2>/dev/null &
starter=$!
for i in $(seq 100); do
    pgrep -f "^$work/helper" >/dev/null && break
    sleep 0.1
done
check 'helpers run' pgrep -f "^$work/helper"
kill -9 $starter
for i in $(seq 300); do
    pgrep -f "^$work/helper" >/dev/null || break
    sleep 0.1
done
check 'helpers go when their starter has gone' eval '! pgrep -f "^$work/helper"'
warm after
check 'what they left is no harm' same after
finish
