"""What bench/serving.py measures with, and whom it measures against: wrk, and servers of other makes."""

import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from harness.ports import free_ports  # noqa: E402

# BENCH_ROUNDS and BENCH_SECONDS make a short run, to try the benchmark itself.
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = 32
THREADS = 8


def wrk(url, headers=(), seconds=SECONDS, json_body=None):
    """Requests a second that got a 2xx: GET, or POST of a JSON body."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    if json_body is None:
        text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    else:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(f'wrk.method = "POST"\nwrk.body = [[{json.dumps(json_body)}]]\n'
                         'wrk.headers["Content-Type"] = "application/json"\n')
            script.flush()
            text = subprocess.run([*command, "-s", script.name, url], capture_output=True, text=True,
                                  check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"{url} failed under load:\n{text}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def in_turns(rounds, **measures):
    """The median of each measure, all of them measured in turns."""
    taken = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: statistics.median(values) for name, values in taken.items()}


class Server:
    """A peer in a process group of its own, in a temporary folder."""

    def __init__(self, command, port, env=None, folder=None):
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="vitrine-bench-"))
        self.process = subprocess.Popen(
            command, cwd=ROOT / "bench", env={**os.environ, **(env or {})}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=(self.folder / "log").open("wb"), stderr=subprocess.STDOUT)
        end = time.monotonic() + 20
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/", timeout=1)
                return
            except requests.ConnectionError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"{command[0]}: {(self.folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_hello():
    """A bare FastCGI program behind a lighttpd that is set up like ours."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-bench-"))
    port = free_ports(2)
    subprocess.run(["gcc", "-O2", "-pthread", "-o", folder / "hello", ROOT / "bench" / "hello.c", "-lfcgi"],
                   check=True)
    (folder / "lighttpd.conf").write_text(f"""
server.modules = ( "mod_accesslog", "mod_fastcgi" )
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}"
server.feature-flags = ( "server.h2proto" => "disable", "server.h2c" => "disable" )
accesslog.filename = "{folder}/access.log"
accesslog.format = "%h %t \\"%m %U\\" %s %b %D"
fastcgi.server = ( "" => (( "bin-path" => "{folder}/hello", "socket" => "{folder}/hello.sock",
    "max-procs" => 1, "listen-backlog" => 1024, "check-local" => "disable",
    "bin-environment" => ( "THREADS" => "{THREADS}" ) )))
""")
    server = Server(["lighttpd", "-D", "-f", str(folder / "lighttpd.conf")], port, folder=folder)
    return server, f"http://127.0.0.1:{port}/"


def peer_environment(token, vitrine):
    """The same storage behind all of them: Vitrine's embedded endpoint."""
    access, secret = vitrine.keys()
    return {"BENCH_TOKEN": token, "BENCH_S3": vitrine.objects_url, "BENCH_ACCESS_KEY": access,
            "BENCH_SECRET_KEY": secret}


def start_fastapi(token, vitrine):
    """FastAPI + boto3, one worker a core."""
    port = free_ports(2)
    server = Server(
        ["/usr/bin/python3", "-m", "uvicorn", "fastapi_app:app", "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
         "--log-level", "warning", "--workers", str(os.cpu_count())], port, env=peer_environment(token, vitrine))
    return server, f"http://127.0.0.1:{port}"


def start_express(token, vitrine):
    """Express + AWS SDK v3, one process a core."""
    port = free_ports(2)
    server = Server(["node", "express_app.mjs"], port,
                    env={**peer_environment(token, vitrine), "BENCH_PORT": str(port), "NODE_ENV": "production"})
    return server, f"http://127.0.0.1:{port}"
