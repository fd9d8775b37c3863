"""The trash through a real web server and storage: what is in it, what is still reachable, who may do what at once."""

import concurrent.futures
import secrets
import sqlite3

import pytest
import requests

from app_people import PASSWORD, add_user, assert_problem, token_client
from app_pictures import png, upload
from harness.patience import PATIENCE_S


@pytest.fixture(scope="module")
def vitrine(running):
    return running("lighttpd")


@pytest.fixture
def email(vitrine):
    return add_user(vitrine, "editor")


@pytest.fixture
def program(vitrine, email):
    return token_client(vitrine, email)


def image_of(client):
    return upload(client, png(comment=secrets.token_bytes(8)), filename=f"trash-{secrets.token_hex(4)}.png")


def state_of(vitrine, image):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        row = database.execute("SELECT state FROM assets WHERE id = ?", (image["id"],)).fetchone()
    return row and row[0]


def usage_is_true(vitrine):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        return not database.execute(
            "SELECT * FROM usage AS g WHERE (asset_count, trashed_count, trashed_bytes) <> (SELECT "
            "coalesce(sum(state = 'ready'), 0), coalesce(sum(state = 'trashed'), 0), "
            "coalesce(sum(iif(state = 'trashed', size_bytes, 0)), 0) FROM assets WHERE owner_id = g.owner_id)").fetchall()


def test_a_url_that_is_out_works_until_the_image_is_deleted_for_good(program):
    image = image_of(program)
    assert program.delete(f"/images/{image['id']}").json() == {"deleted": True, "id": image["id"], "trashed": True}
    assert requests.get(image["url"], timeout=PATIENCE_S).status_code == 200
    for path in (f"/images/{image['id']}", f"/images/{image['id']}/signed-url"):
        assert_problem(program.get(path), 410, "gone")
    assert_problem(program.get("/images/signed-url", params={"key": image["key"]}), 404, "not_found")
    assert program.post("/images/signed-urls", json={"ids": [image["id"]]}).json()["missing"] == [image["id"]]
    assert program.delete(f"/images/{image['id']}", params={"permanent": "true"}).json()["trashed"] is False
    assert requests.get(image["url"], timeout=PATIENCE_S).status_code == 404


def test_a_restored_image_is_as_it_was(program):
    image = image_of(program)
    changed = program.patch(f"/images/{image['id']}", json={
        "version": 1, "title": "Sea", "alt": "The sea", "tags": ["blue", "red"]}).json()["image"]
    program.delete(f"/images/{image['id']}")
    back = program.post(f"/images/{image['id']}/restore").json()["image"]
    assert {**back, "url": "", "expires_at": ""} == {**changed, "url": "", "expires_at": ""}
    assert requests.get(back["url"], timeout=PATIENCE_S).status_code == 200


def test_the_apis_of_other_systems_delete_for_good(vitrine, program):
    """As their own documents say; and also what is in the trash already."""
    for delete in (lambda image: f"/files/{image['key']}", lambda image: f"/api/v1/upload/{image['key']}",
                   lambda image: f"/api/profile/images/{image['id']}"):
        for is_trashed in (False, True):
            image = image_of(program)
            if is_trashed:
                program.delete(f"/images/{image['id']}")
            assert program.delete(delete(image)).status_code == 200
            assert state_of(vitrine, image) == "purging"  # its grant is alive: a tombstone stays for a while
            assert requests.get(image["url"], timeout=PATIENCE_S).status_code == 404
            assert_problem(program.post(f"/images/{image['id']}/restore"), 410, "gone")


def test_boxes_of_a_form_without_javascript_go_and_come_back(vitrine, email, program):
    images = [image_of(program) for _ in range(3)]
    browser = vitrine.client().sign_in(email, PASSWORD)
    fields = [("csrf", browser.csrf("/admin/images")), ("action", "trash"), ("back", "/admin/images?q=trash")]
    answer = browser.post("/admin/images/bulk", data=fields + [("ids", image["id"]) for image in images])
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    assert "3 images are in the trash." in page and ">Undo</button>" in page
    assert [state_of(vitrine, image) for image in images] == ["trashed"] * 3
    listed = program.get("/images/trash").json()
    assert listed["count"] == 3 and {entry["id"] for entry in listed["images"]} == {image["id"] for image in images}
    assert all("url" not in entry for entry in listed["images"])
    answer = browser.post("/admin/images/bulk", data=fields[:1] + [
        ("action", "restore"), ("ids", ",".join(str(image["id"]) for image in images))])
    assert "3 images are back." in browser.get(answer.headers["Location"]).text
    too_many = browser.post("/admin/images/bulk", data=fields + [("ids", number) for number in range(1, 202)])
    assert too_many.status_code == 422
    assert usage_is_true(vitrine)


def test_many_at_once_tell_of_each(vitrine, program):
    mine, foreign = image_of(program), image_of(token_client(vitrine, add_user(vitrine, "editor")))
    answer = program.post("/images/bulk", json={"action": "delete", "ids": [mine["id"], foreign["id"], mine["id"]]}).json()
    assert (answer["done"], answer["failed"]) == (2, 1)
    assert answer["results"][1]["error"]["code"] == "not_found"
    assert state_of(vitrine, foreign) == "ready"
    for body in ({"action": "trash", "ids": []}, {"action": "trash", "ids": list(range(1, 202))}, {"ids": [1]},
                 {"action": "burn", "ids": [1]}, {"action": "trash", "ids": ["1"]}):
        assert_problem(program.post("/images/bulk", json=body), 422)


def test_emptying_takes_no_image_of_others(vitrine, email, program):
    other = token_client(vitrine, add_user(vitrine, "editor"))
    mine, theirs = image_of(program), image_of(other)
    for client, image in ((program, mine), (other, theirs)):
        client.delete(f"/images/{image['id']}")
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        owner = database.execute("SELECT owner_id FROM assets WHERE id = ?", (theirs["id"],)).fetchone()[0]
    browser = vitrine.client().sign_in(email, PASSWORD)
    assert browser.get("/admin/trash/empty", params={"owner": owner}).status_code == 303  # nothing there to delete
    token = browser.csrf("/admin/trash")
    for fields in ({"owner": owner, "until": 9_999_999_999}, {"until": 9_999_999_999}):
        assert browser.post("/admin/trash/empty", data={"csrf": token, **fields}).status_code == 303
    assert (state_of(vitrine, mine), state_of(vitrine, theirs)) == ("purging", "trashed")


def test_two_who_delete_and_restore_at_the_same_time_lose_nothing(vitrine, program):
    admins = [token_client(vitrine, add_user(vitrine, "admin")) for _ in range(2)]
    image = image_of(program)

    def work(client):
        return [call().status_code for _ in range(15) for call in (
            lambda: client.delete(f"/images/{image['id']}"), lambda: client.post(f"/images/{image['id']}/restore"))]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        statuses = [status for answers in pool.map(work, admins) for status in answers]
    # Between restoring and the answer's own look the other one may have deleted it again: 410 says so.
    assert set(statuses) <= {200, 410}, statuses
    assert state_of(vitrine, image) in ("ready", "trashed")
    assert usage_is_true(vitrine)
    assert program.post(f"/images/{image['id']}/restore").status_code == 200
    assert requests.get(image["url"], timeout=PATIENCE_S).status_code == 200
