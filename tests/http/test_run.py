"""`tools/run`, which is `make run` without the building: how it starts, supervises, stops and refuses."""

import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest
import requests

from harness.patience import PATIENCE_S, wait_until
from harness.ports import free_ports
from harness.vitrine import ROOT, Vitrine, processes_using

SERVERS = ("lighttpd", "nginx")


def answers(vitrine):
    try:
        return requests.get(vitrine.base_url + "/health", timeout=PATIENCE_S).status_code == 200
    except requests.RequestException:
        return False


def refusal(**settings):
    """What tools/run says when it does not start: (exit code, words)."""
    environment = {**os.environ, "PORT": str(free_ports(2)), **settings}
    done = subprocess.run([ROOT / "tools" / "run"], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stderr


# --- start and stop ---

@pytest.mark.parametrize("server", SERVERS)
def test_a_stop_leaves_no_process_and_a_second_start_keeps_the_data(server):
    vitrine = Vitrine(server)
    try:
        vitrine.start()
        first = vitrine.output.read_text()
        vitrine.stop(keep_data=True)
        assert processes_using(vitrine.data) == []
        assert list((vitrine.data / "run").glob("*.sock*")) == []

        vitrine.start()
        second = vitrine.output.read_text()
        assert vitrine.admin().get("/admin/images").status_code == 200
        assert "Made the database" in first
        assert "Made the database" not in second
    finally:
        vitrine.stop()


def test_the_first_start_shows_a_password_that_works_and_the_second_shows_none():
    vitrine = Vitrine(ADMIN_PASSWORD="")
    try:
        vitrine.start()
        email = re.search(r"e-mail\s+(\S+)", vitrine.output.read_text())[1]
        password = re.search(r"password\s+(\S+)", vitrine.output.read_text())[1]
        assert email == vitrine.admin_email
        assert vitrine.client().sign_in(email, password).get("/admin/images").status_code == 200

        vitrine.restart()
        assert password not in vitrine.output.read_text()
        assert not re.search(r"^\s+password ", vitrine.output.read_text(), re.M)
    finally:
        vitrine.stop()
    assert password not in vitrine.logs()


@pytest.mark.parametrize("server", SERVERS)
def test_it_ends_well_when_it_is_stopped(server):
    with Vitrine(server) as vitrine:
        vitrine.process.send_signal(signal.SIGINT)
        assert vitrine.process.wait(PATIENCE_S) == 0
        assert "Stopping" in vitrine.output.read_text()


@pytest.mark.parametrize("server", SERVERS)
def test_whatever_kills_the_supervisor_ends_what_it_started(server):
    with Vitrine(server, WORKER="on") as vitrine:
        wait_until(lambda: len(processes_using(vitrine.data)) >= 5)
        vitrine.process.kill()
        wait_until(lambda: processes_using(vitrine.data) == [])


# --- supervision ---

@pytest.mark.parametrize("program", ["vitrine.fcgi", "objects.fcgi", "vitrine-worker"])
@pytest.mark.parametrize("server", SERVERS)
def test_a_worker_that_dies_is_started_again(server, program):
    with Vitrine(server, WORKER="on") as vitrine:
        wait_until(lambda: vitrine.pids_of(program))
        before = vitrine.pids_of(program)
        assert len(before) == 1
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: vitrine.pids_of(program) not in ([], before))
        wait_until(lambda: answers(vitrine))


@pytest.mark.parametrize("server", SERVERS)
def test_a_web_server_that_dies_is_started_again(server):
    with Vitrine(server) as vitrine:
        before = vitrine.pids_of(server)
        os.kill(min(before), signal.SIGKILL)  # nginx: the master is the oldest
        wait_until(lambda: min(before) not in vitrine.pids_of(server))
        wait_until(lambda: answers(vitrine))


# --- refusals: one clear sentence, a non-zero exit ---

def test_a_port_in_use_is_named_with_a_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, words = refusal(DATA=str(tmp_path / "data"), PORT=port)
    assert code != 0
    assert f"Port {port}" in words and "PORT=" in words
    assert len(words.splitlines()) == 1


