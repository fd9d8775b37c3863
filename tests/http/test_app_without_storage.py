"""S3_ENABLED=false: Vitrine runs, and says of everything that needs storage that there is none."""

import json

import pytest

from app_people import assert_problem, token_client
from harness.vitrine import Vitrine

SENTENCE = "S3 file storage is not enabled or not properly configured"


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def bare(request):
    with Vitrine(request.param, S3_ENABLED="false") as vitrine:
        yield vitrine


def test_it_starts_without_the_embedded_storage_and_says_so(bare):
    assert "There is no storage" in bare.output.read_text()
    assert bare.pids_of("objects.fcgi") == []
    assert "S3_ACCESS_KEY_ID" not in (bare.data / "settings.env").read_text()
    assert json.loads(bare.cli("config", "--json").stdout)["S3_ENABLED"]["value"] == "off"


def test_every_api_that_needs_storage_answers_503_to_whom_it_would_let_in(bare):
    admin = token_client(bare, role="admin")
    asked = 0
    for route in json.loads(bare.cli("routes", "--json").stdout):
        if route["audience"] != "programs" or route["scope"] not in ("read", "upload", "delete"):
            continue
        asked += 1
        path = route["path"].replace(":id", "7").replace(":key...", "uploads/a.png")
        problem = assert_problem(admin.request(route["method"], path), 503, "storage_disabled")
        assert SENTENCE in problem["detail"] and "S3_ENABLED=on" in problem["hint"], path
        if route["access"] != "anyone":
            assert bare.client().request(route["method"], path).status_code == 401, path
    assert asked > 5


def test_pages_of_images_say_it_and_the_others_work(bare):
    browser = bare.admin()
    for path in ("/admin/images", "/admin/upload", "/admin/images/1", "/i/1"):
        page = browser.get(path)
        assert page.status_code == 503 and "neither shown nor uploaded" in page.text, path
        assert "://;" not in page.headers["Content-Security-Policy"]
    assert browser.get("/admin/account").status_code == 200
    assert bare.client().get("/sign-in").status_code == 200


def test_health_tells_and_the_process_counts_as_well(bare):
    answer = bare.client().get("/health")
    checks = answer.json()["checks"]
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert checks["database"]["ok"] is True
    assert checks["storage"]["ok"] is False and SENTENCE in checks["storage"]["error"]
    assert bare.cli("health").returncode == 0


def test_the_health_of_the_storage_api_is_that_of_storage(bare):
    answer = bare.client().get("/api/v1/upload/health")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["s3_enabled"]) == ("unhealthy", False)
    assert SENTENCE in answer.json()["detail"]


def test_the_command_line_touches_no_storage(bare):
    assert bare.cli("sweep").returncode == 0
    assert bare.cli("init", "--storage").returncode == 0
    done = bare.cli("presign", "get", "a.png", check=False)
    assert done.returncode == 1 and SENTENCE in done.stderr
    assert "amazonaws" not in bare.logs(1000)
    assert "credentials for the storage" not in bare.logs(1000)  # nobody looks for any
