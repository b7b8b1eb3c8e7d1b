#!/bin/sh
# p2p-serve as its clients see it: answers, refusals, limits, the token, stopping.
# Usage: serve.sh FOLDER_OF_PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/serve_lib.sh"

gives() { # CODE CURL-ARGUMENTS...
    code=$1
    shift
    got=$(curl -s -o body -D head -w '%{http_code}' "$@") || got="$got, curl ended with $?"
    [ "$got" = "$code" ] || { echo "$got instead of $code: $(head -c 200 body)"; false; }
}
says() { grep -qi "$1" "$2"; }
translated() { # TYPE SUFFIX CURL-ARGUMENTS...: the bytes of p2p-translate
    type=$1
    suffix=$2
    shift 2
    gives 200 "$at/translate" "$@" && says "^content-type: $type" head &&
        "$tools/p2p-translate" -m checkpoints/run "$input" -o "wanted.$suffix" --device cpu -q &&
        cmp body "wanted.$suffix"
}

"$tools/p2p-data" demo data --count 3 --size 128 --quiet
"$tools/p2p-data" demo odd --count 1 --size 100 --quiet
train run --direction BtoA --max_steps 2
mkdir in
start checkpoints/run checkpoints/run/latest.safetensors --dataroot data --phase train --max_body 1 \
    --timeout 2

check 'the models by the names of their runs' gives 200 "$at/models"
check 'two of one name are told apart' says '"run-2"' body
check 'it lives' gives 200 "$at/healthz"
for i in 0 1 2; do
    check "sample $i" gives 200 "$at/sample?index=$i"
    cp body "in/$i.png"
done
check 'no sample beyond' gives 404 "$at/sample?index=3"
check 'samples by number alone' gives 404 "$at/sample?index=../../../etc/passwd"
check 'no path leads to files' gives 404 --path-as-is "$at/../../../etc/passwd"
input=in/1.png
check 'PNG in, PNG out' translated image/png png --data-binary @in/1.png
check 'JPEG by Accept' translated image/jpeg jpg -H 'Accept: image/jpeg' --data-binary @in/1.png
if "$tools/p2p-translate" -m checkpoints/run in/1.png -o wanted.webp --device cpu -q 2>/dev/null; then
    check 'WebP by Accept' translated image/webp webp --data-binary @in/1.png \
        -H 'Accept: text/html;q=1, image/*;q=0.5, image/webp;q=0.9'
fi
input=odd/train/0001.png
check 'other sizes' translated image/png png --data-binary @odd/train/0001.png
check 'chunked bodies' translated image/png png --data-binary @odd/train/0001.png \
    -H 'Transfer-Encoding: chunked'
check 'the second model' gives 200 "$at/translate?model=run-2" --data-binary @in/1.png
check 'no such model' gives 404 "$at/translate?model=walk" --data-binary @in/1.png
check 'no such type' gives 406 -H 'Accept: text/html' "$at/translate" --data-binary @in/1.png
check 'garbage' gives 400 "$at/translate" --data-binary @/dev/stdin </bin/sh
check 'garbage is told of' says 'picture' body
check 'nothing' gives 400 -X POST "$at/translate"
head -c 200 in/1.png >cut.png
check 'a picture that is cut' gives 400 "$at/translate" --data-binary @cut.png
head -c 1100000 /dev/zero >large
check 'too large' gives 413 "$at/translate" --data-binary @large
check 'too large, in chunks' gives 413 -H 'Transfer-Encoding: chunked' "$at/translate" --data-binary @large
check 'another method' gives 405 -X DELETE "$at/translate"
check 'which is told' says '^allow: POST' head
check 'GET of a translation' gives 405 "$at/translate"
check 'no such address' gives 404 "$at/nothing"
check 'the page' gives 200 "$at/"
check 'the page is of this server alone' says "content-security-policy: default-src 'none'" head
check 'another page may not call' gives 403 -H 'Origin: http://evil.example' "$at/translate" \
    --data-binary @in/1.png
check 'nor by a name of its own' gives 403 -H 'Host: evil.example' "$at/models"
check 'the own page may' gives 200 -H "Origin: $at" "$at/translate" --data-binary @in/1.png

