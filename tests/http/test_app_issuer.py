"""Tokens of an identity provider: its keys fetched, rotated, missing and hostile; accounts and roles."""

import time

import jwt
import pytest

from app_people import add_user, assert_problem
from harness.issuer import AUDIENCE, Issuer, Key
from harness.patience import wait_until
from test_app_jwt import program, refused



@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        yield running


@pytest.fixture
def own_issuer():
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def trusting(request, issuer):
    from harness.vitrine import Vitrine
    vitrine = Vitrine(request.param, **issuer.settings()).start()
    yield vitrine
    vitrine.stop()


def images(vitrine, token):
    return program(vitrine, token).get("/images")


def test_a_token_of_either_algorithm_speaks_for_the_account_of_its_address(trusting, issuer):
    email = add_user(trusting)
    for key in (0, 1):
        answer = images(trusting, issuer.token(key, email=email))
        assert answer.status_code == 200, answer.text
    grant = program(trusting, issuer.token(email=email.upper().replace("EXAMPLE.ORG", "example.org"))).post(
        "/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"})
    assert grant.status_code == 200, grant.text
    assert images(trusting, issuer.token(email=email, aud=["other", AUDIENCE])).status_code == 200


@pytest.mark.parametrize("says, changes", (
    ("expired", {"exp": 1}),
    ("expired", {"exp": int(time.time()) - 100}),
    ("(exp)", {"exp": None}),
    ("not valid yet", {"nbf": int(time.time()) + 3600}),
    ("(iss)", {"iss": "https://evil.example/"}),
    ("(aud)", {"aud": "another-service"}),
    ("(aud)", {"aud": None}),
    ("(sub)", {"sub": None}),
    ("whose account", {"email": None}),
    ("whose account", {"email": ["a@b"]}),
    ("no account here", {"email": "stranger@example.org"}),
    ("not verified", {"email_verified": False}),
    ("not verified", {"email_verified": "false"}),
    ("not known", {"headers": {"kid": "unknown"}}),
    ("not known", {"headers": {"kid": "../first"}}),
    ("not known", {"headers": {"kid": "curve"}}),
))
def test_a_token_that_is_no_good_is_refused_with_its_reason(trusting, issuer, says, changes):
    refused(trusting, issuer.token(**{"email": trusting.admin_email, **changes}), says)


def test_a_key_that_is_not_the_issuers_is_refused(trusting, issuer):
    impostor = Key("first")
    refused(trusting, issuer.token(impostor, email=trusting.admin_email), "signature")
    # its own key in the header, or where to find it, changes nothing
    refused(trusting, issuer.token(impostor, headers={"jwk": impostor.jwk, "jku": "http://127.0.0.1/"},
                                   email=trusting.admin_email), "signature")


def test_a_public_key_is_no_secret_for_hs256(trusting, issuer):
    claims = issuer.claims(email=trusting.admin_email)
    for secret in (issuer.keys[0].jwk["n"], "AAAA", ""):
        refused(trusting, jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "first"}), "not known")
    refused(trusting, jwt.encode(claims, None, algorithm="none", headers={"kid": "first"}), "not accepted")


def test_scopes_of_ours_narrow_and_others_do_not(trusting, issuer):
    email = add_user(trusting)
    upload = {"json": {"filename": "a.png", "filetype": "image/png"}}
    narrow = program(trusting, issuer.token(email=email, scope="openid read"))
    assert narrow.get("/images").status_code == 200
    assert_problem(narrow.post("/images/presign-upload", **upload), 403, "insufficient_scope")
    usual = program(trusting, issuer.token(email=email, scope="openid profile"))
    assert usual.post("/images/presign-upload", **upload).status_code == 200


def test_a_disabled_account_is_refused_and_its_token_cannot_be_signed_out_here(trusting, issuer):
    email = add_user(trusting)
    token = issuer.token(email=email)
    assert_problem(program(trusting, token).post("/auth/signout"), 403, "forbidden")
    trusting.cli("user", "disable", email)
    refused(trusting, token, "no account here")


def test_without_an_issuer_its_tokens_are_nothing(vitrine, issuer):
    refused(vitrine, issuer.token(email=vitrine.admin_email), "not known")


