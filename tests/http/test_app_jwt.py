"""Tokens of POST /auth/signin through real web servers: issue, refresh, revoke, and every forgery."""

import concurrent.futures
import time

import jwt
import pytest

from app_people import PASSWORD, add_user, assert_problem


def secret_of(vitrine):
    lines = (vitrine.data / "settings.env").read_text().splitlines()
    return next(line.partition("=")[2].strip("\"'") for line in lines if line.startswith("JWT_SECRET="))


def sign_in(vitrine, email, **extra):
    answer = vitrine.client().post("/auth/signin", json={"email": email, "password": PASSWORD, **extra})
    assert answer.status_code == 200, answer.text
    return answer.json()


def program(vitrine, token):
    client = vitrine.client()
    client.headers["Authorization"] = "Bearer " + token
    return client


def refused(vitrine, token, says=None):
    """401 with a sentence, also in WWW-Authenticate (RFC 6750)."""
    answer = program(vitrine, token).get("/images")
    problem = assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == \
        f'Bearer realm="Vitrine", error="invalid_token", error_description="{problem["detail"]}"'
    assert says is None or says in problem["detail"], problem["detail"]
    return problem


def test_signing_in_gives_a_token_that_others_can_verify(vitrine):
    email = add_user(vitrine)
    answer = sign_in(vitrine, email)
    assert answer["token"] == answer["access_token"] == answer["accessToken"]
    assert answer["refresh_token"] == answer["refreshToken"]
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert (answer["user"]["email"], answer["user"]["role"]) == (email, "editor")
    claims = jwt.decode(answer["token"], secret_of(vitrine), algorithms=["HS256"], audience="vitrine", issuer="vitrine",
                        options={"require": ["iss", "aud", "sub", "iat", "nbf", "exp", "jti"]})
    assert claims["exp"] - claims["iat"] == 3600 and claims["sub"] == str(answer["user"]["id"])
    assert (claims["role"], claims["scope"]) == ("editor", "read upload delete admin")
    assert program(vitrine, answer["token"]).get("/images").status_code == 200
    assert answer["token"] not in vitrine.log() and answer["refresh_token"] not in vitrine.log()


def test_a_program_uploads_with_it_and_needs_no_origin(vitrine):
    client = program(vitrine, sign_in(vitrine, add_user(vitrine))["token"])
    grant = client.post("/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"})
    assert grant.status_code == 200, grant.text


def test_no_two_tokens_are_alike(vitrine):
    email = add_user(vitrine)
    tokens = [jwt.decode(sign_in(vitrine, email)["token"], options={"verify_signature": False}) for _ in range(3)]
    assert len({token["jti"] for token in tokens}) == len({token["sid"] for token in tokens}) == 3


def test_a_wrong_password_and_a_wrong_body_are_told(vitrine):
    client = vitrine.client()
    email = add_user(vitrine)
    assert_problem(client.post("/auth/signin", json={"email": email, "password": "wrong"}), 401, "bad_credentials")
    assert_problem(client.post("/auth/signin", json={"email": "no@example.org", "password": "x"}), 401, "bad_credentials")
    assert_problem(client.post("/auth/signin", json={"email": email}), 422, "invalid")
    assert_problem(client.post("/auth/signin", json={"email": 7, "password": []}), 422, "invalid")
    assert_problem(client.post("/auth/signin", json=[]), 400, "bad_request")
    assert_problem(client.post("/auth/signin", data="email=a&password=b"), 415, "unsupported_media_type")
    assert_problem(client.post("/auth/signin", json={"email": email, "password": "x" * 10_000}), 413, "too_large")
    assert_problem(client.get("/auth/signin"), 405, "method_not_allowed")


