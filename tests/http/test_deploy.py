"""deploy/systemd and deploy/nginx as docs/production.md installs them: the units as systemd judges and starts them,
site.conf under a real nginx with TLS, users apart from each other. Only folders, ports and certificates differ."""

import concurrent.futures
import configparser
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
import requests

from app_pictures import png
from harness.patience import PATIENCE_S
from harness.ports import free_ports
from harness.vitrine import ADMIN_EMAIL, ADMIN_PASSWORD, BUILD, ROOT

UNITS = ROOT / "deploy" / "systemd"
SERVICES = ("vitrine.service", "vitrine-objects.service", "vitrine-worker.service")

# The accounts that docs/production.md makes: vitrine's own, and nginx' that is in its group.
VITRINE, NGINX = (65534, 65534), (33, 65534)


def unit(name):
    """The sections of a unit; of a name that comes twice the last."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string((UNITS / name).read_text())
    return parser


class Site:
    """What `/` is for the machine is `root` here."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-deploy-"))
        self.root.chmod(0o755)
        port = free_ports(3)
        self.http_port, self.https_port, self.objects_port = port, port + 1, port + 2
        self.running = {}
        self.sockets = {}

    def __enter__(self):
        try:
            return self.install()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    # --- docs/production.md, step by step ---

    def install(self):
        here = self.root
        (here / "opt/vitrine/build/cgi-bin").mkdir(parents=True)
        for name in ("vitrine", "vitrine-worker", "cgi-bin/vitrine.fcgi", "cgi-bin/objects.fcgi"):
            shutil.copy(BUILD / name, here / "opt/vitrine/build" / name)
        for name in ("static", "templates"):
            shutil.copytree(ROOT / name, here / "opt/vitrine" / name)
        for name in ("etc/vitrine", "etc/nginx/vitrine", "etc/nginx/conf.d", "etc/systemd/system", "run/vitrine",
                     "var/log/nginx", "var/lib", "bin"):
            (here / name).mkdir(parents=True)
        for name in ("http", "fastcgi", "app"):
            shutil.copy(ROOT / f"deploy/nginx/{name}.conf", here / "etc/nginx/vitrine")
        shutil.copy(ROOT / "deploy/embedded/nginx-objects.conf", here / "etc/nginx/vitrine")
        (here / "etc/nginx/conf.d/vitrine.conf").write_text(self.placed((ROOT / "deploy/nginx/site.conf").read_text()))
        (here / "etc/nginx/nginx.conf").write_text(self.placed("""
            daemon off; pid /var/log/nginx/nginx.pid; error_log /var/log/nginx/error.log;
            events { }
            http {
                types { text/css css; text/javascript js; }
                client_body_temp_path /var/log/nginx/body; proxy_temp_path /var/log/nginx/proxy;
                fastcgi_temp_path /var/log/nginx/fastcgi; uwsgi_temp_path /var/log/nginx/uwsgi;
                scgi_temp_path /var/log/nginx/scgi;
                include /etc/nginx/conf.d/*.conf;
            }"""))
        for path in UNITS.glob("vitrine*"):
            shutil.copy(path, here / "etc/systemd/system")
        self.certify()
        self.own(here / "var/log/nginx", NGINX)
        return self

    def placed(self, text):
        """The same with our folders and ports."""
        text = re.sub(r"(?<![\w/.])/(opt|run|var|etc)/", lambda match: f"{self.root}/{match[1]}/", text)
        text = re.sub(r"listen( +)(\[::\]:)?80;", rf"listen 127.0.0.1:{self.http_port};" , text, count=1)
        text = re.sub(r"listen +\[::\]:80;", "", text)
        text = re.sub(r"listen +443 ", f"listen 127.0.0.1:{self.https_port} ", text)
        text = re.sub(r"listen +\[::\]:443 .*?;", "", text)
        return text.replace("127.0.0.1:8081", f"127.0.0.1:{self.objects_port}")

    def certify(self):
        for host in ("images.example.org", "objects.example.org"):
            folder = self.root / "etc/ssl" / host
            folder.mkdir(parents=True)
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-keyout", folder / "privkey.pem",
                 "-out", folder / "fullchain.pem"], check=True, capture_output=True, timeout=PATIENCE_S)
            (folder / "privkey.pem").chmod(0o644)
        bundle = "".join(path.read_text() for path in self.root.glob("etc/ssl/*/fullchain.pem"))
        (self.root / "ca.pem").write_text(bundle)

    @staticmethod
    def own(path, who):
        if os.geteuid() == 0:
            os.chown(path, *who)

    # --- what systemd does ---

    def environment(self, service):
        """Environment= and EnvironmentFile= of a service; the file is env.example, edited as it says."""
        values = dict(item.split("=", 1) for item in shlex.split(service["Service"]["Environment"]))
        text = (UNITS / "env.example").read_text()
        text = re.sub(r"^(S3_\w+=)", r"#\1", text, flags=re.M)  # "or, instead of the five lines above, Vitrine's own"
        text = re.sub(r"^#(S3_EMBEDDED|OBJECTS_ROOT|S3_ENDPOINT_URL=http://127|S3_PUBLIC)", r"\1", text, flags=re.M)
        values.update(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
        values = {name: self.placed(value) for name, value in values.items()}
        for name in ("PUBLIC_URL", "S3_PUBLIC_ENDPOINT_URL"):
            values[name] += f":{self.https_port}"
        values["ADMIN_EMAIL"] = ADMIN_EMAIL
        values["ADMIN_PASSWORD"] = ADMIN_PASSWORD
        return {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **values}

    def listen(self, name):
        """As ListenStream=, SocketMode= and Backlog= of a socket unit say."""
        wanted = unit(name)["Socket"]
        path = pathlib.Path(self.placed(wanted["ListenStream"]))
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(path))
        path.chmod(int(wanted["SocketMode"], 8))
        self.own(path, (VITRINE[0], NGINX[0]))
        listening.listen(int(wanted["Backlog"]))
        self.sockets[name] = listening
        return listening

    def command(self, service, words, stdin):
        """A command of a service in its folder, as its user, with the socket that systemd has made as its stdin."""
        who = {"user": VITRINE[0], "group": VITRINE[1], "extra_groups": []} if os.geteuid() == 0 else {}
        section = service["Service"]
        return {"args": [self.placed(word) for word in shlex.split(words)], "cwd": self.placed(section["WorkingDirectory"]),
                "env": self.environment(service), "umask": int(section["UMask"], 8), "stdin": stdin, **who}

    def start(self, name):
        service = unit(name)
        section = service["Service"]
        for folder in section["StateDirectory"].split():
            path = self.root / "var/lib" / folder
            path.mkdir(exist_ok=True, mode=int(section["StateDirectoryMode"], 8))
            self.own(path, VITRINE)
        stdin = subprocess.DEVNULL
        if section["StandardInput"] == "socket":
            name_of_socket = name.replace(".service", ".socket")
            stdin = self.sockets.get(name_of_socket) or self.listen(name_of_socket)
        if "ExecStartPre" in section:
            subprocess.run(**self.command(service, section["ExecStartPre"], stdin), check=True, timeout=PATIENCE_S,
                           capture_output=True)
        with (self.root / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(**self.command(service, section["ExecStart"], stdin), stdout=log, stderr=log)

    def start_nginx(self):
        who = {"user": NGINX[0], "group": NGINX[0], "extra_groups": [NGINX[1]]} if os.geteuid() == 0 else {}
        command = ["nginx", "-e", self.root / "var/log/nginx/error.log", "-c", self.root / "etc/nginx/nginx.conf"]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=PATIENCE_S, check=False, **who)
        assert checked.returncode == 0 and "[warn]" not in checked.stderr, checked.stderr
        self.running["nginx"] = subprocess.Popen(command, stdin=subprocess.DEVNULL, **who)

    def end(self, name):
        """Stop it as systemd does; its exit code."""
        process = self.running.pop(name)
        process.terminate()
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def stop(self):
        for name in list(self.running):
            self.end(name)
        for listening in self.sockets.values():
            listening.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in
                         [*self.root.glob("*.log"), *self.root.glob("var/log/nginx/*.log")])

    # --- what people do ---

    def client(self):
        client = requests.Session()
        client.trust_env = False
        client.verify = str(self.root / "ca.pem")
        client.headers["Origin"] = self.url("images")
        return client

    def url(self, host, path=""):
        return f"https://{host}.example.org:{self.https_port}{path}"

    def wait_until_healthy(self):
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self.client().get(self.url("images", "/health"), timeout=PATIENCE_S)
                if answer.status_code == 200:
                    return
            except requests.ConnectionError:
                answer = None
            assert time.monotonic() < end, f"{answer and answer.text}\n{self.logs()}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def names():
    """images.example.org and its like are this machine."""
    patch, real = pytest.MonkeyPatch(), socket.getaddrinfo
    patch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real(
        "127.0.0.1" if str(host).endswith(".example.org") else host, *rest, **more))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def site(names):
    with Site() as running:
        for name in SERVICES[:2]:
            running.start(name)
        running.start_nginx()
        # "Then, once the storage answers: vitrine init --storage"
        service = unit("vitrine.service")
        running.wait_until_healthy()
        subprocess.run(**running.command(service, "/opt/vitrine/build/vitrine init --storage", subprocess.DEVNULL),
                       check=True, timeout=PATIENCE_S, capture_output=True)
        running.start(SERVICES[2])
        yield running


