#!/bin/sh
# Drivers that fail, or that cannot write where they must: p2p-info says so and what to do, and warns of
# one platform of several. Usage: devices.sh FOLDER_OF_PROGRAMS FAILING_DRIVER
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/lib.sh"
library=$2
info="$tools/p2p-info"
unset XDG_CACHE_HOME POCL_CACHE_DIR P2P_DEVICE
export RUSTICL_ENABLE=llvmpipe # a second platform with a device

failing() { # CALL PLATFORM COMMAND...
    call=$1 platform=$2
    shift 2
    env LD_PRELOAD="$library" FAIL_CALL="$call" ${platform:+"FAIL_PLATFORM=$platform"} "$@"
}
one_device() { [ "$(grep -c '^[0-9]' out.txt)" -eq 1 ] && grep -q '^will be used' out.txt; }
all=$("$info" | grep -c '^[0-9]')
check 'there are two devices' [ "$all" -eq 2 ]

says 'no list of platforms' 3 'no OpenCL device was found: .*CL_OUT_OF_HOST_MEMORY' \
    failing clGetPlatformIDs '' "$info"
says 'no list of devices' 3 'no OpenCL device was found: .*CL_OUT_OF_RESOURCES' \
    failing clGetDeviceIDs '' "$info"
says 'no facts of devices' 3 'no OpenCL device was found: .*CL_DEVICE_NOT_AVAILABLE' \
    failing clGetDeviceInfo '' "$info"
says 'no names of platforms' 0 '^warning: .*the name of a platform: CL_INVALID_PLATFORM' \
    failing clGetPlatformInfo '' "$info"
check 'their devices are there' [ "$(grep -c '^[0-9]' out.txt)" -eq 2 ]
says 'no devices of one platform' 0 "^warning: .*'rusticl': CL_OUT_OF_RESOURCES" \
    failing clGetDeviceIDs rusticl "$info"
check 'the other is there' one_device
says 'no facts of its device' 0 "^warning: .*'rusticl': CL_DEVICE_NOT_AVAILABLE" \
    failing clGetDeviceInfo rusticl "$info"
check 'the other is there' one_device
says 'the device that is wanted' 3 "matches 'rusticl'.*'rusticl': CL_OUT_OF_RESOURCES" \
    failing clGetDeviceIDs rusticl "$tools/p2p-train" --quiet --device rusticl --dataroot data

# PoCL without a place for its kernels
export RUSTICL_ENABLE=
echo file >plain
for variable in POCL_CACHE_DIR XDG_CACHE_HOME HOME; do
    says "$variable that is no folder" 3 "where $variable says: .*plain.*POCL_CACHE_DIR.*XDG_CACHE_HOME.*HOME" \
        env "$variable=$work/plain/x" "$info"
    check 'it does not advise to install a driver' eval '! grep -q install err.txt'
done
"$tools/p2p-data" demo data --count 2 --size 32 --quiet
(tiny run --max_steps 1)
says 'a place that is there but cannot be written to' 3 'where POCL_CACHE_DIR says: /proc/self/' \
    env POCL_CACHE_DIR=/proc/self "$tools/p2p-translate" -m checkpoints/run/latest.safetensors \
    "data/test/$(ls data/test | head -n 1)" -o out.png
says 'PoCL told to have no device' 3 'unset POCL_DEVICES' env POCL_DEVICES=nothing "$info"
finish
