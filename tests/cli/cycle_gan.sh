#!/bin/sh
# CycleGAN: pictures that are no pairs, of unequal number and size; stopped, killed and continued;
# tested, translated and exported in both directions; what it refuses.
# Usage: cycle_gan.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/lib.sh"

"$tools/p2p-data" demo 32 --count 5 --size 32 --quiet
"$tools/p2p-data" demo 40 --count 3 --size 40 --seed 1 --quiet
mkdir -p data/trainA data/trainB data/testA data/testB
cp 32/train/* data/trainA
cp 32/test/*1.png data/testA
for file in 40/train/* 40/val/*; do cp "$file" "data/trainB/$(echo "$file" | tr / _)"; done
for file in 40/test/* 40/val/*; do cp "$file" "data/testB/$(echo "$file" | tr / _)"; done

# cycle NAME OPTIONS...
cycle() {
    run=$1
    shift
    $train_by "$tools/p2p-train" --device cpu --quiet --dataroot data --name "$run" --model cycle_gan \
        --netG resnet_6blocks --ngf 4 --ndf 4 --load_size 36 --crop_size 32 --pool_size 3 \
        --print_freq 1 --save_latest_freq 1 "$@"
}
go_on() { "$tools/p2p-train" --device cpu --quiet --name "$1" --continue_train --max_steps 14; }
same() { cmp "checkpoints/$1/latest.safetensors" "checkpoints/$2/latest.safetensors"; }
log() { sed 's/,"seconds_per_step.*//' "checkpoints/$1/loss_log.jsonl"; }
same_log() { [ "$(log "$1")" = "$(log "$2")" ]; }
# refuses NAME PATTERN COMMAND...: one line with the pattern.
refuses() {
    name=$1 pattern=$2
    shift 2
    if "$@" >out.txt 2>err.txt; then bad "$name: was taken"
    elif [ "$(wc -l <err.txt)" -eq 1 ] && grep -q -- "$pattern" err.txt; then ok "$name: $(cut -c 1-100 err.txt)"
    else bad "$name: wanted /$pattern/: $(head -n 3 err.txt)"; fi
}

cycle whole --max_steps 14
check 'the log has the losses of both ways' grep -q \
    '"D_A":.*"G_A":.*"cycle_A":.*"idt_A":.*"D_B":.*"G_B":.*"cycle_B":.*"idt_B":' \
    checkpoints/whole/loss_log.jsonl
