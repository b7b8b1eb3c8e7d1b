#!/bin/sh
# Races and stray accesses in the kernels, as oclgrind's simulator sees them, on
# tiny shapes of every variant (but CLBlast's, which are not ours).
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
trap 'rm -f "$log"' EXIT
env -u HOME XDG_CACHE_HOME= oclgrind --build-options "-cl-opt-disable" --data-races --log "$log" "$clcheck" --device oclgrind --tiny "$@"
[ -s "$log" ] || exit 0
echo "oclgrind reported $(grep -c . "$log") lines:"
head -n 40 "$log"
exit 1
