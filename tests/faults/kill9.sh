#!/bin/sh
# `kill -9` at random moments of a small run: each time it goes on, and ends with the files of a run
# that nothing happened to. Usage: kill9.sh FOLDER_OF_PROGRAMS [COUNT] [SEED]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
count=${2:-10}
seed=${3:-$(date +%s)}
echo "seed $seed"

"$tools/p2p-data" demo data --count 5 --size 32 --quiet
begin=$(now)
(tiny whole)
seconds=$(echo "$begin $(now)" | awk '{ print $2 - $1 }')

killed=0
saving=0
early=0
# Kill the run $1 after $2 seconds; fails where it had ended by then.
kill_after() {
    (tiny "$1" 2>/dev/null) 2>/dev/null &
    pid=$!
    sleep "$2"
    kill -9 $pid 2>/dev/null || true
    code=0
    wait $pid || code=$?
    [ $code -eq 137 ] || return 1
    killed=$((killed + 1))
    [ -z "$(find "checkpoints/$1" -name '*.tmp*' 2>/dev/null)" ] || saving=$((saving + 1))
    [ -e "checkpoints/$1/latest.safetensors" ] || early=$((early + 1))
}

one() {
    kill_after "$1" "$2" || true
    has_whole "$1" && go_on "$1" && same_as_whole "$1"
}

for moment in $(draw "$seed" $((4 * count)) "$seconds"); do
    [ $killed -lt "$count" ] || break
    n=$((passed + failed))
    if one "run$n" "$moment"; then passed=$((passed + 1))
    else bad "killed after $moment of $seconds s"; fi
    rm -rf "checkpoints/run$n"
done
echo "$saving of them while a file was written, $early before the first checkpoint"
check "$killed of $count runs were killed" [ $killed -eq "$count" ]
finish
