#!/bin/sh
# Races and stray accesses in the kernels, as oclgrind's simulator sees them, on
# tiny shapes of every variant (but CLBlast's, which are not ours).
#
# Without --uninitialized: it reports the arguments of fma() (not those of a * b + c), and in
# conv2d_dgrad further values, for a reason not found. clcheck's NaNs around operands and in
# workspaces show reads of global memory that nobody wrote; private memory is not checked.
#
# Usage: oclgrind.sh CLCHECK [OPTION]...
set -eu
clcheck=$1
shift
command -v oclgrind >/dev/null || {
    echo 'oclgrind.sh: oclgrind is missing; install the package oclgrind' >&2
    exit 1
}
log=$(mktemp)
out=$(mktemp)
trap 'rm -f "$log" "$out"' EXIT
failed=0
env -u HOME XDG_CACHE_HOME= oclgrind --build-options "-cl-opt-disable" --data-races --log "$log" \
    "$clcheck" --device oclgrind --tiny "$@" >"$out" || failed=1
cat "$out"
[ -s "$log" ] || exit $failed
echo "oclgrind reported $(grep -c . "$log") lines:"
head -n 40 "$log"
exit 1
