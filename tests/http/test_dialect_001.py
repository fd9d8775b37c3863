"""API 001 (Express, multer): a user's own images, through us, shown by signed URLs."""

import concurrent.futures
import datetime
import http.client

import pytest
import requests
import urllib3

from app_dialects import (BOUNDARY, NO_NAMES, ODD_IDS, ODD_NAMES, REFUSED_FILES, assert_refused, broken_forms, form, part,
                          same_but_request_id, snapshot, spool_files)
from app_people import signed_in, token_client
from app_pictures import upload as native_upload, png
from conftest import s3_of
from harness.dialects import jpeg, profile_flow, run_snippet
from harness.patience import PATIENCE_S, wait_until

MB5 = 5 * 1024 * 1024
FORM_TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
BROKEN = broken_forms("image", jpeg())


@pytest.fixture(scope="module")
def other(dialects):
    return token_client(dialects)


def send(client, content=None, filename="photo.jpg", filetype="image/jpeg", **options):
    return client.post("/api/profile/upload-image",
                       files={"image": (filename, jpeg() if content is None else content, filetype)}, **options)


def image_of(client, **options):
    answer = send(client, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_an_image_goes_up_is_shown_listed_and_deleted(program):
    profile_flow(program)


@pytest.mark.parametrize("stage", ("", "/prod"))
def test_its_client_runs_unchanged(dialects, program, token, tmp_path, stage):
    file = tmp_path / "image.jpg"
    file.write_bytes(jpeg(50_000))
    _, (answer, shown) = run_snippet("001-fetch.mjs", dialects.base_url + stage, token, file)
    assert answer["data"]["originalName"] == "photo.jpg"
    assert shown == {"status": 200, "type": "image/jpeg", "size": len(file.read_bytes())}


def test_deleting_removes_image_and_object(dialects, program):
    """What stays for a while is a tombstone, until no URL can bring the object back."""
    image = image_of(program)
    assert image["s3Key"] in snapshot(dialects, s3_of(dialects))[1]
    program.delete(f"/api/profile/images/{image['id']}")
    rows, keys, _ = snapshot(dialects, s3_of(dialects))
    assert image["s3Key"] not in keys
    assert all(state == "purging" for _, key, state in rows if key == image["s3Key"])


def test_times_are_those_of_the_upload(program):
    image = image_of(program)
    at = datetime.datetime.strptime(image["createdAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    assert abs((datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()) < PATIENCE_S
    assert image["updatedAt"] == image["createdAt"]


def test_many_at_the_same_instant_get_a_key_each(program):
    """Who finds no thread free is told when to come again, and gets in then."""
    again = urllib3.util.Retry(total=20, status_forcelist=[503], allowed_methods=None, respect_retry_after_header=True)

    def send_one(_):
        with requests.Session() as session:
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=again))
            return session.post(program.base_url + "/api/profile/upload-image", headers=dict(program.headers), timeout=PATIENCE_S,
                                files={"image": ("photo.jpg", jpeg(), "image/jpeg")})

    with concurrent.futures.ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(send_one, range(40)))
    assert [answer.status_code for answer in answers] == [200] * 40
    assert len({answer.json()["data"]["s3Key"] for answer in answers}) == 40


# --- the list ---

def test_all_images_are_listed_newest_first_also_more_than_a_page(dialects):
    client = token_client(dialects)
    assert client.get("/api/profile/images").json() == {"message": "Images retrieved successfully", "data": []}
    ids = [image_of(client)["id"] for _ in range(205)]
    listed = client.get("/api/profile/images").json()
    assert [image["id"] for image in listed["data"]] == ids[::-1] and "next" not in listed


def test_a_list_can_be_had_in_pages(dialects):
    client = token_client(dialects)
    ids = [image_of(client)["id"] for _ in range(5)]
    seen, before = [], None
    while True:
        page = client.get("/api/profile/images", params={"limit": 2, "before": before}).json()
        assert len(page["data"]) <= 2
        seen += [image["id"] for image in page["data"]]
        before = page.get("next")
        if before is None:
            break
    assert seen == ids[::-1]


