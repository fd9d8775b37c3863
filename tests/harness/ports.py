"""Free ports for servers of tests: nobody else gets them, however many test processes run at once.

A port that the kernel gives (bind to 0, close) may be gone when the server binds it: another process
asked too, or a connection that goes out took it as its own end. So ports come from below the kernel's
range for those, in blocks; whoever holds the lock of a block's file hands its ports out, each once.
"""

import fcntl
import os
import pathlib
import random
import socket
import tempfile

FIRST_PORT, BLOCK = 10240, 100
LOCKS = pathlib.Path(tempfile.gettempdir()) / f"vitrine-test-ports-{os.getuid()}"

_locks = []  # open while this process lives; the kernel lets go of them however it ends
_ports = iter(())


def free_port():
    """A port on 127.0.0.1 that nobody listens on, and that no other test will be given."""
    return free_ports(1)


def free_ports(count):
    """The first of `count` such ports beside each other."""
    global _ports
    run = []
    while len(run) < count:
        port = next(_ports, None)
        if port is None:
            _ports, run = iter(claim_block()), []
        elif is_free(port):
            run.append(port)
        else:
            run = []
    return run[0]


def claim_block():
    LOCKS.mkdir(mode=0o700, exist_ok=True)
    starts = list(range(FIRST_PORT, first_outgoing_port() - BLOCK + 1, BLOCK))
    random.shuffle(starts)
    for start in starts:
        lock = (LOCKS / str(start)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _locks.append(lock)
        return range(start, start + BLOCK)
    raise RuntimeError(f"every block of ports is taken: see {LOCKS}")


def first_outgoing_port():
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return first if first > FIRST_PORT + 50 * BLOCK else 32768  # a wide range leaves nothing below it


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