def test_guessing_is_throttled_together_with_the_page(vitrine):
    email = add_user(vitrine)
    client = vitrine.client()
    for _ in range(3):
        client.post("/auth/signin", json={"email": email, "password": "wrong"})
    for _ in range(2):
        client.post_form("/sign-in", {"email": email, "password": "wrong"})
    answer = client.post("/auth/signin", json={"email": email, "password": PASSWORD})
    assert_problem(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_client_that_sends_its_dead_token_can_still_sign_in(vitrine):
    client = program(vitrine, "eyJhbGciOiJub25lIn0.e30.AA")
    answer = client.post("/auth/signin", json={"email": add_user(vitrine), "password": PASSWORD})
    assert answer.status_code == 200
    assert client.get("/health").status_code == 200


# --- refresh and sign-out ---

def test_a_refresh_token_gives_the_next_and_comes_back_in_vain(vitrine):
    first = sign_in(vitrine, add_user(vitrine), scope="read")
    client = vitrine.client()
    second = client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
    assert second["refresh_token"] != first["refresh_token"] and second["scope"] == "read"
    third = client.post("/auth/refresh", json={"refreshToken": second["refreshToken"]}).json()
    assert program(vitrine, third["token"]).get("/images").status_code == 200
    vitrine.sql("UPDATE refresh_tokens SET used_at = used_at - 60")  # beyond the grace for an answer that got lost
    assert_problem(client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}), 401, "unauthenticated")
    for token in (first, second, third):
        refused(vitrine, token["token"], "has ended")
    assert_problem(client.post("/auth/refresh", json={"refresh_token": third["refresh_token"]}), 401, "unauthenticated")


def test_refreshing_twice_at_once_harms_nobody(vitrine):
    first = sign_in(vitrine, add_user(vitrine))

    def refresh(_):
        return vitrine.client().post("/auth/refresh", json={"refresh_token": first["refresh_token"]})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(refresh, range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    for answer in answers:
        assert program(vitrine, answer.json()["token"]).get("/images").status_code == 200


@pytest.mark.parametrize("token", ("", "vr_", "vr_" + "A" * 43, "x" * 200, "x" * 201, "eyJhbGciOiJub25lIn0.e30.AA"))
def test_a_refresh_token_that_is_none_is_refused(vitrine, token):
    answer = vitrine.client().post("/auth/refresh", json={"refresh_token": token})
    assert answer.status_code in (401, 422)
    assert_problem(answer, answer.status_code)


def test_signing_out_ends_all_that_was_refreshed(vitrine):
    first = sign_in(vitrine, add_user(vitrine))
    second = vitrine.client().post("/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
    assert program(vitrine, second["token"]).post("/auth/signout").json()["message"] == "Signed out."
    refused(vitrine, first["token"], "has ended")
    refused(vitrine, second["token"], "has ended")
    answer = vitrine.client().post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert_problem(answer, 401, "unauthenticated")
    assert_problem(vitrine.client().post("/auth/signout"), 401, "unauthenticated")


def test_a_session_signs_out_there_too_but_only_from_our_pages(vitrine):
    client = vitrine.client().sign_in(add_user(vitrine), PASSWORD)
    assert_problem(client.post("/auth/signout"), 403, "bad_origin")
    assert client.json_call("POST", "/auth/signout").status_code == 200
    assert client.get("/images").status_code == 401


@pytest.mark.parametrize("change", (("disable",), ("passwd",), ("role", "viewer")))
def test_what_an_operator_changes_ends_tokens_at_once(vitrine, change):
    email = add_user(vitrine)
    token = sign_in(vitrine, email)["token"]
    assert program(vitrine, token).get("/images").status_code == 200
    vitrine.cli("user", change[0], email, *change[1:])
    refused(vitrine, token, "has ended")


# --- forgeries ---

def forged(vitrine, secret=None, algorithm="HS256", headers=None, **changes):
    """A token that is right in everything but what is changed; None leaves a claim out."""
    own = sign_in(vitrine, add_user(vitrine))["token"]
    claims = {**jwt.decode(own, options={"verify_signature": False}), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {**jwt.get_unverified_header(own), **(headers or {})}
    headers.pop("alg")
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.encode(claims, secret or secret_of(vitrine), algorithm=algorithm, headers=headers)


def test_the_unchanged_forgery_is_accepted(vitrine):
    assert program(vitrine, forged(vitrine)).get("/images").status_code == 200


@pytest.mark.parametrize("says, changes", (
    ("expired", {"exp": int(time.time()) - 1}),
    ("(exp)", {"exp": None}),
    ("no number", {"exp": "tomorrow"}),
    ("not valid yet", {"nbf": int(time.time()) + 3600}),
    ("not valid yet", {"iat": int(time.time()) + 3600}),
    ("(iss)", {"iss": "somebody"}),
    ("(iss)", {"iss": None}),
    ("(aud)", {"aud": "elsewhere"}),
    ("(sub)", {"sub": None}),
    ("has ended", {"sub": "1"}),
    ("has ended", {"sid": 1_000_000}),
    ("has ended", {"sid": -1}),
    ("has ended", {"sid": None}),
    ("has ended", {"sid": "1 OR 1=1"}),
    ("signature", {"secret": "x" * 48}),
    ("not accepted", {"algorithm": "HS512"}),
    ("not known", {"headers": {"kid": "../../../../dev/null"}}),
    ("not known", {"headers": {"kid": "' UNION SELECT 'x"}}),
    ("not known", {"headers": {"kid": None}}),
    ("not accepted", {"headers": {"kid": "k" * 500}}),
    ("not accepted", {"headers": {"crit": ["exp"]}}),
), ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)))
def test_a_forgery_is_refused_with_its_reason(lighttpd, says, changes):
    refused(lighttpd, forged(lighttpd, **changes), says)


def test_an_unsigned_token_is_refused(vitrine):
    own = sign_in(vitrine, add_user(vitrine))["token"]
    claims = jwt.decode(own, options={"verify_signature": False})
    kid = jwt.get_unverified_header(own)["kid"]
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": kid})
    refused(vitrine, unsigned, "not accepted")
    refused(vitrine, unsigned + "AA", "not accepted")
    refused(vitrine, own.rpartition(".")[0] + ".", "not signed")
    refused(vitrine, own.rpartition(".")[0] + ".AA", "signature")


def test_a_huge_token_is_refused(vitrine):
    for size in (5_000, 9_000, 60_000):
        answer = program(vitrine, "e" * size + ".e30.AA").get("/images")
        assert answer.status_code in (400, 401, 413, 431), size


def test_the_role_and_scope_in_a_token_are_not_believed(lighttpd):
    token = forged(lighttpd, role="admin", scope="admin", sub=None)
    refused(lighttpd, token, "(sub)")
    client = program(lighttpd, forged(lighttpd, role="viewer"))
    grant = client.post("/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"})
    assert grant.status_code == 200  # the account is an editor


