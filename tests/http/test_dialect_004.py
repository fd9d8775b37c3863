"""API 004 (FastAPI): files through us or by presigned URLs, ids that are keys with slashes."""

import http.client
import re
import threading

import pytest
import requests

from app_dialects import (BOUNDARY, NO_NAMES, ODD_IDS, ODD_NAMES, REFUSED_FILES, assert_refused, broken_forms, form, part,
                          same_but_request_id, snapshot, spool_files)
from app_people import signed_in, token_client
from conftest import s3_of
from harness.dialects import ISO, SETTINGS, UUID, files_named, jpeg, pdf, put, run_snippet, storage_v1_flow
from harness.patience import PATIENCE_S, wait_until

API = "/api/v1/upload"
MAX = int(SETTINGS["MAX_FILE_SIZE"])
FORM_TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
BROKEN = broken_forms("file", jpeg())
TOO_LARGE = f"File too large. Maximum size: {MAX} bytes"
NOT_ALLOWED = "File type not allowed"


@pytest.fixture(scope="module")
def content():
    return jpeg(500_000)


@pytest.fixture(scope="module")
def file_id(program, content):
    return send(program, content).json()["file_id"]


@pytest.fixture
def nothing_left(dialects):
    before = snapshot(dialects, s3_of(dialects))
    yield
    wait_until(lambda: snapshot(dialects, s3_of(dialects)) == before, "nothing being left")


def send(client, content=None, filename="example.jpg", filetype="image/jpeg", path=API + "/direct", **options):
    return client.post(path, files={"file": (filename, jpeg() if content is None else content, filetype)}, **options)


def presigned(client, **fields):
    return client.post(API + "/presigned", json={"filename": "example.jpg", "content_type": "image/jpeg", **fields})


def download(client, file_id, **headers):
    return client.get(f"{API}/download/{file_id}", headers={name.replace("_", "-"): value for name, value in headers.items()})


# --- the documented flow and its clients ---

def test_files_go_up_both_ways_come_down_are_listed_and_deleted(program):
    storage_v1_flow(program)


@pytest.mark.parametrize("snippet", ("004-client.py", "004-fetch.mjs"))
@pytest.mark.parametrize("stage", ("", "/prod"))
def test_its_clients_run_unchanged(dialects, program, token, tmp_path, snippet, stage):
    file = tmp_path / "example.jpg"
    file.write_bytes(jpeg(100_000))
    output, answers = run_snippet(snippet, dialects.base_url + stage, token, file)
    direct, grant = answers[:2]
    assert f"File uploaded: {direct['file_url']}" in output and f"File uploaded to S3: {grant['file_url']}" in output
    for key in (direct["file_id"], grant["file_id"]):
        assert re.fullmatch(rf"uploads/\d{{4}}/\d\d/\d\d/{UUID}-example\.jpg", key)
        assert download(program, key).content == file.read_bytes()


@pytest.mark.parametrize("stage", ("", "/prod"))
def test_its_manual_tests_run_unchanged(dialects, program, token, tmp_path, stage):
    file = tmp_path / "test.jpg"
    file.write_bytes(jpeg())
    _, (health, direct, grant) = run_snippet("004-curl.sh", dialects.base_url + stage, token, file)
    assert health["status"] == "healthy" and health["s3_enabled"] is True
    assert direct["filename"] == "test.jpg" and direct["content_type"] == "image/jpeg"
    assert grant["expires_in"] == 3600


def test_the_short_address_is_the_direct_one(program, content):
    sent = send(program, content, path=API + "/")
    assert sent.status_code == 200, sent.text
    assert download(program, sent.json()["file_id"]).content == content


def test_a_pdf_is_a_file_like_any_other(program):
    content = pdf()
    sent = send(program, content, "paper.pdf", "application/pdf").json()
    assert (sent["content_type"], sent["file_id"][-4:]) == ("application/pdf", ".pdf")
    answer = download(program, sent["file_id"])
    assert answer.content == content
    assert answer.headers["Content-Disposition"].startswith("attachment") and answer.headers["X-Content-Type-Options"] == "nosniff"


# --- presigned ---

@pytest.mark.parametrize("seconds", (1, 60, 3600, 86400, 604800))
def test_the_wanted_life_is_what_is_signed_and_said(program, seconds):
    grant = presigned(program, expires_in=seconds).json()
    assert grant["expires_in"] == seconds and f"X-Amz-Expires={seconds}&" in grant["upload_url"]
    assert re.fullmatch(ISO + "Z", grant["expires_at"])
    assert put(grant["upload_url"], jpeg(), "image/jpeg").status_code == 200
    url = program.get(f"{API}/download/{grant['file_id']}/url?expires_in={seconds}").json()
    assert url["expires_in"] == seconds and f"X-Amz-Expires={seconds}&" in url["download_url"]


