"""The form that goes straight to the storage, used as a browser without JavaScript uses it; and changed, as none does."""

import html
import re
import sqlite3

import pytest
import requests

from app_people import signed_in
from app_pictures import png
from harness.patience import PATIENCE_S


def begin(browser, filename="boat.png"):
    """The address of the page with the signed form."""
    answer = browser.post("/admin/upload/form", data={"csrf": browser.csrf("/admin/upload/form"), "filename": filename})
    assert answer.status_code == 303, answer.text
    assert re.fullmatch(r"/admin/upload/form/\d+", answer.headers["Location"])
    return answer.headers["Location"]


def form_of(browser, page):
    """(action, fields) of the form that is on that page."""
    answer = browser.get(page)
    assert answer.status_code == 200, answer.text
    form = re.search(r'<form method="post" action="([^"]+)" enctype="multipart/form-data">(.*?)</form>', answer.text, re.S)
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group(2))
    assert re.search(r'<input id="file" name="file" type="file"', form.group(2))
    return html.unescape(form.group(1)), {name: html.unescape(value) for name, value in fields}


def post(form, body, filename="boat.png", **changed):
    action, fields = form
    parts = [(name, (None, value)) for name, value in {**fields, **changed}.items()]
    return requests.post(action, files=[*parts, ("file", (filename, body, "image/png"))], allow_redirects=False, timeout=PATIENCE_S)


def come_back(browser, answer):
    """Follow what the storage says; our own origin is left out, as the client adds it."""
    assert answer.status_code == 303, answer.text
    return browser.get("/" + answer.headers["Location"].split("/", 3)[3])


def code_of(answer):
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def pending(vitrine):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        return database.execute("SELECT count(*) FROM assets WHERE state = 'pending'").fetchone()[0]


def test_a_picture_goes_straight_to_the_storage_and_is_saved_on_the_way_back(vitrine):
    browser = signed_in(vitrine)
    picture = png(comment=b"straight")
    page = begin(browser, "Red boat.png")
    sent = post(form_of(browser, page), picture)
    back = come_back(browser, sent)
    image = f"/admin/images/{page.rsplit('/', 1)[1]}"
    assert (back.status_code, back.headers["Location"]) == (303, image)
    shown = browser.get(image)
    assert shown.status_code == 200 and "The image is saved." in shown.text and "Red boat.png" in shown.text
    again = come_back(browser, sent)
    assert (again.status_code, again.headers["Location"]) == (303, image), "repeated, the same"
    assert browser.get(page).headers["Location"] == image, "there is no second form for it"


def test_pages_that_are_looked_at_reserve_nothing(vitrine):
    browser = signed_in(vitrine)
    before = pending(vitrine)
    for _ in range(5):
        assert browser.get("/admin/upload").status_code == 200
        assert browser.get("/admin/upload/form").status_code == 200
    assert pending(vitrine) == before
    page = begin(browser)
    keys = {form_of(browser, page)[1]["key"] for _ in range(5)}
    assert len(keys) == 1 and pending(vitrine) == before + 1


def test_only_the_page_with_the_form_lets_a_form_go_to_the_storage(vitrine):
    browser = signed_in(vitrine)
    page = begin(browser)
    storage = re.match(r"https?://[^/]+", form_of(browser, page)[0]).group()
    targets = {path: re.search(r"form-action ([^;]*);", browser.get(path).headers["Content-Security-Policy"]).group(1)
               for path in (page, "/admin/upload", "/admin/upload/form", f"{page}/saved")}
    assert targets.pop(page) == f"'self' {storage}"
    assert set(targets.values()) == {"'self'"}


@pytest.mark.parametrize("changed", [{"key": "images/other.png"}, {"Content-Type": "text/html"}, {"acl": "public-read"},
                                     {"success_action_redirect": "https://evil.example/"}], ids=lambda change: next(iter(change)))
