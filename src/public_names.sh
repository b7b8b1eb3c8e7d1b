#!/bin/sh
# The linker's list of the names that the library exports: what P2P_API marks in its public headers,
# and the calls that -Dfault_injection=true replaces in the programs.
#
# Usage: public_names.sh HEADER... >FILE
set -eu
echo '{ global:'
sed -n 's/^P2P_API [^(]*[ *]\(p2p_[a-z0-9_]*\)(.*/\1;/p' "$@"
echo '__wrap_*; local: *; };'