slow_body() { # the server closes it after --timeout
    python3 - "${at#http://}" <<'PY'
import socket, sys, time
host, port = sys.argv[1].split(':')
s = socket.create_connection((host, int(port)))
s.sendall(b'POST /translate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n')
begin = time.monotonic()
try:
    for i in range(300):
        s.sendall(b'x')
        time.sleep(0.1)
except OSError:
    pass
sys.exit(not 1.5 < time.monotonic() - begin < 15)
PY
}
check 'a body that trickles is cut off' slow_body
for i in 0 1 2; do "$tools/p2p-translate" -m checkpoints/run in/$i.png -o out$i.png --device cpu -q; done
grow=64
[ -z "${P2P_TEST_SANITIZED-}" ] || grow=1000 # which keeps what was freed for a while
check 'four clients, good and bad' python3 "$here/serve_load.py" "${at#http://}" $pid 4 30 --grow $grow \
    in/0.png=out0.png in/1.png=out1.png in/2.png=out2.png
check 'numbers' gives 200 "$at/metrics"
check 'requests by code' says '^p2p_requests_total{code="400"} [1-9]' body
check 'a histogram' says '^p2p_translate_seconds_bucket{le="+Inf"} [1-9]' body
check 'the queue' says '^p2p_queue_limit 16' body
check 'SIGTERM ends it' stop TERM
check 'a line for each request' says '"POST /translate?model=walk" 404 ' log
check 'clients that went are seen' says ' 499 ' log

# A queue of one behind one worker at a time.
start checkpoints/run --queue 1 --num_threads 0
queue_is_bounded() {
    for i in $(seq 40); do
        curl -s -o "answer$i" -D "head$i" -w '%{http_code}\n' "$at/translate" \
            --data-binary @odd/train/0001.png >"code$i" &
        clients="${clients:-} $!"
    done
    wait $clients || true
    sort "$work"/code[0-9]* | uniq -c
    full=$(cat "$work"/code[0-9]* | grep -c '^503')
    [ "$full" -gt 0 ] && [ "$(cat "$work"/code[0-9]* | grep -c '^200')" -eq $((40 - full)) ] &&
        cat "$work"/head[0-9]* | grep -qi '^retry-after: '
}
check 'a full queue says so, the others are answered' queue_is_bounded
stops_after_answers() {
    rm -f code[0-9]*
    for i in 1 2; do
        curl -s -o "answer$i" -w '%{http_code}\n' "$at/translate" \
            --data-binary @odd/train/0001.png >"code$i" &
        clients="${clients:-} $!"
    done
    sleep 0.3
    stop INT && wait $clients
    [ "$(cat code1 code2 | grep -cE '^(200|503)')" -eq 2 ]
}
check 'SIGINT ends it when all are answered' stops_after_answers

echo 'a-secret-of-words' >token
start checkpoints/run --token token --listen 0.0.0.0
check 'no token' gives 401 "$at/translate" --data-binary @in/1.png
check 'a wrong one' gives 401 -H 'Authorization: Bearer a-secret-of-wordz' "$at/models"
check 'the right one' gives 200 -H 'Authorization: Bearer a-secret-of-words' "$at/translate" \
    --data-binary @in/1.png
check 'the page asks for it' gives 200 "$at/"
check 'numbers are guarded' gives 401 "$at/metrics"
check 'it warns of others' says 'warning: .*other machines' err
check 'and ends' stop TERM

refuses() { # WORDS OPTIONS...
    words=$1
    shift
    if "$tools/p2p-serve" --device cpu "$@" >log 2>err; then return 1; fi
    [ "$(wc -l <err)" -eq 1 ] && says "$words" err || { cat err; false; }
}
echo short >bad_token
check 'no model' refuses 'at least one MODEL'
check 'a model that is none' refuses 'nothing.pth' nothing.pth --port 0
check 'a short token' refuses 'at least 8 characters' checkpoints/run --token bad_token
check 'no address' refuses 'no IP address' checkpoints/run --listen here
check 'no samples' refuses 'nowhere' checkpoints/run --port 0 --dataroot nowhere
start checkpoints/run
check 'a port in use' refuses 'Address already in use' checkpoints/run --port "${at##*:}"
check 'stops' stop TERM
finish
