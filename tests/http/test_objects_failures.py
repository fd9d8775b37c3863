"""What goes wrong: cut bodies, full disks, killed workers, races. Nothing half-written is ever left."""

import concurrent.futures
import os
import signal
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import (ObjectsServer, bucket, objects, presign, read_all,  # noqa: F401
                            s3, start_objects, wait_until)

MB = 1024 * 1024


def code_of(answer):
    return ElementTree.fromstring(answer.content).findtext("Code")


def traces(server, bucket="vitrine"):  # noqa: F811
    """Files of a bucket that a failed upload must not leave."""
    return server.files("uploads"), server.files(f"buckets/{bucket}/keys")


def raw_put(server, url, body, length, extra=b"", wait_for_answer=True):
    """PUT with a Content-Length that may not be true, over a plain socket, which is then closed."""
    path = url[len(server.url):]
    head = (f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {length}\r\n"
            "Connection: close\r\n").encode() + extra + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as s:
        s.sendall(head + body)
        if wait_for_answer:
            return read_all(s)
    return b""


# --- bodies that are not what they should be ---------------------------------------------------------------


@pytest.mark.parametrize("sent", [0, 1, 1000, 300_000])
def test_a_cut_body_leaves_nothing(objects, s3, bucket, sent):  # noqa: F811
    before = len(objects.files("data"))
    url = presign(f"{objects.url}/{bucket}/a", "PUT")
    raw_put(objects, url, b"x" * sent, 500_000, wait_for_answer=False)
    wait_until(lambda: traces(objects, bucket) == ([], []) and len(objects.files("data")) == before,
               what="the upload being thrown away")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_body_without_a_length_is_refused_or_whole(objects, s3, bucket):  # noqa: F811
    """S3 wants a length. A web server that has the whole chunked body at once knows it, and may say it."""
    url = presign(f"{objects.url}/{bucket}/a", "PUT")
    path = url[len(objects.url):]
    with socket.create_connection(("127.0.0.1", objects.port), timeout=PATIENCE_S) as s:
        s.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{objects.port}\r\nTransfer-Encoding: chunked\r\n"
                  "Connection: close\r\n\r\n5\r\nhello\r\n".encode())
        time.sleep(0.3)
        try:
            s.sendall(b"5\r\nworld\r\n0\r\n\r\n")
        except ConnectionError:
            pass  # answered already
        status = read_all(s).split()[1]
    if status == b"200":
        assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"helloworld"
    else:
        assert status == b"411" and s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_expect_100_continue_is_answered(objects, s3, bucket):  # noqa: F811
    url = presign(f"{objects.url}/{bucket}/a", "PUT")
    path = url[len(objects.url):]
    with socket.create_connection(("127.0.0.1", objects.port), timeout=PATIENCE_S) as s:
        s.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{objects.port}\r\nContent-Length: 5\r\n"
                  "Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
        assert s.recv(100).startswith(b"HTTP/1.1 100")
        s.sendall(b"hello")
        assert read_all(s).startswith(b"HTTP/1.1 200")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"hello"


def test_too_large_is_told_before_the_body_is_sent(start_objects):  # noqa: F811
    server = start_objects(MAX_FILE_SIZE="1MB")
    url = presign(f"{server.url}/vitrine/a", "PUT")
    assert requests.put(url, data=b"x" * 1_000_000).status_code == 200
    answer = requests.put(url, data=b"x" * 1_000_001)
    found = {e.tag: e.text for e in ElementTree.fromstring(answer.content)}
    assert (answer.status_code, found["Code"]) == (400, "EntityTooLarge")
    assert (found["ProposedSize"], found["MaxSizeAllowed"]) == ("1000001", "1000000")
    assert b"EntityTooLarge" in raw_put(server, url, b"", 4_000_000_000)  # only announced
    # who has the keys may store more
    server.client().put_object(Bucket="vitrine", Key="b", Body=b"x" * 2_000_000)


