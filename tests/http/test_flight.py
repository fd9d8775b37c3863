"""The flight record: what a client reports of its uploads, and who may read it."""

import re

import pytest
import requests

from app_people import assert_problem, signed_in, token_client
from app_pictures import png, sha256_hex, upload
from harness.patience import PATIENCE_S, wait_until

SECRETS = ("X-Amz-Signature", "X-Amz-Credential", "https://", "AKIA", "eyJ")


@pytest.fixture(scope="module")
def vitrine(running):
    return running("lighttpd")


def grant_of(client, data):
    answer = client.json_call("POST", "/images/presign-upload", {
        "filename": "flown.png", "filetype": "image/png", "size": len(data), "sha256": sha256_hex(data)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def report(client, *attempts):
    answer = client.json_call("POST", "/images/attempts", {"attempts": list(attempts)})
    assert answer.status_code == 202, answer.text
    return answer.json()["noted"]


def record_page(admin, key, wanted):
    """The page of the record of a failed upload, once `wanted` stands in it: it is written after the answer."""
    def find():
        pages = map(admin.get, re.findall(r'href="(/admin/uploads/\d+)"', admin.get("/admin/uploads").text))
        return next((page for page in pages if key in page.text and wanted in page.text), None)

    return wait_until(find, f"{wanted} in the record of {key}")


def test_an_admin_reads_what_the_browser_and_vitrine_saw(vitrine):
    person, admin = signed_in(vitrine), vitrine.admin()
    grant = grant_of(person, png(comment=b"flight"))
    assert report(person, {"key": grant["key"], "stage": "put", "http_status": 503, "error": "SlowDown",
                           "request_id": "4442587FB7D0A2F9", "id2": "vlR7PnI", "bytes": 3698, "ms": 31000}) == 1
    saved = person.json_call("POST", "/images", {"key": grant["key"]})
    assert_problem(saved, 409, "not_uploaded")
    page = record_page(admin, grant["key"], "not_uploaded").text
    assert "503 SlowDown" in page and "4442587FB7D0A2F9" in page and "vlR7PnI" in page and "31.0 s" in page
    assert "404 not_uploaded" in page and "Not finished" in page


def test_the_image_page_has_the_record_for_admins_only(vitrine):
    person, admin = signed_in(vitrine), vitrine.admin()
    image = upload(person, png(comment=b"record of an image"))
    assert "What the upload of this image went through" not in person.get(f"/admin/images/{image['id']}").text
    page = wait_until(lambda: "What the upload of this image" in (
        text := admin.get(f"/admin/images/{image['id']}").text) and text)
    text = re.search(r"<textarea[^>]*id=.flight-text.*?>(.*?)</textarea>", page, re.S)[1]
    assert re.search(r"commit\s+HTTP 20[06] .*x-amz-request-id=\w", text), text


def test_nobody_reports_about_the_uploads_of_others(vitrine):
    owner, stranger, admin = signed_in(vitrine), signed_in(vitrine), vitrine.admin()
    key = grant_of(owner, png(comment=b"mine"))["key"]
    assert report(stranger, {"key": key, "stage": "put", "error": "ByStranger"},
                  {"key": "images/2026/11/nobody.png", "stage": "put"}) == 0
    assert report(owner, {"key": key, "stage": "put", "error": "ByOwner"}) == 1
    assert "ByStranger" not in record_page(admin, key, "ByOwner").text


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_only_admins_read_it(vitrine, role):
    person = signed_in(vitrine, role)
    for path in ("/admin/uploads", "/admin/uploads/1"):
        assert person.get(path).status_code == 403
        assert vitrine.client().get(path).status_code == 303
    program = token_client(vitrine, vitrine.admin_email, scope="read upload")
    assert program.get("/admin/uploads").status_code in (401, 403)


def test_viewers_and_strangers_report_nothing(vitrine):
    body = {"attempts": [{"key": "a", "stage": "put"}]}
    assert_problem(signed_in(vitrine, "viewer").json_call("POST", "/images/attempts", body), 403)
    assert_problem(vitrine.client().json_call("POST", "/images/attempts", body), 401)
    other_site = signed_in(vitrine).json_call("POST", "/images/attempts", body, headers={"Origin": "https://evil.example"})
    assert_problem(other_site, 403, "bad_origin")


def test_what_could_open_anything_is_not_kept(vitrine):
    person, admin = signed_in(vitrine), vitrine.admin()
    grant = grant_of(person, png(comment=b"secret"))
    failed = requests.put(grant["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"), data=b"x", timeout=PATIENCE_S)
    assert failed.status_code == 403
    report(person, {"key": grant["key"], "stage": "put", "http_status": 403,
                    "error": f"refused {grant['url']} for AKIAIOSFODNN7EXAMPLE Bearer eyJhbGciOiJIUzI1NiJ9.e30.x so",
                    "request_id": "X-Amz-Signature=abc", "id2": "<script>"})
    page = record_page(admin, grant["key"], "refused").text
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)[1]
    assert "error=refused" in text and not any(secret in text for secret in SECRETS), text
    assert "<script>" not in page.split("<main")[1]


def test_a_hundred_attempts_at_once_and_no_more(vitrine):
    person, admin = signed_in(vitrine), vitrine.admin()
    key = grant_of(person, png(comment=b"many"))["key"]
    attempts = [{"key": key, "stage": "part", "http_status": 500, "error": f"Part{number}"} for number in range(100)]
    assert report(person, *attempts) == 100
    assert "100 of 100 attempts failed" in record_page(admin, key, "Part99").text
    refused = person.json_call("POST", "/images/attempts", {"attempts": attempts + attempts[:1]})
    assert_problem(refused, 422, "invalid")


def test_scripts_may_read_the_ids_of_storages_answers(vitrine):
    grant = grant_of(signed_in(vitrine), png(comment=b"ids"))
    answer = requests.put(grant["url"], data=b"x", headers={"Origin": vitrine.base_url}, timeout=PATIENCE_S)
    exposed = answer.headers["Access-Control-Expose-Headers"].lower()
    assert answer.headers["x-amz-request-id"]
    assert all(name in exposed for name in ("etag", "x-amz-request-id", "x-amz-id-2"))