# --- secrets ---

def test_a_secret_can_be_changed_with_an_overlap(start_vitrine):
    vitrine = start_vitrine(JWT_LIFETIME=600)
    email = add_user(vitrine)
    before = secret_of(vitrine)
    old = sign_in(vitrine, email)
    assert old["expires_in"] == 600
    vitrine.restart(JWT_SECRET="N3w" + before, JWT_SECRET_PREVIOUS=before)
    new = sign_in(vitrine, email)
    assert program(vitrine, old["token"]).get("/images").status_code == 200
    assert program(vitrine, new["token"]).get("/images").status_code == 200
    vitrine.restart(JWT_SECRET_PREVIOUS="")
    refused(vitrine, old["token"], "not known")
    assert program(vitrine, new["token"]).get("/images").status_code == 200
    assert vitrine.client().post("/auth/refresh", json={"refresh_token": old["refresh_token"]}).status_code == 200


@pytest.mark.parametrize("settings, says", (
    ({"JWT_SECRET": "secret"}, "is only 6 bytes long"),
    ({"JWT_SECRET": "secret" * 10}, "repeats itself"),
    ({"JWT_SECRET_PREVIOUS": "changeme"}, "JWT_SECRET_PREVIOUS"),
    ({"JWT_ISSUER_URL": "https://login.example.org"}, "JWT_AUDIENCE"),
    ({"JWT_ISSUER_URL": "http://login.example.org", "JWT_AUDIENCE": "x"}, "https://"),
    ({"JWT_ISSUER_URL": "http://127.0.0.1:9", "JWT_AUDIENCE": "x"}, "https://"),
    ({"JWT_ROLE_MAP": "staff=root"}, "JWT_ROLE_MAP"),
    ({"JWT_ROLE_MAP": "staff"}, "JWT_ROLE_MAP"),
    ({"OPEN_DIALECTS": "003"}, "OPEN_DIALECTS_ACCOUNT"),
    ({"OPEN_DIALECTS": "000"}, "OPEN_DIALECTS"),
))
def test_settings_that_make_no_sense_are_told_at_start(lighttpd, settings, says):
    done = lighttpd.cli("config", check=False, **settings)
    assert done.returncode == 2
    assert says in done.stderr
    assert "changeme" not in done.stderr and "secretsecret" not in done.stderr
