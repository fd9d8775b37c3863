"""API 003 (FastAPI): presigned uploads and downloads by key, a list, a delete."""

import re

import pytest
import requests

from app_dialects import NO_NAMES, ODD_IDS, ODD_NAMES, REFUSED_FILES, assert_refused, same_but_request_id, snapshot
from app_people import signed_in, token_client
from conftest import s3_of
from harness.dialects import UUID, files_flow, files_named, jpeg, pdf, put, run_snippet
from harness.patience import PATIENCE_S


def upload_url(client, filename="test.jpg", content_type="image/jpeg"):
    return client.post("/upload-url", json={"filename": filename, "content_type": content_type})


def upload(client, content=None, filename="test.jpg"):
    """A file that has arrived and that nobody has asked about yet; its key."""
    grant = upload_url(client, filename).json()
    assert put(grant["presigned_url"], content or jpeg(), "image/jpeg").status_code == 200
    return grant["file_key"]


def test_a_file_goes_up_comes_down_is_listed_and_deleted(program):
    files_flow(program)


@pytest.mark.parametrize("stage", ("", "/prod"))
def test_its_python_client_runs_unchanged(dialects, program, token, tmp_path, stage):
    file = tmp_path / "test.pdf"
    file.write_bytes(pdf())
    _, (upload_data, download) = run_snippet("003-client.py", dialects.base_url + stage, token, file)
    assert re.fullmatch(rf"uploads/{UUID}-test\.pdf", upload_data["file_key"])
    assert requests.get(download["presigned_url"], timeout=PATIENCE_S).content == file.read_bytes()


@pytest.mark.parametrize("stage", ("", "/prod"))
def test_its_page_runs_unchanged(dialects, program, token, tmp_path, stage):
    file = tmp_path / "photo.jpg"
    file.write_bytes(jpeg())
    _, (answer, stored) = run_snippet("003-fetch.mjs", dialects.base_url + stage, token, file)
    assert stored == {"status": 200}
    assert files_named(program.get("/files").json(), answer["file_key"])


def test_its_health_check_runs_unchanged(dialects, tmp_path):
    _, (health,) = run_snippet("003-health.sh", dialects.base_url, "", tmp_path)
    assert health["status"] == "ok"


def test_the_answer_has_the_documented_fields(program):
    grant = upload_url(program).json()
    assert set(grant) == {"presigned_url", "expires_in", "file_key", "headers"}
    assert "X-Amz-Expires=3600" in grant["presigned_url"]


# --- seen as soon as it is there ---

def test_a_file_is_listed_as_soon_as_its_bytes_are_there(program):
    key = upload(program)
    assert files_named(program.get("/files").json(), key)


def test_a_file_that_nobody_looked_at_can_be_deleted(dialects, program):
    key = upload(program)
    assert program.delete(f"/files/{key}").status_code == 200
    assert key not in snapshot(dialects, s3_of(dialects))[1]
    assert_refused(program.post("/download-url", json={"file_key": key}), 404, "not_found")


def test_what_was_never_put_is_not_found_and_not_listed(program):
    key = upload_url(program).json()["file_key"]
    assert_refused(program.post("/download-url", json={"file_key": key}), 404, "not_found")
    assert_refused(program.delete(f"/files/{key}"), 404, "not_found")
    assert not files_named(program.get("/files").json(), key)


def test_bytes_of_another_type_are_refused_once_and_go(dialects, program):
    key = upload(program, b"<html><script>alert(1)</script>")
    assert_refused(program.post("/download-url", json={"file_key": key}), 422, "upload_mismatch")
    assert_refused(program.post("/download-url", json={"file_key": key}), 404, "not_found")
    assert key not in snapshot(dialects, s3_of(dialects))[1]


def test_a_list_leaves_out_what_is_refused(dialects, program):
    key = upload(program, b"<html><script>alert(1)</script>")
    assert not files_named(program.get("/files").json(), key)
    assert key not in snapshot(dialects, s3_of(dialects))[1]


# --- the list ---

