#!/bin/sh
# Two "machines": network namespaces with a link that `tc` shapes, a rank in each. A step with its messages, as they
# are, as halves, and with Adam's step in slices; and a run over them has the bits of one without. As root, by hand; needs iproute2.
# Usage: link.sh FOLDER_OF_PROGRAMS [RATE] [BENCH-OPTIONS...]
here=$(cd "$(dirname "$0")" && pwd)
rate=${2:-1gbit}
. "$here/../cli/lib.sh"
. "$here/lib.sh"
shift "$(($# > 2 ? 2 : $#))"
left=p2pl$$ right=p2pr$$
unset OMPI_MCA_plm
trap 'ip netns del $left; ip netns del $right; rm -rf "$work"' EXIT

ip netns add $left && ip netns add $right
ip link add p2pl type veth peer name p2pr netns $right
ip link set p2pl netns $left
end=0
for side in $left:p2pl $right:p2pr; do
    end=$((end + 1))
    space=${side%:*} link=${side#*:}
    ip -n $space addr add 10.99.0.$end/24 dev $link
    ip -n $space link set $link up
    ip -n $space link set lo up
    ip netns exec $space tc qdisc add dev $link root handle 1: tbf rate $rate burst 512kb latency 20ms
    ip netns exec $space tc qdisc add dev $link parent 1:1 netem delay 5ms 2>/dev/null || delay=no
done
[ -z "${delay:-}" ] || echo 'this kernel cannot delay packets: the rate alone is shaped'

# In place of ssh: HOST COMMAND...
cat >agent <<'END'
#!/bin/sh
host=$1
shift
exec ip netns exec "$host" unshare -u sh -c "hostname $host; $*"
END
chmod +x agent
apart() { # COMMAND...: a rank on either side
    ip netns exec $left unshare -u sh -c 'hostname "$0"; exec mpirun --quiet -n 2 --mca plm_rsh_agent "$@"' $left \
        "$work/agent" --host $left,$right --mca btl self,tcp --mca btl_tcp_if_include 10.99.0.0/24 \
        --mca oob_tcp_if_include 10.99.0.0/24 --wdir "$work" "$@"
}

"$tools/p2p-data" demo data --count 4 --size 72 --quiet
small 2 near --max_steps 3
ranks() { shift; apart "$@"; }
small 2 far --max_steps 3
check 'two machines train as two ranks of one' same_numbers near far # which have other variants of Adam's step
for how in '--compress none' '--compress f16' '--shard_adam on'; do
    echo "$rate, $how:"
    apart "$tools/p2p-bench" train --device cpu --steps 3 --batch_size 2 $how "$@" | tail -n 3
done
finish
