#!/bin/sh
# Every public function that returns a status is tried with impossible arguments by
# tests/unit/test_arguments.c. Usage: arguments.sh SOURCE_FOLDER
set -eu
cd "$1"
failed=0
for function in $(sed -n 's/^P2P_API int \(p2p_[a-z0-9_]*\)(.*/\1/p' include/p2p/*.h); do
    grep -q "[^a-z_]$function(" tests/unit/test_arguments.c && continue
    echo "$function() is not in tests/unit/test_arguments.c"
    failed=$((failed + 1))
done
echo "$((failed == 0)) passed, $failed failed"
[ $failed -eq 0 ]
