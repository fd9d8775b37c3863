"""vitrine-worker and its jobs: killed, stopped, locked out, two at once; and how people see and help it.

Time is not waited for: what a test needs to be over is set back in the table.
"""

import contextlib
import fcntl
import json
import os
import resource
import signal
import sqlite3
import time

import pytest
import requests

from app_people import signed_in
from app_pictures import png, sha256_hex
from harness.clocks import in_the_future
from harness.fault_proxy import FaultProxy
from harness.patience import PATIENCE_S, wait_until
from harness.vitrine import Vitrine

LEASE_S = 60


@pytest.fixture(scope="module")
def house():
    """A Vitrine of our own: its jobs are counted."""
    with Vitrine() as vitrine:
        yield vitrine


@pytest.fixture(autouse=True)
def nothing_is_left(request):
    if "house" in request.fixturenames:
        request.getfixturevalue("house").sql("DELETE FROM jobs")


def read(vitrine, query, *parameters):
    """What the database says, without a turn: as any reader."""
    with contextlib.closing(sqlite3.connect(f"file:{vitrine.data}/vitrine.db?mode=ro", uri=True, timeout=PATIENCE_S)) as db:
        return db.execute(query, parameters).fetchall()


def add_jobs(vitrine, count, kind="prune", **columns):
    """Jobs of one kind, each with a key, due now."""
    row = {"state": "queued", "max_attempts": 5, "attempts": 0, "due_at": 1, "last_error": "", "created_at": 1,
           "updated_at": 1, **columns}
    names = ", ".join(row)
    vitrine.sql(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
        f"INSERT INTO jobs (kind, unique_key, {names}) SELECT '{kind}', 'key ' || i, {', '.join('?' for _ in row)} FROM n",
        *row.values())


def jobs(vitrine, **where):
    """Rows of the table jobs as dictionaries."""
    rows = json.loads(vitrine.cli("jobs", "list", "--json").stdout)["jobs"]
    return [row for row in rows if all(row[name] == value for name, value in where.items())]


def forget_leases(vitrine):
    vitrine.sql("UPDATE jobs SET due_at = due_at - ? WHERE state = 'running'", LEASE_S)


def log_lines(vitrine, message):
    lines = [json.loads(line) for line in vitrine.log("worker").splitlines() if line.startswith("{")]
    return [line for line in lines if line["msg"] == message]


def end(worker, number=signal.SIGTERM):
    worker.send_signal(number)
    return worker.wait(PATIENCE_S)


def lapsed_uploads(vitrine, count):
    """Objects that nobody saved and whose grants are over: the sweep looks at each with a HEAD, and adopts it."""
    admin = vitrine.admin()
    for number in range(count):
        data = png(comment=f"{time.time_ns()} {number}".encode())
        grant = admin.json_call("POST", "/images/presign-upload", {
            "filename": f"{number}.png", "filetype": "image/png", "size": len(data), "sha256": sha256_hex(data)}).json()
        assert requests.put(grant["url"], data=data, headers=grant["headers"], timeout=PATIENCE_S).status_code == 200
    vitrine.sql("UPDATE assets SET grant_expires_at = 1 WHERE state = 'pending'")


def adoptions(vitrine):
    """How often each image was adopted."""
    return [count for _, count in read(
        vitrine, "SELECT asset_id, count(*) FROM audit WHERE action = 'asset.adopt' GROUP BY asset_id")]


@contextlib.contextmanager
def slow_storage(vitrine):
    """The storage's address through a proxy that lets four HEADs pass and holds up the others."""
    with FaultProxy() as proxy:
        proxy.connect("127.0.0.1", vitrine.port + 1)
        proxy.let_pass(HeadObject=4)
        yield proxy


# --- killed, stopped ---

@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_job_that_was_cut_short_goes_on_later_and_each_effect_is_there_once(how):
    with Vitrine() as vitrine, slow_storage(vitrine) as proxy:
        lapsed_uploads(vitrine, 12)
        worker = vitrine.start_worker(S3_EMBEDDED="on", S3_ENDPOINT_URL=proxy.url)
        wait_until(lambda: len(adoptions(vitrine)) >= 3)
        if how == "killed":
            assert end(worker, signal.SIGKILL) == -signal.SIGKILL
            [sweep] = jobs(vitrine, kind="sweep")
            assert (sweep["state"], sweep["attempts"]) == ("running", 1)
            assert vitrine.worker_once() and jobs(vitrine, kind="sweep")[0]["state"] == "running"  # its lease holds
            forget_leases(vitrine)
        else:
            worker.terminate()
            proxy.let_pass()  # it ends what it began
            assert worker.wait(PATIENCE_S) == 0
            [sweep] = jobs(vitrine, kind="sweep")
            assert (sweep["state"], sweep["attempts"], sweep["last_error"]) == ("queued", 0, None)
        assert 3 <= len(adoptions(vitrine)) < 12, "it was not in the middle"
        vitrine.worker_once()
        [sweep] = jobs(vitrine, kind="sweep")
        assert (sweep["state"], sweep["attempts"]) == ("queued", 0)
        assert "adopted" in sweep["note"]
        assert adoptions(vitrine) == [1] * 12


