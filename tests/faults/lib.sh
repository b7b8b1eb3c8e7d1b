# What the scripts of this folder share: a tiny run, and its files compared with those of a run that
# nothing happened to. Read after ../cli/lib.sh.

# says NAME CODE PATTERN COMMAND...: the exit code, and one line on standard error with the pattern.
says() {
    name=$1 wanted=$2 pattern=$3
    shift 3
    code=0
    ("$@") >out.txt 2>err.txt || code=$?
    if [ $code -eq "$wanted" ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then
        ok "$name: $(cut -c 1-160 err.txt)"
    else
        bad "$name: exit $code, wanted $wanted with /$pattern/: $(head -n 3 err.txt)"
    fi
}

# tiny NAME OPTIONS...: eight epochs of five steps with a save each, so that many faults hit one. extra:
# further options of all runs.
extra=
tiny() {
    name=$1
    shift
    exec "$tools/p2p-train" --device cpu --quiet --dataroot data --name "$name" --netG unet_256 \
        --num_downs 5 --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --print_freq 1 \
        --save_latest_freq 1 --save_epoch_freq 1 --n_epochs 8 --n_epochs_decay 0 $extra "$@"
}

# How to go on with a run, which may not have come to its first checkpoint, or be complete.
go_on() {
    if [ -e "checkpoints/$1/latest.safetensors" ] || [ -e "checkpoints/$1/previous.safetensors" ]; then
        (tiny "$1" --continue_train 2>"$1.txt") || grep -q 'the run is complete' "$1.txt"
    else
        (tiny "$1" 2>"$1.txt")
    fi
}

# The first steps' losses of a run are those of another but for rounding.
like() {
    cut -d, -f3-6 checkpoints/"$1"/loss_log.jsonl | head -n 2 | tr -c '0-9.\n' ' ' >one
    cut -d, -f3-6 checkpoints/"$2"/loss_log.jsonl | head -n 2 | tr -c '0-9.\n' ' ' >two
    [ -s one ] && paste -d' ' one two | awk '{ for (i = 1; i <= NF / 2; i++) {
        d = $i - $(i + NF / 2); if (d * d > 1e-8 * $i * $i) bad = 1 } } END { exit bad }'
}

log() { sed 's/,"seconds_per_step.*//' "checkpoints/$1/loss_log.jsonl"; }
same_file() { cmp -s "checkpoints/$1/$3.safetensors" "checkpoints/$2/$3.safetensors"; }

# The same checkpoints and log as those of the run `whole`, and nothing left over.
same_as_whole() {
    for file in checkpoints/whole/*.safetensors; do
        file=$(basename "$file" .safetensors)
        same_file whole "$1" "$file" || { echo "$1: $file.safetensors differs"; return 1; }
    done
    [ "$(ls checkpoints/whole)" = "$(ls "checkpoints/$1")" ] || { echo "$1: other files"; return 1; }
    [ "$(log whole)" = "$(log "$1")" ] || { echo "$1: another log"; return 1; }
    ! find "checkpoints/$1" -name '*.tmp*' | grep . || return 1
}

# A whole checkpoint, or none at all where the first was not complete.
has_whole() {
    [ -e "checkpoints/$1/latest.safetensors" ] || return 0
    "$tools/p2p-info" "checkpoints/$1/latest.safetensors" >info.txt && ! grep '^warning' info.txt
}

now() { date +%s.%N; }
# Random numbers below LIMIT, one a line.
draw() { awk -v seed="$1" -v count="$2" -v limit="$3" 'BEGIN { srand(seed)
    for (i = 0; i < count; i++) printf "%.3f\n", rand() * limit }'; }
