#!/bin/sh
# What happens to ranks: each time the job ends soon, with one message of ours that names rank and host, or
# mpirun's, and the last checkpoint is whole. `kill -9` of a random rank COUNT times: the run goes on to the
# bits of one that nothing happened to. Usage: trouble.sh FOLDER_OF_PROGRAMS [COUNT] [SEED]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/../faults/lib.sh"
. "$here/lib.sh"
count=${2:-3}
seed=${3:-$(date +%s)}
size=3
host=$(uname -n)
echo "seed $seed"

"$tools/p2p-data" demo data --count 6 --size 72 --quiet
extra='--netG unet_256 --num_downs 5 --load_size 36 --crop_size 32 --batch_size 3 --save_latest_freq 1
    --save_epoch_freq 1 --n_epochs 8 --num_threads 1'
quick() { run=$1; shift; small $size "$run" $extra "$@"; }

# ---- Processes ----------------------------------------------------------------------------------
# start NAME OPTIONS...: a long run on all ranks in the background; $job is its mpirun, errors in NAME.err
start() {
    run=$1
    shift
    rm -f "$run.err"
    mpirun --quiet -n $size "$tools/p2p-train" --device cpu --quiet --dataroot data --name "$run" --netG unet_256 \
        --num_downs 5 --ngf 8 --ndf 8 --load_size 36 --crop_size 32 --norm instance --batch_size 3 --no_html \
        --display_freq 0 --n_epochs 100000 --n_epochs_decay 0 --num_threads 1 "$@" 2>"$run.err" &
    job=$!
}
# rank_pid RANK: the process of the job's rank, once it is there
rank_pid() {
    for try in $(seq 100); do
        for file in /proc/[0-9]*/stat; do
            pid=$(awk -v job="$job" '$4 == job { print $1 }' "$file" 2>/dev/null) || continue
            [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null |
                grep -qx "OMPI_COMM_WORLD_RANK=$1" && { echo "$pid"; return; }
        done
        sleep 0.1
    done
    return 1
}
await_file() { for try in $(seq 600); do [ ! -e "$1" ] || return 0; sleep 0.05; done; return 1; }
# ended NAME CODE SECONDS PATTERN: the job has ended with that code, within seconds of $begin, and said one
# line, with the pattern.
ended() {
    code=0
    wait $job || code=$?
    seconds=$(echo "$begin $(now)" | awk '{ print int($2 - $1 + 1) }')
    lines=$(grep -c . "$1.err" || true)
    if [ $code -eq "$2" ] && [ "$seconds" -le "$3" ] && [ "$lines" -eq 1 ] && grep -q -- "$4" "$1.err"; then
        return 0
    fi
    echo "exit $code, wanted $2; $seconds s, wanted $3; $lines lines, wanted one with /$4/: $(head -n 4 "$1.err")"
    return 1
}

# ---- A rank that hangs --------------------------------------------------------------------------
# While the first rank is busy with files others wait ten times as long: saves and ends of epochs are far between.
"$tools/p2p-data" demo many --count 600 --size 40 --quiet
for rank in 0 1; do
    start "hung$rank" --dataroot many --device_timeout 4 --save_latest_freq 100 --save_epoch_freq 1000
    await_file "checkpoints/hung$rank/latest.safetensors"
    sleep 0.5
    begin=$(now)
    kill -STOP "$(rank_pid $rank)"
    check "rank $rank hangs" ended "hung$rank" 4 7 "rank $rank on $host did not answer for 4 s"
    check 'and its checkpoint is whole' has_whole "hung$rank"
done
# Epochs of two steps, and validation of so many pictures for nearly all of the time.
mkdir thousands
for copy in 1 2 3; do
    for file in many/train/*; do ln "$file" "thousands/$copy$(basename "$file")"; done
done
for rank in 0 2; do
    start "validating$rank" --dataroot data --val_dir thousands --device_timeout 4
    pid=$(rank_pid $rank)
    await_file "checkpoints/validating$rank/best.safetensors"
    sleep 0.2
    begin=$(now)
    kill -STOP "$pid"
    check "rank $rank hangs while all validate" ended "validating$rank" 4 7 "rank $rank on $host did not answer for 4 s"
done

# ---- A full disk --------------------------------------------------------------------------------
# A limit of the file size, which MPI's own shared files keep to; networks are larger.
code=0
(ulimit -f 16384; small $size full $extra --ngf 24 2>full.err) || code=$?
check "a full disk: $(head -n 1 full.err)" [ "$code $(grep -c 'rank 0 on' full.err)" = '1 1' ]

# ---- Stopping -----------------------------------------------------------------------------------
start stopped --save_latest_freq 1000000 --save_epoch_freq 1000000 --print_freq 10
pid=$(rank_pid 2)
await_file checkpoints/stopped/loss_log.jsonl
begin=$(now)
kill -TERM "$pid"
check 'SIGTERM to one rank stops all of them' ended stopped 143 10 'stopped after step'
check 'and saves' has_whole stopped

# ---- Other data, other mistakes -----------------------------------------------------------------
mkdir -p other
cp -r data other/data
echo more >>"$(find other/data/train -name '*.png' | sort | head -n 1)"
both() { # the second rank has other pictures under the same name
    ranks 2 sh -c '[ "$OMPI_COMM_WORLD_RANK" = 0 ] || cd other; exec "$@"' sh "$tools/p2p-train" --device cpu \
        --quiet --dataroot data --netG unet_256 --num_downs 5 --ngf 4 --ndf 4 --load_size 36 --crop_size 32 \
        --batch_size 2 --max_steps 1 "$@"
}
says 'other pictures on a rank' 2 'rank 1) than on' both --name differ
says 'a batch that is too small' 2 'has no picture for rank' both --name few --batch_size 1
says 'shares of three' 2 "has more than a number" both --name three --batch_size 3 --shares 1,1,1
says 'a run that is there' 1 '--continue_train' both --name stopped

# ---- kill -9 ------------------------------------------------------------------------------------
# by_pid NAME COMMAND...: a rank that leaves its process's number in NAME.RANK.pid
cat >by_pid <<'END'
#!/bin/sh
echo $$ >"$1.$OMPI_COMM_WORLD_RANK.pid"
shift
exec "$@"
END
chmod +x by_pid
# victim NAME: the run `whole` under that name, in the background, of which one rank will be killed
most=60 # seconds
victim() {
    timeout -k 5 $most mpirun --quiet -n $size ./by_pid "$1" "$tools/p2p-train" --device cpu --quiet --dataroot data \
        --name "$1" --netG unet_256 --num_downs 6 --ngf 8 --ndf 8 --norm instance --print_freq 1 --no_html \
        --display_freq 0 --n_epochs_decay 0 --adam_eps 1e-2 --lr 0.02 $extra 2>"$1.err" &
    job=$!
}
# goes_on NAME: behind its end there is a whole checkpoint or none, from which it comes to the bits of `whole`.
goes_on() {
    has_whole "$1" || return 1
    if [ -e "checkpoints/$1/latest.safetensors" ] || [ -e "checkpoints/$1/previous.safetensors" ]; then
        quick "$1" --continue_train 2>"$1.txt" || grep -q 'the run is complete' "$1.txt" || return 1
    else
        quick "$1" 2>"$1.txt" || return 1
    fi
    same_as_whole "$1"
}

begin=$(now)
quick whole
seconds=$(echo "$begin $(now)" | awk '{ print $2 - $1 }')
killed=0
tries=0
for moment in $(draw "$seed" $((4 * count)) "$seconds"); do
    [ $killed -lt "$count" ] || break
    tries=$((tries + 1))
    name=killed$tries
    rank=$(((seed + tries) % size))
    victim $name
    sleep "$moment"
    begin=$(now)
    kill -9 "$(cat $name.$rank.pid 2>/dev/null)" 2>/dev/null || true
    code=0
    wait $job || code=$?
    took=$(echo "$begin $(now)" | awk '{ printf "%.1f", $2 - $1 }')
    [ $code -ne 137 ] || killed=$((killed + 1))
    case "$code" in
    # Open MPI 4.1 with PMIx 4.2: a rank that dies while ranks still report to mpirun can leave it waiting for a lock
    # of its own, its ranks gone.
    137) if [ "${took%.*}" -lt $most ]; then ended="ended in $took s"
         elif grep -q PMIX $name.err; then ended='mpirun hung, and was killed'
         else ended= && bad "rank $rank killed after $moment s: the job went on for $took s"; fi
         what="$killed of $count: rank $rank killed after $moment of $seconds s, $ended" ;;
    0) what="rank $rank was to be killed after $moment s, before it began or when it was done" ;;
    *) what= && bad "rank $rank killed after $moment of $seconds s: exit $code: $(head -n 3 $name.err)" ;;
    esac
    [ -z "$what" ] || check "$what; went on" goes_on $name
    rm -rf checkpoints/$name $name.*
done
check "$killed of $count runs were killed" [ $killed -eq "$count" ]
finish
