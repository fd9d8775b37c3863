"""The APIs of other systems on foreign S3 servers: their flows, their clients, and what no grant could bind."""

import json

import pytest
import requests

from conftest import settings_for
from harness.dialects import (SETTINGS, files_flow, gateway_flow, jpeg, profile_flow, put, run_snippet,
                              signed_in_token, storage_v1_flow)
from harness.patience import PATIENCE_S
from harness.vitrine import Vitrine


@pytest.fixture(scope="module")
def dialects(storage):
    with Vitrine({"swift": "nginx", "ceph": "lighttpd"}[storage.name], **settings_for(storage, **SETTINGS)) as running:
        yield running


@pytest.fixture(scope="module")
def program(dialects):
    made = dialects.cli("token", "add", dialects.admin_email, "--json")
    client = dialects.client()
    client.headers["Authorization"] = "Bearer " + json.loads(made.stdout)["token"]
    return client


def downloaded(client, key):
    answer = client.get(f"/api/v1/upload/download/{key}")
    return answer.status_code, answer.content if answer.status_code == 200 else None


def test_the_flow_of_seed_000_works(program):
    gateway_flow(program, lambda key: downloaded(program, key))


def test_the_flow_of_seed_001_works(program):
    profile_flow(program)


def test_the_flow_of_seed_003_works(program):
    files_flow(program)


def test_the_flow_of_seed_004_works(program):
    storage_v1_flow(program)


@pytest.mark.parametrize("snippet", ("000-curl.sh", "000-upload.py", "000-axios.cjs", "001-fetch.mjs", "003-client.py",
                                     "003-fetch.mjs", "003-health.sh", "004-client.py", "004-curl.sh", "004-fetch.mjs"))
def test_their_clients_run_unchanged(dialects, program, tmp_path, snippet):
    file = tmp_path / "picture.jpg"
    # API 003's Python sends a PDF
    file.write_bytes(b"%PDF-1.4\n%%EOF\n" if snippet == "003-client.py" else jpeg(20_000))
    token = signed_in_token(dialects, dialects.admin_email, dialects.admin_password)
    output, answers = run_snippet(snippet, dialects.base_url, token, file,
                                  EMAIL=dialects.admin_email, PASSWORD=dialects.admin_password)
    assert "failed" not in output.lower() and answers
    for answer in answers:
        assert answer.get("status") in (None, 200, "ok", "healthy"), answer
        for key in (answer.get("fileKey"), answer.get("file_key"), answer.get("file_id")):
            if key and snippet != "004-curl.sh":  # which asks for a URL and PUTs nothing
                assert downloaded(program, key) == (200, file.read_bytes())


def test_more_bytes_than_the_limit_are_told_once_and_removed(program):
    grant = program.post("/api/v1/upload/presigned",
                         json={"filename": "large.jpg", "content_type": "image/jpeg"}).json()
    assert put(grant["upload_url"], jpeg(10485760 + 70_000), "image/jpeg").status_code in (200, 201)
    told = program.get(f"/api/v1/upload/metadata/{grant['file_id']}")
    assert (told.status_code, told.json()["detail"]) == (413, "File too large. Maximum size: 10485760 bytes")
    assert program.get(f"/api/v1/upload/metadata/{grant['file_id']}").status_code == 404
    assert put(grant["upload_url"], jpeg(), "image/jpeg").status_code in (200, 201)  # the URL is still good,
    assert program.get(f"/api/v1/upload/metadata/{grant['file_id']}").status_code == 404  # the key is spent


def test_bytes_of_another_type_are_told_once_and_removed(program):
    grant = program.post("/upload-url", json={"filename": "a.jpg", "content_type": "image/jpeg"}).json()
    assert put(grant["presigned_url"], b"<html><script>alert(1)</script>", "image/jpeg").status_code in (200, 201)
    told = program.post("/download-url", json={"file_key": grant["file_key"]})
    assert (told.status_code, told.json()["code"]) == (422, "upload_mismatch")
    assert program.post("/download-url", json={"file_key": grant["file_key"]}).status_code == 404


def test_another_type_than_was_signed_is_refused_by_the_storage(program):
    grant = program.post("/upload", json={"fileName": "a.jpg", "fileType": "image/jpeg"}).json()
    assert put(grant["uploadUrl"], jpeg(), "text/html").status_code == 403


def test_the_limit_itself_passes_through_us(program):
    content = jpeg(10485760)
    sent = program.post("/api/v1/upload/direct", files={"file": ("example.jpg", content, "image/jpeg")}, timeout=PATIENCE_S)
    assert sent.status_code == 200, sent.text
    assert program.get(f"/api/v1/upload/download/{sent.json()['file_id']}", timeout=PATIENCE_S).content == content
    part = program.get(f"/api/v1/upload/download/{sent.json()['file_id']}", headers={"Range": "bytes=-7"})
    assert (part.status_code, part.content) == (206, content[-7:])


def test_a_file_is_listed_without_being_asked_about(program):
    keys = set()
    for _ in range(5):
        grant = program.post("/upload-url", json={"filename": "a.jpg", "content_type": "image/jpeg"}).json()
        assert put(grant["presigned_url"], jpeg(), "image/jpeg").status_code in (200, 201)
        keys.add(grant["file_key"])
    listed, cursor = set(), None
    for _ in range(100):
        page = program.get("/files", params={"limit": 3, "cursor": cursor}).json()
        listed |= {file["key"] for file in page["files"]}
        cursor = page["next"]
        if cursor is None:
            break
    assert keys <= listed


def test_a_plain_object_url_opens_nothing(program):
    sent = program.post("/api/v1/upload/direct", files={"file": ("a.jpg", jpeg(), "image/jpeg")}).json()
    assert requests.get(sent["file_url"], timeout=PATIENCE_S).status_code in (400, 401, 403)  # 400: Swift's word
