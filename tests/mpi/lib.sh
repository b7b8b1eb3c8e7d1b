# What the scripts of this folder share: ranks on this machine, a small run, losses compared. Read after
# ../cli/lib.sh.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
# One machine needs no ssh, and containers may forbid that processes read each other's memory.
export OMPI_MCA_plm=isolated OMPI_MCA_btl_vader_single_copy_mechanism=none
command -v mpirun >/dev/null || { echo 'mpirun is missing; install the package openmpi-bin'; exit 1; }

# ranks N COMMAND...: in N processes; 1: without mpirun
ranks() {
    ranks_n=$1
    shift
    if [ "$ranks_n" -eq 1 ]; then "$@"; else mpirun --quiet -n "$ranks_n" "$@"; fi
}

# small N NAME OPTIONS...: a run of batches of four, on N ranks. Adam's epsilon is so large that no rounding
# is made a whole step of the learning rate, which is larger in turn.
small() {
    small_n=$1 small_name=$2
    shift 2
    ranks "$small_n" "$tools/p2p-train" --device cpu --quiet --dataroot data --name "$small_name" \
        --netG unet_256 --num_downs 6 --ngf 8 --ndf 8 --load_size 72 --crop_size 64 --norm instance \
        --batch_size 4 --print_freq 1 --no_html --display_freq 0 --n_epochs 6 --n_epochs_decay 0 \
        --adam_eps 1e-2 --lr 0.02 "$@"
}

# The losses of a run's log, one line a step.
losses() { sed 's/,"lr".*//; s/[^0-9.eE+-]/ /g' "checkpoints/$1/loss_log.jsonl"; }

# alike A B STEPS: both have so many steps, with losses that differ by less than LEEWAY (2e-5) of themselves:
# f32 sums in another order differ by 1e-7 in each step; a picture, a mask of dropout or a share that is
# another one by 1e-3 at once. Behind step 3 a gate that rounding flips may part two runs, so that more prove
# nothing.
alike() {
    losses "$1" >"$1.losses" && losses "$2" >"$2.losses"
    [ "$(wc -l <"$1.losses")" -eq "$3" ] && [ "$(wc -l <"$2.losses")" -eq "$3" ] || {
        echo "$1 has $(wc -l <"$1.losses") steps, $2 $(wc -l <"$2.losses"), wanted $3"
        return 1
    }
    paste "$1.losses" "$2.losses" | awk -v most="${LEEWAY:-2e-5}" '
        { for (i = 1; i <= NF / 2; i++) {
            d = $i - $(i + NF / 2); d = d < 0 ? -d : d; s = $i < 0 ? -$i : $i
            if (d > worst * s) worst = d / s
            if (!(d <= most * s)) bad++ } }
        END { printf "losses differ by %.2g at most\n", worst; exit bad > 0 }'
}
differ() { ! alike "$@"; }
# near A B NAME: the sums of all tensors with that in their names differ by less than 1e-4 of themselves
near() {
    for run in "$1" "$2"; do
        "$tools/p2p-info" --tensors "checkpoints/$run/latest.safetensors" | grep "$3" |
            sed 's/.*"sum": *\([^,}]*\).*/\1/' >"$run.sums"
    done
    paste "$1.sums" "$2.sums" | awk '
        { d = $1 - $2; d = d < 0 ? -d : d; s = $1 < 0 ? -$1 : $1; if (!(d <= 1e-4 * s + 1e-5)) bad++ }
        END { exit bad > 0 || !NR }'
}
# The same tensors, whatever the files say of variants.
same_numbers() {
    for run in "$1" "$2"; do
        file=checkpoints/$run/latest.safetensors
        tail -c +$((9 + $(od -An -t u8 -N 8 "$file"))) "$file" >"$run.numbers"
    done
    [ -s "$1.numbers" ] && cmp "$1.numbers" "$2.numbers"
}
same_bits() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
