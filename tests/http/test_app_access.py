"""Who may do what: every row of the route table by every role; images of others; the command line."""

import json

import pytest

from app_people import add_user, assert_problem, signed_in, token_client
from app_pictures import png, upload
from harness.patience import PATIENCE_S

RANK = {"anyone": 0, "viewer": 1, "editor": 2, "admin": 3, "metrics": 3}
IN_THE_BODY = ("/auth/signin", "/auth/refresh")  # what proves who asks: no other site can know it


def routes(vitrine):
    return json.loads(vitrine.cli("routes", "--json").stdout)


def test_every_route_lets_in_whom_it_says(vitrine):
    """Asked with a path that exists for nobody: 401 or 403 say that the guard spoke, anything else that it let pass."""
    people = {"anyone": vitrine.client()}
    people.update({role: token_client(vitrine, role=role) for role in ("viewer", "editor", "admin")})
    table = routes(vitrine)
    assert len(table) > 20
    for route in table:
        if route["path"] in ("/sign-out", "/admin/upload"):
            continue  # answers of their own kind; below
        path = route["path"].replace(":id", "999999").replace(":key...", "uploads/of/nobody.png")
        for role, client in people.items():
            types = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
            headers = {"Content-Type": types[route["body"]]} if route["body"] in types else {}
            answer = client.request(route["method"], path, data=b"" if headers else None, headers=headers,
                                    allow_redirects=False)
            may = RANK[role] >= RANK[route["access"]]
            where = f"{route['method']} {route['path']} as {role}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code < 500, where
            if role == "anyone" and not may:
                assert answer.status_code in (303, 401), where
            elif not may:
                assert answer.status_code == 403 and "needs the role" in answer.text, where
            else:
                assert answer.status_code != 401 and "needs the role" not in answer.text, where


def test_the_table_is_sorted_and_every_change_is_guarded(vitrine):
    order = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
    table = routes(vitrine)
    keys = [(route["path"], order.index(route["method"])) for route in table]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)
    for route in table:
        assert (route["csrf"] == "none") == (route["method"] == "GET" or route["path"] in IN_THE_BODY), route
        assert route["doc"].endswith("."), route


def test_viewers_may_look_but_not_touch(start_vitrine):
    vitrine = start_vitrine(LIBRARY="shared")
    image = upload(vitrine.admin(), png())
    viewer = signed_in(vitrine, "viewer")
    page = viewer.get(f"/admin/images/{image['id']}")
    assert page.status_code == 200
    assert "Delete" not in page.text and 'name="title"' not in page.text
    assert viewer.get(f"/images/{image['id']}/signed-url").status_code == 200
    assert_problem(viewer.json_call("PATCH", f"/images/{image['id']}", {"version": 1, "title": "x"}), 403)
    assert_problem(viewer.json_call("DELETE", f"/images/{image['id']}"), 403)
    assert viewer.get("/admin/upload").status_code == 403
    editor = signed_in(vitrine, "editor")
    assert editor.get(f"/images/{image['id']}").status_code == 200
    assert_problem(editor.json_call("PATCH", f"/images/{image['id']}", {"version": 1, "title": "x"}), 403)
    assert_problem(editor.json_call("DELETE", f"/images/{image['id']}"), 403)


def test_images_of_others_do_not_exist(vitrine, admin):
    owner, other = signed_in(vitrine), signed_in(vitrine)
    image = upload(owner, png(comment=b"private"))
    number = image["id"]
    for method, path, body in (
            ("GET", f"/images/{number}", None), ("GET", f"/images/{number}/signed-url", None),
            ("GET", f"/images/signed-url?key={image['key']}", None), ("DELETE", f"/images/{number}", None),
            ("PATCH", f"/images/{number}", {"version": 1, "title": "mine"})):
        mine = other.json_call(method, path, body)
        absent = other.json_call(method, path.replace(str(number), "999999").replace(image["key"], "none"), body)
        assert_problem(mine, 404, "not_found")
        assert {**mine.json(), "request_id": 0} == {**absent.json(), "request_id": 0}
    for path in ("/admin/images/{}", "/admin/images/{}/delete", "/admin/images/{}/download", "/i/{}"):
        assert other.get(path.format(number)).status_code == 404
    assert other.json_call("POST", "/images/signed-urls", {"ids": [number]}).json()["missing"] == [number]
    assert image["filename"] not in other.get("/admin/images").text
    theirs = other.get(f"/images?owner={image['owner']['id']}")
    assert theirs.status_code == 200 and theirs.json() == {"images": [], "newer": None, "older": None}
    assert admin.get(f"/admin/images/{number}").status_code == 200


def test_two_tabs_the_second_is_told_and_nothing_is_lost(vitrine):
    browser = signed_in(vitrine)
    number = upload(browser, png(comment=b"tabs"))["id"]
    path = f"/admin/images/{number}"
    first = browser.post_form(path, {"version": "1", "title": "First title", "alt": "", "tags": "one"})
    assert first.status_code == 303
    second = browser.post_form(path, {"version": "1", "title": "Second title", "alt": "", "tags": "two"})
    assert second.status_code == 409
    assert "First title" in second.text and 'value="Second title"' in second.text
    assert browser.get(f"/images/{number}").json()["image"]["title"] == "First title"
    third = browser.post_form(path, {"version": "2", "title": "Second title", "alt": "", "tags": "two"})
    assert third.status_code == 303
    image = browser.get(f"/images/{number}").json()["image"]
    assert (image["title"], image["tags"], image["version"]) == ("Second title", ["two"], 3)


