"""The worker itself: as plain CGI, with a database that comes late, with templates that change while it runs."""

import os
import shutil
import signal
import socket
import struct
import subprocess

import pytest

from harness.patience import PATIENCE_S, wait_until
from harness.vitrine import BUILD, ROOT

WORKER = BUILD / "cgi-bin" / "vitrine.fcgi"
KEYS = {"S3_ACCESS_KEY_ID": "VTTEST", "S3_SECRET_ACCESS_KEY": "not a secret",
        "JWT_SECRET": "Zm9yIHRlc3RzIG9ubHk6IDQ4IHJhbmRvbSBieXRlcyB3b3VsZCBnbyBoZXJl"}


def settings(folder, **more):
    return {"PATH": os.environ["PATH"], "DATA": str(folder), "TEMPLATES": str(ROOT / "templates"),
            "STATIC": str(ROOT / "static"), "ADMIN_PASSWORD": "a long enough password", **KEYS, **more}


def initialise(environment):
    subprocess.run([BUILD / "vitrine", "init"], env=environment, cwd=ROOT, check=True, capture_output=True,
                   timeout=PATIENCE_S)


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    return struct.pack(">II", len(name) | 0x80000000, len(value) | 0x80000000) + name + value


def ask(path, target="/sign-in", **variables):
    """One GET by FastCGI; the whole answer as text."""
    variables = {"REQUEST_METHOD": "GET", "REQUEST_URI": target, "HTTP_HOST": "localhost",
                 "REMOTE_ADDR": "192.0.2.1", **variables}
    params = b"".join(pair(name.encode(), value.encode()) for name, value in variables.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(path))
        connection.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"")
                           + record(5, b""))
        stream = connection.makefile("rb")
        out = b""
        while header := stream.read(8):
            _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
            content = stream.read(length)
            stream.read(padding)
            if kind == 6:
                out += content
            if kind == 3:
                break
        return out.decode()


def listens(path):
    """The file is there a moment before anybody listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0


class Worker:
    """vitrine.fcgi on a socket of its own."""

    def __init__(self, folder, environment):
        self.socket = folder / "worker.sock"
        self.log = (folder / "worker.log").open("w+")
        self.process = subprocess.Popen([WORKER, "--socket", self.socket], env=environment, cwd=ROOT,
                                        stdin=subprocess.DEVNULL, stderr=self.log)
        wait_until(lambda: listens(self.socket) or self.process.poll() is not None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self.log.close()
        assert code == 0, f"ended with {code}"

    def until(self, wanted, **variables):
        """Ask until the answer holds `wanted`; the last answer."""
        return wait_until(lambda: wanted in (answer := ask(self.socket, **variables)) and answer, wanted)


def run_cgi(environment, body=b"", **variables):
    variables = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "HTTP_HOST": "localhost",
                 "REMOTE_ADDR": "192.0.2.1", "SERVER_PROTOCOL": "HTTP/1.1", **variables}
    return subprocess.run([WORKER], env={**environment, **variables}, cwd=ROOT, input=body,
                          capture_output=True, timeout=PATIENCE_S, check=False)


def test_it_answers_one_request_as_plain_cgi(tmp_path):
    environment = settings(tmp_path)
    initialise(environment)
    done = run_cgi(environment, REQUEST_URI="/sign-in?next=%2Fadmin%2Fupload")
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    assert done.returncode == 0
    assert head.startswith("Status: 200"), head
    assert "<h1>Sign in</h1>" in body and 'value="/admin/upload"' in body
    assert '"route":"/sign-in"' in done.stderr.decode()


def test_plain_cgi_reads_a_body(tmp_path):
    environment = settings(tmp_path)
    initialise(environment)
    done = run_cgi(environment, b"email=x", REQUEST_METHOD="POST", REQUEST_URI="/sign-in",
                   CONTENT_TYPE="application/x-www-form-urlencoded", CONTENT_LENGTH="7")
    assert b"Status: 403" in done.stdout


def test_a_database_that_comes_late_is_found(tmp_path):
    environment = settings(tmp_path)
    with Worker(tmp_path, environment) as worker:
        answer = ask(worker.socket)
        assert answer.startswith("Status: 503") and "Retry-After: 5" in answer, answer
        initialise(environment)
        assert "<h1>Sign in</h1>" in worker.until("<h1>Sign in</h1>")


def test_templates_are_read_again_and_broken_ones_are_not(tmp_path):
    templates = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", templates)
    environment = settings(tmp_path, TEMPLATES=str(templates))
    initialise(environment)
    page = templates / "sign-in.mustache"
    with Worker(tmp_path, environment) as worker:
        assert "<h1>Sign in</h1>" in ask(worker.socket)
        page.write_text(page.read_text().replace("<h1>Sign in</h1>", "<h1>Come in</h1>"))
        worker.process.send_signal(signal.SIGHUP)
        assert "<h1>Come in</h1>" in worker.until("<h1>Come in</h1>")
        page.write_text("{{#open}} never closed")
        worker.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "sign-in.mustache" in (tmp_path / "worker.log").read_text(), "the complaint")
        assert "<h1>Come in</h1>" in ask(worker.socket)


def test_a_broken_template_stops_it_at_the_start(tmp_path):
    templates = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", templates)
    (templates / "image.mustache").write_text("{{#open}}")
    environment = settings(tmp_path, TEMPLATES=str(templates))
    done = run_cgi(environment, REQUEST_URI="/")
    assert done.returncode == 1 and b"image.mustache" in done.stderr


@pytest.mark.parametrize("arguments", (["--nope"], ["--socket"], ["a", "b", "c"]))
def test_wrong_arguments_are_told(tmp_path, arguments):
    done = subprocess.run([WORKER, *arguments], env=settings(tmp_path), cwd=ROOT, capture_output=True,
                          timeout=PATIENCE_S, check=False)
    assert done.returncode == 2 and b"usage:" in done.stderr


def test_wrong_settings_stop_it_with_all_of_them(tmp_path):
    done = run_cgi(settings(tmp_path, THREADS="many", PORT="0"), REQUEST_URI="/")
    assert done.returncode == 2
    assert b"THREADS" in done.stderr and b"PORT" in done.stderr
