"""The flow of the specification (presign, PUT, save, show, delete) through a real web server, with the
embedded storage, in its own words and in ours."""

import base64
import hashlib

import requests

from app_people import assert_problem, signed_in, token_client
from app_pictures import png, sha256_hex, upload
from harness.patience import PATIENCE_S, wait_until


def test_the_minimal_flow_works_with_a_token(vitrine):
    program = token_client(vitrine)
    picture = png()

    grant = program.post("/images/presign-upload", json={"filename": "cat.png", "filetype": "image/png"})
    assert grant.status_code == 200, grant.text
    grant = grant.json()
    assert set(grant) >= {"url", "key"}
    put = requests.put(grant["url"], data=picture, headers=grant["headers"], timeout=PATIENCE_S)
    assert put.status_code == 200, put.text

    saved = program.post("/images", json={"key": grant["key"], "filename": "cat.png", "filetype": "image/png"})
    assert saved.status_code == 201, saved.text
    image = saved.json()["image"]
    assert (image["width"], image["height"], image["size"]) == (64, 48, len(picture))

    for path in (f"/images/{image['id']}/signed-url", f"/images/signed-url?key={grant['key']}"):
        signed = program.get(path)
        assert signed.status_code == 200, signed.text
        shown = requests.get(signed.json()["url"], timeout=PATIENCE_S)
        assert shown.content == picture
        assert shown.headers["Content-Type"] == "image/png"
        assert shown.headers["Content-Disposition"].startswith("inline")
        assert shown.headers["Cache-Control"] == "private, max-age=300, immutable"

    assert program.delete(f"/images/{image['id']}?permanent=true").json() == {
        "deleted": True, "id": image["id"], "trashed": False}
    assert_problem(program.get(f"/images/{image['id']}"), 404, "not_found")
    assert requests.get(signed.json()["url"], timeout=PATIENCE_S).status_code == 404


def test_the_full_flow_works_with_a_session(vitrine):
    browser = signed_in(vitrine)
    image = upload(browser, png(comment=b"full"), "Boot é.png", title="Red boat", alt="A red boat")
    assert image["title"] == "Red boat" and image["filename"] == "Boot é.png"
    assert image["address"] == f"/i/{image['id']}"
    assert image["version"] == 1 and image["sha256"] == sha256_hex(png(comment=b"full"))


def test_saving_again_gives_the_same_answer(vitrine):
    browser = signed_in(vitrine)
    image = upload(browser, png(comment=b"again"))
    again = browser.json_call("POST", "/images", {"key": image["key"]})
    assert again.status_code == 200
    assert again.json()["image"]["id"] == image["id"]


def test_a_grant_binds_length_type_and_content(vitrine):
    browser = signed_in(vitrine)
    picture = png(comment=b"bound")
    grant = browser.json_call("POST", "/images/presign-upload", {
        "filename": "a.png", "filetype": "image/png", "size": len(picture),
        "sha256": sha256_hex(picture)}).json()

    def put(data=picture, **headers):
        return requests.put(grant["url"], data=data, headers={**grant["headers"], **headers}, timeout=PATIENCE_S)

    other = png(comment=b"other")
    assert len(other) == len(picture)
    assert put(data=picture + b"x").status_code == 403, "another length"
    assert put(**{"content-type": "text/html"}).status_code == 403, "another type"
    assert put(data=other).status_code == 400, "other content"
    wrong = base64.b64encode(hashlib.sha256(other).digest()).decode()
    assert put(data=other, **{"x-amz-checksum-sha256": wrong}).status_code == 403, "another hash"
    assert put().status_code == 200
    assert put().status_code == 412, "a second time"


def test_saving_what_never_arrived_says_so(vitrine):
    browser = signed_in(vitrine)
    grant = browser.json_call("POST", "/images/presign-upload",
                              {"filename": "a.png", "filetype": "image/png"}).json()
    assert_problem(browser.json_call("POST", "/images", {"key": grant["key"]}), 409, "not_uploaded")


def test_saving_what_is_no_picture_is_refused_and_the_object_goes(vitrine, s3):
    browser = signed_in(vitrine)
    grant = browser.json_call("POST", "/images/presign-upload",
                              {"filename": "a.png", "filetype": "image/png"}).json()
    assert requests.put(grant["url"], data=b"<script>alert(1)</script>", headers=grant["headers"],
                        timeout=PATIENCE_S).status_code == 200
    assert_problem(browser.json_call("POST", "/images", {"key": grant["key"]}), 422, "upload_mismatch")
    left = s3.list_objects_v2(Bucket="vitrine", Prefix=grant["key"])
    assert left["KeyCount"] == 0


def test_a_key_of_somebody_else_does_not_exist(vitrine):
    grant = signed_in(vitrine).json_call("POST", "/images/presign-upload",
                                         {"filename": "a.png", "filetype": "image/png"}).json()
    other = signed_in(vitrine)
    assert_problem(other.json_call("POST", "/images", {"key": grant["key"]}), 404, "not_found")
    assert_problem(other.get("/images/signed-url", params={"key": grant["key"]}), 404, "not_found")


