"""API 000 (API Gateway): sign in, ask for a URL, PUT."""

import re

import pytest
import requests

from app_dialects import NO_NAMES, ODD_IDS, ODD_NAMES, REFUSED_FILES, assert_refused, snapshot
from app_people import PASSWORD, signed_in, token_client
from conftest import s3_of
from harness.dialects import UUID, gateway_flow, jpeg, put, run_snippet
from harness.patience import PATIENCE_S


def stored(client, key):
    """What API 004's download says about a key."""
    answer = client.get(f"/api/v1/upload/download/{key}")
    return answer.status_code, answer.content if answer.status_code == 200 else None


def ask(client, filename="my-image.jpg", filetype="image/jpeg", **more):
    return client.post("/upload", json={"fileName": filename, "fileType": filetype, **more})


def test_an_upload_is_there_as_soon_as_its_bytes_are(program):
    gateway_flow(program, lambda key: stored(program, key))


@pytest.mark.parametrize("snippet", ("000-curl.sh", "000-upload.py", "000-axios.cjs"))
@pytest.mark.parametrize("stage", ("", "/prod"))
def test_its_clients_run_unchanged(dialects, program, email, token, tmp_path, snippet, stage):
    file = tmp_path / "image.jpg"
    file.write_bytes(jpeg())
    output, answers = run_snippet(snippet, dialects.base_url + stage, token, file,
                                  EMAIL=email, PASSWORD=PASSWORD)
    assert "failed" not in output
    assert re.fullmatch(rf"uploads/\d+/{UUID}\.jpg", answers[0]["fileKey"])
    assert stored(program, answers[0]["fileKey"]) == (200, file.read_bytes())


def test_the_answer_has_the_documented_fields(program):
    grant = ask(program).json()
    assert {"uploadUrl", "fileKey", "expiresIn"} <= set(grant)
    assert grant["headers"] == {"content-type": "image/jpeg"}
    assert "X-Amz-SignedHeaders=content-type%3Bhost&" in grant["uploadUrl"]


def test_another_type_than_was_asked_for_is_refused_by_the_storage(program):
    answer = put(ask(program).json()["uploadUrl"], jpeg(), "image/png")
    assert answer.status_code == 403 and "SignatureDoesNotMatch" in answer.text


def test_a_page_of_ours_may_ask_with_its_session_and_no_other(dialects, email):
    browser = signed_in(dialects)
    body = {"fileName": "a.jpg", "fileType": "image/jpeg"}
    assert browser.post("/upload", json=body, headers={"Origin": dialects.base_url}).status_code == 200
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                    {"Origin": dialects.base_url, "Sec-Fetch-Site": "cross-site"}):
        assert_refused(browser.post("/upload", json=body, headers=headers), 403, "bad_origin")


def test_nobody_and_viewers_may_not(dialects):
    refused = assert_refused(ask(dialects.client()), 401, "unauthenticated")
    assert refused["message"] == refused["error"] == refused["detail"]
    assert_refused(ask(token_client(dialects, role="viewer")), 403, "forbidden")


@pytest.mark.parametrize("body", (
    {}, {"fileName": "a.jpg"}, {"fileType": "image/jpeg"}, {"fileName": 1, "fileType": "image/jpeg"},
    {"fileName": "a.jpg", "fileType": ["image/jpeg"]}, {"fileName": None, "fileType": None},
    {"fileName": "", "fileType": "image/jpeg"}, {"fileName": "a" * 1001, "fileType": "image/jpeg"},
    {"fileName": "a.jpg", "fileType": "i" * 256}, {"filename": "a.jpg", "filetype": "image/jpeg"}), ids=str)
def test_missing_and_wrong_fields_are_named(dialects, program, body):
    before = snapshot(dialects, s3_of(dialects))
    refused = assert_refused(program.post("/upload", json=body), 422, "invalid")
    assert refused["errors"] and all(error["field"] in ("fileName", "fileType") for error in refused["errors"])
    assert refused["message"] == refused["detail"]
    assert snapshot(dialects, s3_of(dialects)) == before


def test_fields_that_it_does_not_know_are_ignored(program):
    assert ask(program, folder="../x", contentLength=-1).status_code == 200


@pytest.mark.parametrize("filename", [name for name, _ in ODD_NAMES], ids=ODD_IDS)
def test_odd_names_get_a_plain_key(program, filename):
    assert re.fullmatch(rf"uploads/\d+/{UUID}\.jpg", ask(program, filename).json()["fileKey"])


@pytest.mark.parametrize("filename", NO_NAMES)
def test_names_that_are_none_are_refused(program, filename):
    assert_refused(ask(program, filename), 422, "invalid")


@pytest.mark.parametrize("case", [name for name, row in REFUSED_FILES.items() if row[2] != b"" and row[4] != "upload_mismatch"])
def test_what_is_not_allowed_gets_no_url(dialects, program, case):
    filename, filetype, _, status, code = REFUSED_FILES[case]
    before = snapshot(dialects, s3_of(dialects))
    assert_refused(ask(program, filename, filetype), status, code)
    assert snapshot(dialects, s3_of(dialects)) == before


def test_bytes_of_another_type_are_refused_when_they_are_looked_for_and_go(dialects, program):
    grant = ask(program).json()
    assert put(grant["uploadUrl"], b"<html><script>alert(1)</script>", "image/jpeg").status_code == 200
    path = f"/api/v1/upload/metadata/{grant['fileKey']}"
    assert_refused(program.get(path), 422, "upload_mismatch")
    assert_refused(program.get(path), 404, "not_found")
    assert grant["fileKey"] not in snapshot(dialects, s3_of(dialects))[1]


def test_more_bytes_than_the_limit_are_refused_by_the_embedded_storage_itself(program):
    """Other storages do not know the limit: there it is told when the file is looked for (the S3 ring)."""
    grant = ask(program).json()
    answer = put(grant["uploadUrl"], jpeg(10485760 + 70_000), "image/jpeg")
    assert answer.status_code == 400 and "EntityTooLarge" in answer.text
    assert_refused(program.get(f"/api/v1/upload/metadata/{grant['fileKey']}"), 404, "not_found")


def test_the_body_is_json_and_small(program):
    assert_refused(program.post("/upload", data={"fileName": "a.jpg"}), 415, "unsupported_media_type")
    assert_refused(program.post("/upload", data=b"{", headers={"Content-Type": "application/json"}), 400, "bad_request")
    assert_refused(ask(program, "a" * 9000), 413, "too_large")


def test_only_post_is_answered(program):
    answer = program.get("/upload")
    assert_refused(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_an_unsigned_put_opens_nothing(program):
    grant = ask(program).json()
    assert requests.put(grant["uploadUrl"].partition("?")[0], data=jpeg(), timeout=PATIENCE_S).status_code == 403
