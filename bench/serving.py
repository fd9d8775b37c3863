#!/usr/bin/python3
"""Measure Vitrine through a real web server and write ratios: bench/serving.py [part ...]

Each figure is a ratio of two things measured in turns in the same run, so that a slow or busy machine
slows both; the absolute numbers are there to be read, not compared between machines. Parts:

    signed-url   GET /images/:id/signed-url with a session, against a bare FastCGI answer on the same
                 lighttpd, and against FastAPI + boto3 (bench/fastapi_app.py)
    page         the page of images, 100 images; memory of the worker over 100,000 requests
    grid         the page of images with 1,000,000 rows against 1,000
    objects      the embedded S3 endpoint against nginx's own DAV PUT and file GET

Needs wrk, nginx with its DAV module, python3-fastapi and uvicorn: `make bench` installs them.
"""

import os
import pathlib
import re
import secrets
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

from harness.vitrine import BUILD, Vitrine, free_port_pair  # noqa: E402

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 32
THREADS = 8
# Counted, but never reached: what counting costs is part of what is measured.
LIMITS = {f"RATE_{name}": "1000000/s" for name in ("SIGN_IN", "PRESIGN", "WRITE", "READ")}


# --- tools ---------------------------------------------------------------------------------------------


def wrk(url, headers=(), seconds=SECONDS):
    """Requests a second that got a 2xx."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
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
    port = free_port_pair()
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


def start_fastapi(token):
    port = free_port_pair()
    server = Server(
        [sys.executable, "-m", "uvicorn", "fastapi_app:app", "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
         "--log-level", "warning", "--workers", str(os.cpu_count())], port,
        env={"BENCH_TOKEN": token, "BENCH_S3": "http://127.0.0.1:9000"})
    return server, f"http://127.0.0.1:{port}/images/1/signed-url"


def session_cookie(vitrine):
    return f"Cookie: vitrine_session={vitrine.admin().cookies['vitrine_session']}"


def add_images(vitrine, count):
    """Rows of ready images without objects: what lists and signers read."""
    subprocess.run([sys.executable, ROOT / "bench" / "fill_db.py", vitrine.data / "vitrine.db", str(count)],
                   check=True, capture_output=True)


def memory_kb(vitrine, program="vitrine.fcgi", field="VmRSS"):
    """What a worker holds now (VmRSS), or held at most (VmHWM)."""
    pid = vitrine.pids_of(program)[0]
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(field + r":\s+(\d+)", status).group(1))


# --- parts ---------------------------------------------------------------------------------------------


def part_signed_url(report):
    token = secrets.token_urlsafe(32)
    hello, hello_url = start_hello()
    fastapi, fastapi_url = start_fastapi(token)
    with hello, fastapi, Vitrine("lighttpd", THREADS=THREADS, **LIMITS) as vitrine:
        add_images(vitrine, 1000)
        cookie = session_cookie(vitrine)
        rates = in_turns(
            ROUNDS,
            hello=lambda: wrk(hello_url),
            vitrine=lambda: wrk(vitrine.base_url + "/images/500/signed-url", [cookie]),
            fastapi=lambda: wrk(fastapi_url, [f"Authorization: Bearer {token}"]))
    report("GET /images/:id/signed-url, requests/s", f"{rates['vitrine']:,.0f}")
    report("bare FastCGI answer, requests/s", f"{rates['hello']:,.0f}")
    report("FastAPI + boto3, requests/s", f"{rates['fastapi']:,.0f}")
    report("ratio to the bare answer", f"{rates['vitrine'] / rates['hello']:.2f}", ">= 0.85")
    report("ratio to FastAPI + boto3", f"{rates['vitrine'] / rates['fastapi']:.1f}", ">= 6")


def part_page(report):
    with Vitrine("lighttpd", THREADS=THREADS, **LIMITS) as vitrine:
        add_images(vitrine, 100)
        cookie = session_cookie(vitrine)
        url = vitrine.base_url + "/admin/images"
        page = vitrine.admin().get("/admin/images")
        rate = statistics.median(wrk(url, [cookie]) for _ in range(ROUNDS))
        report("page of images, pages/s", f"{rate:,.0f}")
        report("page of images, bytes", f"{len(page.content):,}")
        done, sizes = 0, [memory_kb(vitrine)]
        while done < 100_000:
            done += 4 * wrk(vitrine.base_url + "/images/50/signed-url", [cookie], 4)
            done += wrk(url, [cookie], 1)
            sizes.append(memory_kb(vitrine))
        report(f"worker's memory within {done:,.0f} more requests, right after a burst of pages, MB",
               f"{max(sizes) / 1024:.1f}")
        wrk(vitrine.base_url + "/images/50/signed-url", [cookie], 3)
        report(f"worker's memory after them, MB ({THREADS} threads)", f"{memory_kb(vitrine) / 1024:.1f}", "<= 16")
        report("growth over the second half, KB", f"{sizes[-1] - sizes[len(sizes) // 2]}", "0")


def part_grid(report):
    with Vitrine("lighttpd", THREADS=THREADS, **LIMITS) as small, Vitrine("lighttpd", THREADS=THREADS, **LIMITS) as large:
        add_images(small, 1000)
        add_images(large, 1_000_000)
        cookies = session_cookie(small), session_cookie(large)
        for name, query in ("first page", ""), ("page by keyset", "?before=900"), ("search", "?q=harbour"):
            rates = in_turns(
                ROUNDS,
                small=lambda: wrk(f"{small.base_url}/admin/images{query}", [cookies[0]]),
                large=lambda: wrk(f"{large.base_url}/admin/images{query}", [cookies[1]]))
            report(f"grid, {name}: 1,000 rows, pages/s", f"{rates['small']:,.0f}")
            report(f"grid, {name}: 1,000,000 rows, pages/s", f"{rates['large']:,.0f}")
            report(f"grid, {name}: cost of the million", f"{rates['small'] / rates['large']:.2f}", "<= 1.5")


def curl(config, folder):
    """Seconds for all the transfers of a curl config, 8 at a time."""
    path = folder / "curl.conf"
    path.write_text(config)
    start = time.monotonic()
    done = subprocess.run(
        ["curl", "-sS", "--fail-early", "-f", "-Z", "--parallel-max", "8", "-K", path],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"curl: {done.stderr[:500]}")
    return time.monotonic() - start


def transfers(urls, file, direction):
    what = f'upload-file = "{file}"' if direction == "in" else 'output = "/dev/null"'
    return "".join(f'url = "{url}"\n{what}\n' for url in urls)


def start_dav(folder):
    port = free_port_pair()
    (folder / "files").mkdir()
    (folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; error_log {folder}/error.log; pid {folder}/pid;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; client_max_body_size 0; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; dav_methods PUT; create_full_put_path on; }} }}
""")
    server = Server(["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")], port,
                    folder=folder)
    return server, f"http://127.0.0.1:{port}"


