"""Start Vitrine as a person would (tools/run), with data of its own on free ports, and stop it.

Nothing is faked: web server, both workers, database and storage are the ones of `make run`. Only the
worker that runs jobs is left out unless it is asked for (WORKER="on"), so that nothing happens by
itself; worker_once() runs what is due. A started Vitrine is bounded in every wait, and after stop() no
process of it is left, which is checked.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import requests

from .patience import PATIENCE_S, wait_until
from .ports import free_ports

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")

ADMIN_EMAIL = "admin@example.org"
ADMIN_PASSWORD = "correct horse battery staple"

IDLE_S = 20  # servers close a connection on which nothing came for 60 s (lighttpd.conf, deploy/nginx)

# Settings of the machine that the tests run on must not leak in.
SETTINGS_PREFIXES = ("S3_", "AWS_", "CLOUDFRONT_", "JWT_", "OPEN_", "SECRETS_")


def is_using(process, folder):
    """Whether /proc/PID is alive and holds a file in `folder` open, or was started to work in it."""
    try:
        if (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        if f"DATA={folder}\0".encode() in (process / "environ").read_bytes():
            return True
        # nginx overwrites its environment, but keeps its logs open
        return any(os.readlink(entry).startswith(f"{folder}/") for entry in (process / "fd").iterdir())
    except OSError:  # it ended while we looked, or belongs to somebody else
        return False


def processes_using(folder):
    """Pids of the living processes of the Vitrine whose data is in `folder`."""
    return sorted(int(process.name) for process in pathlib.Path("/proc").glob("[0-9]*")
                  if int(process.name) != os.getpid() and is_using(process, folder))


def name_of(pid):
    """The name of a process; nothing when it has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


