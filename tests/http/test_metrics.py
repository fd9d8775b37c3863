"""/metrics: what it counts, who may read it, and that all processes count together."""

import os
import re
import signal
import subprocess
import time

import pytest
import requests

from app_people import add_user, assert_problem, signed_in, token_client
from app_pictures import png, upload
from harness.patience import PATIENCE_S, wait_until
from harness.vitrine import ROOT

TOKEN = "a-token-for-prometheus"


def metrics(client):
    """Every sample by its name with labels, as they stand in the text."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    samples = dict(line.rsplit(" ", 1) for line in lines)
    assert len(samples) == len(lines), "a series stands there twice"
    return {name: float(value) for name, value in samples.items()}


class Growth:
    """What was counted since: growth["vitrine_presigns_total{...}"]."""

    def __init__(self, client):
        self.client, self.before = client, metrics(client)

    def __getitem__(self, name):
        return metrics(self.client).get(name, 0) - self.before.get(name, 0)


def requests_of(method, route, code):
    return f'vitrine_http_requests_total{{method="{method}",route="{route}",code="{code}"}}'


def test_promtool_finds_nothing_to_complain_of(vitrine, admin):
    upload(admin, png(comment=os.urandom(8).hex().encode()))
    admin.get("/nowhere")
    answer = admin.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    checked = subprocess.run(["promtool", "check", "metrics"], input=answer.text, capture_output=True, text=True,
                             timeout=PATIENCE_S, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not (checked.stdout + checked.stderr).strip()


def test_the_alerts_are_sound_and_about_metrics_that_there_are(lighttpd, tmp_path):
    folder = ROOT / "deploy" / "monitoring"
    for file in folder.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "vitrine-token").write_text(TOKEN)
    checked = subprocess.run(["promtool", "check", "config", "prometheus.yml"], cwd=tmp_path,
                             capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    text = lighttpd.admin().get("/metrics").text
    named = set(re.findall(r"\bvitrine_[a-z0-9_]+", (folder / "alerts.yml").read_text()))
    assert named
    for name in named:
        assert f"# TYPE {name} " in text, name


def test_only_admins_may_read_unless_there_is_a_token_for_it(vitrine, admin):
    assert_problem(vitrine.client().get("/metrics"), 401, "unauthenticated")
    for role in "viewer", "editor":
        assert_problem(signed_in(vitrine, role).get("/metrics"), 403, "forbidden")
        assert_problem(token_client(vitrine, role=role).get("/metrics"), 403, "forbidden")
    client = vitrine.client()
    for given in "Bearer", "Bearer ", "Bearer " + TOKEN, "Basic Og==":
        client.headers["Authorization"] = given
        assert client.get("/metrics").status_code == 401
    assert admin.get("/metrics").status_code == 200
    assert_problem(token_client(vitrine, vitrine.admin_email).get("/metrics"), 403, "insufficient_scope")
    assert token_client(vitrine, vitrine.admin_email, scope="admin").get("/metrics").status_code == 200


def test_the_token_for_metrics_opens_nothing_else(start_vitrine):
    vitrine = start_vitrine(METRICS_TOKEN=TOKEN)
    client = vitrine.client()
    client.headers["Authorization"] = "Bearer " + TOKEN
    assert client.get("/metrics").status_code == 200
    for path in "/images", "/images/1", "/images/1/signed-url":
        assert_problem(client.get(path), 401, "unauthenticated")
    assert client.get("/admin/images").status_code == 401
    for wrong in TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "":
        client.headers["Authorization"] = "Bearer " + wrong
        assert client.get("/metrics").status_code == 401
    vitrine.cli("config")
    assert TOKEN not in vitrine.cli("config").stdout + vitrine.log()


def test_a_story_is_counted(lighttpd):
    admin = lighttpd.admin()
    grown = Growth(admin)
    image = upload(admin, png(comment=os.urandom(8).hex().encode()))
    assert admin.get(f"/images/{image['id']}/signed-url").status_code == 200
    assert admin.get("/images/999999999").status_code == 404
    assert admin.json_call("POST", "/images", {"key": "images/no", "filename": "a.png", "filetype": "image/png"}).status_code == 404
    assert grown[requests_of("POST", "/images/presign-upload", "2xx")] == 1
    assert grown[requests_of("POST", "/images", "2xx")] == 1
    assert grown[requests_of("POST", "/images", "4xx")] == 1
    assert grown[requests_of("GET", "/images/:id", "4xx")] == 1
    assert grown['vitrine_http_request_duration_seconds_count{method="POST",route="/images"}'] == 2
    assert grown['vitrine_presigns_total{kind="upload"}'] == 1
    assert grown['vitrine_presigns_total{kind="display"}'] >= 1
    assert grown['vitrine_commits_total{outcome="saved"}'] == 1
    assert grown['vitrine_s3_requests_total{operation="HeadObject",status="2xx"}'] == 1
    assert grown['vitrine_s3_request_duration_seconds_count{operation="GetObject"}'] == 1
    assert grown["vitrine_database_wait_seconds_count"] >= 2
    assert grown["vitrine_images"] == 1


def test_uploads_that_are_refused_are_counted_by_why(lighttpd):
    admin = lighttpd.admin()
    grown = Growth(admin)
    grant = admin.json_call("POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png"}).json()
    commit = {"key": grant["key"], "filename": "a.png", "filetype": "image/png"}
    assert admin.json_call("POST", "/images", commit).status_code == 409
    assert grown["vitrine_uploads_pending"] == 1
    requests.put(grant["url"], data=b"not a picture", headers=grant["headers"], timeout=PATIENCE_S).raise_for_status()
    assert admin.json_call("POST", "/images", commit).status_code == 422
    assert grown['vitrine_commits_total{outcome="not_uploaded"}'] == 1
    refused = ("mismatch", "type_not_allowed")
    assert sum(grown[f'vitrine_commits_total{{outcome="{why}"}}'] for why in refused) == 1
    assert grown["vitrine_uploads_pending"] == 0


def test_who_was_not_let_in_is_counted_by_why(lighttpd):
    admin = lighttpd.admin()
    grown = Growth(admin)
    stranger = lighttpd.client()
    stranger.get("/images")
    stranger.get("/images", headers={"Authorization": "Bearer vt_wrong"})
    stranger.get("/images", headers={"Cookie": "vitrine_session=" + "a" * 43})
    stranger.post_form("/sign-in", {"email": add_user(lighttpd), "password": "not it, and long enough"})
    stranger.post("/sign-in", data={"email": "a@b.c", "password": "x", "csrf": "no"})
    signed_in(lighttpd, "viewer").json_call("POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png"})
    admin.post("/images/presign-upload", json={}, headers={"Origin": "https://elsewhere.example"})
    for reason in "nothing", "token", "session", "password", "csrf", "role", "origin":
        assert grown[f'vitrine_auth_failures_total{{reason="{reason}"}}'] == 1, reason


def test_what_clients_make_up_makes_no_time_series(lighttpd):
    admin = lighttpd.admin()
    stranger = lighttpd.client()
    stranger.get("/nowhere/0")
    grown, series = Growth(admin), set(metrics(admin))
    for i in range(1, 31):
        stranger.get(f"/nowhere/{i}?x={i}")
        stranger.request("DELETE", f"/pot/{i}")
        stranger.get(f"/images/{i}")
    assert grown[requests_of("", "", "4xx")] == 60
    assert len(set(metrics(admin)) - series) < 40  # one route's, once: /images/:id
    assert "nowhere" not in admin.get("/metrics").text


def test_all_processes_count_together_and_go_on_after_a_crash(start_vitrine):
    vitrine = start_vitrine()
    admin = vitrine.admin()
    upload(admin, png())
    assert metrics(admin)["vitrine_sweep_last_success_timestamp_seconds"] == 0
    vitrine.cli("sweep")  # another process
    before = metrics(admin)
    assert before["vitrine_sweep_last_success_timestamp_seconds"] == pytest.approx(time.time(), abs=PATIENCE_S)
    pid, = vitrine.pids_of("vitrine.fcgi")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: vitrine.pids_of("vitrine.fcgi") not in ([], [pid]), "another worker starting")
    wait_until(lambda: admin.get("/metrics").status_code == 200, "an answer of it")
    after = metrics(admin)
    for name, value in before.items():
        if re.search(r"_(total|count|bucket)(\{|$)", name) and not name.startswith("process_"):
            assert after[name] >= value, name
    assert after['vitrine_commits_total{outcome="saved"}'] == 1


def test_counting_goes_on_when_the_file_was_destroyed(start_vitrine):
    vitrine = start_vitrine()
    shared = vitrine.data / "run" / "metrics"
    assert shared.exists() and shared.stat().st_mode & 0o777 == 0o600
    vitrine.stop(keep_data=True)
    shared.write_bytes(b"garbage")  # whoever did that: another is made
    vitrine.start()
    samples = metrics(vitrine.admin())
    version = vitrine.cli("--version").stdout.split()[1]
    assert samples[f'vitrine_build_info{{version="{version}"}}'] == 1
    assert samples[requests_of("POST", "/sign-in", "3xx")] == 1
