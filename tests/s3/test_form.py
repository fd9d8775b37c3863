"""The form of browsers without JavaScript, on storages that take such forms and on one that does not."""

import html
import re

import pytest
import requests

from flow import error_code, png
from harness.ceph import Ceph
from harness.patience import PATIENCE_S


takes_forms = pytest.mark.parametrize("storage", [Ceph], ids=["ceph"], indirect=True)


def begin(admin):
    answer = admin.post("/admin/upload/form", data={"csrf": admin.csrf("/admin/upload/form"), "filename": "boat.png"})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def form_of(admin, page):
    text = admin.get(page).text
    form = re.search(r'<form method="post" action="([^"]+)" enctype="multipart/form-data">(.*?)</form>', text, re.S)
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group(2))
    return html.unescape(form.group(1)), {name: html.unescape(value) for name, value in fields}


def post(form, body, **changed):
    action, fields = form
    parts = [(name, (None, value)) for name, value in {**fields, **changed}.items()]
    return requests.post(action, files=[*parts, ("file", ("boat.png", body, "image/png"))], allow_redirects=False, timeout=PATIENCE_S)


def path_of(address):
    return "/" + address.split("/", 3)[3]


def test_the_form_is_offered_only_where_the_storage_takes_it(storage, admin):
    is_offered = 'href="/admin/upload/form"' in admin.get("/admin/upload").text
    assert is_offered == (storage.settings.get("S3_POST_POLICY") == "on")


@takes_forms
def test_a_picture_goes_up_by_the_form_and_is_led_back(admin):
    content, page = png(), begin(admin)
    sent = post(form_of(admin, page), content)
    assert sent.status_code in (302, 303), f"{sent.status_code} {sent.text}"
    for _ in range(2):
        back = admin.get(path_of(sent.headers["Location"]))
        assert (back.status_code, back.headers["Location"]) == (303, page.replace("/upload/form/", "/images/"))
    number = page.rsplit("/", 1)[1]
    signed = requests.get(admin.get(f"/i/{number}").headers["Location"], timeout=PATIENCE_S)
    assert (signed.content, signed.headers["Content-Type"]) == (content, "image/png")


@takes_forms
@pytest.mark.parametrize("changed", [{"key": "images/other.png"}, {"Content-Type": "text/html"},
                                     {"success_action_redirect": "https://evil.example/"}], ids=lambda change: next(iter(change)))
def test_the_storage_refuses_a_form_that_was_changed(admin, changed):
    page = begin(admin)
    answer = post(form_of(admin, page), png(), **changed)
    assert answer.status_code == 403, f"{answer.status_code} {answer.text}"
    assert admin.get(f"{page}/saved").status_code == 409


@takes_forms
def test_the_storage_refuses_what_is_empty(admin):
    answer = post(form_of(admin, begin(admin)), b"")
    assert (answer.status_code, error_code(answer)) == (400, "EntityTooSmall")


@takes_forms
def test_what_is_no_picture_is_refused_on_the_way_back(admin):
    page = begin(admin)
    sent = post(form_of(admin, page), b"<!doctype html><script>alert(1)</script>")
    assert admin.get(path_of(sent.headers["Location"])).status_code == 422
    assert admin.get(page).status_code == 410


@takes_forms
def test_a_second_file_by_the_same_form_is_looked_at_before_it_is_shown(admin):
    """Where a form can be posted twice, the image is what was posted last, and only a picture."""
    page, second = begin(admin), png(width=5)
    form = form_of(admin, page)
    assert "second one would take the place" in admin.get(page).text
    sent = post(form, png())
    assert admin.get(path_of(sent.headers["Location"])).status_code == 303
    number = page.rsplit("/", 1)[1]
    post(form, second)
    assert admin.json_call("GET", f"/images/{number}").json()["image"]["width"] == 5
    post(form, b"<!doctype html><script>alert(1)</script>")
    assert admin.json_call("GET", f"/images/{number}").status_code == 422
    assert admin.json_call("GET", f"/images/{number}").status_code == 404