def test_keys_rotate(start_vitrine, own_issuer):
    vitrine = start_vitrine(**own_issuer.settings())
    old = own_issuer.token(email=vitrine.admin_email)
    assert images(vitrine, old).status_code == 200
    own_issuer.rotate("second")
    new = own_issuer.token(email=vitrine.admin_email)
    wait_until(lambda: images(vitrine, new).status_code == 200)
    wait_until(lambda: images(vitrine, old).status_code == 401)


@pytest.mark.parametrize("behaviour", ("error", "garbage", "empty", "huge", "redirect", "slow"))
def test_an_issuer_that_fails_harms_nobody_else(start_vitrine, own_issuer, behaviour):
    own_issuer.behave(behaviour)
    vitrine = start_vitrine(**own_issuer.settings())
    token = own_issuer.token(email=vitrine.admin_email)
    assert_problem(images(vitrine, token), 503, "busy")  # the slow one has not answered yet
    assert program(vitrine, token).get("/health").status_code == 200  # where anyone may enter, it is nobody's
    assert vitrine.admin().get("/images").status_code == 200
    asked = own_issuer.asked
    own_issuer.behave("good")
    wait_until(lambda: images(vitrine, token).status_code == 200)
    assert own_issuer.asked > asked
    # and what was good stays good
    own_issuer.behave(behaviour)
    asked = own_issuer.asked

    def has_failed_again():
        assert images(vitrine, token).status_code == 200
        return own_issuer.asked >= asked + 2

    wait_until(has_failed_again)
    assert images(vitrine, token).status_code == 200


def test_unknown_keys_do_not_make_us_hammer_the_issuer(start_vitrine, own_issuer):
    vitrine = start_vitrine(**own_issuer.settings(JWT_JWKS_REFRESH="3600"))
    assert images(vitrine, own_issuer.token(email=vitrine.admin_email)).status_code == 200
    for number in range(20):
        refused(vitrine, own_issuer.token(email=vitrine.admin_email, headers={"kid": str(number)}), "not known")
    assert own_issuer.asked == 1


def test_keys_do_not_come_from_our_own_network_unasked(start_vitrine, own_issuer):
    # https, so that the address is what is refused; a name that points to loopback is no better
    for host in ("127.0.0.1", "localhost"):
        url = own_issuer.url.replace("http:", "https:").replace("127.0.0.1", host)
        vitrine = start_vitrine(**own_issuer.settings(JWT_JWKS_URL=url + "/keys", JWT_JWKS_PRIVATE="off"))
        assert_problem(images(vitrine, own_issuer.token(email=vitrine.admin_email)), 503, "busy")
        assert "jwks: no keys" in vitrine.log()
    assert own_issuer.asked == 0


def test_accounts_are_made_only_where_that_is_set(start_vitrine, own_issuer):
    vitrine = start_vitrine(**own_issuer.settings(
        JWT_PROVISION="on", JWT_ROLE_CLAIM="realm_access.roles", JWT_ROLE_MAP="staff=editor, it=admin ,all=viewer"))
    upload = {"json": {"filename": "a.png", "filetype": "image/png"}}

    def call(roles, email="new@example.org"):
        token = own_issuer.token(email=email, name="New Person", realm_access={"roles": roles})
        return program(vitrine, token).post("/images/presign-upload", **upload)

    assert_problem(call(["nothing"]), 403, "forbidden")
    assert_problem(call([]), 403, "forbidden")
    assert "new@example.org" not in vitrine.cli("user", "list").stdout
    assert call(["nothing", "staff", "all"]).status_code == 200
    assert "new@example.org" in vitrine.cli("user", "list").stdout
    # what the issuer says counts, not what it said then
    assert_problem(call(["all"]), 403, "forbidden")
    assert call(["it"]).status_code == 200
    answer = program(vitrine, own_issuer.token(email="not an address", realm_access={"roles": ["it"]})).get("/images")
    assert_problem(answer, 401, "unauthenticated")


def test_another_claim_can_name_the_account(start_vitrine, own_issuer):
    vitrine = start_vitrine(**own_issuer.settings(JWT_ACCOUNT_CLAIM="sub"))
    assert images(vitrine, own_issuer.token(sub=vitrine.admin_email, email="x@example.org")).status_code == 200
    refused(vitrine, own_issuer.token(email=vitrine.admin_email), "no account here")
