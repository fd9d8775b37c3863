"""The embedded S3 endpoint behind a real lighttpd or nginx, for tests.

    server = ObjectsServer("lighttpd", folder)
    server.start()
    ...
    server.stop()

The server blocks are those of deploy/embedded/; only what surrounds them is written here. Everything
listens on 127.0.0.1 and a free port, lives in the given folder, and is ended by its process id.
"""

import contextlib
import datetime
import os
import pathlib
import resource
import signal
import socket
import subprocess
import unittest.mock
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from harness.patience import PATIENCE_S, wait_until
from harness.ports import free_port
from harness.s3_client import s3_client
from harness.vitrine import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = BUILD
KINDS = ("lighttpd", "nginx")
SENDFILE = {"lighttpd": "x-sendfile", "nginx": "x-accel-redirect"}
ACCESS_KEY, SECRET_KEY, REGION = "TESTACCESSKEY", "test/secret+key", "eu-test-1"

LIGHTTPD_CONF = """
server.modules       = ( "mod_fastcgi" )
server.bind          = "127.0.0.1"
server.port          = {port}
server.document-root = env.DATA + "/run"
server.errorlog      = env.DATA + "/log/lighttpd.log"
server.breakagelog   = env.DATA + "/log/worker.log"
server.feature-flags = ( "server.h2proto" => "disable", "server.h2c" => "disable" )
server.upload-dirs   = ( env.DATA + "/run" )
server.max-keep-alive-idle = 60
server.http-parseopts = ( "url-normalize" => "disable", "url-ctrls-reject" => "disable" )
$SERVER["socket"] == "127.0.0.1:{port}" {{
    include "{root}/deploy/embedded/lighttpd-objects.conf"
}}
"""

NGINX_CONF = """
{user}
daemon off;
worker_processes 1;
pid {data}/run/nginx.pid;
error_log {data}/log/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {data}/run/nginx-body;
    fastcgi_temp_path {data}/run/nginx-fastcgi;
    proxy_temp_path {data}/run/nginx-proxy;
    uwsgi_temp_path {data}/run/nginx-uwsgi;
    scgi_temp_path {data}/run/nginx-scgi;
    include vitrine/http.conf;
    upstream vitrine_objects {{ server unix:{data}/run/objects.sock; }}
    map "" $vitrine_objects_root {{ default "{objects}"; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        include {root}/deploy/embedded/nginx-objects.conf;
    }}
}}
"""


class ObjectsServer:
    def __init__(self, kind, folder, file_limit=None, objects=None, **settings):
        self.kind, self.data = kind, pathlib.Path(folder)
        self.objects = pathlib.Path(objects or self.data / "objects")
        self.file_limit, self.settings = file_limit, settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.web = self.worker = None

    # --- starting and stopping -------------------------------------------------------------------

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "ASAN_OPTIONS")}
        return keep | {
            "DATA": str(self.data), "ROOT": str(self.data), "PROGRAMS": str(PROGRAMS), "OBJECTS_ROOT": str(self.objects),
            "S3_ACCESS_KEY_ID": ACCESS_KEY, "S3_SECRET_ACCESS_KEY": SECRET_KEY,
            "S3_REGION": REGION, "S3_BUCKET": "vitrine", "SENDFILE": SENDFILE[self.kind],
            "LOG_LEVEL": "warn", "MAX_FILE_SIZE": "5GB",
        } | {k: str(v) for k, v in self.settings.items()}

    def limits(self):
        if self.file_limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_limit, self.file_limit))

    def spawn(self, command, log):
        with open(self.data / "log" / log, "ab") as out:
            return subprocess.Popen(command, env=self.environment(), cwd=self.data,
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                    preexec_fn=self.limits)

    def start(self):
        try:
            return self.start_unguarded()
        except BaseException:
            self.stop()  # who gets no server cannot stop it
            raise

    def start_unguarded(self):
        for name in ("run", "log"):
            (self.data / name).mkdir(parents=True, exist_ok=True)
        conf = self.data / "run" / f"{self.kind}.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        text = LIGHTTPD_CONF if self.kind == "lighttpd" else NGINX_CONF
        conf.write_text(text.format(port=self.port, root=ROOT, data=self.data,
                                    objects=self.objects, user=user))
        if self.kind == "nginx":
            link = self.data / "run" / "vitrine"
            if not link.exists():
                link.symlink_to(ROOT / "deploy" / "nginx")
            self.start_worker()
            command = ["nginx", "-e", str(self.data / "log" / "nginx.log"), "-c", str(conf)]
        else:
            command = ["lighttpd", "-D", "-f", str(conf)]
        self.web = self.spawn(command, "server.log")
        wait_until(self.answers, what=f"{self.kind} with objects.fcgi starting")
        return self

    def start_worker(self):
        """Behind nginx only: lighttpd starts its worker itself, again when it died."""
        path = self.spawn_worker()
        wait_until(path.exists, what="objects.fcgi listening")

    def spawn_worker(self):
        path = self.data / "run" / "objects.sock"
        path.unlink(missing_ok=True)
        self.worker = self.spawn(
            [str(PROGRAMS / "cgi-bin" / "objects.fcgi"), "--socket", str(path)], "worker.log")
        return path

    def answers(self):
        if self.web.poll() is not None or (self.worker and self.worker.poll() is not None):
            raise RuntimeError(self.logs())
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as s:
                s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return b"AccessDenied" in read_all(s)
        except OSError:
            return False

    def stop(self):
        for process, sign in ((self.web, signal.SIGTERM), (self.worker, signal.SIGTERM)):
            if process and process.poll() is None:
                process.send_signal(sign)
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.web = self.worker = None
        logs = self.logs()
        assert "Sanitizer" not in logs and "runtime error" not in logs, logs

    def kill_worker(self):
        """kill -9, and wait until another one answers."""
        os.kill(self.worker_pid(), signal.SIGKILL)
        if self.kind == "nginx":
            self.worker.wait()
            self.start_worker()
        wait_until(self.answers, what="a new worker answering")

    def worker_pid(self):
        if self.worker:
            return self.worker.pid
        children = pathlib.Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text()
        for child in children.split():
            if "objects.fcgi" in pathlib.Path(f"/proc/{child}/cmdline").read_text():
                return int(child)
        raise RuntimeError("there is no worker: " + self.logs())

    # --- looking at it -------------------------------------------------------------------------------

    def logs(self):
        return "".join(f"--- {f.name}\n{f.read_text(errors='replace')[-3000:]}"
                       for f in sorted((self.data / "log").iterdir()))

    def rss_kib(self, peak=True):
        text = pathlib.Path(f"/proc/{self.worker_pid()}/status").read_text()
        field = "VmHWM:" if peak else "VmRSS:"
        return next(int(l.split()[1]) for l in text.splitlines() if l.startswith(field))

    def files(self, folder):
        return sorted(p for p in (self.objects / folder).rglob("*") if p.is_file())

    def client(self, **config):
        return s3_client(self.url, ACCESS_KEY, SECRET_KEY, REGION, **({"max_pool_connections": 128} | config))