@pytest.mark.parametrize("size", [1000, 200_000, 20 * MB])
def test_a_refusal_is_read_by_who_is_still_sending(objects, bucket, size):  # noqa: F811
    """Browsers send on; they must see the 403 with its CORS headers, not a reset connection."""
    url = presign(f"{objects.url}/{bucket}/a", "PUT", secret="wrong")
    for _ in range(5):
        answer = requests.put(url, data=b"x" * size, timeout=PATIENCE_S)
        assert (answer.status_code, code_of(answer)) == (403, "SignatureDoesNotMatch")


def test_a_connection_survives_a_small_refusal(objects, s3, bucket):  # noqa: F811
    """Of who has a right to be here. Strangers are hung up on, or they could keep threads waiting."""
    s3.put_object(Bucket=bucket, Key="taken", Body=b"x")
    session = requests.Session()
    taken = presign(f"{objects.url}/{bucket}/taken", "PUT")
    free = presign(f"{objects.url}/{bucket}/free", "PUT")
    for _ in range(100):
        refused = session.put(taken, data=b"x" * 50_000, headers={"If-None-Match": "*"})
        assert refused.status_code == 412
        assert session.put(free, data=b"x" * 50_000).status_code == 200
    pool = session.adapters["http://"].poolmanager.connection_from_url(objects.url)
    assert pool.num_connections < 5  # lighttpd ends one after 100 requests


# --- races ------------------------------------------------------------------------------------------------------


def test_of_parallel_first_writes_one_wins(objects, s3, bucket):  # noqa: F811
    for round_ in range(10):
        url = presign(f"{objects.url}/{bucket}/{round_}", "PUT")
        barrier = threading.Barrier(6)

        def write(i):
            barrier.wait()
            return requests.put(url, data=f"writer {i}" * 1000, headers={"If-None-Match": "*"})

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(write, range(6)))
        winners = [i for i, a in enumerate(answers) if a.status_code == 200]
        assert len(winners) == 1
        losers = {code_of(a) for i, a in enumerate(answers) if i not in winners}
        assert losers <= {"PreconditionFailed", "SlowDown"}  # only so many may send one key at a time
        body = s3.get_object(Bucket=bucket, Key=str(round_))["Body"].read()
        assert body == (f"writer {winners[0]}" * 1000).encode()


def test_readers_see_the_old_or_the_new_object_never_a_mixture(objects, s3, bucket):  # noqa: F811
    bodies = [bytes([65 + i]) * (100_000 + i) for i in range(4)]
    s3.put_object(Bucket=bucket, Key="a", Body=bodies[0])
    stop = threading.Event()

    def write():
        i = 0
        while not stop.is_set():
            i += 1
            s3.put_object(Bucket=bucket, Key="a", Body=bodies[i % 4])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            got = s3.get_object(Bucket=bucket, Key="a")
            body = got["Body"].read()
            assert body in bodies
    finally:
        stop.set()
        writer.join()


def put_until_taken(session, url, body):
    """As S3's clients do: a SlowDown is a reason to come again."""
    for pause in range(1, 20):
        status = session.put(url, data=body).status_code
        if status != 503:
            break
        time.sleep(pause / 10)
    return status


def test_a_hundred_clients_at_once(objects, bucket):  # noqa: F811
    def use(i):
        session = requests.Session()
        body = os.urandom(20_000 + i)
        address = f"{objects.url}/{bucket}/client-{i}"
        for _ in range(3):
            assert put_until_taken(session, presign(address, "PUT"), body) == 200
            assert session.get(presign(address)).content == body
        return session.delete(presign(address, "DELETE")).status_code

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        assert list(pool.map(use, range(100))) == [204] * 100


# --- crashes --------------------------------------------------------------------------------------------------------


