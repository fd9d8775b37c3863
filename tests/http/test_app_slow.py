"""Clients that announce a body and do not send it: whoever waits for them waits alone."""

import contextlib
import re
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from harness.s3_client import s3_client
from harness.vitrine import Vitrine

STRANGERS = 60  # more than either worker has threads
PATIENCE_S = 5


@contextlib.contextmanager
def clients_that_stop(url, head, count):
    """`count` connections on which `head` was sent, with nothing to follow."""
    host, port = url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection((host, int(port)), PATIENCE_S))
                       for _ in range(count)]
        for connection in connections:
            connection.sendall(head.encode())
        yield connections


def status_of(connection, patience_s=PATIENCE_S):
    """The status of the answer; None when there is none yet."""
    connection.settimeout(patience_s)
    try:
        return int(re.match(rb"HTTP/1.1 (\d+)", connection.recv(100))[1])
    except TimeoutError:
        return None


def head_of(method, path, *lines):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Length: 200000", *lines, "", "--x"))


def test_strangers_who_stop_in_a_form_with_files_hold_nobody_up(vitrine):
    head = head_of("POST", "/admin/upload", "Content-Type: multipart/form-data; boundary=x")

    with clients_that_stop(vitrine.base_url, head, STRANGERS) as connections:
        assert requests.get(f"{vitrine.base_url}/sign-in", timeout=PATIENCE_S).status_code == 200
        assert {status_of(connection) for connection in connections} == {303}


def test_strangers_who_stop_in_an_object_hold_nobody_up(vitrine):
    head = head_of("PUT", "/vitrine/stranger")

    with clients_that_stop(vitrine.objects_url, head, STRANGERS) as connections:
        assert requests.get(f"{vitrine.objects_url}/vitrine/absent", timeout=PATIENCE_S).status_code == 403
        assert {status_of(connection) for connection in connections} == {403}


def test_slow_forms_of_people_leave_threads_for_others(vitrine, admin):
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in admin.cookies)
    head = head_of("POST", "/admin/upload", "Content-Type: multipart/form-data; boundary=x", f"Cookie: {cookies}")

    with clients_that_stop(vitrine.base_url, head, STRANGERS) as connections:
        assert requests.get(f"{vitrine.base_url}/sign-in", timeout=PATIENCE_S).status_code == 200
        answers = [status_of(connection, 0.05) for connection in connections]
        assert set(answers) == {None, 503}


def test_a_connection_that_will_close_says_so(lighttpd):
    """Answered before its body was read, over and over on what may be one connection: none is lost.

    nginx closes as it thinks best, and does not say so."""
    for url, method in ((lighttpd.objects_url + "/vitrine/x", "PUT"), (lighttpd.base_url + "/admin/upload", "POST")):
        with requests.Session() as session:
            statuses = {session.request(method, url, data=b"x" * 600_000, allow_redirects=False,
                                        timeout=PATIENCE_S).status_code for _ in range(30)}
        assert statuses == {303 if method == "POST" else 403}


# --- holders of valid grants at the embedded storage ---

@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def strict(request):
    """Bodies must go on within three seconds; 32 threads receive them."""
    with Vitrine(request.param, UPLOAD_TIMEOUT="3", THREADS="8", TRUSTED_PROXIES="127.0.0.1") as vitrine:
        yield vitrine


def grants(vitrine, count, name="slow"):
    """Heads of presigned PUTs, each of a key of its own."""
    s3 = s3_client(vitrine.objects_url, *vitrine.keys())
    return [s3.generate_presigned_url("put_object", Params={"Bucket": "vitrine", "Key": f"{name}-{number}"},
                                      ExpiresIn=600) for number in range(count)]


def put_head(url, length, client):
    parts = urlsplit(url)
    return (f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {length}\r\n"
            f"X-Forwarded-For: {client}\r\n\r\nx")


def answer_of(connection, patience_s):
    """Everything that is answered until the server closes or nothing more comes."""
    connection.settimeout(patience_s)
    text = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while piece := connection.recv(4000):
            text += piece
            if b"</Error>" in text:
                break
    return text


