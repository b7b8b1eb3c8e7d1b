"""Clients of p2p-serve that behave in all ways at once: pictures whose answers are compared byte by byte,
garbage, bodies too large, bodies that stop or trickle, connections that are cut. Fails on a wrong answer,
on a server that dies, and on memory that grows.

Usage: serve_load.py HOST:PORT PID CLIENTS REQUESTS [--grow MIB] [--pause S] IN=OUT...
"""
import argparse
import http.client
import random
import socket
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument('address')
parser.add_argument('pid', type=int)
parser.add_argument('clients', type=int)
parser.add_argument('requests', type=int)
parser.add_argument('pairs', nargs='+')
parser.add_argument('--grow', type=float, default=64, help='MiB that memory may grow behind the first quarter')
parser.add_argument('--body', type=int, default=1, help='--max_body of the server, MiB')
parser.add_argument('--good', action='store_true', help='nothing but pictures')
args = parser.parse_args()
host, port = args.address.rsplit(':', 1)
pairs = [tuple(open(name, 'rb').read() for name in pair.split('=')) for pair in args.pairs]
lock = threading.Lock()
seen, times, wrong, resident = {}, [], [], []


def memory():
    with open(f'/proc/{args.pid}/status') as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith('VmRSS'))


def note(kind, code):
    with lock:
        seen[kind, code] = seen.get((kind, code), 0) + 1


def post(body, headers=()):
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    try:
        connection.request('POST', '/translate', body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def picture(dice):
    given, wanted = dice.choice(pairs)
    while True:
        begin = time.monotonic()
        code, got = post(given)
        note('picture', code)
        if code != 503:
            break
        time.sleep(0.05)
    with lock:
        times.append(time.monotonic() - begin)
        if code != 200 or got != wanted:
            wrong.append(f'picture: {code}, {len(got)} bytes instead of {len(wanted)}')


def refused(kind, body, codes):
    code, _ = post(body)
    note(kind, code)
    if code not in codes:
        wrong.append(f'{kind}: {code}')


def garbage(dice):
    data = dice.randbytes(dice.randrange(1, 5000))
    refused('garbage', data, (400, 503))


def damaged(dice):
    data = bytearray(dice.choice(pairs)[0])
    refused('cut', bytes(data[:dice.randrange(1, len(data) // 2)]), (400, 503))


def large(dice):
    try:
        refused('large', bytes((args.body << 20) + dice.randrange(1, 100000)), (413,))
    except OSError:  # refused before the body was read: the answer may be lost with it
        note('large', 'closed')


def head(length):
    return f'POST /translate HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n'.encode()


def half(dice):
    """A body that stops, and a connection that is cut, now or while the answer is made."""
    given, _ = dice.choice(pairs)
    with socket.create_connection((host, int(port)), timeout=120) as s:
        s.sendall(head(len(given)) + given[:dice.choice((10, len(given)))])
        time.sleep(dice.choice((0, 0.01)))
    note('cut off', '')


def slow(dice):
    given, wanted = dice.choice(pairs)
    with socket.create_connection((host, int(port)), timeout=120) as s:
        s.sendall(head(len(given)))
        for at in range(0, len(given), len(given) // 5 + 1):
            s.sendall(given[at:at + len(given) // 5 + 1])
            time.sleep(0.02)
        s.settimeout(120)
        got = b''
        while b'\r\n\r\n' not in got or len(got.split(b'\r\n\r\n', 1)[1]) < len(wanted):
            piece = s.recv(65536)
            if not piece or b' 503 ' in got[:20]:
                break
            got += piece
    ok = got.endswith(wanted)
    note('slow', 200 if ok else got[9:12].decode())
    if not ok and b' 503 ' not in got[:20]:
        wrong.append('slow: ' + repr(got[:60]))


def nonsense(dice):
    with socket.create_connection((host, int(port)), timeout=120) as s:
        s.sendall(dice.choice((b'\r\n\r\n', b'GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
                               b'POST /translate HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
                               b'\0' * 100, dice.randbytes(500), b'GET / HTTP/9.9\r\n\r\n')))
        s.settimeout(0.2)
        try:
            s.recv(100)
        except OSError:
            pass
    note('nonsense', '')


def client(number):
    dice = random.Random(number)
    for i in range(args.requests):
        kind = picture if args.good else dice.choices(
            (picture, garbage, damaged, large, half, slow, nonsense), (60, 8, 8, 4, 8, 6, 6))[0]
        try:
            kind(dice)
        except (OSError, http.client.HTTPException) as error:
            with lock:
                wrong.append(f'{kind.__name__}: {error!r}')
            if 'refused' in str(error):
                return
        if number == 0:
            resident.append(memory())


begin = time.monotonic()
threads = [threading.Thread(target=client, args=(i,)) for i in range(args.clients)]
for t in threads:
    t.start()
for t in threads:
    t.join()
seconds = time.monotonic() - begin
for (kind, code), count in sorted(seen.items(), key=str):
    print(f'{kind} {code}: {count}')
times.sort()
if times:
    print(f'{len(times)} pictures in {seconds:.1f} s, {len(times) / seconds:.1f} a second; '
          f'p50 {1e3 * times[len(times) // 2]:.1f} ms, p95 {1e3 * times[len(times) * 95 // 100]:.1f} ms')
early = max(resident[:len(resident) // 4 + 1])
print(f'resident: {early:.1f} MiB in the first quarter, {resident[-1]:.1f} at the end')
if resident[-1] > early + args.grow:
    wrong.append('memory grows')
for text in wrong[:20]:
    print('WRONG', text)
sys.exit(bool(wrong))