def test_a_batch_presigns_what_it_can(vitrine):
    browser = signed_in(vitrine)
    files = [{"filename": f"{i}.png", "filetype": "image/png", "size": 100 + i} for i in range(99)]
    files.append({"filename": "a.exe", "filetype": "application/x-msdownload", "size": 1})
    answer = browser.json_call("POST", "/images/presign-uploads", {"files": files})
    assert answer.status_code == 200, answer.text
    grants = answer.json()["grants"]
    assert len(grants) == 100
    assert all("url" in grant for grant in grants[:99])
    assert grants[99]["error"]["code"] == "type_not_allowed"
    assert_problem(browser.json_call("POST", "/images/presign-uploads", {"files": files + files[:1]}), 422)


def test_many_urls_at_once_say_what_is_missing(vitrine):
    browser = signed_in(vitrine)
    image = upload(browser, png(comment=b"many"))
    answer = browser.json_call("POST", "/images/signed-urls", {"ids": [image["id"], 999999]}).json()
    assert [entry["id"] for entry in answer["urls"]] == [image["id"]]
    assert answer["missing"] == [999999]


def test_urls_are_the_same_within_a_window(vitrine):
    browser = signed_in(vitrine)
    image = upload(browser, png(comment=b"window"))
    urls = [browser.get(f"/images/{image['id']}/signed-url").json()["url"] for _ in range(4)]
    assert len(set(urls)) <= 2, "a window can turn over once meanwhile"


def test_the_permanent_address_leads_to_the_picture(vitrine):
    browser = signed_in(vitrine)
    picture = png(comment=b"permanent")
    image = upload(browser, picture)
    moved = browser.get(f"/i/{image['id']}")
    assert moved.status_code == 302
    assert moved.headers["Cache-Control"].startswith("private, max-age=")
    assert 1 <= int(moved.headers["Cache-Control"].split("=")[1]) < 300
    assert requests.get(moved.headers["Location"], timeout=PATIENCE_S).content == picture
    nobody = vitrine.client().get(f"/i/{image['id']}")
    assert nobody.status_code == 303
    assert nobody.headers["Location"] == f"/sign-in?next=%2Fi%2F{image['id']}"


def test_a_download_has_the_name_of_the_file(vitrine):
    browser = signed_in(vitrine)
    image = upload(browser, png(comment=b"download"), 'Boot "é".png')
    got = requests.get(browser.get(f"/admin/images/{image['id']}/download").headers["Location"], timeout=PATIENCE_S)
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''Boot%20" in got.headers["Content-Disposition"]


def test_a_display_url_dies_and_a_new_one_lives(start_vitrine):
    vitrine = start_vitrine(DISPLAY_URL_EXPIRATION=2)
    browser = vitrine.admin()
    image = upload(browser, png(comment=b"short"))
    old = browser.get(f"/images/{image['id']}/signed-url").json()["url"]
    wait_until(lambda: requests.get(old, timeout=PATIENCE_S).status_code == 403, "the end of a URL")

    def show():
        new = browser.get(f"/images/{image['id']}/signed-url").json()["url"]
        return requests.get(new, timeout=PATIENCE_S).status_code == 200

    wait_until(show, "a URL that is used in its two seconds")


def test_urls_follow_the_host_that_was_opened(vitrine):
    program = token_client(vitrine)
    image = upload(program, png(comment=b"host"))
    answer = program.get(f"/images/{image['id']}/signed-url",
                         headers={"Host": f"localhost:{vitrine.port}"})
    assert answer.json()["url"].startswith(f"http://localhost:{vitrine.port + 1}/vitrine/images/")


def test_the_list_pages_by_key(vitrine):
    browser = signed_in(vitrine)
    ids = [upload(browser, png(comment=str(i).encode()), f"page{i}.png")["id"] for i in range(5)]
    seen, path = [], "/images?limit=2"
    while path:
        page = browser.get(path).json()
        seen += [image["id"] for image in page["images"]]
        path = page["older"]
        assert len(page["images"]) <= 2
    assert seen == ids[::-1]
    newer = browser.get(f"/images?limit=2&after={ids[0]}").json()
    assert [image["id"] for image in newer["images"]] == [ids[2], ids[1]]


def test_search_finds_words_by_their_beginning(vitrine):
    browser = signed_in(vitrine)
    found = upload(browser, png(comment=b"s1"), "zebra.png", title="Lake Geneva")
    upload(browser, png(comment=b"s2"), "other.png")
    for query in ("gen", "lake gen", "ZEBRA", "lak zeb"):
        images = browser.get("/images", params={"q": query}).json()["images"]
        assert [image["id"] for image in images] == [found["id"]], query
    for query in ('"', "*", "NOT", "a AND", "(", "'; DROP TABLE", "-", "gen*\"", "title:lake"):
        assert browser.get("/images", params={"q": query}).status_code == 200, query
