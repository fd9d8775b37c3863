"""Accounts and sessions through real web servers: sign-in, throttling, rotation, revocation, passwords."""

import re
import sqlite3

import pytest

from app_people import PASSWORD, add_user, assert_problem, signed_in, token_client
from harness.patience import PATIENCE_S, wait_until


def cookie(client, name="vitrine_session"):
    return client.cookies.get(name)


def test_the_session_cookie_is_well_protected(vitrine):
    client = vitrine.client()
    answer = client.post_form("/sign-in", {"email": vitrine.admin_email, "password": vitrine.admin_password})
    lines = [line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith("vitrine_session=")]
    assert len(lines) == 1
    assert re.fullmatch(r"vitrine_session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", lines[0])


def test_under_tls_the_cookie_is_bound_to_the_host(start_vitrine):
    vitrine = start_vitrine(PUBLIC_URL="https://images.example.org",
                            S3_PUBLIC_ENDPOINT_URL="https://objects.example.org")
    lines = vitrine.client().get("/sign-in").raw.headers.getlist("Set-Cookie")
    assert any(re.match(r"__Host-vitrine_pre=[^;]+; Path=/; .*; Secure$", line) for line in lines), lines


def test_signing_in_again_ends_the_old_token(vitrine):
    email = add_user(vitrine)
    client = vitrine.client().sign_in(email, PASSWORD)
    old = cookie(client)
    again = client.post_form("/sign-in", {"email": email, "password": PASSWORD}, page="/admin/account")
    assert again.status_code == 303
    assert cookie(client) != old
    assert client.get("/admin/images").status_code == 200
    thief = vitrine.client()
    thief.cookies.set("vitrine_session", old, domain="127.0.0.1", path="/")
    assert thief.get("/admin/images").status_code == 303


def test_a_token_that_was_planted_is_not_taken_over(vitrine):
    client = vitrine.client()
    planted = "A" * 43
    client.cookies.set("vitrine_session", planted, domain="127.0.0.1", path="/")
    client.sign_in(vitrine.admin_email, vitrine.admin_password)
    tokens = [entry.value for entry in client.cookies if entry.name == "vitrine_session"]
    assert tokens and planted not in tokens


def test_signing_out_ends_the_session_on_the_server(vitrine):
    client = signed_in(vitrine)
    token = cookie(client)
    assert client.post_form("/sign-out", {}, page="/admin/account").status_code == 303
    thief = vitrine.client()
    thief.cookies.set("vitrine_session", token, domain="127.0.0.1", path="/")
    assert thief.get("/admin/images").status_code == 303
    assert_problem(thief.get("/images"), 401, "unauthenticated")


def test_the_same_answer_for_an_unknown_account_and_a_wrong_password(vitrine):
    email = add_user(vitrine)
    words = []
    for name in (email, "nobody-" + email):
        answer = vitrine.client().post_form("/sign-in", {"email": name, "password": "wrong password"})
        assert answer.status_code == 422
        words.append(re.search(r'class="error-summary".*?</div>', answer.text, re.DOTALL).group(0))
    assert words[0] == words[1]


def test_guessing_is_throttled_and_the_right_password_waits_too(vitrine):
    email = add_user(vitrine)
    client = vitrine.client()
    statuses = [client.post_form("/sign-in", {"email": email, "password": f"wrong {i}"}).status_code
                for i in range(6)]
    assert statuses[:5] == [422] * 5
    assert statuses[5] == 429
    answer = client.post_form("/sign-in", {"email": email, "password": PASSWORD})
    assert answer.status_code == 429
    assert cookie(client) is None


def test_another_browser_can_be_signed_out(vitrine):
    email = add_user(vitrine)
    here, there = (vitrine.client().sign_in(email, PASSWORD) for _ in range(2))
    page = here.get("/admin/account").text
    addresses = re.findall(r'action="(/admin/account/sessions/\d+/revoke)"', page)
    assert addresses, page
    for address in addresses:
        assert here.post_form(address, {}, page="/admin/account").status_code == 303
    assert here.get("/admin/images").status_code == 200
    assert there.get("/admin/images").status_code == 303


def test_all_others_can_be_signed_out(vitrine):
    email = add_user(vitrine)
    browsers = [vitrine.client().sign_in(email, PASSWORD) for _ in range(3)]
    answer = browsers[0].post_form("/admin/account/sessions/revoke-others", {}, page="/admin/account")
    assert answer.status_code == 303
    assert [browser.get("/admin/images").status_code for browser in browsers] == [200, 303, 303]


def test_somebody_elses_session_cannot_be_ended(vitrine):
    victim, attacker = signed_in(vitrine), signed_in(vitrine)
    mine = re.search(r'"?/admin/account/sessions/(\d+)/revoke', victim.get("/admin/account").text)
    numbers = [int(mine.group(1))] if mine else range(1, 60)
    for number in numbers:
        answer = attacker.post_form(f"/admin/account/sessions/{number}/revoke", {}, page="/admin/account")
        assert answer.status_code in (303, 404)
        if answer.status_code == 303 and attacker.get("/admin/account").status_code != 200:
            break  # it was the attacker's own
    assert victim.get("/admin/images").status_code == 200


