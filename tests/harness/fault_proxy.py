"""A proxy between S3 and all who speak with it, which breaks things.

Clients and Vitrine take it for the storage: it is the endpoint that signatures are made for, so Host goes on as it
came. What becomes of a request (its fate) depends on the seed, on the operation, and on how many of this operation
came before: the n-th PutObject of a seed always meets the same fate. Every fate is counted.

    with FaultProxy(seed=1) as proxy:          a process of its own: thousands of requests, and no shared GIL
        proxy.connect("127.0.0.1", 9000)       the real storage
        proxy.rates({"PutObject": {"slow_down": 0.5}})
        proxy.let_pass(HeadObject=3)           the fourth waits until that is told anew
        proxy.quiet()                          from now on nothing breaks; returns when nothing is held back any more
        proxy.counts()                         {"PutObject": {"seen": 12, "slow_down": 5}, ...}

The fates:

    delay            answered up to half a second later
    slow_down        503 SlowDown; it never reached storage
    reset_before     the connection is reset before the body reached storage
    cut_request      half of the body reaches storage, then both connections break
    reset_after      storage has done it; the connection is reset instead of an answer
    cut_reply        storage has done it; the answer breaks off in its head or its body
    wrong_etag       the answer names another ETag than storage did
    ok_with_error    200 with an <Error> inside, as CompleteMultipartUpload and CopyObject may; half of them were done
    skewed           403 RequestTimeTooSkewed
    wrong_date       the answer's Date is an hour off
    hang             no answer for some seconds, then a reset
    twice            it is made twice, as some networks do; the second answer counts
    late             reset at once, and seconds later it reaches storage after all

Not this one: tests/browser/storage-proxy.mjs, which lives in the process of the browser's tests and gives fates to
single requests.
"""

import asyncio
import collections
import email.utils
import json
import pathlib
import random
import socket
import struct
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from .patience import PATIENCE_S, wait_until

CONTROL = "/.fault-proxy/"  # no bucket is called so
HEAD_MAX = 65536
PIECE = 65536
HELD_MAX = 1 << 20  # longer bodies are neither sent twice nor late

HARMLESS = {"delay": 0.04, "slow_down": 0.02, "reset_before": 0.02, "reset_after": 0.02, "cut_reply": 0.015,
            "skewed": 0.005, "wrong_date": 0.005, "hang": 0.001}

# How often each fate is met, by operation; what is not listed is passed on.
RATES = {
    "PutObject": {**HARMLESS, "reset_after": 0.04, "cut_request": 0.02, "wrong_etag": 0.01, "twice": 0.01,
                  "late": 0.02},
    "UploadPart": {**HARMLESS, "reset_after": 0.04, "cut_request": 0.02, "wrong_etag": 0.01, "twice": 0.01,
                   "late": 0.01},
    "PostObject": {**HARMLESS, "reset_after": 0.04, "cut_request": 0.02, "twice": 0.01},
    "CompleteMultipartUpload": {**HARMLESS, "reset_after": 0.08, "ok_with_error": 0.08, "twice": 0.05},
    "CreateMultipartUpload": {**HARMLESS, "reset_after": 0.05, "twice": 0.02},
    "CopyObject": {**HARMLESS, "ok_with_error": 0.05},
    "HeadObject": {**HARMLESS, "wrong_etag": 0.01},
    "GetObject": {**HARMLESS, "wrong_etag": 0.01},
    "DeleteObject": {**HARMLESS, "reset_after": 0.05, "twice": 0.02, "late": 0.02},
    "DeleteObjects": {**HARMLESS, "reset_after": 0.05},
    "": HARMLESS,  # every other operation
}


