#!/usr/bin/env python3
"""Bad workers, floods and an honest client for tests/trouble/run: plain 9P2000.L over sockets, nothing of Xget's own code.

  peer.py worker MODE MASTER FIRST_ADDRESS ADDRESSES PER_ADDRESS   until killed; prints "ready" when all have advertised
  peer.py flood KIND MASTER SOURCE CONNECTIONS SECONDS
  peer.py honest MASTER SOURCE SECONDS                             prints: median ms, worst ms, answers

MODE: mute (answers all but reads), trickle (2 kB/s), lie (wrong bytes), deaf (takes connections, answers nothing)
KIND: readdir tree log-open log-write exclude have waits fids frames idle onebyte next
"""
import os, socket, struct, sys, threading, time

TVERSION, TATTACH, TFLUSH, TWALK, TREAD, TWRITE, TCLUNK = 100, 104, 108, 110, 116, 118, 120
TLOPEN, TGETATTR, TREADDIR, RLERROR = 12, 24, 40, 7
MSIZE = (1 << 20) + 24


def text(s):
    b = s if isinstance(s, bytes) else s.encode()
    return struct.pack('<H', len(b)) + b


def frame(kind, tag, body):
    return struct.pack('<IBH', 7 + len(body), kind, tag) + body


def receive(sock, size):
    data = bytearray()
    while len(data) < size:
        piece = sock.recv(min(1 << 20, size - len(data)))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def message(sock):
    size, kind, tag = struct.unpack('<IBH', receive(sock, 7))
    return kind, tag, receive(sock, size - 7)