@pytest.mark.parametrize("seconds", (0, -1, 604801, "abc", "60", 1.5, True, [], 10**30), ids=repr)
def test_a_life_that_is_none_is_refused(dialects, program, nothing_left, file_id, seconds):
    refused = presigned(program, expires_in=seconds)
    assert refused.status_code in (400, 422), refused.text  # 400: a number that JSON readers do not take
    assert_refused(refused, refused.status_code)


@pytest.mark.parametrize("seconds", ("0", "-1", "604801", "abc", "1.5", "99999999999999999999", "1e3"))
def test_a_life_of_a_download_that_is_none_is_refused(program, file_id, seconds):
    refused = assert_refused(program.get(f"{API}/download/{file_id}/url?expires_in={seconds}"), 422, "invalid")
    assert refused["errors"][0]["field"] == "expires_in"


@pytest.mark.parametrize("fields", (
    {"filename": None}, {"content_type": None}, {"filename": 7}, {"content_type": []}, {"filename": ""},
    {"filename": "a" * 1001}, {"content_type": "i" * 256}, {"filename": {}, "content_type": {}}), ids=str)
def test_missing_and_wrong_fields_are_named(nothing_left, program, fields):
    refused = assert_refused(presigned(program, **fields), 422, "invalid")
    assert {error["field"] for error in refused["errors"]} == set(fields)


@pytest.mark.parametrize("case", [name for name, row in REFUSED_FILES.items() if row[2] != b"" and row[4] != "upload_mismatch"])
def test_what_is_not_allowed_gets_no_url(nothing_left, program, case):
    filename, content_type, _, status, code = REFUSED_FILES[case]
    refused = assert_refused(presigned(program, filename=filename, content_type=content_type), status, code)
    if code == "type_not_allowed":
        assert refused["detail"] == NOT_ALLOWED and refused["hint"]


def test_a_file_arrives_when_its_bytes_do(program):
    grant, content = presigned(program).json(), jpeg()
    for path in ("/metadata/{}", "/download/{}", "/download/{}/url"):
        assert_refused(program.get(API + path.format(grant["file_id"])), 404, "not_found")
    assert put(grant["upload_url"], content, "image/jpeg").status_code == 200
    assert download(program, grant["file_id"]).content == content


# --- direct ---

@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_is_refused_and_leaves_nothing(nothing_left, program, case):
    body, content_type, status, code = BROKEN[case]
    assert_refused(program.post(API + "/direct", data=body, headers={"Content-Type": content_type}), status, code)


@pytest.mark.parametrize("case", REFUSED_FILES)
def test_a_file_that_is_not_acceptable_is_refused_and_leaves_nothing(nothing_left, program, case):
    filename, filetype, content, status, code = REFUSED_FILES[case]
    refused = assert_refused(send(program, content, filename, filetype), status, code)
    if code == "type_not_allowed":
        assert refused["detail"] == NOT_ALLOWED and refused["hint"]


@pytest.mark.parametrize("size", (MAX + 1, MAX + 70_000, MAX + 3_000_000))
def test_a_file_above_the_limit_is_refused_and_leaves_nothing(nothing_left, program, size):
    assert_refused(send(program, jpeg(size)), 413, "too_large", says=TOO_LARGE)


def test_a_file_of_the_limit_is_taken(program):
    sent = send(program, jpeg(MAX))
    assert (sent.status_code, sent.json()["file_size"]) == (200, MAX)