def operation_of(method, query, headers):
    """The name of an S3 operation, as far as fates depend on it."""
    asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if method == "PUT":
        if "partNumber" in asked:
            return "UploadPart"
        if "x-amz-copy-source" in headers:
            return "CopyObject"
        return "PutObject" if not {"cors", "lifecycle", "tagging"} & asked.keys() else "PutBucket"
    if method == "POST":
        return ("CompleteMultipartUpload" if "uploadId" in asked else "CreateMultipartUpload" if "uploads" in asked
                else "DeleteObjects" if "delete" in asked else "PostObject")
    if method == "DELETE":
        return "AbortMultipartUpload" if "uploadId" in asked else "DeleteObject"
    if method == "GET":
        return ("ListParts" if "uploadId" in asked else "ListMultipartUploads" if "uploads" in asked
                else "ListObjects" if "list-type" in asked else "GetObject")
    return {"HEAD": "HeadObject", "OPTIONS": "Preflight"}.get(method, method)


class Request:
    """A request's head as it came, and how long its body is."""

    def __init__(self, head):
        line, *fields = head[:-4].decode("latin-1").split("\r\n")
        self.method, self.target, _ = line.split(" ", 2)
        self.lines = [(field.partition(":")[0].lower(), field) for field in fields]
        self.headers = {name: field.partition(":")[2].strip() for name, field in self.lines}
        self.length = int(self.headers.get("content-length", 0))
        path, _, query = self.target.partition("?")
        self.is_object = path.count("/") > 1 and not path.endswith("/")
        self.operation = operation_of(self.method, query, self.headers)

    def head(self):
        """The head as it goes on: storage's connection is not kept, 100-continue was answered here."""
        kept = [field for name, field in self.lines if name not in ("connection", "expect")]
        return "\r\n".join([f"{self.method} {self.target} HTTP/1.1", *kept, "Connection: close", "", ""]).encode(
            "latin-1")


class Gone(Exception):
    """One of both sides is not there any more."""