def test_all_files_come_in_pages(dialects):
    client = token_client(dialects)
    assert client.get("/files").json() == {"files": [], "count": 0, "next": None}
    keys = sorted(upload(client) for _ in range(7))
    seen, cursor = [], None
    for _ in range(20):
        page = client.get("/files", params={"limit": 3, "cursor": cursor}).json()
        assert page["count"] == len(page["files"]) <= 3
        seen += [file["key"] for file in page["files"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == keys
    assert [file["key"] for file in client.get("/files").json()["files"]] == keys


@pytest.mark.parametrize("query", ("limit=0", "limit=-1", "limit=1001", "limit=abc", "limit=1.5",
                                   "cursor=" + "a" * 1025))
def test_wrong_pages_are_told(program, query):
    assert_refused(program.get("/files?" + query), 422, "invalid")


@pytest.mark.parametrize("cursor", ("none", "../..", "%F0%9F%9A%A2", "uploads/", "zzzz", "'; DROP TABLE assets; --"))
def test_any_text_is_a_place_in_the_list(program, cursor):
    assert program.get(f"/files?cursor={cursor}").status_code == 200


# --- keys ---

@pytest.mark.parametrize("key", ("none", "uploads/none", "../../etc/passwd", "uploads/../uploads/x", "/", "//", "a//b", ".",
                                 "uploads/%2e%2e", "ü", "a b", "a+b", "x" * 1024), ids=lambda key: key[:20])
def test_keys_that_do_not_exist_are_not_found(program, key):
    asked = program.post("/download-url", json={"file_key": key})
    deleted = program.delete("/files/" + requests.utils.quote(key, safe=""))
    assert_refused(asked, 404, "not_found")
    if key.startswith("..") and deleted.status_code == 400:
        return  # nginx's own: a path that leads above the root
    assert_refused(deleted, 404, "not_found")


@pytest.mark.parametrize("key, status, code", (("", 422, "invalid"), ("x" * 1025, 422, "invalid"), (7, 422, "invalid"),
                                               (None, 422, "invalid"), ("a\0b", 422, "invalid")), ids=repr)
def test_keys_that_are_none_are_told(program, key, status, code):
    answer = program.post("/download-url", json={"file_key": key})
    assert answer.status_code in (400, status)
    assert_refused(answer, answer.status_code)


@pytest.mark.parametrize("path", ("%FF", "%zz", "x" * 1025))
def test_keys_in_the_address_that_are_none_are_told(program, path):
    answer = program.delete("/files/" + path)
    assert answer.status_code in (400, 404), answer.text  # 404: nothing was decoded


def test_anothers_file_is_as_one_that_does_not_exist(dialects, program):
    other = token_client(dialects)
    key = upload(program)
    for asked in (lambda key: other.post("/download-url", json={"file_key": key}),
                  lambda key: other.delete(f"/files/{key}")):
        pending, absent = asked(key), asked("uploads/none")
        assert_refused(pending, 404, "not_found")
        assert same_but_request_id(pending, absent)
    assert program.post("/download-url", json={"file_key": key}).status_code == 200
    assert same_but_request_id(other.delete(f"/files/{key}"), other.delete("/files/uploads/none"))
    assert not files_named(other.get("/files").json(), key)


# --- who, and from where ---

def test_nobody_and_viewers_may_not(dialects):
    nobody, viewer = dialects.client(), token_client(dialects, role="viewer")
    for answer in (upload_url(nobody), nobody.post("/download-url", json={"file_key": "a"}), nobody.get("/files"),
                   nobody.delete("/files/a")):
        assert_refused(answer, 401, "unauthenticated")
    assert_refused(upload_url(viewer), 403, "forbidden")
    assert_refused(viewer.delete("/files/a"), 403, "forbidden")
    assert viewer.get("/files").json()["files"] == []


def test_a_page_of_ours_may_with_its_session_and_no_other(dialects):
    browser = signed_in(dialects)
    body = {"filename": "a.jpg", "content_type": "image/jpeg"}
    assert browser.post("/upload-url", json=body, headers={"Origin": dialects.base_url}).status_code == 200
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert_refused(browser.post("/upload-url", json=body, headers=headers), 403, "bad_origin")
        assert_refused(browser.post("/download-url", json={"file_key": "a"}, headers=headers), 403, "bad_origin")
        assert_refused(browser.delete("/files/a", headers=headers), 403, "bad_origin")


# --- what is not accepted ---

@pytest.mark.parametrize("body", (
    {}, {"filename": "a.jpg"}, {"content_type": "image/jpeg"}, {"filename": 1, "content_type": "image/jpeg"},
    {"filename": "a.jpg", "content_type": {}}, {"filename": None, "content_type": None},
    {"filename": "", "content_type": "image/jpeg"}, {"filename": "a" * 1001, "content_type": "image/jpeg"}), ids=str)
def test_missing_and_wrong_fields_are_named(dialects, program, body):
    before = snapshot(dialects, s3_of(dialects))
    refused = assert_refused(program.post("/upload-url", json=body), 422, "invalid")
    assert refused["errors"] and all(error["field"] in ("filename", "content_type") for error in refused["errors"])
    assert snapshot(dialects, s3_of(dialects)) == before


@pytest.mark.parametrize("filename, kept", ODD_NAMES, ids=ODD_IDS)
def test_odd_names_become_safe_keys(program, filename, kept):
    key = upload(program, filename=filename)
    assert re.fullmatch(rf"uploads/{UUID}-[^/\\\"'\s%]+\.jpg", key), key
    assert len(key.encode()) < 200
    answer = program.post("/download-url", json={"file_key": key})
    assert answer.status_code == 200, answer.text
    assert requests.get(answer.json()["presigned_url"], timeout=PATIENCE_S).status_code == 200
    assert program.delete("/files/" + requests.utils.quote(key)).status_code == 200


@pytest.mark.parametrize("filename", NO_NAMES)
def test_names_that_are_none_are_refused(program, filename):
    assert_refused(upload_url(program, filename), 422, "invalid")


@pytest.mark.parametrize("case", [name for name, row in REFUSED_FILES.items() if row[2] != b"" and row[4] != "upload_mismatch"])
def test_what_is_not_allowed_gets_no_url(dialects, program, case):
    filename, content_type, _, status, code = REFUSED_FILES[case]
    before = snapshot(dialects, s3_of(dialects))
    assert_refused(upload_url(program, filename, content_type), status, code)
    assert snapshot(dialects, s3_of(dialects)) == before