@pytest.mark.parametrize("query", ("limit=0", "limit=-1", "limit=abc", "limit=1001", "before=0", "before=x",
                                   "before=9223372036854775808"))
def test_wrong_pages_are_told(program, query):
    assert_refused(program.get("/api/profile/images?" + query), 422, "invalid")


# --- whose ---

def test_users_see_only_their_own_administrators_too(dialects, program, other):
    image = image_of(program)
    admin = token_client(dialects, role="admin")
    for client in (other, admin):
        assert image["id"] not in [one["id"] for one in client.get("/api/profile/images").json()["data"]]
        for method, path in (("DELETE", "/api/profile/images/{}"), ("GET", "/api/profile/images/{}/signed-url")):
            theirs = client.request(method, path.format(image["id"]))
            absent = client.request(method, path.format(999_999))
            assert_refused(theirs, 404, "not_found")
            assert same_but_request_id(theirs, absent)
    assert program.get(f"/api/profile/images/{image['id']}/signed-url").status_code == 200


def test_users_see_only_their_own_in_a_shared_library_too(start_vitrine):
    vitrine = start_vitrine(LIBRARY="shared")
    owner, other = token_client(vitrine), token_client(vitrine)
    image = image_of(owner)
    assert other.get(f"/images/{image['id']}").status_code == 200
    assert other.get("/api/profile/images").json()["data"] == []
    assert_refused(other.get(f"/api/profile/images/{image['id']}/signed-url"), 404, "not_found")
    assert_refused(other.delete(f"/api/profile/images/{image['id']}"), 404, "not_found")


def test_images_of_other_doors_are_listed_as_well(program):
    image = native_upload(program, png(comment=b"another door"))
    listed = program.get("/api/profile/images").json()["data"]
    assert listed[0]["id"] == image["id"] and listed[0]["s3Key"] == image["key"]


@pytest.mark.parametrize("number", ("0", "-1", "9223372036854775807", "9223372036854775808", "99999999999999999999999",
                                    "1.5", "abc", "%00", "1e3", "0x1", "01", "+1", " 1"))
def test_ids_that_are_none_are_not_found(program, number):
    for method, path in (("DELETE", "/api/profile/images/{}"), ("GET", "/api/profile/images/{}/signed-url")):
        answer = program.request(method, path.format(number), headers={"Accept": "application/json"})
        assert answer.status_code in (400, 404), answer.text  # 400: nginx's own, for %00
        if answer.status_code == 404:
            assert_refused(answer, 404, "not_found")


def test_a_deleted_image_is_not_found(program):
    image = image_of(program)
    assert program.delete(f"/api/profile/images/{image['id']}").status_code == 200
    assert_refused(program.get(f"/api/profile/images/{image['id']}/signed-url"), 404, "not_found")
    assert program.delete(f"/api/profile/images/{image['id']}").status_code in (200, 404)  # said again
    assert image["id"] not in [one["id"] for one in program.get("/api/profile/images").json()["data"]]


def test_nobody_and_viewers_may_not(dialects):
    nobody, viewer = dialects.client(), token_client(dialects, role="viewer")
    for answer in (send(nobody), nobody.get("/api/profile/images"), nobody.delete("/api/profile/images/1"),
                   nobody.get("/api/profile/images/1/signed-url")):
        refused = assert_refused(answer, 401, "unauthenticated")
        assert refused["message"] == refused["detail"]
    assert_refused(send(viewer), 403, "forbidden")
    assert_refused(viewer.delete("/api/profile/images/1"), 403, "forbidden")
    assert viewer.get("/api/profile/images").json()["data"] == []


def test_a_page_of_ours_may_with_its_session_and_no_other(dialects):
    browser = signed_in(dialects)
    image = image_of(browser, headers={"Origin": dialects.base_url})
    before = snapshot(dialects, s3_of(dialects))
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert_refused(send(browser, headers=headers), 403, "bad_origin")
        assert_refused(browser.delete(f"/api/profile/images/{image['id']}", headers=headers), 403, "bad_origin")
    assert snapshot(dialects, s3_of(dialects)) == before


# --- what is not accepted, and leaves nothing ---

