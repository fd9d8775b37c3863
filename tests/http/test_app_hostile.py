"""Hostile input through real web servers: always a clear refusal, never a 5xx, never a hang."""

import http.client
import json
import socket

import pytest

from app_people import assert_problem, signed_in, token_client
from app_pictures import png, upload
from harness.patience import PATIENCE_S

JSON_ENDPOINTS = (
    ("POST", "/images/attempts"),
    ("POST", "/images/presign-upload"),
    ("POST", "/images/presign-uploads"),
    ("POST", "/images"),
    ("POST", "/images/signed-urls"),
    ("PATCH", "/images/{id}"),
)

DEEP = b"[" * 100_000 + b"]" * 100_000

HOSTILE_BODIES = {
    "empty": b"",
    "spaces": b"   \n\t ",
    "null": b"null",
    "true": b"true",
    "number": b"42",
    "string": b'"filename"',
    "array": b"[]",
    "array of objects": b"[{}]",
    "empty object": b"{}",
    "half an object": b'{"filename":',
    "half a string": b'{"filename":"a',
    "trailing comma": b'{"filename":"a.png",}',
    "trailing garbage": b"{} {}",
    "two values": b"{}{}",
    "single quotes": b"{'filename':'a.png'}",
    "unquoted key": b'{filename:"a.png"}',
    "comment": b'{/* hi */"filename":"a.png"}',
    "NaN": b'{"size":NaN}',
    "Infinity": b'{"size":Infinity}',
    "huge exponent": b'{"size":1e999}',
    "huge integer": b'{"size":99999999999999999999999999, "version":99999999999999999999999999, "ids":[99999999999999999999999999]}',
    "beyond 64 bits": b'{"size":9223372036854775808, "version":9223372036854775808}',
    "leading zero": b'{"size":01}',
    "plus sign": b'{"size":+1}',
    "hexadecimal": b'{"size":0x10}',
    "duplicate keys": b'{"filename":"a.png","filename":"b.png","filetype":"image/png","key":"a","version":1,"version":2,"ids":[1],"ids":[2],"files":[],"files":[]}',
    "NUL escaped": b'{"filename":"a\\u0000.png","filetype":"image/png","key":"a\\u0000","title":"\\u0000","version":1,"ids":["\\u0000"],"files":[{"filename":"\\u0000"}]}',
    "NUL byte": b'{"filename":"a\x00.png"}',
    "NUL at the end": b"{}\x00",
    "lone surrogate": b'{"filename":"\\ud800","filetype":"image/png","key":"\\ud800","title":"\\ud800","version":1,"ids":["\\ud800"],"files":[{"filename":"\\ud800","filetype":"image/png"}]}',
    "invalid UTF-8": b'{"filename":"\xff\xfe.png"}',
    "overlong UTF-8": b'{"filename":"\xc0\xaf"}',
    "cut UTF-8": b'{"filename":"\xe2\x82"}',
    "raw newline": b'{"filename":"a\n.png"}',
    "bad escape": b'{"filename":"\\x41"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"filename":"a.png"}'.encode("utf-16"),
    "deep array": DEEP,
    "deep in a field": b'{"filename":' + b"[" * 1000 + b"]" * 1000 + b"}",
    "all numbers": b'{"filename":1,"filetype":2,"key":3,"title":4,"alt":5,"version":"6","ids":7,"files":8,"tags":9}',
    "all null": b'{"filename":null,"filetype":null,"key":null,"version":null,"ids":null,"files":null}',
    "all objects": b'{"filename":{},"filetype":{},"key":{},"version":{},"ids":{},"files":{},"tags":{}}',
    "all arrays": b'{"filename":[],"filetype":[],"key":[],"version":[],"ids":[],"files":[],"tags":[]}',
    "wrong elements": b'{"ids":[1,"2",null,{}],"files":[1,"a",null,[]],"tags":[1,null],"version":1.5,"filename":true,"key":true}',
    "negative": b'{"version":-1,"ids":[-1],"filename":"a.png","filetype":"image/png","size":-1,"key":"","files":[{"size":-1}]}',
    "fractions": b'{"version":1.0,"ids":[1.0],"size":1.5,"filename":"a.png","filetype":"image/png","key":1.5,"files":1.5}',
    "huge": b'{"filename":"' + b"a" * 200_000 + b'"}',
    "many ids": b'{"ids":[' + b"1," * 1001 + b'1],"version":0,"key":"","files":[' + b"{}," * 100 + b"{}]}",
    "many fields": b"{" + b",".join(b'"f%d":1' % i for i in range(800)) + b"}",
    "form": b"filename=a.png&filetype=image/png",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    "traversal": b'{"key":"../../etc/passwd","filename":"","filetype":"../","version":0,"ids":["../"],"files":[{"filename":"","filetype":"x"}],"title":5}',
}