def test_a_killed_worker_leaves_whole_objects_only(start_objects):  # noqa: F811
    server = start_objects()
    stop = threading.Event()
    done = {}

    def write(i):
        n = 0
        while not stop.is_set():
            n += 1
            key, body = f"w{i}/{n}", os.urandom(300_000)
            url = presign(f"{server.url}/vitrine/{key}", "PUT")
            try:
                if requests.put(url, data=body, timeout=PATIENCE_S).status_code == 200:
                    done[key] = body
            except requests.RequestException:
                time.sleep(0.01)

    writers = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for thread in writers:
        thread.start()
    for kills in range(1, 5):
        wait_until(lambda: len(done) > 4 * kills, "some uploads")
        server.kill_worker()
    stop.set()
    for thread in writers:
        thread.join()
    client = server.client()
    listed = {o["Key"]: o["Size"] for page in client.get_paginator("list_objects_v2").paginate(Bucket="vitrine")
              for o in page.get("Contents", [])}
    assert set(done) <= set(listed)  # what was confirmed is there
    assert set(listed.values()) <= {300_000}  # what is there is whole
    for key, body in done.items():
        assert client.get_object(Bucket="vitrine", Key=key)["Body"].read() == body
    server.kill_worker()  # nothing runs now: the start sweeps the rest
    assert server.files("uploads") == []
    assert len(server.files("data")) == len(listed)


def test_a_stop_lets_running_uploads_finish(start_objects):  # noqa: F811
    server = start_objects()
    url = presign(f"{server.url}/vitrine/slow", "PUT")
    stopped = threading.Event()

    def slow_body():
        for piece in range(10):
            if piece == 5:
                stopped.wait(PATIENCE_S)
            if piece > 5:
                time.sleep(0.1)
            yield b"x" * 10_000

    class Slow:
        def __init__(self):
            self.parts = slow_body()

        def __len__(self):
            return 100_000

        def read(self, _=-1):
            return next(self.parts, b"")

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        upload = pool.submit(requests.put, url, data=Slow(), timeout=PATIENCE_S)
        wait_until(lambda: server.files("uploads"), "its beginning")
        if server.kind == "nginx":
            server.worker.terminate()
        else:
            server.web.send_signal(signal.SIGINT)  # lighttpd's polite stop; its worker follows
        stopped.set()
        assert upload.result().status_code == 200
    assert (server.worker or server.web).wait(PATIENCE_S) == 0


# --- full disks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_nothing_is_left(start_objects, small_disk):  # noqa: F811
    server = start_objects(objects=small_disk / "objects")
    client = server.client()
    client.put_object(Bucket="vitrine", Key="kept", Body=b"k" * MB)
    url = presign(f"{server.url}/vitrine/big", "PUT")
    answer = raw_put(server, url, b"x" * 1000, 100 * MB)  # the space is asked for before the body comes
    assert answer.split()[1] == b"507" and b"InsufficientStorage" in answer
    assert requests.put(url, data=b"x" * 20 * MB).status_code == 507
    for i in range(100):  # the last ones do not fit
        answer = requests.put(presign(f"{server.url}/vitrine/{i}", "PUT"), data=b"x" * 500_000)
        if answer.status_code != 200:
            break
    assert (answer.status_code, code_of(answer)) == (507, "InsufficientStorage") and i > 5
    assert server.files("uploads") == [] and len(server.files("data")) == i + 1
    assert client.get_object(Bucket="vitrine", Key="kept")["Body"].read() == b"k" * MB
    for j in range(i):
        client.delete_object(Bucket="vitrine", Key=str(j))
    wait_until(lambda: len(server.files("data")) == 1, "the space of deleted objects coming back")
    assert requests.put(url, data=b"x" * 3 * MB).status_code == 200


def test_a_disk_that_fills_while_writing_is_told_too(start_objects):  # noqa: F811
    """RLIMIT_FSIZE stands for a disk on which no space can be reserved."""
    server = start_objects(file_limit=2 * MB)
    url = presign(f"{server.url}/vitrine/a", "PUT")
    assert requests.put(url, data=b"x" * MB).status_code == 200
    answer = requests.put(url, data=b"x" * 3 * MB)
    assert (answer.status_code, code_of(answer)) == (507, "InsufficientStorage")
    assert server.files("uploads") == []
    assert requests.get(presign(f"{server.url}/vitrine/a")).content == b"x" * MB