def test_a_storage_port_in_use_is_named_too(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, words = refusal(DATA=str(tmp_path / "data"), OBJECTS_PORT=port)
    assert code != 0
    assert f"Port {port}" in words and "OBJECTS_PORT=" in words


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "data"
    code, words = refusal(DATA=str(folder))
    assert code != 0
    assert str(folder) in words and "DATA=" in words


def test_a_web_server_that_nobody_knows_is_refused(tmp_path):
    code, words = refusal(DATA=str(tmp_path), SERVER="apache")
    assert code != 0
    assert "lighttpd or nginx" in words


def test_a_wrong_setting_is_refused_with_its_fix(tmp_path):
    code, words = refusal(DATA=str(tmp_path), MAX_FILE_SIZE="lots")
    assert code != 0
    assert "MAX_FILE_SIZE=lots" in words


def test_nobody_else_can_read_what_is_kept(vitrine):
    open_to_others = [path for path in vitrine.data.rglob("*")
                      if not path.is_symlink() and path.stat().st_mode & 0o007
                      and path.name != "make-run.log"]  # the test's own
    assert open_to_others == []


def test_two_vitrines_never_share_a_data_folder(vitrine):
    code, words = refusal(DATA=str(vitrine.data))
    assert code != 0
    assert "Another Vitrine" in words


# --- the web server's part ---

def test_versioned_files_are_immutable_and_others_are_asked_about(vitrine):
    browser = vitrine.client()
    style = next((ROOT / "static").glob("*.css")).name
    versioned = browser.get(f"/static/{style}?v=1")
    plain = browser.get(f"/static/{style}")
    assert versioned.status_code == plain.status_code == 200
    assert "immutable" in versioned.headers["Cache-Control"]
    assert plain.headers["Cache-Control"] == "no-cache"
    again = browser.get(f"/static/{style}", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", [
    "/static/../lighttpd.conf", "/static/%2e%2e/lighttpd.conf", "/static/..%2flighttpd.conf",
    "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd", "/static//etc/passwd", "/static/", "/static",
])
def test_nothing_but_static_files_is_served_as_one(vitrine, path):
    with socket.create_connection(("127.0.0.1", vitrine.port), timeout=PATIENCE_S) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert int(answer.split()[1]) in (400, 403, 404), answer[:200]
    assert b"server.port" not in answer and b"root:" not in answer


def test_ten_megabytes_of_cookies_are_refused_and_the_next_request_is_answered(vitrine):
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"Cookie: " + b"a" * 1000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", vitrine.port), timeout=PATIENCE_S) as connection:
        try:
            connection.sendall(head + (b"Cookie: " + b"a" * 1000 + b"\r\n") * 10000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it stopped listening before the end
        try:
            answer = connection.recv(65536)
        except ConnectionResetError:
            answer = b""
    assert answer == b"" or b" 431 " in answer.split(b"\r\n")[0]
    assert answers(vitrine)


def test_headers_of_forty_kilobytes_are_431(vitrine):
    answer = vitrine.client().get("/", headers={"Cookie": "a=" + "b" * 40000})
    assert answer.status_code == 431


def test_a_body_over_the_limit_is_413(vitrine):
    answer = vitrine.client().post("/images", data=b"x" * (5 * 1024 * 1024),
                                   headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_logs_hold_no_signature_token_or_cookie(vitrine):
    browser = vitrine.admin()
    secret = browser.cookies.get_dict()
    browser.get("/i/1?X-Amz-Signature=deadbeefdeadbeef")
    requests.get(vitrine.objects_url + "/vitrine/a?X-Amz-Signature=deadbeefdeadbeef", timeout=PATIENCE_S)
    wait_until(lambda: '"route":"/i/:id"' in vitrine.log())
    text = "".join(path.read_text(errors="replace") for path in pathlib.Path(vitrine.data / "log").iterdir())
    assert "deadbeefdeadbeef" not in text
    assert not [value for value in secret.values() if value in text]
