"""The same bytes twice: told with the grant and with the commit, and only of one's own."""

import requests

from app_people import signed_in
from app_pictures import png, sha256_hex, upload
from harness.patience import PATIENCE_S


def ask(client, data, if_duplicate=None, filename="again.png"):
    body = {"filename": filename, "filetype": "image/png", "size": len(data), "sha256": sha256_hex(data)}
    if if_duplicate:
        body["if_duplicate"] = if_duplicate
    return client.json_call("POST", "/images/presign-upload", body)


def test_a_grant_tells_of_the_image_that_has_these_bytes(lighttpd):
    browser = signed_in(lighttpd)
    picture = png(comment=b"told")
    assert ask(browser, picture).json()["duplicate"] is None
    image = upload(browser, picture, "first.png", title="The first")
    for how in (None, "keep"):
        grant = ask(browser, picture, how).json()
        duplicate = grant["duplicate"]
        assert (duplicate["id"], duplicate["filename"], duplicate["title"]) == (image["id"], "first.png", "The first")
        assert duplicate["address"] == f"/i/{image['id']}" and not duplicate["in_trash"] and duplicate["proven"]
        assert requests.get(duplicate["url"], timeout=PATIENCE_S).content == picture
        assert requests.put(grant["url"], data=picture, headers=grant["headers"], timeout=PATIENCE_S).status_code == 200


def test_asked_to_ask_it_refuses_and_reserves_nothing(lighttpd):
    browser = signed_in(lighttpd)
    picture = png(comment=b"asked")
    image = upload(browser, picture, "first.png")
    answer = ask(browser, picture, "ask")
    assert answer.status_code == 409, answer.text
    problem = answer.json()
    assert problem["code"] == "duplicate" and problem["duplicate"]["id"] == image["id"]
    assert "first.png" in problem["detail"] and problem["hint"]
    assert requests.get(problem["duplicate"]["url"], timeout=PATIENCE_S).content == picture
    again = upload(browser, picture, "second.png")  # "keep": the answer to the question
    assert again["id"] == image["id"] + 1, "nothing was reserved in between"


def test_a_batch_asks_for_each_file(lighttpd):
    browser = signed_in(lighttpd)
    known, new = png(comment=b"known"), png(comment=b"fresh")
    image = upload(browser, known)
    files = [{"filename": "a.png", "filetype": "image/png", "sha256": sha256_hex(data), "if_duplicate": how}
             for data, how in ((known, "ask"), (new, "ask"), (known, "keep"))]
    asked, fresh, kept = browser.json_call("POST", "/images/presign-uploads", {"files": files}).json()["grants"]
    assert asked["error"]["code"] == "duplicate" and asked["error"]["duplicate"]["id"] == image["id"]
    assert fresh["duplicate"] is None
    assert kept["duplicate"]["id"] == image["id"] and kept["url"]


def test_two_at_the_same_time_are_both_saved_and_the_later_is_told(lighttpd):
    browser = signed_in(lighttpd)
    picture = png(comment=b"twins")
    grants = [ask(browser, picture, "ask").json() for _ in range(2)]
    for grant in grants:
        assert requests.put(grant["url"], data=picture, headers=grant["headers"], timeout=PATIENCE_S).status_code == 200
    first, second = (browser.json_call("POST", "/images", {"key": grant["key"]}).json() for grant in grants)
    assert first["duplicate"] is None
    assert second["duplicate"]["id"] == first["image"]["id"] != second["image"]["id"]


def test_nobody_is_told_of_the_images_of_others(lighttpd):
    picture = png(comment=b"mine alone")
    upload(signed_in(lighttpd), picture)
    for client in (signed_in(lighttpd), lighttpd.admin()):
        grant = ask(client, picture, "ask")
        assert grant.status_code == 200 and grant.json()["duplicate"] is None


def test_one_that_was_thrown_away_is_told_as_such_until_it_is_uploaded_anew(lighttpd):
    browser = signed_in(lighttpd)
    picture = png(comment=b"thrown away")
    image = upload(browser, picture, "thrown.png")
    assert browser.json_call("DELETE", f"/images/{image['id']}").status_code == 200
    problem = ask(browser, picture, "ask").json()
    duplicate = problem["duplicate"]
    assert "in your trash" in problem["detail"] and "Restore" in problem["hint"]
    assert (duplicate["id"], duplicate["in_trash"], duplicate["url"]) == (image["id"], True, None)
    assert browser.get(duplicate["page"]).status_code == 200, "from there it can be restored"
    anew = upload(browser, picture)
    assert ask(browser, picture, "ask").json()["duplicate"]["id"] == anew["id"]


def test_another_word_than_keep_or_ask_is_refused(lighttpd):
    answer = ask(signed_in(lighttpd), png(), "never")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "if_duplicate", "detail": 'This must be "keep" or "ask".'}]


def in_parts(client, data, **more):
    """Begin an upload of one part."""
    return client.json_call("POST", "/images/multipart", {
        "filename": "large.png", "filetype": "image/png", "size": len(data), **more})


def complete(client, begun, data):
    part = client.json_call("POST", f"/images/multipart/{begun['id']}/parts",
                            {"parts": [{"number": 1, "sha256": sha256_hex(data)}]}).json()["parts"][0]
    assert requests.put(part["url"], data=data, headers=part["headers"], timeout=PATIENCE_S).status_code == 200
    saved = client.json_call("POST", f"/images/multipart/{begun['id']}/complete", {})
    assert saved.status_code == 201, saved.text
    return saved.json()


def test_an_upload_in_parts_is_asked_about_when_its_sha256_is_known(lighttpd):
    browser = signed_in(lighttpd)
    picture = png(comment=b"large and known")
    image = upload(browser, picture)
    said = {"sha256": sha256_hex(picture), "if_duplicate": "ask"}
    refused = in_parts(browser, picture, **said)
    assert refused.status_code == 409 and refused.json()["duplicate"]["id"] == image["id"]
    assert browser.get("/images/multipart").json()["uploads"] == [], "nothing is reserved"
    begun = in_parts(browser, picture, **{**said, "if_duplicate": "keep"}).json()
    assert begun["duplicate"]["id"] == image["id"]
    assert complete(browser, begun, picture)["duplicate"]["id"] == image["id"]


def test_uploads_in_equal_parts_are_recognised_when_they_are_there(lighttpd):
    browser = signed_in(lighttpd)
    picture = png(comment=b"large and unknown")
    first = complete(browser, in_parts(browser, picture).json(), picture)
    assert first["duplicate"] is None
    second = complete(browser, in_parts(browser, picture).json(), picture)
    assert second["duplicate"]["id"] == first["image"]["id"] and second["duplicate"]["proven"]
    other = png(comment=b"large and another")
    assert len(other) == len(picture)
    assert complete(browser, in_parts(browser, other).json(), other)["duplicate"] is None
