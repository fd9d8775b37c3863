"""Clients that announce a body and do not send it: whoever waits for them waits alone."""

import contextlib
import re
import select
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from harness.patience import PATIENCE_S, wait_until
from harness.s3_client import s3_client
from harness.vitrine import Vitrine

STRANGERS = 60  # more than either worker has threads


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


def answered(connections):
    """Those on which something has come."""
    return select.select(connections, [], [], 0)[0]


def status_of(connection):
    return int(re.match(rb"HTTP/1.1 (\d+)", connection.recv(100))[1])


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


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def patient(request):
    """Who sends slowly is not given up; eight threads, and more that receive bodies."""
    with Vitrine(request.param, UPLOAD_TIMEOUT="600", THREADS="8", TRUSTED_PROXIES="127.0.0.1") as vitrine:
        yield vitrine


def test_slow_forms_of_people_leave_threads_for_others(patient):
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in patient.admin().cookies)
    head = head_of("POST", "/admin/upload", "Content-Type: multipart/form-data; boundary=x", f"Cookie: {cookies}")

    with clients_that_stop(patient.base_url, head, STRANGERS) as connections:
        assert requests.get(f"{patient.base_url}/sign-in", timeout=PATIENCE_S).status_code == 200
        refused = wait_until(lambda: answered(connections))
        assert len(refused) < STRANGERS and {status_of(connection) for connection in refused} == {503}


def test_a_connection_that_will_close_says_so(lighttpd):
    """Answered before its body was read, over and over on what may be one connection: none is lost.

    nginx closes as it thinks best, and does not say so."""
    for url, method in ((lighttpd.objects_url + "/vitrine/x", "PUT"), (lighttpd.base_url + "/admin/upload", "POST")):
        with requests.Session() as session:
            statuses = {session.request(method, url, data=b"x" * 600_000, allow_redirects=False,
                                        timeout=PATIENCE_S).status_code for _ in range(30)}
        assert statuses == {303 if method == "POST" else 403}


# --- holders of valid grants at the embedded storage ---

HELD = 16  # of 32 threads that receive bodies, from one network or from strangers


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def strict(request):
    """Bodies must go on by 5 KB within five seconds."""
    with Vitrine(request.param, UPLOAD_TIMEOUT="5", THREADS="8", TRUSTED_PROXIES="127.0.0.1") as vitrine:
        yield vitrine


def grants(vitrine, count, name="slow"):
    """Presigned PUTs, each of a key of its own."""
    s3 = s3_client(vitrine.objects_url, *vitrine.keys())
    return [s3.generate_presigned_url("put_object", Params={"Bucket": "vitrine", "Key": f"{name}-{number}"},
                                      ExpiresIn=3600) for number in range(count)]


def put_head(url, length, client):
    parts = urlsplit(url)
    return (f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {length}\r\n"
            f"X-Forwarded-For: {client}\r\n\r\nx")


def form_head(client):
    return head_of("POST", "/vitrine", "Content-Type: multipart/form-data; boundary=x", f"X-Forwarded-For: {client}")


def connect_all(stack, vitrine, heads):
    """A connection for each of `heads`, with nothing to follow."""
    connections = [stack.enter_context(clients_that_stop(vitrine.objects_url, head, 1)) for head in heads]
    return [connection for connection, in connections]


def answer_of(connection):
    """Everything that is answered until the server closes or the document ends."""
    text = b""
    with contextlib.suppress(ConnectionError):
        while b"</Error>" not in text and (piece := connection.recv(4000)):
            text += piece
    return text


def check_that_others_are_served(vitrine, url):
    """They write and read as if nothing were."""
    for client in ("203.0.113.2", "2001:db8::1"):
        put = requests.put(url, data=b"x" * 100_000, headers={"X-Forwarded-For": client}, timeout=PATIENCE_S)
        assert put.status_code == 200, put.text
    assert requests.get(f"{vitrine.objects_url}/vitrine/absent", timeout=PATIENCE_S).status_code == 403


def check_that_all_but_the_held_come_again_later(connections):
    slowed = wait_until(lambda: len(found := answered(connections)) >= STRANGERS - HELD and found)
    for connection in slowed:
        answer = answer_of(connection)
        assert answer.startswith(b"HTTP/1.1 503") and b"SlowDown" in answer and b"Retry-After: 2" in answer, answer
    held = [connection for connection in connections if connection not in slowed]
    assert len(held) == HELD and not answered(held)


def test_slow_holders_of_grants_leave_threads_for_others(patient):
    *slow, other = grants(patient, STRANGERS + 1)
    with contextlib.ExitStack() as stack:
        connections = connect_all(stack, patient, [put_head(url, 1_000_000, "198.51.100.1") for url in slow])
        check_that_others_are_served(patient, other)
        check_that_all_but_the_held_come_again_later(connections)


def test_strangers_who_begin_forms_leave_threads_to_everyone_else(patient):
    """They took every thread, without any key, for as long as a body may pause."""
    other, = grants(patient, 1, "beside-forms")
    with contextlib.ExitStack() as stack:
        connections = connect_all(stack, patient, [form_head(f"198.51.100.{number}") for number in range(STRANGERS)])
        check_that_others_are_served(patient, other)
        check_that_all_but_the_held_come_again_later(connections)


def test_who_stops_in_a_body_is_given_up(strict):
    heads = [put_head(url, 1_000_000, "198.51.100.5") for url in grants(strict, 4, "stopped")]
    heads += [form_head(f"198.51.100.{number}") for number in range(4)]
    with contextlib.ExitStack() as stack:
        for connection in connect_all(stack, strict, heads):
            answer = answer_of(connection)
            assert answer.startswith(b"HTTP/1.1 400") and b"<Code>RequestTimeout</Code>" in answer, answer[:200]


def test_a_body_that_drips_is_given_up_and_one_on_a_slow_line_is_not(strict):
    dripped, slow_line = grants(strict, 2, "drip")
    with contextlib.ExitStack() as stack:
        drip, line = connect_all(stack, strict, [put_head(dripped, 1_000_000, "198.51.100.3"),
                                                 put_head(slow_line, 1 + 40 * 6000, "198.51.100.4")])
        for _ in range(40):  # eight seconds, and more than the line must make in any five
            line.sendall(b"x" * 6000)
            with contextlib.suppress(ConnectionError):
                drip.sendall(b"x" * 10)
            time.sleep(0.2)
        assert b"RequestTimeout" in answer_of(drip)
        assert status_of(line) == 200


def test_one_key_is_received_twice_at_most(patient):
    url, = grants(patient, 1, "shared")
    with contextlib.ExitStack() as stack:
        connections = connect_all(stack, patient, [put_head(url, 1000, f"198.51.100.{number}") for number in range(20, 25)])
        refused = wait_until(lambda: len(found := answered(connections)) >= 3 and found)
        assert len(refused) == 3 and all(b"SlowDown" in answer_of(connection) for connection in refused)
        for connection in connections:
            if connection not in refused:
                connection.sendall(b"x" * 999)
                assert status_of(connection) == 200