def test_json_changes_conflict_too(vitrine):
    program = token_client(vitrine)
    number = upload(program, png(comment=b"patch"))["id"]
    assert program.patch(f"/images/{number}", json={"version": 1, "alt": "A boat"}).status_code == 200
    answer = program.patch(f"/images/{number}", json={"version": 1, "title": "Late"})
    problem = assert_problem(answer, 409, "conflict")
    assert problem["current"]["alt"] == "A boat" and problem["current"]["version"] == 2


def test_a_form_upload_works_without_scripts(vitrine):
    browser = signed_in(vitrine)
    token = browser.csrf("/admin/upload")
    files = [("files", ("one.png", png(comment=b"form 1"), "image/png")),
             ("files", ("notes.pdf", b"%PDF-1.4", "application/pdf")),
             ("files", ("two é.png", png(comment=b"form 2"), "image/png"))]
    answer = browser.post("/admin/upload", files=[("csrf", (None, token))] + files)
    assert answer.status_code == 200, answer.text
    assert "2 of 3 images saved." in answer.text
    assert "notes.pdf" in answer.text
    images = browser.get("/images").json()["images"]
    assert [image["filename"] for image in images] == ["two é.png", "one.png"]
    assert browser.get("/admin/images").text.count("X-Amz-Signature") >= 2
    without = browser.post("/admin/upload", files=files)
    assert without.status_code == 403
    assert len(browser.get("/images").json()["images"]) == 2


def test_a_form_upload_that_is_too_large_names_the_limit(start_vitrine):
    vitrine = start_vitrine(MAX_FILE_SIZE="100KB")
    browser = vitrine.admin()
    token = browser.csrf("/admin/upload")
    large = png(comment=b"x" * 150_000)
    answer = browser.post("/admin/upload", files=[
        ("csrf", (None, token)), ("files", ("large.png", large, "image/png")),
        ("files", ("small.png", png(), "image/png"))])
    assert "100 KB" in answer.text, answer.text[:2000]
    assert "1 of 2 images saved." in answer.text


@pytest.mark.parametrize("arguments, code", (
    (["--help"], 0), (["user", "--help"], 0), (["frob", "--help"], 2),
    (["user", "add", "--help"], 0), (["--version"], 0), (["config"], 0), (["routes"], 0),
    (["health"], 0), (["migrate"], 0), (["sweep", "--json"], 0), (["user", "list"], 0),
    ([], 2), (["nonsense"], 2), (["user"], 2), (["user", "add"], 2), (["user", "add", "a@b.c", "extra"], 2),
    (["config", "--nope"], 2), (["presign", "get", "k", "--expires"], 2), (["presign", "get", "k", "--expires", "0"], 2),
    (["user", "role", "a@b.c", "king"], 2), (["token", "revoke", "x"], 2), (["routes", "--json=1"], 2),
    (["user", "disable", "nobody@example.org"], 1), (["token", "revoke", "999999"], 1),
    (["user", "add", "not-an-address"], 1)), ids=str)
def test_the_command_line_says_how_it_went(lighttpd, arguments, code):
    done = lighttpd.cli(*arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    if code:
        assert done.stderr.strip(), "a failure without a word"
    else:
        assert done.stdout.strip()


def test_config_shows_everything_but_secrets(lighttpd):
    _, secret = lighttpd.keys()
    text = lighttpd.cli("config").stdout
    shown = json.loads(lighttpd.cli("config", "--json").stdout)
    assert secret not in text and secret not in json.dumps(shown)
    assert lighttpd.admin_password not in text + json.dumps(shown)
    assert shown["PORT"]["value"] == str(lighttpd.port) and shown["PORT"]["source"] == "environment"


def test_every_wrong_setting_is_told_at_once(lighttpd):
    environment = dict(lighttpd.environment)
    try:
        lighttpd.environment.update(PORT="eighty", THREADS="0", MAX_FILE_SIZE="lots", LIBRARY="open",
                                    S3_ENDPOINT_URL="ftp://x", DISPLAY_URL_EXPIRATION="999999999")
        done = lighttpd.cli("config", check=False)
    finally:
        lighttpd.environment = environment
    assert done.returncode == 2
    assert "6 settings need a change" in done.stderr
    for name in ("PORT", "THREADS", "MAX_FILE_SIZE", "LIBRARY", "S3_ENDPOINT_URL", "DISPLAY_URL_EXPIRATION"):
        assert name in done.stderr


def test_presigned_on_the_command_line_works_on_storage(lighttpd):
    import requests
    put = lighttpd.cli("presign", "put", "by hand/a b+c.png", "--type", "image/png").stdout.strip()
    get = json.loads(lighttpd.cli("presign", "get", "by hand/a b+c.png", "--json").stdout)["url"]
    answer = requests.put(put, data=png(), headers={"Content-Type": "image/png"}, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    assert requests.get(get, timeout=PATIENCE_S).content == png()


def test_accounts_are_kept_by_the_command_line(lighttpd):
    email = add_user(lighttpd, "viewer")
    assert json.loads(lighttpd.cli("user", "role", email, "editor", "--json").stdout)["role"] == "editor"
    made = json.loads(lighttpd.cli("user", "passwd", email, "--json").stdout)
    assert len(made["password"]) >= 20
    lighttpd.client().sign_in(email, made["password"])
    users = json.loads(lighttpd.cli("user", "list", "--json").stdout)
    assert email in [user["email"] for user in users]


def test_the_last_admin_stays(start_vitrine):
    vitrine = start_vitrine()
    for arguments in (["user", "disable", vitrine.admin_email], ["user", "role", vitrine.admin_email, "viewer"]):
        done = vitrine.cli(*arguments, check=False)
        assert done.returncode == 1 and "admin" in done.stderr, done.stderr
    vitrine.admin()