cycle halves --max_steps 5 --num_threads 0
go_on halves
check 'stopped when the pools are full and continued: the same bits' same whole halves
cycle early --max_steps 2
go_on early
check 'stopped while they fill: the same bits' same whole early
(train_by=exec; cycle killed --max_steps 14) 2>/dev/null &
pid=$!
while [ "$(log killed 2>/dev/null | wc -l)" -lt 5 ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
[ ! -e checkpoints/killed/latest.safetensors ] || go_on killed 2>killed.txt || cat killed.txt
check 'killed and continued: the same bits' same whole killed
check 'and the same log' same_log whole killed
cycle serial --max_steps 14 --serial_batches
cycle fresh --max_steps 14 --pool_size 0
for run in serial fresh; do
    if same whole $run >/dev/null 2>&1; then bad "$run has an effect"; else ok "$run has an effect"; fi
done
cycle one --max_steps 2 --lambda_identity 0 --batch_size 2 --n_epochs 9
check 'batches of two without identity' [ -e checkpoints/one/latest.safetensors ]

model=checkpoints/whole/latest.safetensors
"$tools/p2p-test" --device cpu --quiet --name whole --num_test 2
r=results/whole/test_latest
for kind in real_A fake_B rec_A real_B fake_A rec_B all; do
    check "p2p-test writes $kind" [ "$(find $r/images -name "*_$kind.png" | wc -l)" -eq 2 ]
done
check 'and shows them' grep -q '"kinds": \["real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B"\]' $r/index.js

in=$(ls data/testA/*)
translate() { "$tools/p2p-translate" --device cpu --quiet "$@"; }
translate -m $model "$in" -o a.png
translate -m $model --direction AtoB "$in" -o ab.png
translate -m $model --direction BtoA "$in" -o ba.png
check 'it translates from A to B' cmp a.png ab.png
if cmp -s a.png ba.png; then bad 'and back by another network'; else ok 'and back by another network'; fi
for net in G_A:a G_B:ba; do
    from=${net%:*}
    for to in frozen.safetensors latest_net_$from.pth; do
        "$tools/p2p-export" --quiet $model --net "$from" -o "$to"
        translate -m "$to" "$in" -o x.png
        check "$from through $to" cmp x.png "${net#*:}.png"
        rm -f frozen.safetensors
    done
    "$tools/p2p-export" --quiet $model --net "$from" -o "$from.onnx"
    "$tools/p2p-export" --quiet $model --net "$from" -o "$from.c"
    "$tools/p2p-export" --quiet $model --net "$from" -o "$from.program" --standalone
    "./$from.program" --device cpu --quiet "$in" -o x.png
    check "$from as a program" cmp x.png "${net#*:}.png"
done
for net in D_A D_B; do "$tools/p2p-export" --quiet $model --net $net -o latest_net_$net.pth; done
"$tools/p2p-export" --quiet $model --net G_B -o back.safetensors
translate -m back.safetensors --direction BtoA "$in" -o x.png
check 'a frozen G_B translates from B to A' cmp x.png ba.png
refuses 'but not from A to B' 'G_B translates BtoA, not --direction AtoB' \
    translate -m back.safetensors --direction AtoB "$in" -o y.png

cycle tuned --max_steps 1 --lr 0 \
    --init_from latest_net_G_A.pth,latest_net_G_B.pth,latest_net_D_A.pth,latest_net_D_B.pth
values() { "$tools/p2p-info" --tensors "checkpoints/$1/latest.safetensors" | grep '"name": *"[GD]_'; }
check 'a run begins with the .pth of all four networks' [ "$(values tuned)" = "$(values whole)" ]

t="$tools/p2p-train --quiet --device cpu --dataroot data"
refuses 'no folders of unpaired pictures' 'has no folders 32/trainA and 32/trainB' \
    "$tools/p2p-train" --quiet --device cpu --dataroot 32 --model cycle_gan
mkdir -p none/trainA none/trainB
cp 32/train/* none/trainA
refuses 'none of B' 'none/trainB: has no pictures' \
    "$tools/p2p-train" --quiet --device cpu --dataroot none --model cycle_gan
refuses 'unequal sizes' 'unpaired pictures take one size' $t --model cycle_gan --preprocess none
refuses 'options of the other model' 'lambda_A is for --model cycle_gan' $t --lambda_A 3
refuses 'options of the other model' 'lambda_L1 is for --model pix2pix' $t --model cycle_gan --lambda_L1 3
refuses 'a pool for pix2pix' 'pool_size is for' $t --pool_size 50
refuses 'unpaired pictures for pix2pix' 'dataset_mode is for' $t --dataset_mode unaligned
refuses 'a pool that is none' 'pool_size takes' $t --model cycle_gan --pool_size -1
refuses 'weights that are none' 'lambda_B takes' $t --model cycle_gan --lambda_B -1
refuses 'an identity that is none' 'lambda_identity takes' $t --model cycle_gan --lambda_identity x
refuses 'a mode that is none' 'dataset_mode takes' $t --model cycle_gan --dataset_mode double
refuses 'identity between unlike channels' 'lambda_identity needs' $t --model cycle_gan --output_nc 1 \
    --crop_size 32 --load_size 36
refuses 'a network that is not there' 'holds network G_A, G_B, D_A, D_B, not G' \
    "$tools/p2p-export" --quiet $model --net G -o x.pth
finish
