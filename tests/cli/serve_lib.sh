# Starting and stopping p2p-serve, for scripts that have read lib.sh.
[ -x "$tools/p2p-serve" ] || {
    echo "SKIPPED: built without libmicrohttpd, there is no p2p-serve"
    exit 77
}
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT

start() { # OPTIONS...: sets pid and at
    : >err # before the loop looks
    "$tools/p2p-serve" --device cpu --port 0 "$@" >log 2>>err &
    pid=$!
    for i in $(seq 300); do
        at=$(sed -n 's/.* at \(http:[^#]*\)\/.*/\1/p' err)
        [ -z "$at" ] || return 0
        kill -0 "$pid" || break
        sleep 0.1
    done
    cat err
    bad "starts with $*"
    finish
}
stop() { # SIGNAL: its exit code is 0
    kill "-$1" "$pid"
    wait "$pid" && stopped=0 || stopped=$?
    pid=
    [ $stopped -eq 0 ]
}
