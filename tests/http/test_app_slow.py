"""Clients that announce a body and do not send it: whoever waits for them waits alone."""

import contextlib
import re
import socket

import requests

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
