#!/bin/sh
# A full disk at random moments of a small run: it ends with one message and the checkpoint before;
# with room again it goes on, and ends with the files of a run that nothing happened to. As root a
# small tmpfs is filled; else a limit of the file size stands for it.
# Usage: full_disk.sh FOLDER_OF_PROGRAMS [COUNT] [SEED]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
count=${2:-5}
seed=${3:-$(date +%s)}
echo "seed $seed"

"$tools/p2p-data" demo data --count 5 --size 32 --quiet
begin=$(now)
(tiny whole)
seconds=$(echo "$begin $(now)" | awk '{ print $2 - $1 }')
bytes=$(wc -c <checkpoints/whole/latest.safetensors)

mkdir -p disk
if mount -t tmpfs -o size=$((24 * bytes)) tmpfs disk 2>/dev/null; then
    trap 'cd /; umount "$work/disk"; rm -rf "$work"' EXIT
    mv data checkpoints disk
    cd disk
    echo "a tmpfs of $((24 * bytes)) bytes"
else
    echo 'a limit of the file size'
fi

# Fill what is left of the disk, but for $2 bytes, $1 seconds after the start of run $3.
filled() {
    (tiny "$3" 2>"$work/$3.full.txt") &
    pid=$!
    sleep "$1"
    head -c "$((48 * bytes))" /dev/zero >filler 2>/dev/null || true
    [ "$2" -eq 0 ] || truncate -s "-$2" filler
    code=0
    wait $pid || code=$?
    rm filler
}

# The same without a tmpfs: after some steps no file may be longer than $2 bytes.
limited() {
    (tiny "$3" --max_steps "$(echo "$1 $seconds" | awk '{ print 1 + int(38 * $1 / $2) }')")
    code=0
    (ulimit -f "$(($2 / 512))" && tiny "$3" --continue_train 2>"$work/$3.full.txt") || code=$?
}

full=0
one() {
    if [ "$(basename "$PWD")" = disk ]; then filled "$1" "$2" "$3"; else limited "$1" "$2" "$3"; fi
    if [ $code -ne 0 ]; then
        full=$((full + 1))
        [ $code -eq 1 ] && [ "$(wc -l <"$work/$3.full.txt")" -eq 1 ] ||
            { echo "exit $code:"; cat "$work/$3.full.txt"; return 1; }
    fi
    has_whole "$3" && go_on "$3" && same_as_whole "$3"
}

for moment in $(draw "$seed" $((4 * count)) "$seconds"); do
    [ $full -lt "$count" ] || break
    n=$((passed + failed))
    left=$(echo "$moment $bytes" | awk '{ printf "%d", $1 * 997 % 1 * $2 }')
    if one "$moment" "$left" "run$n"; then
        passed=$((passed + 1))
        sed "s/^/    /" "$work/run$n.full.txt"
    else
        bad "full after $moment of $seconds s but for $left bytes"
    fi
    rm -rf "checkpoints/run$n"
done
check "$full of $count runs met a full disk" [ $full -eq "$count" ]
finish
