"""Pages of other origins that call the APIs: preflights, actual answers, and what they never get."""

import json

import pytest

from app_people import assert_problem, signed_in, token_client

APP = "https://app.example.org"
LOCAL = "http://localhost:3000"
STRANGER = "https://evil.example"


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def listed(request):
    """Two origins are allowed, one with its default port spelt out; their credentials too."""
    from harness.vitrine import Vitrine

    with Vitrine(request.param, CORS_ORIGINS=f"{APP}:443/, {LOCAL}", CORS_CREDENTIALS="on") as vitrine:
        yield vitrine


@pytest.fixture(scope="module")
def everyone():
    from harness.vitrine import Vitrine

    with Vitrine("lighttpd", CORS_ORIGINS="*") as vitrine:
        yield vitrine


def preflight(vitrine, path, method="POST", origin=APP, headers="authorization,content-type"):
    return vitrine.client().request("OPTIONS", path, headers={
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers})


def api_paths(vitrine):
    """Every address for programs, with the methods that it answers."""
    methods = {}
    for route in json.loads(vitrine.cli("routes", "--json").stdout):
        if route["audience"] == "programs":
            path = route["path"].replace(":id", "7").replace(":key...", "uploads/a/b.png")
            methods.setdefault(path, set()).add(route["method"])
    return methods


def words(header):
    return {word.strip().lower() for word in header.split(",")}