@pytest.fixture(scope="module")
def admin(site):
    client = site.client()
    page = client.get(site.url("images", "/sign-in"))
    csrf = re.search(r'name="csrf"\s+value="([^"]*)"', page.text).group(1)
    answer = client.post(site.url("images", "/sign-in"), allow_redirects=False,
                         data={"csrf": csrf, "email": ADMIN_EMAIL, "password": ADMIN_PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    system = tmp_path / "etc/systemd/system"
    system.mkdir(parents=True)
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True)
    for path in UNITS.glob("vitrine*"):
        shutil.copy(path, system)
        for program in re.findall(r"^Exec\w+=(/\S+)", path.read_text(), re.M):
            target = tmp_path / program.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch(mode=0o755)
    done = subprocess.run(["systemd-analyze", "verify", f"--root={tmp_path}", "--man=no",
                           *sorted(path.name for path in system.iterdir())],
                          capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0 and "vitrine" not in done.stderr, done.stderr


def test_every_file_that_a_unit_names_is_built_or_made_by_the_documented_steps(site):
    for name in SERVICES:
        section = unit(name)["Service"]
        for key in ("ExecStart", "WorkingDirectory"):
            assert pathlib.Path(site.placed(section[key])).exists(), (name, key)
        assert section["User"] == "vitrine"


def test_plain_http_leads_to_https(site):
    answer = requests.get(f"http://images.example.org:{site.http_port}/admin/images?q=a", allow_redirects=False, timeout=PATIENCE_S)
    assert answer.status_code == 301 and answer.headers["Location"] == "https://images.example.org/admin/images?q=a"


def test_cookies_are_bound_to_the_host_and_browsers_stay_with_tls(site, admin):
    answer = site.client().get(site.url("images", "/sign-in"))
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-") and "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie
    assert all(cookie.secure and cookie.name.startswith("__Host-") for cookie in admin.cookies)
    for path in ("/sign-in", "/admin/images", "/health", "/nowhere", "/images"):
        assert admin.get(site.url("images", path)).headers["Strict-Transport-Security"] == "max-age=31536000", path
    policy = admin.get(site.url("images", "/admin/upload")).headers["Content-Security-Policy"]
    assert site.url("objects") in policy and "http:" not in policy


def test_a_picture_goes_straight_to_the_storage_and_comes_back_from_its_file(site, admin):
    content = png()
    grant = admin.post(site.url("images", "/images/presign-upload"),
                       json={"filename": "a.png", "filetype": "image/png", "size": len(content)}).json()
    assert grant["url"].startswith(site.url("objects") + "/"), grant
    put = site.client().put(grant["url"], data=content, headers=grant["headers"])
    assert put.status_code == 200, put.text + site.logs()
    saved = admin.post(site.url("images", "/images"), json={"key": grant["key"], "filename": "a.png", "filetype": "image/png"})
    assert saved.status_code in (200, 201), saved.text
    signed = admin.get(site.url("images", f"/images/{saved.json()['image']['id']}/signed-url")).json()
    shown = site.client().get(signed["url"])
    assert shown.status_code == 200 and shown.content == content, f"{shown.status_code} {shown.text[:300]} {site.logs()}"
    assert "Signature" not in site.logs(), "a signature is in a log"


def test_styles_come_from_the_web_server(site):
    answer = site.client().get(site.url("images", "/static/style.css"))
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_but_nginx_may_write_to_the_sockets(site):
    for path in (site.root / "run/vitrine").iterdir():
        assert path.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("name", SERVICES[:2])
def test_a_service_that_starts_anew_answers_what_came_meanwhile(site, name):
    """The socket is systemd's, so that a restart refuses nobody: the connection waits in it."""
    url, expected = {"vitrine.service": (site.url("images", "/sign-in"), 200),
                     "vitrine-objects.service": (site.url("objects", "/"), 403)}[name]
    assert site.end(name) == 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asking = pool.submit(site.client().get, url, timeout=PATIENCE_S)
        site.start(name)
        assert asking.result().status_code == expected, site.logs()


def test_the_worker_does_its_jobs_and_stops_when_it_is_told(site):
    end = time.monotonic() + PATIENCE_S
    while '"level":"error"' not in (log := (site.root / "vitrine-worker.service.log").read_text()) and "job" not in log:
        assert site.running["vitrine-worker.service"].poll() is None, log
        assert time.monotonic() < end, log
        time.sleep(0.1)
    assert '"level":"error"' not in log, log
    assert site.end("vitrine-worker.service") == 0
