"""What tokens may do: every address with every scope, and the addresses that an operator opened to everybody."""

import json

import pytest

from app_people import PASSWORD, add_user, assert_problem
from test_app_jwt import program, sign_in

SCOPES = ("read", "upload", "delete", "admin")


def api_token(vitrine, email, *options):
    return json.loads(vitrine.cli("token", "add", email, "--json", *options).stdout)


def call(client, route):
    """Ask a route with as much as it takes to come past the scope: it may then say what it likes."""
    path = route["path"].replace(":id", "999999").replace(":key...", "uploads/none.png")
    body = {"json": {}} if route["body"] == "json" else {}
    if route["body"] == "multipart":
        body = {"files": {"x": ("x.png", b"x")}}
    return client.request(route["method"], path, allow_redirects=False, **body)


def test_every_address_wants_its_scope_and_no_other_will_do(lighttpd):
    routes = json.loads(lighttpd.cli("routes", "--json").stdout)
    email = add_user(lighttpd, "admin")
    clients = {scope: program(lighttpd, api_token(lighttpd, email, "--scope", scope)["token"]) for scope in SCOPES}
    clients["a JWT to read"] = program(lighttpd, sign_in_as(lighttpd, email, "read"))
    checked = 0
    for route in routes:
        if route["audience"] != "programs" or route["path"] == "/metrics":
            continue
        for scope, client in clients.items():
            may = route["scope"] in ("none", scope.split()[-1]) or scope == "admin"
            if route["path"] == "/auth/signout" or (route["scope"] == "none" and may):
                continue
            answer = call(client, route)
            name = f"{route['method']} {route['path']} with {scope}"
            is_refused = answer.status_code == 403 and answer.json().get("code") == "insufficient_scope"
            assert is_refused == (not may), f"{name}: {answer.status_code} {answer.text[:300]}"
            if is_refused:
                assert answer.headers["WWW-Authenticate"] == \
                    f'Bearer realm="Vitrine", error="insufficient_scope", scope="{route["scope"]}"', name
            checked += 1
    assert checked > 100


def sign_in_as(vitrine, email, scope):
    return sign_in(vitrine, email, scope=scope)["token"]


def test_every_address_that_changes_something_wants_more_than_read(lighttpd):
    for route in json.loads(lighttpd.cli("routes", "--json").stdout):
        is_lookup = route["path"] in ("/download-url", "/images/signed-cookies", "/images/signed-urls")
        if route["method"] != "GET" and route["access"] != "anyone" and not is_lookup:
            assert route["scope"] in ("upload", "delete", "admin") or route["path"] == "/auth/signout", route
        if route["access"] != "anyone" and route["path"] != "/auth/signout":
            assert route["scope"] != "none", route


def test_a_token_to_read_cannot_upload(vitrine):
    client = program(vitrine, api_token(vitrine, add_user(vitrine), "--scope", "read")["token"])
    assert client.get("/images").status_code == 200
    answer = client.post("/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"})
    assert "upload" in assert_problem(answer, 403, "insufficient_scope")["detail"]


def test_a_scope_does_not_widen_a_role(vitrine):
    client = program(vitrine, api_token(vitrine, add_user(vitrine, "viewer"), "--scope", "admin")["token"])
    answer = client.post("/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"})
    assert_problem(answer, 403, "forbidden")


def test_a_token_expires(vitrine):
    email = add_user(vitrine)
    client = program(vitrine, api_token(vitrine, email, "--expires", "1h")["token"])
    assert client.get("/images").status_code == 200
    vitrine.sql("UPDATE api_tokens SET created_at = created_at - 3601, expires_at = expires_at - 3601 "
                "WHERE user_id = (SELECT id FROM users WHERE email = ?)", email)
    assert_problem(client.get("/images"), 401, "unauthenticated")


