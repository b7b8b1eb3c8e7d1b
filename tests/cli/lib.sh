# What the scripts of this folder share: a temporary folder, counting, the programs' names.
set -eu
tools=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
passed=0
failed=0

ok() { passed=$((passed + 1)); echo "ok      $1"; }
bad() { failed=$((failed + 1)); echo "FAILED  $1"; }
check() { name=$1; shift; if "$@"; then ok "$name"; else bad "$name"; fi; }
finish() { echo "$passed passed, $failed failed"; [ "$failed" -eq 0 ]; }

# A small full-path run: train NAME OPTIONS... (train_by=exec: in place of the shell)
train_by=
train() {
    run=$1
    shift
    $train_by "$tools/p2p-train" --device cpu --quiet --dataroot data --name "$run" --netG unet_128 --ngf 4 \
        --ndf 4 --load_size 143 --crop_size 128 --print_freq 1 "$@"
}