def test_a_root_that_cannot_be_written_is_said_at_the_start(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    server = ObjectsServer("nginx", tmp_path, objects=tmp_path / "file" / "objects")
    for name in ("run", "log"):
        (tmp_path / name).mkdir()
    server.spawn_worker()
    assert server.worker.wait(PATIENCE_S) == 1
    log = (tmp_path / "log" / "worker.log").read_text()
    assert "OBJECTS_ROOT" in log and str(tmp_path / "file" / "objects") in log


def test_a_root_may_be_a_symbolic_link(start_objects, tmp_path):  # noqa: F811
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    server = start_objects(objects=tmp_path / "link" / "objects")
    server.client().put_object(Bucket="vitrine", Key="a", Body=b"x" * 1000)
    assert requests.get(presign(f"{server.url}/vitrine/a")).content == b"x" * 1000


def test_slow_uploads_do_not_keep_others_waiting(start_objects):  # noqa: F811
    objects, bucket = start_objects(UPLOAD_TIMEOUT=600), "vitrine"  # noqa: F811
    objects.client().put_object(Bucket=bucket, Key="seen", Body=b"x")
    slow = []
    for i in range(16):
        path = presign(f"{objects.url}/{bucket}/{i}", "PUT")[len(objects.url):]
        s = socket.create_connection(("127.0.0.1", objects.port), timeout=PATIENCE_S)
        s.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{objects.port}\r\nContent-Length: 100000\r\n\r\n"
                  .encode() + b"x" * 50_000)
        slow.append(s)
    wait_until(lambda: len(objects.files("uploads")) == 16, "all of them being received")
    assert requests.get(presign(f"{objects.url}/{bucket}/seen"), timeout=PATIENCE_S).content == b"x"
    assert len(objects.files("uploads")) == 16
    for s in slow:
        s.close()
    wait_until(lambda: objects.files("uploads") == [], what="the uploads being thrown away")


# --- size --------------------------------------------------------------------------------------------------------------


def stream_through(server, size):
    """PUT and GET `size` bytes without holding them; returns the growth of the worker's peak in KiB."""
    block = os.urandom(MB)
    url = presign(f"{server.url}/vitrine/large", "PUT", expires=3600)

    class Source:
        left = size

        def __len__(self):
            return size

        def read(self, n=-1):
            at = (size - self.left) % MB
            part = block[at: at + min(n if n > 0 else MB, self.left)]
            self.left -= len(part)
            return part

    server.client().put_object(Bucket="vitrine", Key="warm", Body=b"x" * MB, Metadata={"a": "b"})
    server.client().get_object(Bucket="vitrine", Key="warm")["Body"].read()
    before = server.rss_kib()
    assert requests.put(url, data=Source(), headers={"x-other": "1"}, timeout=600).status_code == 200
    for headers in ({}, {"If-Match": "*"}):  # by the web server, by the worker
        received = 0
        with requests.get(presign(f"{server.url}/vitrine/large", expires=3600), headers=headers, stream=True) as answer:
            assert answer.status_code == 200 and int(answer.headers["Content-Length"]) == size
            for part in answer.iter_content(MB):
                assert part == (block * 2)[received % MB:][: len(part)]
                received += len(part)
        assert received == size
    return server.rss_kib() - before


def test_64_megabytes_go_through_in_constant_memory(start_objects):  # noqa: F811
    assert stream_through(start_objects(), 64 * MB) < 2048


@pytest.mark.slow
def test_a_gigabyte_goes_through_in_constant_memory(start_objects):  # noqa: F811
    assert stream_through(start_objects(), 1024 * MB) < 2048


@pytest.mark.slow
def test_ten_thousand_objects_are_listed_in_order(objects, s3, bucket):  # noqa: F811
    def put(part):
        session = requests.Session()
        for i in range(part, 10_000, 8):
            session.put(presign(f"{objects.url}/{bucket}/flat-{i:06}", "PUT"), data=b"x")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(8)))
    keys = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for o in page["Contents"]]
    assert keys == [f"flat-{i:06}" for i in range(10_000)]