def assert_no_cors(answer):
    found = [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert not found, f"{answer.url}: {dict(answer.headers)}"


def test_a_preflight_of_every_api_address_tells_its_methods(listed):
    paths = api_paths(listed)
    assert len(paths) >= 8
    for path, methods in paths.items():
        answer = preflight(listed, path)
        assert answer.status_code == 204 and answer.content == b"", f"{path}: {answer.status_code} {answer.text}"
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        told = words(answer.headers["Access-Control-Allow-Methods"])
        assert {method.lower() for method in methods} <= told, path
        assert told == words(answer.headers["Allow"])
        assert {"authorization", "content-type", "range"} <= words(answer.headers["Access-Control-Allow-Headers"])
        assert answer.headers["Access-Control-Max-Age"] == "7200"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert "origin" in words(answer.headers["Vary"])


@pytest.mark.parametrize("origin", (STRANGER, "null", "https://app.example.org:8443", "http://app.example.org",
                                    "https://app.example.org.evil.example", "https://sub.app.example.org",
                                    f"{APP},{LOCAL}", APP.upper()))
def test_a_preflight_of_another_origin_is_refused(listed, origin):
    answer = preflight(listed, "/images", origin=origin)
    assert_problem(answer, 403, "bad_origin")
    assert "CORS_ORIGINS" in answer.json()["hint"]
    assert_no_cors(answer)
    assert "origin" in words(answer.headers["Vary"])


def test_answers_and_errors_can_be_read_by_listed_origins(listed):
    program = token_client(listed)
    cases = (
        (program.get("/images", headers={"Origin": LOCAL}), 200),
        (program.get("/images/999999", headers={"Origin": LOCAL}), 404),
        (program.post("/images/presign-upload", data=b"{", headers={"Origin": LOCAL, "Content-Type": "application/json"}), 400),
        (program.request("PUT", "/images", headers={"Origin": LOCAL}), 405),
        (program.get("/no/such/address", headers={"Origin": LOCAL}), 404),
        (listed.client().get("/images", headers={"Origin": LOCAL}), 401),
        (listed.client().get("/images", headers={"Origin": LOCAL, "Authorization": "Bearer vt_nonsense"}), 401),
        (listed.client().get("/health", headers={"Origin": LOCAL}), 200),
    )
    for answer, status in cases:
        assert answer.status_code == status, answer.text
        assert answer.headers["Access-Control-Allow-Origin"] == LOCAL
        assert {"x-request-id", "retry-after", "etag"} <= words(answer.headers["Access-Control-Expose-Headers"])
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "origin" in words(answer.headers["Vary"])


def test_a_stranger_or_nobody_gets_the_same_answer_without_the_headers(listed):
    for headers in ({"Origin": STRANGER}, {}):
        answer = token_client(listed).get("/images", headers=headers)
        assert answer.status_code == 200
        assert_no_cors(answer)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "origin" in words(answer.headers["Vary"])


def test_pages_never_take_part(listed):
    admin = listed.admin()
    for path in ("/sign-in", "/admin/images", "/admin/upload", "/admin/images/999999"):
        answer = admin.get(path, headers={"Origin": APP, "Accept": "text/html"})
        assert_no_cors(answer)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    answer = preflight(listed, "/sign-in")
    assert answer.status_code == 405
    assert_no_cors(answer)


@pytest.mark.parametrize("site", (None, "same-site", "cross-site"))
def test_a_listed_origin_changes_nothing_with_the_session_cookie(listed, site):
    admin = listed.admin()
    headers = {"Origin": APP, **({"Sec-Fetch-Site": site} if site else {})}
    body = {"filename": "a.png", "filetype": "image/png"}
    answer = admin.post("/images/presign-upload", json=body, headers=headers)
    assert_problem(answer, 403, "bad_origin")
    assert answer.headers["Access-Control-Allow-Origin"] == APP  # its script may read why
    assert admin.get("/images", headers=headers).status_code == 200
    assert token_client(listed).post("/images/presign-upload", json=body, headers=headers).status_code == 200


def test_a_star_is_for_everyone_and_never_with_credentials(everyone):
    for answer in (preflight(everyone, "/images", origin=STRANGER),
                   token_client(everyone).get("/images", headers={"Origin": STRANGER}),
                   everyone.client().get("/images")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    answer = signed_in(everyone, "editor").post(
        "/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"}, headers={"Origin": STRANGER})
    assert_problem(answer, 403, "bad_origin")


def test_without_the_setting_no_origin_is_told_anything(vitrine):
    answer = token_client(vitrine).get("/images", headers={"Origin": APP})
    assert answer.status_code == 200
    assert_no_cors(answer)
    assert "origin" not in words(answer.headers.get("Vary", ""))
    assert_problem(preflight(vitrine, "/images"), 403, "bad_origin")


def test_options_without_a_preflight_tell_the_methods(vitrine):
    answer = vitrine.client().request("OPTIONS", "/images")
    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, HEAD, POST")
    assert_no_cors(answer)


@pytest.mark.parametrize("settings, sentence", (
    ({"CORS_ORIGINS": "*", "CORS_CREDENTIALS": "on"}, "CORS_CREDENTIALS=on needs CORS_ORIGINS"),
    ({"CORS_CREDENTIALS": "on"}, "CORS_CREDENTIALS=on needs CORS_ORIGINS"),
    ({"CORS_ORIGINS": "app.example.org"}, "must be origins such as"),
    ({"CORS_ORIGINS": "https://a.example/path"}, "must be origins such as"),
    ({"CORS_ORIGINS": "https://a.example,*"}, "must be origins such as"),
    ({"CORS_ORIGINS": "https://a.example,,"}, "must be origins such as"),
    ({"CORS_ORIGINS": "null"}, "must be origins such as"),
    ({"PATH_PREFIX": "prod"}, "must be a path such as /prod"),
    ({"PATH_PREFIX": "/a//b"}, "must be a path such as /prod"),
    ({"PATH_PREFIX": "/../x"}, "must be a path such as /prod"),
    ({"PATH_PREFIX": "/%70rod"}, "must be a path such as /prod"),
    ({"PATH_PREFIX": "/images"}, "an address of Vitrine's own"),
    ({"PATH_PREFIX": "/admin/images/"}, "an address of Vitrine's own"),
    ({"PATH_PREFIX": "/static"}, "an address of Vitrine's own"),
))
def test_settings_that_cannot_be_meant_are_refused_at_start(lighttpd, settings, sentence):
    answer = lighttpd.cli("config", check=False, **settings)
    assert answer.returncode != 0 and sentence in answer.stderr, answer.stderr


# --- PATH_PREFIX ---


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def staged(request):
    from harness.vitrine import Vitrine

    with Vitrine(request.param, PATH_PREFIX="/prod/") as vitrine:
        yield vitrine


def test_apis_answer_with_and_without_the_prefix(staged):
    program = token_client(staged)
    for prefix in ("", "/prod"):
        grant = program.post(f"{prefix}/images/presign-upload", json={"filename": "a.png", "filetype": "image/png"})
        assert grant.status_code == 200, grant.text
        assert program.get(f"{prefix}/images?limit=1").status_code == 200
        assert program.get(f"{prefix}/health").json()["status"] == "ok"
        assert_problem(program.get(f"{prefix}/images/999999"), 404, "not_found")
    assert program.get("/production/images").status_code == 404
    assert program.get("/prod/prod/images").status_code == 404
    assert program.get("/PROD/images").status_code == 404


def test_pages_under_the_prefix_lead_to_where_their_links_and_cookies_work(staged):
    browser = staged.client()
    for path, target in (("/prod", "/"), ("/prod/", "/"), ("/prod/sign-in", "/sign-in"),
                         ("/prod/admin/images?q=a%20b", "/admin/images?q=a%20b")):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, target)
    for path in ("/prod//evil.example", "/prod/%2fevil.example", "/prod//evil.example/images"):
        answer = browser.get(path)
        assert answer.status_code == 404 and "Location" not in answer.headers