def kill(pid):
    """kill -9, of what may have ended by itself meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Client(requests.Session):
    """An HTTP client of one origin: addresses may be paths, nothing is followed unless asked.

    It keeps cookies as a browser does; json_call() sends the Origin header as a browser's fetch() does. A
    connection that was idle for long is not used again: the server might close it just then, and a POST on
    it could not be repeated (RFC 9112 section 9.3.1).
    """

    def __init__(self, base_url):
        super().__init__()
        self.base_url = base_url
        self.used_at = time.monotonic()
        self.trust_env = False  # no proxies, no .netrc

    def request(self, method, url, **options):
        if url.startswith("/"):
            url = self.base_url + url
        options.setdefault("timeout", PATIENCE_S)
        if time.monotonic() - self.used_at > IDLE_S:
            self.close()
        try:
            return super().request(method, url, **options)
        finally:
            self.used_at = time.monotonic()

    def get(self, url, **options):
        return super().get(url, **{"allow_redirects": False, **options})

    def post(self, url, data=None, json=None, **options):
        return super().post(url, data, json, **{"allow_redirects": False, **options})

    def json_call(self, method, path, body=None, **options):
        headers = {"Origin": self.base_url, "Accept": "application/json", **options.pop("headers", {})}
        return self.request(method, path, json=body, headers=headers, **options)

    def csrf(self, path):
        """The CSRF token of the first form of a page."""
        page = self.get(path)
        found = re.search(r'name="csrf"\s+value="([^"]*)"', page.text)
        assert found, f"no CSRF token in the page {path} ({page.status_code}): {page.text[:500]}"
        return found.group(1)

    def post_form(self, path, fields, page=None, **options):
        """Post a form with the CSRF token of `page` (by default the page it posts to)."""
        fields = {"csrf": self.csrf(page or path), **fields}
        headers = {"Origin": self.base_url, **options.pop("headers", {})}
        return self.post(path, data=fields, headers=headers, **options)

    def sign_in(self, email, password):
        answer = self.post_form("/sign-in", {"email": email, "password": password})
        assert answer.status_code == 303, f"sign-in failed: {answer.status_code} {answer.text[:500]}"
        return self


class Vitrine:
    """One running Vitrine. Order of use: start(), use it, stop(); or `with Vitrine(...) as vitrine`."""

    def __init__(self, server="lighttpd", data=None, **settings):
        self.server = server
        self.is_own_data = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="vitrine-test-"))
        self.port = free_ports(2)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.objects_url = f"http://127.0.0.1:{self.port + 1}"
        self.admin_email = ADMIN_EMAIL
        self.admin_password = ADMIN_PASSWORD
        self.process = None
        self.output = None
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(SETTINGS_PREFIXES)
        }
        self.environment.update(
            SERVER=server,
            DATA=str(self.data),
            PORT=str(self.port),
            BIND="127.0.0.1",
            ADMIN_EMAIL=ADMIN_EMAIL,
            ADMIN_PASSWORD=ADMIN_PASSWORD,
            WORKER="off",
            AWS_EC2_METADATA_DISABLED="true",  # the machine of the tests may be one of Amazon's
        )
        self.environment.update({name: str(value) for name, value in settings.items()})

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- life ---

    def start(self):
        """Start it and wait until it says that it is ready."""
        self.output = self.data / "make-run.log"
        # setpriv: were the test runner killed, the supervisor would still stop everything. env: a runner that was
        # started in the background is deaf to INT, and a shell cannot listen to what was ignored before it.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "env", "--default-signal=INT", ROOT / "tools" / "run"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.output.open("wb"),
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            wait_until(self.has_started, "Vitrine starting")
        except (AssertionError, RuntimeError) as problem:
            self.stop(check=False, keep_data=True)
            raise RuntimeError(f"{problem}\n{self.output.read_text()}\n{self.logs()}") from None
        return self

    def has_started(self):
        """Whether it said so."""
        is_running = self.process.poll() is None  # looked at first: it may speak and end
        is_ready = "Vitrine is ready" in self.output.read_text()
        if not is_running and not is_ready:
            raise RuntimeError("Vitrine did not start:")
        return is_ready

    def stop(self, check=True, keep_data=False):
        """Stop it as Ctrl-C's sibling TERM does; then check that it left no process behind."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            complaints = [line for name in ("vitrine", "objects", "worker") for line in self.log(name).splitlines()
                          if "Sanitizer" in line or "runtime error:" in line]
            left = processes_using(self.data)
            for pid in left:
                kill(pid)
            self.process = None
            if self.is_own_data and not keep_data:
                shutil.rmtree(self.data, ignore_errors=True)
        assert not (check and left), f"processes left after a stop: {left}"
        assert not complaints, f"the sanitizers complain: {complaints}"

    def restart(self, **settings):
        """Stop it, keep its data, start it again with these settings changed."""
        self.stop(keep_data=True)
        self.environment.update({name: str(value) for name, value in settings.items()})
        return self.start()

    def kill(self, program="vitrine.fcgi"):
        """kill -9 every process of a program; whoever supervises them starts them again."""
        for pid in self.pids_of(program):
            kill(pid)

    def pids_of(self, program="vitrine.fcgi"):
        """The pids of a program of this Vitrine: vitrine.fcgi, vitrine-worker, objects.fcgi, lighttpd, nginx."""
        return [pid for pid in processes_using(self.data) if program in name_of(pid)]

    # --- what people have ---

    def client(self):
        """A new browser, signed in as nobody."""
        return Client(self.base_url)

    def admin(self):
        """A new browser, signed in as the administrator."""
        return self.client().sign_in(self.admin_email, self.admin_password)

    def cli(self, *arguments, stdin="", check=True, **settings):
        """Run the command line program on this Vitrine's data, with these settings changed; the finished process."""
        done = subprocess.run(
            [BUILD / "vitrine", *arguments], env={**self.environment, **settings}, cwd=ROOT, input=stdin,
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert not check or done.returncode == 0, f"vitrine {arguments}: {done.stdout}{done.stderr}"
        return done

    def worker_once(self, check=True, **settings):
        """Run all jobs that are due; the finished process."""
        done = subprocess.run(
            [BUILD / "vitrine-worker", "--once"], env={**self.environment, **settings}, cwd=ROOT,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert not check or done.returncode == 0, f"vitrine-worker --once: {done.stdout}{done.stderr}"
        return done

    def start_worker(self, **settings):
        """A worker besides the one of tools/run, if any; the caller ends it. Its log: worker.log."""
        with (self.data / "log" / "worker.log").open("ab") as log:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", BUILD / "vitrine-worker"],
                env={**self.environment, **settings}, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def keys(self):
        """(access key id, secret) of the embedded storage."""
        settings = dict(line.split("=", 1) for line in
                        (self.data / "settings.env").read_text().splitlines()
                        if "=" in line and not line.startswith("#"))
        unquoted = {name: value.strip("\"'") for name, value in settings.items()}
        return unquoted["S3_ACCESS_KEY_ID"], unquoted["S3_SECRET_ACCESS_KEY"]

    def sql(self, statement, *parameters):
        """Run a statement on the database, in a writer's turn (ADR 4) like everyone; its rows."""
        with (self.data / "vitrine.db-turn").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            db = sqlite3.connect(self.data / "vitrine.db", timeout=PATIENCE_S, isolation_level=None)
            try:
                db.execute("PRAGMA wal_autocheckpoint = 0")
                return db.execute(statement, parameters).fetchall()
            finally:
                db.close()

    def forget_failed_sign_ins(self):
        """Empty the table of the sign-in throttle."""
        self.sql("DELETE FROM throttle")

    def log(self, name="vitrine"):
        """The text of one log file: vitrine, lighttpd, nginx, objects, access."""
        path = self.data / "log" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self, lines=20):
        """The ends of all logs, for messages."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
            for path in sorted((self.data / "log").glob("*.log")))