def test_a_length_that_cannot_fit_is_refused_before_the_body_comes(dialects, nothing_left, program):
    connection = http.client.HTTPConnection("127.0.0.1", dialects.port, timeout=PATIENCE_S)
    connection.putrequest("POST", API + "/direct")
    for name, value in {**FORM_TYPE, "Authorization": program.headers["Authorization"],
                        "Content-Length": str(10**12)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(form(part("file", jpeg(), "a.jpg", "image/jpeg"))[:200])
    answer = connection.getresponse()
    assert answer.status == 413
    assert TOO_LARGE.encode() in answer.read()
    connection.close()


def test_a_client_that_goes_away_leaves_nothing(dialects, nothing_left, program):
    body = form(part("file", jpeg(2_000_000), "a.jpg", "image/jpeg"))
    for cut in (10, 200, 100_000, len(body) - 3):
        connection = http.client.HTTPConnection("127.0.0.1", dialects.port, timeout=PATIENCE_S)
        connection.putrequest("POST", API + "/direct")
        for name, value in {**FORM_TYPE, "Authorization": program.headers["Authorization"],
                            "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body[:cut])
        connection.close()
    wait_until(lambda: not spool_files(dialects), "files on their way coming to an end")


@pytest.mark.parametrize("filename, kept", ODD_NAMES, ids=ODD_IDS)
def test_odd_names_are_kept_for_people_and_made_safe_for_keys(program, filename, kept):
    body = form(part("file", jpeg(), filename.replace('"', "%22"), "image/jpeg"))
    answer = program.post(API + "/direct", data=body, headers=FORM_TYPE)
    assert answer.status_code == 200, answer.text
    file = answer.json()
    assert file["filename"] == kept
    assert re.fullmatch(rf"uploads/\d{{4}}/\d\d/\d\d/{UUID}-[^/\\\"'\s%]+\.jpg", file["file_id"]), file
    quoted = requests.utils.quote(file["file_id"])
    assert program.get(f"{API}/metadata/{quoted}").json() == file
    answer = download(program, quoted)
    assert answer.status_code == 200 and "\n" not in answer.headers["Content-Disposition"]
    assert program.delete(f"{API}/{quoted}").status_code == 200


@pytest.mark.parametrize("filename", NO_NAMES)
def test_names_that_are_none_are_refused(nothing_left, program, filename):
    body = form(part("file", jpeg(), filename, "image/jpeg"))
    assert_refused(program.post(API + "/direct", data=body, headers=FORM_TYPE), 422, "invalid")


# --- download ---

def test_the_whole_file_comes_with_its_name_type_and_tag(program, file_id, content):
    answer = download(program, file_id)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="example.jpg"'
    etag = program.get(f"{API}/metadata/{file_id}").json()["etag"]
    assert answer.headers["ETag"] == f'"{etag}"'
    assert "private" in answer.headers["Cache-Control"]


def test_head_tells_the_same_and_sends_nothing(program, file_id, content):
    whole, head = download(program, file_id), program.head(f"{API}/download/{file_id}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "Content-Disposition", "ETag", "Last-Modified", "Cache-Control"):
        assert head.headers[name] == whole.headers[name], name


@pytest.mark.parametrize("wanted, first, last", (
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=1000-1999", 1000, 1999), ("bytes=499000-", 499000, None),
    ("bytes=-1", -1, None), ("bytes=-500", -500, None), ("bytes=100-99999999999", 100, None)))
def test_a_range_is_that_part(program, file_id, content, wanted, first, last):
    answer = download(program, file_id, Range=wanted)
    expected = content[first:] if last is None else content[first:last + 1]
    assert (answer.status_code, answer.content) == (206, expected)
    start = first % len(content)
    assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/{len(content)}"
    assert answer.headers["Content-Length"] == str(len(expected))


@pytest.mark.parametrize("wanted", ("bytes=500000-", "bytes=999999999-", "bytes=-0", "bytes=500000-500001"))
def test_a_range_behind_the_end_is_told_where_the_end_is(program, file_id, content, wanted):
    answer = download(program, file_id, Range=wanted)
    assert_refused(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("wanted", ("bytes=0-1,5-9", "bytes=9-1", "bytes=a-b", "lines=1-2", "bytes", "bytes=-", ""))
def test_a_range_that_is_none_is_the_whole_file(program, file_id, content, wanted):
    answer = download(program, file_id, Range=wanted)
    assert (answer.status_code, answer.content) == (200, content)


def test_a_range_of_another_file_is_the_whole_file(program, file_id, content):
    etag = download(program, file_id, Range="bytes=0-0").headers["ETag"]
    assert download(program, file_id, Range="bytes=0-9", If_Range=etag).status_code == 206
    other = download(program, file_id, Range="bytes=0-9", If_Range='"another"')
    assert (other.status_code, other.content) == (200, content)


def test_a_file_that_is_known_is_not_sent_again(program, file_id):
    etag = program.head(f"{API}/download/{file_id}").headers["ETag"]
    for tag in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        known = download(program, file_id, If_None_Match=tag)
        assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", etag)
    assert download(program, file_id, If_None_Match='"another"').status_code == 200
    assert_refused(download(program, file_id, If_Match='"another"'), 412, "precondition_failed")
    assert download(program, file_id, If_Match=etag).status_code == 200


def test_many_download_at_once_and_some_go_away(dialects, program, file_id, content):
    results = []

    def whole():
        results.append(download(dialects_client(dialects, program), file_id).content == content)

    def part_of_it():
        with download_stream(dialects, program, file_id) as answer:
            next(answer.iter_content(1000))

    threads = [threading.Thread(target=target) for target in (whole, part_of_it) * 12]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [True] * 12
    assert download(program, file_id).content == content


def dialects_client(dialects, program):
    client = dialects.client()
    client.headers["Authorization"] = program.headers["Authorization"]
    return client


def download_stream(dialects, program, file_id):
    return dialects_client(dialects, program).get(f"{API}/download/{file_id}", stream=True)


def test_an_object_that_is_gone_from_storage_is_not_found(dialects, program):
    file = send(program).json()
    s3 = s3_of(dialects)
    s3.delete_object(Bucket=s3.list_buckets()["Buckets"][0]["Name"], Key=file["file_id"])
    assert_refused(download(program, file["file_id"]), 404, "not_found")


# --- metadata, list, delete ---

def test_lists_go_by_prefix_and_in_pages(dialects):
    client = token_client(dialects)
    assert client.get(API + "/list").json() == {"files": [], "count": 0, "next": None}
    ids = sorted(send(client).json()["file_id"] for _ in range(5))
    day = ids[0].rpartition("/")[0]
    seen, cursor = [], None
    for _ in range(20):
        page = client.get(API + "/list", params={"prefix": day, "limit": 2, "cursor": cursor}).json()
        assert page["count"] == len(page["files"]) <= 2
        seen += [file["file_id"] for file in page["files"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids
    assert [file["file_id"] for file in client.get(f"{API}/list?prefix=uploads&limit=100").json()["files"]] == ids
    for prefix in ("uploads/1999", "UPLOADS", "%25", "_ploads", "*", "images"):
        assert client.get(f"{API}/list?prefix={prefix}").json()["files"] == []


@pytest.mark.parametrize("query", ("limit=0", "limit=-1", "limit=1001", "limit=abc", "prefix=" + "a" * 1025))
def test_wrong_pages_are_told(program, query):
    assert_refused(program.get(f"{API}/list?{query}"), 422, "invalid")


@pytest.mark.parametrize("file_id", ("none", "uploads/none", "uploads/2024/01/15/none.jpg", "..%2F..%2Fetc%2Fpasswd", "%2F",
                                     "a%2F%2Fb", "-1", "999999999999999999999", "%F0%9F%9A%A2", "1", "x" * 1024))
def test_ids_that_do_not_exist_are_not_found(program, file_id):
    for method, path in (("GET", "/metadata/{}"), ("GET", "/download/{}"), ("GET", "/download/{}/url"), ("DELETE", "/{}")):
        assert_refused(program.request(method, API + path.format(file_id)), 404, "not_found")


def test_anothers_file_is_as_one_that_does_not_exist(dialects, program, file_id):
    other = token_client(dialects)
    for method, path in (("GET", "/metadata/{}"), ("GET", "/download/{}"), ("GET", "/download/{}/url"), ("DELETE", "/{}")):
        theirs = other.request(method, API + path.format(file_id))
        absent = other.request(method, API + path.format("uploads/none"))
        assert_refused(theirs, 404, "not_found")
        assert same_but_request_id(theirs, absent)
    assert not files_named(other.get(API + "/list").json(), file_id)


def test_a_deleted_file_is_gone_everywhere(dialects, program):
    file = send(program).json()["file_id"]
    assert program.delete(f"{API}/{file}").status_code == 200
    for path in ("/metadata/{}", "/download/{}", "/download/{}/url"):
        assert_refused(program.get(API + path.format(file)), 404, "not_found")
    assert file not in snapshot(dialects, s3_of(dialects))[1]


# --- who, and from where ---

def test_nobody_and_viewers_may_not(dialects):
    nobody, viewer = dialects.client(), token_client(dialects, role="viewer")
    for answer in (send(nobody), presigned(nobody), nobody.get(API + "/download/a"), nobody.get(API + "/download/a/url"),
                   nobody.get(API + "/metadata/a"), nobody.delete(API + "/a"), nobody.get(API + "/list")):
        assert_refused(answer, 401, "unauthenticated")
    for answer in (send(viewer), presigned(viewer), viewer.delete(API + "/a")):
        assert_refused(answer, 403, "forbidden")
    assert nobody.get(API + "/health").json()["status"] == "healthy"


def test_a_page_of_ours_may_with_its_session_and_no_other(dialects):
    browser = signed_in(dialects)
    sent = send(browser, headers={"Origin": dialects.base_url})
    assert sent.status_code == 200, sent.text
    before = snapshot(dialects, s3_of(dialects))
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert_refused(send(browser, headers=headers), 403, "bad_origin")
        assert_refused(browser.delete(f"{API}/{sent.json()['file_id']}", headers=headers), 403, "bad_origin")
        assert_refused(browser.post(API + "/presigned", json={}, headers=headers), 403, "bad_origin")
    assert snapshot(dialects, s3_of(dialects)) == before


# --- settings ---

def test_without_storage_it_says_so_in_the_documented_words(start_vitrine):
    vitrine = start_vitrine(S3_ENABLED="false")
    client = token_client(vitrine)
    for answer in (send(client), presigned(client), client.get(API + "/list"), client.get(API + "/metadata/a"),
                   client.get(API + "/download/a"), client.delete(API + "/a")):
        assert_refused(answer, 503, says="S3 file storage is not enabled or not properly configured")
    assert client.get(API + "/health").json()["s3_enabled"] is False