def test_a_new_password_ends_the_other_sessions(vitrine):
    email = add_user(vitrine)
    here, there = (vitrine.client().sign_in(email, PASSWORD) for _ in range(2))
    answer = here.post_form("/admin/account/password",
                            {"current_password": PASSWORD, "new_password": "quite another phrase"},
                            page="/admin/account")
    assert answer.status_code == 303
    assert here.get("/admin/images").status_code == 200
    assert there.get("/admin/images").status_code == 303
    assert vitrine.client().post_form("/sign-in", {"email": email, "password": PASSWORD}).status_code == 422
    vitrine.client().sign_in(email, "quite another phrase")


def test_a_disabled_account_is_out_at_once(vitrine):
    email = add_user(vitrine)
    browser = vitrine.client().sign_in(email, PASSWORD)
    program = token_client(vitrine, email)
    assert program.get("/images").status_code == 200
    vitrine.cli("user", "disable", email)
    assert browser.get("/admin/images").status_code == 303
    assert_problem(program.get("/images"), 401, "unauthenticated")
    assert vitrine.client().post_form("/sign-in", {"email": email, "password": PASSWORD}).status_code == 422
    vitrine.cli("user", "enable", email)
    vitrine.client().sign_in(email, PASSWORD)


def test_a_session_that_is_not_used_ends(start_vitrine):
    vitrine = start_vitrine(SESSION_IDLE_MINUTES=1)
    browser = vitrine.admin()
    assert browser.get("/admin/images").status_code == 200
    vitrine.cli("sweep")
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        database.execute("UPDATE sessions SET last_seen_at = last_seen_at - 120, created_at = created_at - 120")
    database.close()
    answer = browser.get("/admin/images")
    assert answer.status_code == 303
    assert "Your session ended" in browser.get(answer.headers["Location"]).text


def test_a_stale_token_of_a_form_is_refused_and_nothing_changes(vitrine):
    email = add_user(vitrine)
    browser = vitrine.client().sign_in(email, PASSWORD)
    stale = browser.csrf("/admin/account")
    browser.post_form("/sign-out", {}, page="/admin/account")
    browser.sign_in(email, PASSWORD)
    answer = browser.post("/admin/account/password", data={
        "csrf": stale, "current_password": PASSWORD, "new_password": "quite another phrase"})
    assert answer.status_code == 403
    assert "out of date" in answer.text
    vitrine.client().sign_in(email, PASSWORD)


@pytest.mark.parametrize("headers", (
    {}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1"},
    {"Origin": "https://127.0.0.1:{port}"}), ids=str)
def test_json_with_a_cookie_must_come_from_our_pages(vitrine, admin, headers):
    headers = {name: value.replace("{port}", str(vitrine.port)) for name, value in headers.items()}
    answer = admin.post("/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"},
                        headers=headers)
    assert_problem(answer, 403, "bad_origin")


def test_a_revoked_token_is_worth_nothing(vitrine):
    email = add_user(vitrine)
    program = token_client(vitrine, email)
    assert program.get("/images").status_code == 200
    listed = vitrine.cli("token", "list", email).stdout.split()
    vitrine.cli("token", "revoke", listed[0])
    answer = program.get("/images")
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("value", (
    "Bearer", "Bearer ", "Bearer x", "Bearer vt_", "Bearer vt_" + "A" * 43, "Bearer " + "A" * 5000,
    "Basic YWRtaW46YWRtaW4=", "bearer\tvt_x", "Digest x"))
def test_an_odd_authorization_is_refused(vitrine, value):
    assert_problem(vitrine.client().get("/images", headers={"Authorization": value}), 401, "unauthenticated")


def test_a_wrong_token_is_not_saved_by_a_good_cookie(admin):
    answer = admin.get("/images", headers={"Authorization": "Bearer vt_" + "A" * 43})
    assert_problem(answer, 401, "unauthenticated")


def test_the_password_of_a_proxy_before_us_is_not_taken_for_a_token(vitrine, admin):
    basic = {"Authorization": "Basic YWRtaW46YWRtaW4="}
    assert vitrine.client().get("/sign-in", headers=basic).status_code == 200
    assert admin.get("/admin/images", headers=basic).status_code == 200


def test_no_secret_is_in_the_log(vitrine):
    email = add_user(vitrine)
    browser = vitrine.client().sign_in(email, PASSWORD)
    program = token_client(vitrine, email)
    program.get("/images?q=secretword")
    browser.get("/sign-in?next=/secretplace")
    wait_until(lambda: '"route":"/sign-in"' in vitrine.log().rpartition('"route":"/images"')[2])
    log = vitrine.log()
    for secret in (cookie(browser), program.headers["Authorization"].split()[1], PASSWORD, "secretword",
                   "secretplace", "X-Amz-Signature"):
        assert secret not in log
    assert '"route":"/images"' in log and '"duration_us":' in log