@pytest.fixture
def nothing_left(dialects):
    before = snapshot(dialects, s3_of(dialects))
    yield
    wait_until(lambda: snapshot(dialects, s3_of(dialects)) == before, "nothing being left")


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_is_refused_and_leaves_nothing(nothing_left, program, case):
    body, content_type, status, code = BROKEN[case]
    answer = program.post("/api/profile/upload-image", data=body, headers={"Content-Type": content_type})
    refused = assert_refused(answer, status, code)
    assert refused["message"] == refused["detail"]


@pytest.mark.parametrize("case", REFUSED_FILES)
def test_a_file_that_is_not_acceptable_is_refused_and_leaves_nothing(nothing_left, program, case):
    filename, filetype, content, status, code = REFUSED_FILES[case]
    assert_refused(send(program, content, filename, filetype), status, code)


def test_files_that_are_no_images_are_refused_though_others_may_send_them(nothing_left, program):
    assert_refused(send(program, b"%PDF-1.4\n", "a.pdf", "application/pdf"), 422, "type_not_allowed")


@pytest.mark.parametrize("size", (MB5 + 1, MB5 + 70_000, 9_000_000))
def test_more_than_five_megabytes_are_refused_and_leave_nothing(nothing_left, program, size):
    refused = assert_refused(send(program, jpeg(size)), 413, "too_large")
    assert "limit" in refused["detail"]


def test_five_megabytes_are_taken(program):
    image = image_of(program, content=jpeg(MB5))
    assert image["fileSize"] == MB5


def test_a_body_of_unknown_length_is_taken_and_bounded(dialects, program):
    """By nginx; lighttpd asks for the length."""
    def chunks(content):
        body = form(part("image", content, "a.jpg", "image/jpeg"))
        for start in range(0, len(body), 100_000):
            yield body[start:start + 100_000]

    path = "/api/profile/upload-image"
    sent = program.post(path, data=chunks(jpeg(300_000)), headers=FORM_TYPE)
    if dialects.server == "lighttpd":
        assert sent.status_code == 411
        return
    assert sent.status_code == 200, sent.text
    before = snapshot(dialects, s3_of(dialects))
    try:
        refused = program.post(path, data=chunks(jpeg(MB5 + 1)), headers=FORM_TYPE)
        assert_refused(refused, 413, "too_large")
    except requests.ConnectionError:
        pass  # it hung up while more was being sent
    wait_until(lambda: snapshot(dialects, s3_of(dialects)) == before, "nothing being left")


def test_a_client_that_goes_away_leaves_nothing(dialects, nothing_left, program):
    body = form(part("image", jpeg(1_000_000), "a.jpg", "image/jpeg"))
    for cut in (10, 200, 100_000, len(body) - 3):
        connection = http.client.HTTPConnection("127.0.0.1", dialects.port, timeout=PATIENCE_S)
        connection.putrequest("POST", "/api/profile/upload-image")
        for name, value in {**FORM_TYPE, "Authorization": program.headers["Authorization"],
                            "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body[:cut])
        connection.close()
    wait_until(lambda: not spool_files(dialects))


@pytest.mark.parametrize("filename, kept", ODD_NAMES, ids=ODD_IDS)
def test_odd_names_are_kept_safely(program, filename, kept):
    body = form(part("image", jpeg(), filename.replace('"', "%22"), "image/jpeg"))
    answer = program.post("/api/profile/upload-image", data=body, headers=FORM_TYPE)
    assert answer.status_code == 200, answer.text
    name = answer.json()["data"]["originalName"]
    assert name == kept


@pytest.mark.parametrize("filename", NO_NAMES)
def test_names_that_are_none_are_refused(nothing_left, program, filename):
    body = form(part("image", jpeg(), filename, "image/jpeg"))
    assert_refused(program.post("/api/profile/upload-image", data=body, headers=FORM_TYPE), 422, "invalid")


def test_other_fields_of_the_form_are_ignored(program):
    body = form(part("caption", b"At sea"), part("image", jpeg(), "a.jpg", "image/jpeg"), part("album", b"3"))
    assert program.post("/api/profile/upload-image", data=body, headers=FORM_TYPE).status_code == 200