def test_a_form_that_was_changed_stores_nothing(lighttpd, changed):
    browser = signed_in(lighttpd)
    page = begin(browser)
    answer = post(form_of(browser, page), png(), **changed)
    assert (answer.status_code, code_of(answer)) == (403, "AccessDenied")
    assert browser.get(f"{page}/saved").status_code == 409, "and the page says that nothing arrived"


def test_the_storage_holds_the_form_to_its_size(start_vitrine):
    vitrine = start_vitrine(MAX_FILE_SIZE="10KB")
    browser = vitrine.admin()
    page = begin(browser)
    form = form_of(browser, page)
    assert "up to 10 KB" in browser.get(page).text
    for body, code in ((b"", "EntityTooSmall"), (png(comment=b"x" * 10_000), "EntityTooLarge")):
        answer = post(form, body)
        assert (answer.status_code, code_of(answer)) == (400, code)
    assert come_back(browser, post(form, png())).status_code == 303, "the same form is good for another file"


def test_the_form_writes_once_and_the_first_picture_stays(vitrine, s3):
    browser = signed_in(vitrine)
    first = png(comment=b"the first")
    page = begin(browser)
    form = form_of(browser, page)
    assert post(form, first).status_code == 303
    second = post(form, png(comment=b"the second"))
    assert (second.status_code, code_of(second)) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket="vitrine", Key=form[1]["key"])["Body"].read() == first


def test_coming_back_before_the_file_is_there_leads_to_the_form_again(vitrine):
    browser = signed_in(vitrine)
    page = begin(browser)
    answer = browser.get(f"{page}/saved")
    assert answer.status_code == 409 and f'href="{page}"' in answer.text and "Nothing has arrived" in answer.text
    assert come_back(browser, post(form_of(browser, page), png(comment=b"late"))).status_code == 303


def test_what_is_no_picture_is_refused_and_goes(vitrine, s3):
    browser = signed_in(vitrine)
    page = begin(browser)
    form = form_of(browser, page)
    answer = come_back(browser, post(form, b"<!doctype html><script>alert(1)</script>"))
    assert answer.status_code == 422 and "was not saved" in answer.text and 'href="/admin/upload/form"' in answer.text
    assert s3.list_objects_v2(Bucket="vitrine", Prefix=form[1]["key"])["KeyCount"] == 0
    assert browser.get(page).status_code == 410, "the key is spent"


def test_an_address_made_up_for_another_key_saves_nothing(vitrine):
    browser, other = signed_in(vitrine), signed_in(vitrine)
    mine, theirs = begin(browser), begin(other)
    keys = {}
    for person, page in ((browser, mine), (other, theirs)):
        form = form_of(person, page)
        keys[page] = form[1]["key"]
        assert post(form, png(comment=page.encode())).status_code == 303
    assert browser.get(f"{mine}/saved", params={"key": keys[theirs]}).status_code == 404
    assert browser.get(f"{theirs}/saved", params={"key": keys[theirs]}).status_code == 404
    assert browser.get(f"{theirs}/saved").status_code == 404
    assert other.get(f"{theirs}/saved", params={"key": keys[theirs]}).status_code == 303


@pytest.mark.parametrize("filename,words", [("", "Choose a file."), ("drawing.svg", "not accepted"), ("page.html", "not accepted")])
def test_a_name_that_is_no_picture_comes_back_with_words(vitrine, filename, words):
    browser = signed_in(vitrine)
    answer = browser.post("/admin/upload/form", data={"csrf": browser.csrf("/admin/upload/form"), "filename": filename})
    assert answer.status_code == 422 and words in answer.text


def test_where_the_storage_takes_no_forms_the_page_offers_none(start_vitrine):
    vitrine = start_vitrine(S3_POST_POLICY="off")
    browser = vitrine.admin()
    assert "/admin/upload/form" not in browser.get("/admin/upload").text
    assert browser.get("/admin/upload/form").headers["Location"] == "/admin/upload"
    token = browser.csrf("/admin/upload")
    assert browser.post("/admin/upload/form", data={"csrf": token, "filename": "a.png"}).status_code == 404
