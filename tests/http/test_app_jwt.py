"""Tokens of POST /auth/signin through real web servers: issue, refresh, revoke, and every forgery."""

import pytest

from app_people import PASSWORD, add_user, assert_problem


def sign_in(vitrine, email, **extra):
    answer = vitrine.client().post("/auth/signin", json={"email": email, "password": PASSWORD, **extra})
    assert answer.status_code == 200, answer.text
    return answer.json()


def program(vitrine, token):
    client = vitrine.client()
    client.headers["Authorization"] = "Bearer " + token
    return client


def test_signing_in_gives_a_token_that_works(vitrine):
    email = add_user(vitrine)
    answer = sign_in(vitrine, email)
    assert answer["token"] == answer["access_token"] == answer["accessToken"]
    assert answer["user"]["email"] == email
    assert program(vitrine, answer["token"]).get("/images").status_code == 200