def presigned(vitrine, method, keys):
    import boto3
    from botocore.client import Config
    access, secret = vitrine.keys()
    s3 = boto3.client("s3", endpoint_url=vitrine.objects_url, aws_access_key_id=access,
                      aws_secret_access_key=secret, region_name="us-east-1",
                      config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    return [s3.generate_presigned_url(method, Params={"Bucket": "vitrine", "Key": key}, ExpiresIn=3600)
            for key in keys]


def part_objects(report):
    base = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-bench-", dir=os.environ.get("BENCH_DISK")))
    (base / "dav").mkdir()
    data = base / "vitrine"
    data.mkdir()
    try:
        dav, dav_url = start_dav(base / "dav")
        with dav, Vitrine("nginx", data=data, THREADS=THREADS, **LIMITS, MAX_FILE_SIZE="2GB") as vitrine:
            for name, count, size in ("1,000 of 100 KB", 1000, 100_000), ("one of 1 GB", 1, 1 << 30):
                file = base / "file"
                with file.open("wb") as out:
                    for _ in range(0, size, 50_000):
                        out.write(secrets.token_bytes(min(50_000, size)))
                keys = [f"bench/{size}-{i}" for i in range(count)]
                ours = {way: presigned(vitrine, method, keys)
                        for way, method in (("in", "put_object"), ("out", "get_object"))}
                theirs = [f"{dav_url}/{key}" for key in keys]
                for way in "in", "out":
                    taken = in_turns(
                        3,
                        dav=lambda: curl(transfers(theirs, file, way), base),
                        vitrine=lambda: curl(transfers(ours[way], file, way), base))
                    report(f"{name} {way}, seconds", f"{taken['vitrine']:.2f}")
                    report(f"{name} {way}, nginx alone, seconds", f"{taken['dav']:.2f}")
                    report(f"{name} {way}, speed against nginx alone", f"{taken['dav'] / taken['vitrine']:.2f}")
            peak = memory_kb(vitrine, "objects.fcgi", "VmHWM")
            report("endpoint's greatest memory, MB", f"{peak / 1024:.1f}")
    finally:
        shutil.rmtree(base, ignore_errors=True)


PARTS = {"signed-url": part_signed_url, "page": part_page, "grid": part_grid, "objects": part_objects}


def main():
    chosen = sys.argv[1:] or list(PARTS)
    if not (BUILD / "vitrine").exists():
        sys.exit("bench/serving.py: nothing is built; run 'make' first.")

    def report(what, value, target=""):
        print(f"| {what} | {value} | {target} |", flush=True)

    print("| what | measured | target |\n| --- | ---: | ---: |")
    for name in chosen:
        PARTS[name](report)


if __name__ == "__main__":
    main()
