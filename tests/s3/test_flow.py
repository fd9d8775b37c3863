"""Seed flow on foreign S3 servers: what must work works, and what a grant does not allow, they refuse."""

import re
import time

import pytest
import requests

from flow import checksum, commit, display, error_code, png, presign, put, upload
from harness.patience import PATIENCE_S, wait_until


# --- the flow ---

def test_a_picture_goes_up_is_shown_and_is_deleted(admin):
    content = png()
    image = upload(admin, content)
    assert (image["width"], image["height"], image["size"]) == (3, 2, len(content))

    shown = display(admin, image)
    assert shown.status_code == 200
    assert shown.content == content
    assert shown.headers["Content-Type"] == "image/png"

    assert admin.json_call("DELETE", f"/images/{image['id']}?permanent=true").status_code == 200
    assert admin.json_call("GET", f"/images/{image['id']}").status_code == 404


def test_a_deleted_picture_is_gone_from_storage_too(admin):
    image = upload(admin, png())
    url = admin.json_call("GET", f"/images/{image['id']}/signed-url").json()["url"]
    assert requests.get(url, timeout=PATIENCE_S).status_code == 200
    admin.json_call("DELETE", f"/images/{image['id']}?permanent=true")
    assert requests.get(url, timeout=PATIENCE_S).status_code == 404


def test_a_commit_without_an_upload_is_told_so(admin):
    answer = commit(admin, presign(admin, png()))
    assert answer.status_code in (404, 409, 422), answer.text
    assert answer.json()["status"] == answer.status_code


def test_a_commit_can_be_repeated(admin):
    content = png()
    grant = presign(admin, content)
    put(grant, content)
    first, second = commit(admin, grant), commit(admin, grant)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["image"]["id"] == second.json()["image"]["id"]


def test_the_permanent_address_leads_to_the_bytes(admin):
    content = png()
    image = upload(admin, content)
    answer = admin.get(image["address"])
    assert answer.status_code == 302
    assert requests.get(answer.headers["Location"], timeout=PATIENCE_S).content == content


def test_the_minimal_body_of_the_flow_works(admin):
    grant = admin.json_call(
        "POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png"}).json()
    content = png()
    assert put(grant, content).status_code == 200
    image = commit(admin, grant).json()["image"]
    assert display(admin, image).content == content


def test_health_sees_the_storage(vitrine):
    health = vitrine.client().get("/health")
    assert health.status_code == 200
    assert health.json()["checks"]["storage"]["ok"] is True


# --- what storage refuses, because the grant signs it ---

def is_no_signature(answer):
    """403, for what was sent is not what was signed. Ceph's gateway, with its STS switched on, asks that about
    the keys last, and says what that says: AccessDenied."""
    return answer.status_code == 403 and error_code(answer) in ("SignatureDoesNotMatch", "AccessDenied")


def test_a_tampered_signature_is_refused(admin):
    content = png()
    grant = presign(admin, content)
    tampered = re.sub(r"(X-Amz-Signature=)(.)", lambda m: m[1] + ("0" if m[2] != "0" else "1"), grant["url"])
    assert tampered != grant["url"]
    answer = put(grant, content, url=tampered)
    assert is_no_signature(answer)


def test_another_key_is_refused(admin):
    content = png()
    grant, other = presign(admin, content), presign(admin, content)
    answer = put(grant, content, url=grant["url"].replace(grant["key"], other["key"]))
    assert is_no_signature(answer)


def test_another_type_is_refused(admin):
    content = png()
    answer = put(presign(admin, content), content, headers={"Content-Type": "text/html"})
    assert is_no_signature(answer)


@pytest.mark.parametrize("change", [b"", b"more"], ids=["shorter", "longer"])
def test_another_length_is_refused(admin, change):
    content = png()
    answer = put(presign(admin, content), content + change if change else content[:-1])
    assert is_no_signature(answer)


def test_a_checksum_that_was_not_granted_is_refused(admin):
    content, other = png(), png()
    answer = put(presign(admin, content), content, headers={"x-amz-checksum-sha256": checksum(other)})
    assert is_no_signature(answer)


def test_an_expired_grant_is_refused(hasty):
    content = png()
    grant = presign(hasty.admin(), content)
    time.sleep(2.1)  # no harm when it is more
    answer = put(grant, content)
    assert answer.status_code == 403
    assert error_code(answer) == "AccessDenied"


def test_an_expired_display_url_is_refused_and_a_new_one_works(hasty):
    browser, content = hasty.admin(), png()

    def stored():
        grant = presign(browser, content)
        return grant if put(grant, content).status_code == 200 else None

    grant = wait_until(stored, "a PUT in the second of its grant")
    image = commit(browser, grant).json()["image"]
    url = browser.json_call("GET", f"/images/{image['id']}/signed-url").json()["url"]
    wait_until(lambda: requests.get(url, timeout=PATIENCE_S).status_code == 403, "the end of a URL")
    wait_until(lambda: display(browser, image).content == content, "a URL that is used in its two seconds")


def test_a_second_put_with_one_grant_is_refused(admin, storage):
    content = png()
    grant = presign(admin, content)
    assert put(grant, content).status_code == 200
    if storage.settings.get("S3_CONDITIONAL_PUT") == "off":  # then the grant must not ask for it
        assert "if-none-match" not in map(str.lower, grant["headers"])
        return
    again = put(grant, content)
    assert (again.status_code, error_code(again)) == (412, "PreconditionFailed")


def test_content_that_is_not_what_it_says_is_refused_at_the_commit_and_removed(admin):
    content = b"<html><script>alert(1)</script></html>"
    grant = presign(admin, content)
    assert put(grant, content).status_code == 200
    answer = commit(admin, grant)
    assert answer.status_code == 422, answer.text
    assert commit(admin, grant).status_code >= 400


# --- settings ---

def test_no_embedded_storage_listens_beside_a_foreign_one(vitrine):
    assert vitrine.pids_of("objects.fcgi") == []
    with pytest.raises(requests.ConnectionError):
        requests.get(vitrine.objects_url, timeout=PATIENCE_S)


def test_a_wrong_secret_is_told_in_words_that_help(storage, vitrine):
    vitrine.environment["S3_SECRET_ACCESS_KEY"], kept = "not-the-secret-key", storage.secret_key
    try:
        refused = vitrine.cli("init", "--storage", check=False)
    finally:
        vitrine.environment["S3_SECRET_ACCESS_KEY"] = kept
    assert refused.returncode != 0
    assert "refused" in refused.stderr
    assert storage.secret_key not in refused.stderr + refused.stdout


def test_browsers_are_allowed_to_put_from_the_pages(vitrine, storage, admin):
    """The CORS rules that `vitrine init --storage` sets (Ceph), or the cluster's own (Swift)."""
    grant = presign(admin, png())
    answer = requests.options(grant["url"], timeout=PATIENCE_S, headers={
        "Origin": vitrine.base_url,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": ",".join(sorted(name.lower() for name in grant["headers"])),
    })
    assert answer.status_code == 200, f"{storage.name}: {answer.status_code} {answer.text}"
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", vitrine.base_url)
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