@pytest.fixture(scope="module")
def program(vitrine):
    return token_client(vitrine)


@pytest.fixture(scope="module")
def image_id(vitrine, program):
    return upload(program, png(comment=b"hostile"))["id"]


def test_there_are_enough_hostile_bodies():
    assert len(HOSTILE_BODIES) >= 40


@pytest.mark.parametrize("method, path", JSON_ENDPOINTS, ids=lambda value: value)
@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_a_hostile_body_gets_a_clear_refusal(program, image_id, method, path, name):
    answer = program.request(method, path.format(id=image_id), data=HOSTILE_BODIES[name],
                             headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:300]}"
    assert_problem(answer, answer.status_code)


def test_all_is_well_after_the_hostile_bodies(program, image_id):
    image = program.get(f"/images/{image_id}").json()["image"]
    assert image["version"] == 1


def get_as_it_is(vitrine, target, **headers):
    """GET without tidying up the target first, as requests would."""
    connection = http.client.HTTPConnection("127.0.0.1", vitrine.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("path", (
    "/images?q=%zz", "/images?q=%", "/images?q=%f", "/images?q=%00", "/images?q=%ff%fe",
    "/images?before=abc", "/images?before=-1", "/images?before=99999999999999999999",
    "/images?limit=0", "/images?limit=100000", "/images?owner=0x1", "/images/signed-url",
    "/images?" + "&".join(f"a{i}=1" for i in range(200)),
))
def test_a_bad_query_gets_a_clear_refusal(vitrine, program, path):
    status, headers, body = get_as_it_is(vitrine, path, Authorization=program.headers["Authorization"])
    assert status in (400, 422), body
    assert headers["Content-Type"] == "application/problem+json"
    assert len(json.loads(body)["detail"]) > 10


@pytest.mark.parametrize("path", (
    "/images/0", "/images/-1", "/images/01", "/images/1x", "/images/99999999999999999999", "/images/",
    "/images/1/", "//images", "/images//1", "/i/", "/i/x", "/admin", "/admin/images/1/x", "/%2e%2e/etc/passwd",
    "/images/%31", "/IMAGES", "/images;x=1", "/sign-in/", "/images/1/signed-url/", "/../images",
))
def test_an_odd_path_is_not_found(vitrine, path):
    status, _, body = get_as_it_is(vitrine, path)
    assert status in (303, 400, 401, 404), f"{path}: {status} {body}"


@pytest.mark.parametrize("method, path, allowed", (
    ("PUT", "/images", "GET, HEAD, POST"),
    ("DELETE", "/images", "GET, HEAD, POST"),
    ("POST", "/images/1", "GET, HEAD, DELETE, PATCH"),
    ("GET", "/images/presign-upload", "POST"),
    ("OPTIONS", "/sign-in", "GET, HEAD, POST"),
    ("PUT", "/sign-in", "GET, HEAD, POST"),
    ("POST", "/health", "GET, HEAD"),
    ("PATCH", "/images/1/signed-url", "GET, HEAD"),
))
def test_a_wrong_method_is_told_the_right_ones(vitrine, method, path, allowed):
    answer = vitrine.client().request(method, path, headers={"Content-Length": "0"})
    assert answer.status_code == 405, answer.text
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("content_type", (
    None, "", "text/plain", "text/json", "application/jsonp", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/json-patch+json"))
def test_json_must_say_that_it_is_json(program, content_type):
    headers = {"Content-Type": content_type} if content_type is not None else {}
    answer = program.post("/images/presign-upload", data=b'{"filename":"a.png","filetype":"image/png"}',
                          headers=headers)
    assert_problem(answer, 415, "unsupported_media_type")


def test_json_may_say_its_charset(program):
    answer = program.post("/images/presign-upload", data=b'{"filename":"a.png","filetype":"image/png"}',
                          headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200, answer.text


def test_a_body_above_its_limit_is_refused_by_its_announcement(program):
    answer = program.post("/images/presign-upload", data=b" " * 9000,
                          headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, "too_large")


def raw_exchange(port, request, limit=65536):
    """Send bytes, read the answer's beginning; empty when the server just closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while len(answer) < limit and b"\r\n\r\n" not in answer:
                piece = connection.recv(4096)
                if not piece:
                    break
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def test_ten_megabytes_of_cookies_are_refused(vitrine):
    cookies = b"".join(b"Cookie: c%d=%s\r\n" % (i, b"x" * 8000) for i in range(1300))
    answer = raw_exchange(vitrine.port, b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n" + cookies + b"\r\n")
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
    assert vitrine.client().get("/sign-in").status_code == 200


def test_a_very_long_address_is_refused(vitrine):
    answer = raw_exchange(vitrine.port, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"413", b"414", b"431"), answer[:200]


def test_many_small_cookies_do_no_harm(vitrine):
    cookies = "; ".join(f"c{i}=v" for i in range(1500))
    answer = vitrine.client().get("/sign-in", headers={"Cookie": cookies})
    assert answer.status_code == 200


@pytest.mark.parametrize("cookie", (
    "vitrine_session", "vitrine_session=", "vitrine_session=x", "vitrine_session=" + "A" * 43,
    "vitrine_session=" + "A" * 5000, "vitrine_session=%00", 'vitrine_session="quoted"', "=", ";;;",
    "vitrine_flash=<script>", "vitrine_flash=saved; vitrine_flash=deleted", "vitrine_pre=short"))
def test_an_odd_cookie_is_nobody(vitrine, cookie):
    answer = vitrine.client().get("/admin/images", headers={"Cookie": cookie})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")
    assert "<script>" not in vitrine.client().get("/sign-in", headers={"Cookie": cookie}).text


@pytest.mark.parametrize("host", ("evil.example/x", "a b", "<script>", "a@b", "[::1", "localhost:99999999"))
def test_an_odd_host_never_appears_in_a_page(vitrine, host):
    answer = raw_exchange(vitrine.port,
                          b"GET /sign-in HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n")
    assert b"<script>:" not in answer and host.encode() not in answer.split(b"\r\n\r\n")[0]


def test_a_cut_body_changes_nothing(vitrine, program):
    before = program.get("/images").json()["images"]
    head = (f"POST /images/presign-upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: {program.headers['Authorization']}\r\nContent-Length: 500\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", vitrine.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head + b'{"filename":"a.png"')
    assert program.get("/images").json()["images"] == before


@pytest.mark.parametrize("target", (
    "//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil.example", "/%0d%0aX: y",
    "javascript:alert(1)", " /x", "/a\r\nSet-Cookie: x=y", "/ä", "/sign-out", "", "/" + "a" * 999))
def test_nobody_is_led_to_another_site(vitrine, target):
    client = vitrine.client()
    answer = client.post_form("/sign-in", {"email": vitrine.admin_email, "password": vitrine.admin_password,
                                           "next": target})
    if answer.status_code == 303:
        location = answer.headers["Location"]
        assert location.startswith("/") and location[1:2] not in ("/", "\\"), location
        assert "\r" not in location and "\n" not in location
    else:
        assert answer.status_code == 422


def test_no_answer_lacks_its_protection(vitrine, admin):
    for path in ("/sign-in", "/admin/images", "/health", "/nowhere", "/images", "/images/999999", "/i/1"):
        for method in ("GET", "HEAD", "DELETE"):
            answer = admin.request(method, path, allow_redirects=False)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
            assert "unsafe" not in answer.headers["Content-Security-Policy"], path
            assert answer.headers["Referrer-Policy"] and answer.headers["Cache-Control"], path


def test_what_people_typed_is_never_markup(vitrine):
    browser = signed_in(vitrine)
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    image = upload(browser, png(comment=b"xss"), "<b>.png", title=evil, alt=evil)
    changed = browser.json_call("PATCH", f"/images/{image['id']}", {"version": 1, "tags": ["<i>tag</i>", "a\"b"]})
    assert changed.status_code == 200, changed.text
    for path in ("/admin/images", f"/admin/images/{image['id']}", f"/admin/images/{image['id']}/delete",
                 "/admin/images?q=" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E"):
        page = browser.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page and "<i>tag" not in page, path