class Client:
    """A client that waits for each answer; send() only sends."""

    def __init__(self, master, source, aname='', name='peer'):
        host, port = master.rsplit(':', 1)
        self.sock = socket.create_connection((host, int(port)), 10, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(30)
        self.fid = 0
        self.call(TVERSION, struct.pack('<I', MSIZE) + text('9P2000.L'))
        self.call(TATTACH, struct.pack('<II', 0, 0xffffffff) + text(name) + text(aname) + struct.pack('<I', 0xffffffff))

    def send(self, kind, body, tag=0):
        self.sock.sendall(frame(kind, tag, body))

    def call(self, kind, body):
        self.send(kind, body)
        answer, _, data = message(self.sock)
        if answer == RLERROR:
            raise OSError(struct.unpack('<I', data[:4])[0], 'Rlerror')
        return data

    def walk(self, *names):
        self.fid += 1
        self.call(TWALK, struct.pack('<IIH', 0, self.fid, len(names)) + b''.join(map(text, names)))
        return self.fid

    def open(self, flags, *names):
        fid = self.walk(*names)
        self.call(TLOPEN, struct.pack('<II', fid, flags))
        return fid

    def read(self, fid, offset, count):
        data = self.call(TREAD, struct.pack('<IQI', fid, offset, count))
        return data[4:]

    def write(self, fid, data):
        data = data.encode()
        self.call(TWRITE, struct.pack('<IQI', fid, 0, len(data)) + data)

    def clunk(self, fid):
        self.call(TCLUNK, struct.pack('<I', fid))

    def whole(self, *names):
        fid, data = self.open(0, *names), b''
        while piece := self.read(fid, len(data), 1 << 20):
            data += piece
        self.clunk(fid)
        return data

    def names(self, *path):
        fid, offset, found = self.open(0, *path), 0, []
        while True:
            data = self.call(TREADDIR, struct.pack('<IQI', fid, offset, 65536))[4:]
            if not data:
                self.clunk(fid)
                return found
            at = 0
            while at < len(data):
                offset, = struct.unpack_from('<Q', data, at + 13)
                length, = struct.unpack_from('<H', data, at + 22)
                name = data[at + 24:at + 24 + length].decode()
                at += 24 + length
                if name not in ('.', '..'):
                    found.append(name)


class Worker:
    """Advertises every content of the master as complete, and serves as MODE says."""

    def __init__(self, mode, master, source, contents, tables):
        self.mode, self.tables = mode, tables
        self.listener = socket.create_server((source, 0), backlog=512)
        if mode != 'deaf':
            threading.Thread(target=self.accept, daemon=True).start()
        self.client = client = Client(master, source, name=f'{mode}-{source}')
        for digest, size in contents:
            fid = client.open(2, '.xget', 'objects', digest, 'avail')
            client.write(fid, str(self.listener.getsockname()[1]))
            client.write(fid, f'have {size} 0')

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, sock):
        fids, lock = {}, threading.Lock()
        qid = b'\0' * 13

        def reply(kind, tag, body=b''):
            with lock:
                sock.sendall(frame(kind + 1, tag, body))
        try:
            while True:
                kind, tag, data = message(sock)
                if kind == TVERSION:
                    reply(kind, tag, struct.pack('<I', min(MSIZE, struct.unpack_from('<I', data)[0])) + text('9P2000.L'))
                elif kind == TATTACH:
                    reply(kind, tag, qid)
                elif kind == TWALK:
                    fid, new, count = struct.unpack_from('<IIH', data)
                    at, path = 10, list(fids.get(fid, []))
                    for _ in range(count):
                        length, = struct.unpack_from('<H', data, at)
                        path.append(data[at + 2:at + 2 + length].decode())
                        at += 2 + length
                    fids[new] = path
                    reply(kind, tag, struct.pack('<H', count) + qid * count)
                elif kind == TLOPEN:
                    reply(kind, tag, qid + struct.pack('<I', 0))
                elif kind == TGETATTR:
                    reply(kind, tag, struct.pack('<Q', 0x7ff) + qid + b'\0' * (153 - 21))
                elif kind in (TCLUNK, TFLUSH):
                    reply(kind, tag)
                elif kind == TREAD:
                    fid, offset, count = struct.unpack('<IQI', data)
                    path = fids.get(fid, [])
                    if path[-1:] == ['chunks']:
                        piece = self.tables.get(path[-2], b'')[offset:offset + count]
                        reply(kind, tag, struct.pack('<I', len(piece)) + piece)
                    elif path[-1:] == ['data'] and self.mode == 'lie':
                        reply(kind, tag, struct.pack('<I', count) + b'\0' * count)
                    elif path[-1:] == ['data'] and self.mode == 'trickle':
                        with lock:
                            sock.sendall(struct.pack('<IBHI', 11 + count, TREAD + 1, tag, count))
                            for _ in range(count // 200 + 1):
                                sock.sendall(b'\0' * 200)
                                time.sleep(0.1)
                    elif path[-1:] == ['front']:
                        reply(kind, tag, struct.pack('<I', 0))
                else:
                    with lock:
                        sock.sendall(frame(RLERROR, tag, struct.pack('<I', 95)))
        except (EOFError, OSError):
            pass
        sock.close()


def worker(mode, master, first, addresses, per_address):
    base = first.rsplit('.', 1)
    client = Client(master, first)
    contents, tables = [], {}
    for digest in client.names('.xget', 'objects'):
        size = int(client.whole('.xget', 'objects', digest, 'checksum').split()[1])
        contents.append((digest, size))
        tables[digest] = client.whole('.xget', 'objects', digest, 'chunks')
    workers = []
    for i in range(int(addresses)):
        for _ in range(int(per_address)):
            workers.append(Worker(mode, master, f'{base[0]}.{int(base[1]) + i}', contents, tables))
    print('ready', flush=True)
    threading.Event().wait()


def flood(kind, master, source, end):
    """One connection's flood; comes back with how often it was cut off."""
    cut = 0
    while time.monotonic() < end:
        try:
            FLOODS[kind](Client(master, source, name='flood'), end)
        except (EOFError, OSError):
            cut += 1
            time.sleep(0.05)
    return cut


def pipelined(client, end, requests, depth=64):
    """Keeps that many copies of a request under way, reading all answers."""
    tag, out = 0, 0
    while time.monotonic() < end:
        burst = b''
        while out < depth:
            kind, body = requests(tag)
            burst += frame(kind, tag % 60000, body)
            tag, out = tag + 1, out + 1
        client.sock.sendall(burst)
        message(client.sock)
        out -= 1


def flood_readdir(client, end):
    fid = client.open(0, '.xget', 'objects')
    pipelined(client, end, lambda _: (TREADDIR, struct.pack('<IQI', fid, 0, 65536)))


def flood_tree(client, end):
    while time.monotonic() < end:
        client.whole('.xget', 'tree')
        fid = client.walk('.xget', 'tree')
        client.call(TGETATTR, struct.pack('<IQ', fid, 0x7ff))
        client.clunk(fid)


def flood_log_open(client, end):
    while time.monotonic() < end:
        client.open(1, '.xget', 'log')


def flood_log_write(client, end):
    fid = client.open(1, '.xget', 'log')
    line = b'WRN ' + b'x' * 1000
    pipelined(client, end, lambda _: (TWRITE, struct.pack('<IQI', fid, 0, len(line)) + line))


def flood_exclude(client, end):
    digests = client.names('.xget', 'objects')
    while time.monotonic() < end:
        for digest in digests:
            fid = client.open(2, '.xget', 'objects', digest, 'redir')
            for _ in range(20):
                route = client.read(fid, 0, 4096).decode().split()
                if len(route) < 3 or route[2] == 'me':
                    break
                client.write(fid, f'exclude {route[2]} stalled')
            client.clunk(fid)


def flood_have(client, end):
    digests = client.names('.xget', 'objects')
    fids = []
    for digest in digests[:50]:
        fid = client.open(2, '.xget', 'objects', digest, 'avail')
        client.write(fid, str(9))
        fids.append(fid)
    n = 0
    while time.monotonic() < end:
        n += 1 << 30
        for fid in fids:
            client.write(fid, f'have {n} 99999999')
        time.sleep(0.6)


def flood_waits(client, end):
    fid = client.open(2, '.xget', 'next')
    client.write(fid, client.whole('.xget', 'generation').decode().split()[3])
    burst = b''.join(frame(TREAD, tag, struct.pack('<IQI', fid, 0, 4096)) for tag in range(16000))
    client.sock.sendall(burst)
    time.sleep(max(0, end - time.monotonic()))


def flood_fids(client, end):
    while time.monotonic() < end:
        client.walk('.xget', 'log')


def flood_frames(client, end):
    client.sock.sendall(struct.pack('<IBH', 1 << 20, TWRITE, 1) + b'\0' * ((1 << 20) - 100))
    time.sleep(max(0, end - time.monotonic()))


def flood_idle(client, end):
    more = []
    while time.monotonic() < end:
        try:
            more.append(Client.__new__(Client))
            host, port = client.sock.getpeername()
            more[-1].sock = socket.create_connection((host, port), 10, (client.sock.getsockname()[0], 0))
            more[-1].call(TVERSION, struct.pack('<I', MSIZE) + text('9P2000.L'))
        except (OSError, EOFError):
            time.sleep(0.05)
        if len(more) > 1200:
            time.sleep(0.2)


def flood_onebyte(client, end):
    digest = client.names('.xget', 'objects')[0]
    fid = client.open(0, '.xget', 'objects', digest, 'data')
    pipelined(client, end, lambda n: (TREAD, struct.pack('<IQI', fid, n % 100000, 1)))


def flood_next(client, end):
    while time.monotonic() < end:
        fid = client.open(2, '.xget', 'next')
        client.write(fid, '0' * 64)
        client.read(fid, 0, 4096)
        client.clunk(fid)


FLOODS = {'readdir': flood_readdir, 'tree': flood_tree, 'log-open': flood_log_open, 'log-write': flood_log_write,
          'exclude': flood_exclude, 'have': flood_have, 'waits': flood_waits, 'fids': flood_fids,
          'frames': flood_frames, 'idle': flood_idle, 'onebyte': flood_onebyte, 'next': flood_next}


def honest(master, source, seconds):
    """Reads of 64 KiB and getattrs, as a plain client makes them; connects anew when it is cut off, which counts as time."""
    end, took, client = time.monotonic() + float(seconds), [], None
    names = []
    while time.monotonic() < end:
        began = time.monotonic()
        while True:
            try:
                if client is None:
                    client = Client(master, source, 'plain')
                    names = names or client.names()
                    file = client.open(0, names[0])
                client.call(TGETATTR, struct.pack('<IQ', file, 0x7ff))
                client.read(file, 0, 65536)
                break
            except (OSError, EOFError):
                client = None
                if time.monotonic() - began > 60:
                    break
                time.sleep(0.01)
        took.append((time.monotonic() - began) * 1000)
        time.sleep(0.005)
    took.sort()
    print(f'{took[len(took) // 2]:.1f} {took[-1]:.0f} {len(took)}')


if __name__ == '__main__':
    what, *args = sys.argv[1:]
    if what == 'worker':
        worker(*args)
    elif what == 'honest':
        honest(*args)
    else:
        kind, master, source, connections, seconds = args
        until = time.monotonic() + float(seconds)
        threads = [threading.Thread(target=flood, args=(kind, master, source, until), daemon=True) for _ in range(int(connections))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(float(seconds) + 5)
        os._exit(0)