def test_the_worker_lives_at_another_time_as_at_this_one(house):
    add_jobs(house, 20, due_at=int(time.time()) + 3600)
    house.worker_once()
    assert len(jobs(house, kind="prune", state="queued")) == 21  # and that of the schedule
    house.worker_once(**in_the_future(2))  # its threads wait for each other's turns
    assert read(house, "SELECT unique_key, state FROM jobs WHERE kind = 'prune'") == [("", "queued")]


def test_a_worker_with_nothing_to_do_stops(house):
    worker = house.start_worker()
    wait_until(lambda: len(jobs(house, state="queued")) >= 2)
    assert end(worker) == 0


def test_what_becomes_due_is_taken_and_after_a_hangup_too(house):
    worker = house.start_worker()
    try:
        wait_until(lambda: len(read(house, "SELECT 1 FROM jobs WHERE done_at > 0")) >= 2)
        add_jobs(house, 1)
        wait_until(lambda: read(house, "SELECT count(*) FROM jobs WHERE unique_key <> ''") == [(0,)])
        worker.send_signal(signal.SIGHUP)
        add_jobs(house, 1)
        wait_until(lambda: read(house, "SELECT count(*) FROM jobs WHERE unique_key <> ''") == [(0,)])
    finally:
        assert end(worker) == 0


# --- several workers ---

def test_two_workers_share_two_hundred_jobs_and_each_runs_once(house):
    add_jobs(house, 200)
    ids = {number for number, in read(house, "SELECT id FROM jobs")}
    workers = [house.start_worker(), house.start_worker()]
    try:
        wait_until(lambda: read(house, "SELECT count(*) FROM jobs WHERE unique_key <> ''") == [(0,)])
    finally:
        assert [end(worker) for worker in workers] == [0, 0]
    done = [line["job"] for line in log_lines(house, "job done") if line["job"] in ids]
    assert sorted(done) == sorted(ids)
    assert read(house, "SELECT count(*) FROM jobs WHERE kind = 'sweep'") == [(1,)]  # planned once by both


# --- the database ---

def test_a_locked_database_is_waited_for(house):
    add_jobs(house, 5)
    with (house.data / "vitrine.db-turn").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        worker = house.start_worker()
        time.sleep(6)  # longer than anybody waits for a turn
        assert worker.poll() is None
        assert read(house, "SELECT count(*) FROM jobs WHERE state = 'queued' AND kind = 'prune'") == [(5,)]
    try:
        wait_until(lambda: read(house, "SELECT count(*) FROM jobs WHERE unique_key <> ''") == [(0,)])
    finally:
        assert end(worker) == 0


def test_a_database_that_cannot_be_written_is_waited_for_without_spinning(house):
    """A file size limit of nothing: every write fails, as on a full disk."""
    add_jobs(house, 1)
    house.worker_once()  # the schedule is planned, and nothing of it due
    add_jobs(house, 1)
    lines = len(house.log("worker").splitlines())
    worker = house.start_worker()
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    time.sleep(5)
    try:
        assert worker.poll() is None
        user, system = (int(ticks) for ticks in open(f"/proc/{worker.pid}/stat").read().rpartition(")")[2].split()[11:13])
        assert (user + system) / os.sysconf("SC_CLK_TCK") < 1
        assert len(house.log("worker").splitlines()) - lines < 60
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: read(house, "SELECT count(*) FROM jobs WHERE unique_key <> ''") == [(0,)])
    finally:
        assert end(worker) == 0


def test_a_worker_without_a_database_waits_for_one_and_once_gives_up(tmp_path):
    vitrine = Vitrine(data=tmp_path)
    assert vitrine.cli("init").returncode == 0
    (tmp_path / "elsewhere").mkdir()
    for file in tmp_path.glob("vitrine.db*"):
        file.rename(tmp_path / "elsewhere" / file.name)
    assert vitrine.worker_once(check=False).returncode == 1
    (tmp_path / "log").mkdir(exist_ok=True)
    worker = vitrine.start_worker()
    try:
        wait_until(lambda: '"level":"error"' in vitrine.log("worker") or worker.poll() is not None)
        assert worker.poll() is None
        for name in ("vitrine.db-wal", "vitrine.db-shm", "vitrine.db"):  # the log is there before what it belongs to
            if (tmp_path / "elsewhere" / name).exists():
                (tmp_path / "elsewhere" / name).rename(tmp_path / name)
        wait_until(lambda: read(vitrine, "SELECT count(*) FROM jobs WHERE done_at > 0")[0][0] >= 1)
    finally:
        assert end(worker) == 0


