"""Fixtures of the HTTP ring: Vitrine behind real lighttpd and real nginx.

    vitrine         started once per web server and shared; every test that names it runs under both
    lighttpd        the same instance under lighttpd only, for what does not depend on the web server
    admin           a browser signed in to `vitrine` as its administrator (shared: do not sign it out)
    client          a new browser at `vitrine`, signed in as nobody
    start_vitrine   start_vitrine(SERVER="nginx", MAX_FILE_SIZE="1MB"): one of your own, stopped afterwards
    dialects        Vitrine set up as the documents of other systems say, once per web server and shared
    email           an editor of `dialects` for the tests of one file; `program` is a client with an API token
    program         of that account, `token` the JWT that it gets by signing in
    s3              a boto3 client of `vitrine`'s embedded storage

Tests marked `slow` run only with TEST_SLOW=1.

tests/run lets several processes share the tests (pytest-xdist, --dist loadgroup): what of one file runs
under one web server stays together, in one process, which starts the Vitrines that it needs for itself.
Tests marked `alone` measure time or load; they run when the others are done, one after the other.
"""

import os

import pytest

from app_people import PASSWORD, add_user, token_client
from harness.dialects import SETTINGS, signed_in_token
from harness.s3_client import s3_client
from harness.vitrine import Vitrine

SERVERS = ("lighttpd", "nginx")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the groups
def pytest_collection_modifyitems(config, items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{web_server_of(item)}"))
    if os.environ.get("TEST_SLOW"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def web_server_of(item):
    """The web server that a test names as a parameter; lighttpd is that of the rest."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return next((value for value in parameters if value in SERVERS), "lighttpd")


@pytest.fixture(scope="session")
def running():
    """Vitrines by web server, started when first asked for."""
    started = {}

    def get(server, **settings):
        name = (server, *settings.items())
        if name not in started:
            started[name] = Vitrine(server, **settings).start()
        return started[name]

    get.started = started
    yield get
    problems = []
    for vitrine in started.values():
        try:
            vitrine.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, problems


@pytest.fixture(scope="module", autouse=True)
def no_failed_sign_ins(running):
    """Wrong passwords of other files are forgotten: all tests come from one address, and after 20 it is blocked."""
    for vitrine in running.started.values():
        vitrine.forget_failed_sign_ins()


@pytest.fixture(scope="session", params=SERVERS)
def vitrine(request, running):
    return running(request.param)


@pytest.fixture(scope="session", params=SERVERS)
def dialects(request, running):
    return running(request.param, **SETTINGS)


@pytest.fixture(scope="module")
def email(dialects):
    return add_user(dialects)


@pytest.fixture(scope="module")
def program(dialects, email):
    return token_client(dialects, email)


@pytest.fixture(scope="module")
def token(dialects, email):
    return signed_in_token(dialects, email, PASSWORD)


@pytest.fixture(scope="session")
def lighttpd(running):
    return running("lighttpd")


@pytest.fixture(scope="session")
def admin(vitrine):
    return vitrine.admin()


@pytest.fixture
def client(vitrine):
    return vitrine.client()


@pytest.fixture
def start_vitrine():
    started = []

    def start(SERVER="lighttpd", **settings):
        started.append(Vitrine(SERVER, **settings).start())
        return started[-1]

    yield start
    for vitrine in started:
        vitrine.stop()


@pytest.fixture(scope="session")
def s3(vitrine):
    return s3_of(vitrine)


def s3_of(vitrine):
    return s3_client(vitrine.objects_url, *vitrine.keys())
