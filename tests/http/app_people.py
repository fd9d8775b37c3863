"""Accounts and tokens for tests, made with the command line as an operator does."""

import json
import uuid

PASSWORD = "a good long passphrase"


def add_user(vitrine, role="editor", name=None):
    """A new account; its e-mail address."""
    email = f"{role}-{uuid.uuid4().hex[:8]}@example.org"
    vitrine.cli("user", "add", email, "--role", role, "--name", name or email.split("@")[0],
                "--password-stdin", stdin=PASSWORD + "\n")
    return email


def signed_in(vitrine, role="editor"):
    """A browser of a new account."""
    return vitrine.client().sign_in(add_user(vitrine, role), PASSWORD)


def token_client(vitrine, email=None, role="editor", scope=None):
    """A program with an API token and no cookies."""
    made = vitrine.cli("token", "add", email or add_user(vitrine, role), "--json",
                       *(["--scope", scope] if scope else []))
    client = vitrine.client()
    client.headers["Authorization"] = "Bearer " + json.loads(made.stdout)["token"]
    return client


def assert_problem(answer, status, code=None):
    """A problem document (RFC 9457) with a sentence."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert len(problem["detail"]) > 10 and problem["detail"][0].strip(), problem
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    if code:
        assert problem["code"] == code, problem
    return problem