def test_usage_is_told(tmp_path):
    vitrine = Vitrine(data=tmp_path)
    with pytest.raises(AssertionError, match="usage"):
        vitrine.cli("jobs", "retry")
    assert vitrine.cli("jobs", "run", "a", "b", check=False).returncode == 2


# --- people ---

def test_storage_that_is_away_makes_the_sweep_fail_in_words_and_it_is_tried_again(house):
    lapsed_uploads(house, 1)
    done = house.worker_once(check=False, S3_EMBEDDED="on", S3_ENDPOINT_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    [sweep] = jobs(house, kind="sweep")
    assert (sweep["state"], sweep["attempts"]) == ("queued", 1)
    assert "storage" in sweep["last_error"]
    page = house.admin().get("/admin/jobs").text
    assert sweep["last_error"] in page
    house.cli("jobs", "run", "sweep")
    house.worker_once()
    assert jobs(house, kind="sweep")[0]["last_error"] is None


def test_a_dead_job_is_shown_and_run_again_by_the_page(house):
    add_jobs(house, 1, state="dead", attempts=5, last_error="It <never> worked.")
    admin = house.admin()
    page = admin.get("/admin/jobs")
    assert "It &lt;never&gt; worked." in page.text and "No worker has ever run here" in page.text
    [dead] = jobs(house, state="dead")
    answer = admin.post_form(f"/admin/jobs/{dead['id']}/retry", {}, page="/admin/jobs")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/jobs")
    assert "The job is due now" in admin.get("/admin/jobs").text
    house.worker_once()
    assert jobs(house, id=dead["id"]) == []
    page = admin.get("/admin/jobs").text
    assert "No worker has ever run here" not in page and "key 1" not in page


def test_a_dead_job_is_run_again_or_discarded_by_the_command_line(house):
    add_jobs(house, 2, state="dead", attempts=5, last_error="It never worked.")
    first, second = jobs(house, state="dead")
    assert "It never worked." in house.cli("jobs", "list").stdout
    house.cli("jobs", "retry", str(first["id"]))
    house.cli("jobs", "discard", str(second["id"]))
    assert jobs(house, id=second["id"]) == []
    house.worker_once()
    assert jobs(house, id=first["id"]) == []
    again = house.cli("jobs", "retry", str(first["id"]), check=False)
    assert again.returncode == 1 and "no such job" in again.stderr
    assert house.cli("jobs", "retry", "x", check=False).returncode == 2
    unknown = house.cli("jobs", "run", "fly", check=False)
    assert unknown.returncode == 1 and "sweep" in unknown.stderr


def test_jobs_are_for_administrators(house):
    add_jobs(house, 1, state="dead", attempts=5, last_error="It never worked.")
    [dead] = jobs(house, state="dead")
    for role in ("editor", "viewer"):
        browser = signed_in(house, role)
        assert browser.get("/admin/jobs").status_code == 403
        assert "/admin/jobs" not in browser.get("/admin/images").text
        for deed in ("retry", "discard"):
            answer = browser.post_form(f"/admin/jobs/{dead['id']}/{deed}", {}, page="/admin/account")
            assert answer.status_code == 403
    assert house.client().post(f"/admin/jobs/{dead['id']}/retry").status_code == 303  # to the sign-in page
    assert jobs(house, state="dead") == [dead]


def test_health_and_metrics_tell_that_no_worker_takes_what_is_due(house):
    def worker():
        time.sleep(1.1)  # a good answer is remembered for a second
        answer = house.client().get("/health")
        assert answer.status_code == 200
        return answer.json()["worker"]

    assert worker() == {"ok": False, "error": "No worker has run yet."}
    house.worker_once()
    assert worker() == {"ok": True}
    add_jobs(house, 3, due_at=int(time.time()) - 3600)
    assert not worker()["ok"]
    text = house.admin().get("/metrics").text
    assert 'vitrine_jobs{state="dead"} 0' in text
    assert "vitrine_jobs_overdue_seconds 36" in text
    assert 'vitrine_job_runs_total{outcome="done"}' in text
    house.worker_once()
    assert worker() == {"ok": True}