@pytest.mark.alone
def test_slow_holders_of_grants_leave_threads_for_others_and_are_given_up(strict):
    urls = grants(strict, STRANGERS + 2)
    host, port = strict.objects_url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        slow = []
        for url in urls[:STRANGERS]:
            connection = stack.enter_context(socket.create_connection((host, int(port)), PATIENCE_S))
            connection.sendall(put_head(url, 1_000_000, "198.51.100.1").encode())
            slow.append(connection)
        began = time.monotonic()
        # others write and read meanwhile, as if nothing were
        for client in ("198.51.100.2", "2001:db8::1"):
            put = requests.put(urls[-1], data=b"x" * 100_000, headers={"X-Forwarded-For": client}, timeout=PATIENCE_S)
            assert put.status_code == 200, put.text
        assert requests.get(f"{strict.objects_url}/vitrine/absent", timeout=PATIENCE_S).status_code == 403
        assert time.monotonic() - began < 2
        answers = [answer_of(connection, 0.05 if time.monotonic() - began < 2 else 10) for connection in slow]
        slowed = [answer for answer in answers if b"SlowDown" in answer]
        kept = [number for number, answer in enumerate(answers) if b"SlowDown" not in answer]
        assert len(slowed) == STRANGERS - 16, [answer[:60] for answer in answers]
        assert all(answer.startswith(b"HTTP/1.1 503") and b"Retry-After: 2" in answer for answer in slowed)
        # and those that were let in do not stay
        for number in kept:
            text = answers[number] or answer_of(slow[number], 10)
            assert text.startswith(b"HTTP/1.1 400") and b"<Code>RequestTimeout</Code>" in text, text[:200]
        assert time.monotonic() - began < 10


@pytest.mark.alone
def test_strangers_who_begin_forms_leave_threads_to_everyone_else(strict):
    """They took every thread, without any key, for as long as a body may pause."""
    grant = grants(strict, 1, "beside-forms")[0]
    with contextlib.ExitStack() as stack:
        connections = []
        for number in range(STRANGERS):
            head = head_of("POST", "/vitrine", "Content-Type: multipart/form-data; boundary=x",
                           f"X-Forwarded-For: 198.51.100.{number}")
            connections += stack.enter_context(clients_that_stop(strict.objects_url, head, 1))
        began = time.monotonic()
        put = requests.put(grant, data=b"x" * 100_000, headers={"X-Forwarded-For": "203.0.113.1"}, timeout=PATIENCE_S)
        assert put.status_code == 200, put.text
        assert requests.get(f"{strict.objects_url}/vitrine/absent", timeout=PATIENCE_S).status_code == 403
        assert time.monotonic() - began < 2
        answers = [answer_of(connection, 10) for connection in connections]
        slowed = [answer for answer in answers if b"SlowDown" in answer]
        assert len(slowed) == STRANGERS - 16, [answer[:60] for answer in answers]
        assert sum(b"<Code>RequestTimeout</Code>" in answer for answer in answers) == 16
        assert time.monotonic() - began < 10


def test_a_body_that_drips_is_given_up_and_one_on_a_slow_line_is_not(strict):
    dripped, slow_line = grants(strict, 2, "drip")
    host, port = strict.objects_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as drip, \
            socket.create_connection((host, int(port)), PATIENCE_S) as line:
        drip.sendall(put_head(dripped, 1_000_000, "198.51.100.3").encode())
        line.sendall(put_head(slow_line, 1 + 40 * 600, "198.51.100.4").encode())
        with contextlib.suppress(ConnectionError):
            for _ in range(40):  # eight seconds
                line.sendall(b"x" * 600)
                drip.sendall(b"x" * 10)
                time.sleep(0.2)
        assert b"RequestTimeout" in answer_of(drip, 1)
        assert answer_of(line, 3).startswith(b"HTTP/1.1 200")


def test_one_key_is_received_twice_at_most(strict):
    url, = grants(strict, 1, "shared")
    host, port = strict.objects_url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection((host, int(port)), PATIENCE_S)) for _ in range(5)]
        for number, connection in enumerate(connections):
            connection.sendall(put_head(url, 1000, f"198.51.100.{20 + number}").encode())
        time.sleep(0.5)
        answers = [answer_of(connection, 0.3) for connection in connections]
        assert sum(b"SlowDown" in answer for answer in answers) == 3
        for connection, answer in zip(connections, answers):
            if not answer:
                connection.sendall(b"x" * 999)
                assert status_of(connection) == 200