def test_the_list_of_tokens_tells_scope_expiry_and_last_use(vitrine):
    email = add_user(vitrine)
    made = api_token(vitrine, email, "--scope", "read,upload", "--expires", "90d", "--name", "camera")
    assert made["scope"] == "read upload"
    program(vitrine, made["token"]).get("/images")
    row, = json.loads(vitrine.cli("token", "list", email, "--json").stdout)
    assert row["scope"] == "read upload" and row["last_used_at"] and row["expires_at"] > row["created_at"]
    assert made["token"] not in json.dumps(row)
    line = vitrine.cli("token", "list", email).stdout
    assert "read upload" in line and "until 20" in line and "camera" in line


@pytest.mark.parametrize("options", (
    ("--scope", "root"), ("--scope", ""), ("--scope", "read upload x"), ("--expires", "0"), ("--expires", "-1"),
    ("--expires", "90y"), ("--expires", "abc"), ("--expires", "d"), ("--expires", "99999999999999999999"),
    ("--expires", "3651d")))
def test_a_token_that_makes_no_sense_is_not_made(lighttpd, options):
    done = lighttpd.cli("token", "add", lighttpd.admin_email, *options, check=False)
    assert done.returncode == 2 and options[0] in done.stderr, done.stderr


# --- open dialects ---

UPLOAD_003 = ("POST", "/upload-url", {"filename": "a.png", "content_type": "image/png"})
LIST_003 = ("GET", "/files", None)
LIST_004 = ("GET", "/api/v1/upload/list", None)
NATIVE = ("GET", "/images", None)


def ask(client, call_, **headers):
    method, path, body = call_
    return client.request(method, path, json=body, headers=headers)


def test_nothing_is_open_by_default(vitrine):
    for call_ in (UPLOAD_003, LIST_003, LIST_004, NATIVE):
        assert ask(vitrine.client(), call_).status_code == 401, call_


@pytest.fixture(scope="module")
def opened():
    from harness.vitrine import Vitrine
    vitrine = Vitrine("nginx", LIBRARY="shared", OPEN_DIALECTS="003", OPEN_DIALECTS_ACCOUNT="anyone@example.org",
                      CORS_ORIGINS="https://app.example.org").start()
    vitrine.cli("user", "add", "anyone@example.org", "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n")
    yield vitrine
    vitrine.stop()


def test_what_is_opened_acts_as_its_account_and_the_rest_stays_shut(opened):
    client = opened.client()
    assert ask(client, LIST_003).status_code == 200
    assert ask(client, UPLOAD_003).status_code == 200, ask(client, UPLOAD_003).text
    for call_ in (LIST_004, NATIVE):
        assert ask(client, call_).status_code == 401, call_
    assert client.get("/admin/images").status_code == 303
    assert "OPEN_DIALECTS=003" in opened.log()


def test_an_open_account_is_an_editor_at_most(opened):
    """An admin sees everybody's images, and so does everybody in a shared library; a stranger must not."""
    owner = program(opened, sign_in(opened, add_user(opened))["token"])
    key = owner.request(*UPLOAD_003[:2], json=UPLOAD_003[2]).json()
    names = json.dumps(ask(opened.client(), LIST_003).json())
    assert key["file_key"] not in names
    answer = opened.client().request("DELETE", "/files/" + key["file_key"])
    assert answer.status_code == 404


def test_foreign_pages_are_let_in_only_where_they_are_listed(opened):
    client = opened.client()
    evil = ask(client, UPLOAD_003, Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"})
    assert_problem(evil, 403, "bad_origin")
    assert_problem(ask(client, UPLOAD_003, Origin="null"), 403, "bad_origin")
    good = ask(client, UPLOAD_003, Origin="https://app.example.org", **{"Sec-Fetch-Site": "cross-site"})
    assert good.status_code == 200
    assert ask(client, UPLOAD_003, Origin=opened.base_url).status_code == 200


def test_a_bad_token_is_refused_even_where_none_is_needed(opened):
    answer = program(opened, "vt_" + "A" * 43).get("/files")
    assert_problem(answer, 401, "unauthenticated")


def test_disabling_the_account_closes_the_door(opened):
    opened.cli("user", "disable", "anyone@example.org")
    assert ask(opened.client(), LIST_003).status_code == 401
    opened.cli("user", "enable", "anyone@example.org")
    assert ask(opened.client(), LIST_003).status_code == 200