@contextlib.contextmanager
def signing_at(moment):
    """botocore's signers believe that it is `moment`, in UTC; None: let them look. Not for threads."""
    if moment is None:
        yield
        return
    with unittest.mock.patch("botocore.auth.datetime.datetime") as clock:
        clock.utcnow.return_value = moment
        yield


def presign(url, method="GET", headers=(), expires=300, secret=SECRET_KEY, access_key=ACCESS_KEY,
            region=REGION, service="s3", at=None):
    """A presigned URL by botocore's own signer, with all `headers` signed."""
    credentials = botocore.credentials.Credentials(access_key, secret)
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=dict(headers))
    with signing_at(at):
        botocore.auth.S3SigV4QueryAuth(credentials, service, region, expires=expires).add_auth(request)
    return request.url


class HeaderSigner(botocore.auth.S3SigV4Auth):
    """Takes the hash of the payload that a test gives, else that of the body, also without TLS."""

    def payload(self, request):
        return self.given or super().payload(request)

    def _should_sha256_sign_payload(self, request):
        return True


def sign(method, url, body=b"", headers=(), at=None, payload=None):
    """The headers of a request that botocore signed; `payload` is what stands for the body's hash."""
    signer = HeaderSigner(botocore.credentials.Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION)
    signer.given = payload
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    with signing_at(at):
        signer.add_auth(request)
    return dict(request.headers.items())


def read_all(s):
    out = b""
    while data := s.recv(65536):
        out += data
    return out


def remove(folder):
    """rm, because keys may be a thousand folders deep, and shutil.rmtree gives up there."""
    subprocess.run(["rm", "-rf", "--", str(folder)], check=True)


# --- fixtures, for `from objects_server import ...` in a test module -------------------------------------


@pytest.fixture(scope="module", params=KINDS)
def objects(request, tmp_path_factory):
    """A server of this module, once behind each web server."""
    server = ObjectsServer(request.param, tmp_path_factory.mktemp(request.param)).start()
    yield server
    server.stop()
    remove(server.data)


@pytest.fixture(params=KINDS)
def start_objects(request, tmp_path):
    """start_objects(MAX_FILE_SIZE="1KB"): a server of one's own, behind each web server."""
    started = []

    def start(**options):
        server = ObjectsServer(request.param, tmp_path / str(len(started)), **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
    remove(tmp_path)


@pytest.fixture
def s3(objects):
    return objects.client()


@pytest.fixture
def bucket(s3):
    """The name of a new bucket, removed with all it holds."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


def empty(s3, bucket):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])


def error_of(call, *args, **kwargs):
    """The (HTTP status, code, whole answer) of a boto3 call that must fail."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*args, **kwargs)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response
