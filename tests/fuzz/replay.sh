#!/bin/sh
# Run a fuzz target on its corpus and its seeds. Usage: replay.sh TARGET CORPUS DATA NAME
set -eu
. "$(dirname "$0")/seeds.sh"
exec "$1" $(find "$2" -type f | sort) $(seeds "$3" "$4")
