"""Files that pass through the program: any size in the same memory, and never half a file for a whole one."""

import contextlib
import http.client
import json
import os
import pathlib
import socket

import pytest
import requests

from app_dialects import BOUNDARY, form, part, snapshot, spool_files
from app_people import token_client
from conftest import s3_of
from harness.dialects import jpeg
from harness.patience import PATIENCE_S, wait_until
from test_app_slow import STRANGERS, answered, clients_that_stop, head_of, status_of

API = "/api/v1/upload"
SIZE = int(os.environ.get("TEST_STREAM_BYTES", 100_000_000))
MEMORY_MAX = 48_000_000  # the most that the worker may grow, whatever the size


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def vitrine(request, running):
    return running(request.param, MAX_FILE_SIZE="2GB", UPLOAD_TIMEOUT="600")


@pytest.fixture(scope="module")
def program(vitrine):
    return token_client(vitrine)


class Pieces:
    """A form with one large file, made while it is sent."""

    def __init__(self, size):
        whole = form(part("file", jpeg(), "large.jpg", "image/jpeg"))
        self.end = whole[whole.rindex(b"\xff\xd9"):]
        self.start = whole[:-len(self.end)]
        self.filling = bytes(65536)
        self.file_size = size
        self.head_size = self.start.index(b"\xff\xd8")
        self.count = (size - (len(self.start) - self.head_size) - 2) // len(self.filling)
        self.rest = (size - (len(self.start) - self.head_size) - 2) % len(self.filling)
        self.len = len(self.start) + self.count * len(self.filling) + self.rest + len(self.end)

    def __len__(self):
        return self.len

    def __iter__(self):
        yield self.start
        for _ in range(self.count):
            yield self.filling
        yield self.filling[:self.rest]
        yield self.end


def send(vitrine, program, pieces):
    """POST the form with its length, as clients do that know it."""
    connection = http.client.HTTPConnection("127.0.0.1", vitrine.port, timeout=PATIENCE_S)
    connection.putrequest("POST", API + "/direct")
    for name, value in {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(len(pieces)),
                        "Authorization": program.headers["Authorization"], "Accept": "application/json"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for piece in pieces:
        connection.send(piece)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def peak_memory(vitrine):
    (pid,) = vitrine.pids_of("vitrine.fcgi")
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def forget_peak(vitrine):
    (pid,) = vitrine.pids_of("vitrine.fcgi")
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def test_a_large_file_goes_up_and_comes_down_in_little_memory(vitrine, program):
    send(vitrine, program, Pieces(1_000_000))
    forget_peak(vitrine)
    before = peak_memory(vitrine)
    status, body = send(vitrine, program, Pieces(SIZE))
    assert status == 200, body
    file_id = json.loads(body)["file_id"]
    count = 0
    with program.get(f"{API}/download/{file_id}", stream=True, timeout=PATIENCE_S) as answer:
        assert answer.status_code == 200 and answer.headers["Content-Length"] == str(SIZE)
        for piece in answer.iter_content(1 << 20):
            count += len(piece)
    assert count == SIZE
    assert peak_memory(vitrine) - before < MEMORY_MAX
    part_of_it = program.get(f"{API}/download/{file_id}", headers={"Range": f"bytes={SIZE - 2}-"})
    assert (part_of_it.status_code, part_of_it.content) == (206, b"\xff\xd9")
    assert not spool_files(vitrine)
    assert program.delete(f"{API}/{file_id}").status_code == 200


def test_slow_readers_do_not_keep_the_threads(vitrine, program):
    """Forty of them at once, each with a large file half read."""
    status, body = send(vitrine, program, Pieces(20_000_000))
    assert status == 200, body
    file_id = json.loads(body)["file_id"]
    slow = [vitrine.client().get(f"{API}/download/{file_id}", stream=True, headers=dict(program.headers)) for _ in range(40)]
    try:
        assert all(answer.status_code == 200 for answer in slow)
        for answer in slow:
            next(answer.iter_content(1000))
        assert program.get(f"{API}/metadata/{file_id}").status_code == 200
    finally:
        for answer in slow:
            answer.close()
    assert program.delete(f"{API}/{file_id}").status_code == 200


def test_a_storage_that_ends_in_the_middle_cuts_the_answer(vitrine, program):
    """Nobody takes half a file for a whole one: fewer bytes than were announced, or a broken connection."""
    status, body = send(vitrine, program, Pieces(60_000_000))
    assert status == 200, body
    file_id = json.loads(body)["file_id"]
    (data,) = [path for path in vitrine.data.rglob("*") if path.is_file() and path.stat().st_size == 60_000_000]
    os.truncate(data, 30_000_000)  # storage still says that it has all of it
    count = 0
    try:
        with program.get(f"{API}/download/{file_id}", stream=True, timeout=PATIENCE_S) as answer:
            assert answer.headers["Content-Length"] == "60000000"
            for piece in answer.iter_content(1 << 16):
                count += len(piece)
    except (requests.exceptions.ChunkedEncodingError, requests.ConnectionError):
        pass
    assert 0 < count < 60_000_000
    assert program.delete(f"{API}/{file_id}").status_code == 200


@pytest.mark.parametrize("path, field", ((API + "/direct", "file"), ("/api/profile/upload-image", "image")))
def test_slow_uploads_leave_threads_for_others(vitrine, program, path, field):
    form_type = "Content-Type: multipart/form-data; boundary=x"
    head = head_of("POST", path, form_type, f"Authorization: {program.headers['Authorization']}")

    with clients_that_stop(vitrine.base_url, head, STRANGERS) as connections:
        assert program.get(API + "/list", timeout=PATIENCE_S).status_code == 200
        refused = wait_until(lambda: answered(connections))
        assert len(refused) < STRANGERS and {status_of(connection) for connection in refused} == {503}
    with clients_that_stop(vitrine.base_url, head_of("POST", path, form_type), STRANGERS) as connections:
        assert {status_of(connection) for connection in connections} == {401}
    assert program.post(path, files={field: ("a.jpg", jpeg(), "image/jpeg")}).status_code == 200


@pytest.mark.parametrize("server", ("lighttpd", "nginx"))
def test_a_worker_that_is_killed_in_an_upload_leaves_nothing(start_vitrine, server):
    vitrine = start_vitrine(SERVER=server)
    client = token_client(vitrine)
    pieces = Pieces(20_000_000)
    head = (f"POST {API}/direct HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(pieces)}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Authorization: {client.headers['Authorization']}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", vitrine.port), PATIENCE_S) as connection:
        connection.sendall(head.encode() + b"".join(pieces)[:10_000_000])
        wait_until(lambda: spool_files(vitrine), "the file being received")
        vitrine.kill()

    def is_back():  # the web server or the supervisor starts another one
        with contextlib.suppress(requests.RequestException):
            return client.get(API + "/health").status_code == 200

    wait_until(is_back, "another worker answering")
    assert client.get(API + "/list").json()["files"] == []
    assert snapshot(vitrine, s3_of(vitrine)) == (set(), set(), set())
    assert client.post(API + "/direct", files={"file": ("a.jpg", jpeg(), "image/jpeg")}).status_code == 200
