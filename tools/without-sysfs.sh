# To be sourced. In a chroot or container without /sys, hwloc finds neither cores nor memory and PoCL
# gives up; there describe the machine to it.
if [ ! -d /sys/devices/system ]; then
    memory=$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
    export HWLOC_SYNTHETIC="[numa(memory=$memory)] core:$(nproc) pu:1" HWLOC_THISSYSTEM=1
fi