class Proxy:
    def __init__(self, seed):
        self.seed = seed
        self.target = None
        self.rates = {}
        self.gates = {}  # how many requests of an operation may still go on
        self.seen = collections.Counter()
        self.counts = collections.defaultdict(collections.Counter)
        self.held = 0  # requests that were answered and have not reached storage yet
        self.later = set()
        self.busy = 0

    # --- fates ---

    def fate_of(self, request):
        operation = request.operation
        number = self.seen[operation]
        self.seen[operation] += 1
        self.counts[operation]["seen"] += 1
        dice = random.Random(f"{self.seed}:{operation}:{number}")
        point = dice.random()
        for fate, rate in self.rates.get(operation, self.rates.get("", {})).items():
            point -= rate
            if point < 0:
                if fate in ("twice", "late") and request.length > HELD_MAX:
                    fate = "reset_after"
                self.counts[operation][fate] += 1
                return fate, dice
        return "as_it_is", dice

    async def pass_gate(self, operation):
        while self.gates.get(operation) == 0:
            await asyncio.sleep(0.02)
        if operation in self.gates:
            self.gates[operation] -= 1

    # --- one connection ---

    async def serve(self, reader, writer):
        try:
            while await self.serve_one(reader, writer):
                pass
        except (Gone, OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def serve_one(self, reader, writer):
        try:
            request = Request(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError:
            return False
        if request.target.startswith(CONTROL):
            return await self.control(request, reader, writer)
        self.busy += 1
        try:
            if "100-continue" in request.headers.get("expect", ""):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if "transfer-encoding" in request.headers:
                return await answer_and_close(writer, 411, "MissingContentLength")
            await self.pass_gate(request.operation)
            fate, dice = self.fate_of(request)
            return await getattr(self, fate)(request, reader, writer, dice)
        finally:
            self.busy -= 1

    async def upstream(self):
        try:
            return await asyncio.open_connection(*self.target, limit=HEAD_MAX)
        except OSError:
            raise Gone() from None

    async def send(self, request, body, out):
        """Pass on the head and `body`, an iterator of pieces."""
        out.write(request.head())
        try:
            async for piece in body:
                out.write(piece)
                await out.drain()
        except OSError:  # storage refused and hung up before it read everything: its answer counts
            pass

    async def pass_on(self, request, body, writer, change=None, stop_after=None):
        """Send it on, and the answer back, its head changed by `change` and cut after `stop_after` of its bytes."""
        from_storage, to_storage = await self.upstream()
        try:
            await self.send(request, body, to_storage)
            head = await answer_head(from_storage)
            status, fields, is_framed = parse_answer(request, head)
            if change:
                head = change(head)
            if stop_after is not None:
                rest = head + await from_storage.read(PIECE)
                writer.write(rest[:max(1, int(len(rest) * stop_after))])
                await writer.drain()
                return False
            writer.write(head)
            while request.method != "HEAD" and (piece := await from_storage.read(PIECE)):
                writer.write(piece)
                await writer.drain()
            await writer.drain()
            return is_framed and request.headers.get("connection", "").lower() != "close"
        except (asyncio.IncompleteReadError, OSError):
            reset(writer)
            raise Gone() from None
        finally:
            to_storage.close()

    async def do(self, request, body):
        """Send it on and read the whole answer, for nobody."""
        from_storage, to_storage = await self.upstream()
        try:
            await self.send(request, body, to_storage)
            while await from_storage.read(PIECE):
                pass
        except OSError:
            pass
        finally:
            to_storage.close()

    # --- the fates ---

    async def as_it_is(self, request, reader, writer, dice):
        return await self.pass_on(request, pieces(reader, request.length), writer)

    async def delay(self, request, reader, writer, dice):
        await asyncio.sleep(dice.uniform(0.01, 0.5))
        return await self.pass_on(request, pieces(reader, request.length), writer)

    async def slow_down(self, request, reader, writer, dice):
        await swallow(reader, request.length)
        return await answer(request, writer, 503, "SlowDown")

    async def skewed(self, request, reader, writer, dice):
        await swallow(reader, request.length)
        return await answer(request, writer, 403, "RequestTimeTooSkewed")

    async def reset_before(self, request, reader, writer, dice):
        await swallow(reader, int(request.length * dice.random()))
        reset(writer)
        return False

    async def cut_request(self, request, reader, writer, dice):
        _, to_storage = await self.upstream()
        await self.send(request, pieces(reader, int(request.length * dice.random())), to_storage)
        reset(to_storage)
        reset(writer)
        return False

    async def reset_after(self, request, reader, writer, dice):
        await self.do(request, pieces(reader, request.length))
        reset(writer)
        return False

    async def cut_reply(self, request, reader, writer, dice):
        await self.pass_on(request, pieces(reader, request.length), writer, stop_after=dice.uniform(0.1, 0.95))
        reset(writer)
        return False

    async def wrong_etag(self, request, reader, writer, dice):
        def change(head):
            return replace_field(head, b"etag", b'ETag: "%032x"' % dice.getrandbits(128))

        return await self.pass_on(request, pieces(reader, request.length), writer, change)

    async def wrong_date(self, request, reader, writer, dice):
        date = email.utils.formatdate(time.time() + dice.choice((-3600, 3600)), usegmt=True).encode()
        return await self.pass_on(request, pieces(reader, request.length), writer,
                                  lambda head: replace_field(head, b"date", b"Date: " + date))

    async def ok_with_error(self, request, reader, writer, dice):
        if dice.random() < 0.5:
            await self.do(request, pieces(reader, request.length))
        else:
            await swallow(reader, request.length)
        return await answer(request, writer, 200, "InternalError", before=b" \n \n")

    async def hang(self, request, reader, writer, dice):
        await swallow(reader, request.length)
        await asyncio.sleep(dice.uniform(2, 6))
        reset(writer)
        return False

    async def twice(self, request, reader, writer, dice):
        body = await reader.readexactly(request.length)
        await self.do(request, one_piece(body))
        return await self.pass_on(request, one_piece(body), writer)

    async def late(self, request, reader, writer, dice):
        body = await reader.readexactly(request.length)
        reset(writer)

        async def arrive():
            await asyncio.sleep(dice.uniform(0.3, 4))
            try:
                await self.do(request, one_piece(body))
            except Gone:
                pass  # storage is down just now: it never arrives
            self.held -= 1

        self.held += 1
        task = asyncio.ensure_future(arrive())
        self.later.add(task)
        task.add_done_callback(self.later.discard)
        return False

    # --- control ---

    async def control(self, request, reader, writer):
        body = await reader.readexactly(request.length)
        told = json.loads(body) if body else {}
        if "target" in told:
            self.target = tuple(told["target"])
        if "gates" in told:
            self.gates = told["gates"]
        if "rates" in told:
            self.rates = told["rates"]
        text = json.dumps({"counts": self.counts, "held": self.held, "busy": self.busy}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text)
        await writer.drain()
        return False




# --- pieces of HTTP --------------------------------------------------------------------------------------------


async def pieces(reader, length):
    while length > 0:
        piece = await reader.read(min(length, PIECE))
        if not piece:
            raise Gone()
        length -= len(piece)
        yield piece


async def one_piece(body):
    yield body


async def swallow(reader, length):
    async for _ in pieces(reader, length):
        pass


async def answer_head(reader):
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 100"):
            return head


def parse_answer(request, head):
    """(status, fields, whether its end can be seen without the connection's)."""
    status = int(head.split(b" ", 2)[1])
    fields = head.lower()
    is_framed = (request.method == "HEAD" or status in (204, 304) or b"\r\ncontent-length:" in fields
                 or b"\r\ntransfer-encoding: chunked" in fields)
    return status, fields, is_framed


def replace_field(head, name, field):
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(name + b":")]
    return b"\r\n".join([*lines, field, b"", b""])


async def answer(request, writer, status, code, before=b""):
    """An answer of S3's own kind."""
    body = (before + b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>From the fault proxy.'
            b"</Message><RequestId>FAULT</RequestId></Error>" % code.encode())
    reasons = {200: "OK", 403: "Forbidden", 411: "Length Required", 503: "Service Unavailable"}
    writer.write((f"HTTP/1.1 {status} {reasons[status]}\r\nContent-Type: application/xml\r\n"
                  f"Content-Length: {len(body)}\r\nDate: {email.utils.formatdate(usegmt=True)}\r\n"
                  "Access-Control-Allow-Origin: *\r\nx-amz-request-id: FAULT\r\n\r\n").encode()
                 + (body if request.method != "HEAD" else b""))
    await writer.drain()
    return True


async def answer_and_close(writer, status, code):
    class Any:
        method = "POST"

    await answer(Any, writer, status, code)
    return False


def reset(writer):
    """RST, not FIN: what a crash or a broken network looks like."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    writer.transport.abort()


def complain(loop, context):
    """Of a connection that both sides dropped at once asyncio says that its task is gone; it may."""
    if "was destroyed" not in context["message"]:
        loop.default_exception_handler(context)


async def main(seed):
    proxy = Proxy(seed)
    asyncio.get_running_loop().set_exception_handler(complain)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=HEAD_MAX, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


# --- for tests ---------------------------------------------------------------------------------------------------


class FaultProxy:
    """The proxy as a process of its own, and the hand on its control."""

    def __init__(self, seed=1):
        # setpriv: were the test runner killed, the proxy would end too
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "harness.fault_proxy", str(seed)],
            cwd=pathlib.Path(__file__).parents[1], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()

    def tell(self, **what):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + CONTROL, json.dumps(what).encode(), timeout=PATIENCE_S) as told:
            return json.load(told)

    def connect(self, host, port):
        self.tell(target=[host, port])

    def rates(self, rates=None):
        """By operation and fate; without any, the usual ones."""
        self.tell(rates=RATES if rates is None else rates)

    def let_pass(self, **gates):
        """So many requests of these operations go on; those that come later wait until this is said anew."""
        self.tell(gates=gates)

    def quiet(self):
        """Break nothing any more, and wait for what is still under way or held back."""
        self.tell(rates={})
        wait_until(lambda: not (state := self.tell())["held"] and not state["busy"], "all requests coming to an end")

    def counts(self):
        return self.tell()["counts"]


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1]))
    except KeyboardInterrupt:
        pass
