"""Object keys in addresses: slashes, escapes, and what is no key at all; behind both web servers."""

import http.client
import json
import urllib.parse

import pytest

from app_people import assert_problem, token_client
from app_pictures import png
from harness.patience import PATIENCE_S


@pytest.fixture(scope="module")
def program(vitrine):
    return token_client(vitrine)


def stored(program, name="a boat+ä%.png"):
    """The key of a file that was uploaded by a presigned URL."""
    grant = program.post("/api/v1/upload/presigned", json={"filename": name, "content_type": "image/png"})
    assert grant.status_code == 200, grant.text
    put = program.request("PUT", grant.json()["upload_url"], data=png(), headers={
        "Authorization": None, **grant.json()["headers"]})
    assert put.status_code == 200, put.text
    return grant.json()["file_id"]


def as_it_is(program, method, path):
    """Sent without a client's own ideas of how a path should look: (status, body)."""
    host = urllib.parse.urlsplit(program.base_url).netloc
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_S)
    connection.putrequest(method, path, skip_accept_encoding=True)
    connection.putheader("Authorization", program.headers["Authorization"])
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, body


def test_a_key_is_found_however_its_slashes_are_written(program):
    key = stored(program)
    for safe in ("/", ""):
        path = urllib.parse.quote(key, safe=safe)
        status, body = as_it_is(program, "GET", f"/api/v1/upload/metadata/{path}")
        assert status == 200 and json.loads(body)["file_id"] == key, body
        status, body = as_it_is(program, "GET", f"/api/v1/upload/download/{path}/url?expires_in=60")
        assert status == 200 and json.loads(body)["file_id"] == key, body
        status, body = as_it_is(program, "HEAD", f"/api/v1/upload/download/{path}")
        assert status == 200
    status, body = as_it_is(program, "DELETE", f"/files/{urllib.parse.quote(key, safe='')}")
    assert status == 200, body
    assert as_it_is(program, "GET", f"/api/v1/upload/metadata/{urllib.parse.quote(key)}")[0] == 404


@pytest.mark.parametrize("key", ("%", "%2", "%zz", "a%00b", "%00", "%ff", "%c3%28", "%ed%a0%80", "x" * 1025, "%41" * 1025))
@pytest.mark.parametrize("method, path", (
    ("DELETE", "/files/{}"), ("GET", "/api/v1/upload/metadata/{}"), ("GET", "/api/v1/upload/download/{}/url"),
    ("GET", "/api/v1/upload/download/{}"), ("DELETE", "/api/v1/upload/{}")))
def test_what_is_no_key_is_told_so(program, method, path, key):
    status, body = as_it_is(program, method, path.format(key))
    assert status == 400, body
    if body.startswith("{"):  # nginx judges some of them by itself
        assert "key in the address" in json.loads(body)["detail"]


@pytest.mark.parametrize("key", ("..", "../..", "%2e%2e/%2e%2e/etc/passwd", ".", "/", "//", "a//b", "uploads/", "\\", "%5c..%5c",
                                 "~root", "uploads/%2e%2e/uploads/x", "%0d%0aX-Evil:%20yes", "%3Cscript%3E", "'%22;--",
                                 "images/../../vitrine.db", "list", "health", "%F0%9F%8E%88.png", "+", "x" * 1024))
def test_a_key_of_nothing_is_not_found_and_means_nothing_else(program, key):
    for method, path in (("DELETE", "/files/{}"), ("GET", "/api/v1/upload/metadata/{}"), ("DELETE", "/api/v1/upload/{}")):
        status, body = as_it_is(program, method, path.format(key))
        # a web server may remove dot segments, and then it is another address of ours
        assert status in (404, 405) or (status == 400 and not body.startswith("{")), f"{method} {path.format(key)}: {status} {body}"
        assert "passwd" not in body and "<script>" not in body


def test_a_key_of_somebody_else_is_a_key_of_nothing(vitrine, program):
    key = urllib.parse.quote(stored(program))
    other = token_client(vitrine)
    for method, path in (("DELETE", f"/files/{key}"), ("DELETE", f"/api/v1/upload/{key}"),
                         ("GET", f"/api/v1/upload/metadata/{key}"), ("GET", f"/api/v1/upload/download/{key}/url")):
        theirs = assert_problem(other.request(method, path), 404, "not_found")
        nobodys = assert_problem(other.request(method, path.replace("uploads/", "uploads/9", 1)), 404, "not_found")
        for problem in (theirs, nobodys):
            del problem["request_id"]
        assert theirs == nobodys


def test_literal_addresses_win_over_keys(program):
    assert program.get("/api/v1/upload/health").json()["s3_enabled"] is True
    assert program.get("/api/v1/upload/list").json()["count"] >= 0
    answer = program.request("POST", "/api/v1/upload/list")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD")


@pytest.mark.parametrize("method, path, fields", (
    ("POST", "/upload", ("message", "error")), ("GET", "/api/profile/images/999999/signed-url", ("message",)),
    ("POST", "/upload-url", ("detail",)), ("POST", "/api/v1/upload/presigned", ("detail",))))
def test_errors_say_it_where_each_dialects_clients_look(vitrine, program, method, path, fields):
    for client in (program, vitrine.client()):
        answer = client.request(method, path, json={} if method == "POST" else None)
        problem = answer.json()
        assert answer.status_code in (401, 404, 422) and answer.headers["Content-Type"] == "application/problem+json"
        for field in fields:
            assert problem[field] == problem["detail"]
    assert "message" not in vitrine.client().get("/images").json()
