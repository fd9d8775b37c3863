#!/usr/bin/python3
"""Measure Vitrine through a real web server and write ratios: bench/serving.py [part ...]

Each figure is a ratio of two things measured in turns in the same run, so that a slow or busy machine
slows both; the absolute numbers are there to be read, not compared between machines. Parts:

    signed-url   GET /images/:id/signed-url with a session, against a bare FastCGI answer on the same
                 lighttpd, and against FastAPI + boto3 (bench/fastapi_app.py)
                 the same with a JWT and with an API token instead of the session cookie
    files        POST /upload-url and /download-url, against FastAPI + boto3 and against Express + AWS SDK v3
                 (bench/express_app.mjs), all on the same storage. Each checks a bearer token: the peers in
                 a map, Vitrine in its database with account, role, scope and revocation. The peers keep
                 nothing of an upload URL that they give away; Vitrine writes a row and its audit to disk
                 (fsync) before it answers. For a download the peers ask storage each time; Vitrine only
                 while the object can still be overwritten
    direct       POST /api/v1/upload/direct of 100 MB and 1 GB: the worker's memory
    page         the page of images, 100 images; memory of the worker over 100,000 requests
    grid         the page of images with 1,000,000 rows against 1,000
    objects      the embedded S3 endpoint against nginx's own DAV PUT and file GET

Needs wrk, nginx with its DAV module, python3-fastapi, uvicorn, node and npm packages: `make bench` installs them.
"""

import os
import pathlib
import re
import secrets
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import requests

from peers import (ROOT, ROUNDS, THREADS, Server, in_turns, start_express, start_fastapi, start_hello, wrk)
from harness.ports import free_ports
from harness.vitrine import BUILD, Vitrine

# --- what is measured ------------------------------------------------------------------------------------


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


def start_vitrine(server="lighttpd", **settings):
    """With rate limits that are counted and never reached: they are for one sender, and here one asks."""
    limits = {f"RATE_{name}": "1000000/s" for name in ("SIGN_IN", "PRESIGN", "WRITE", "READ")}
    return Vitrine(server, THREADS=THREADS, **{**limits, **settings})


def bearer(token):
    return f"Authorization: Bearer {token}"


def sign_in(vitrine):
    """A JWT."""
    answer = requests.post(vitrine.base_url + "/auth/signin",
                           json={"email": vitrine.admin_email, "password": vitrine.admin_password}, timeout=10)
    answer.raise_for_status()
    return answer.json()["token"]


def make_token(vitrine):
    """An API token."""
    return vitrine.cli("token", "add", vitrine.admin_email, "--name", "bench").stdout.split()[-1]


def png():
    """A small real picture."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x30\x60\x90" * 64 for _ in range(64))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


SMALL_PNG = png()


def call(vitrine, path, body, token):
    answer = requests.post(vitrine.base_url + path, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    answer.raise_for_status()
    return answer.json()


def store(vitrine):
    """An image that its grant let nobody write twice; its key."""
    token = make_token(vitrine)
    words = {"filename": "boat.png", "filetype": "image/png"}
    grant = call(vitrine, "/images/presign-upload", {**words, "size": len(SMALL_PNG)}, token)
    requests.put(grant["url"], data=SMALL_PNG, headers=grant["headers"], timeout=10).raise_for_status()
    call(vitrine, "/images", {**words, "key": grant["key"]}, token)
    return grant["key"]


def store_openly(vitrine):
    """One that came by /upload-url: until that URL ends, the object may still change."""
    token = make_token(vitrine)
    grant = call(vitrine, "/upload-url", {"filename": "boat.png", "content_type": "image/png"}, token)
    requests.put(grant["presigned_url"], data=SMALL_PNG, headers={"Content-Type": "image/png"},
                 timeout=10).raise_for_status()
    call(vitrine, "/download-url", {"file_key": grant["file_key"]}, token)
    return grant["file_key"]


def check_peer(url, token, upload, key):
    """Its URLs work: it does what it is compared for."""
    headers = {"Authorization": f"Bearer {token}"}
    grant = requests.post(url + "/upload-url", json=upload, headers=headers, timeout=10).json()
    requests.put(grant["presigned_url"], data=SMALL_PNG, headers={"Content-Type": upload["content_type"]},
                 timeout=10).raise_for_status()
    shown = requests.post(url + "/download-url", json={"file_key": key}, headers=headers, timeout=10).json()
    assert requests.get(shown["presigned_url"], timeout=10).content == SMALL_PNG
    assert requests.post(url + "/download-url", json={"file_key": "no"}, headers=headers, timeout=10).status_code == 404


# --- parts ---------------------------------------------------------------------------------------------


def part_signed_url(report):
    token = secrets.token_urlsafe(32)
    hello, hello_url = start_hello()
    with hello, start_vitrine() as vitrine:
        add_images(vitrine, 1000)
        cookie, jwt, own_token = session_cookie(vitrine), sign_in(vitrine), make_token(vitrine)
        ours = vitrine.base_url + "/images/500/signed-url"
        fastapi, fastapi_url = start_fastapi(token, vitrine)
        with fastapi:
            rates = in_turns(
                ROUNDS,
                hello=lambda: wrk(hello_url),
                vitrine=lambda: wrk(ours, [cookie]),
                jwt=lambda: wrk(ours, [bearer(jwt)]),
                token=lambda: wrk(ours, [bearer(own_token)]),
                fastapi=lambda: wrk(fastapi_url + "/images/1/signed-url", [bearer(token)]))
    report("GET /images/:id/signed-url, requests/s", f"{rates['vitrine']:,.0f}")
    report("bare FastCGI answer, requests/s", f"{rates['hello']:,.0f}")
    report("FastAPI + boto3, requests/s", f"{rates['fastapi']:,.0f}")
    report("ratio to the bare answer", f"{rates['vitrine'] / rates['hello']:.2f}", ">= 0.85")
    report("ratio to FastAPI + boto3", f"{rates['vitrine'] / rates['fastapi']:.1f}", ">= 6")
    report("the same with a JWT, requests/s", f"{rates['jwt']:,.0f}")
    report("the same with an API token, requests/s", f"{rates['token']:,.0f}")
    report("JWT against session cookie", f"{rates['jwt'] / rates['vitrine']:.2f}", ">= 0.9")


def part_files(report):
    token = secrets.token_urlsafe(32)
    with start_vitrine(MAX_PENDING_UPLOADS="100000000") as vitrine:
        own = bearer(make_token(vitrine))
        upload, kept, open_ = {"filename": "boat.png", "content_type": "image/png"}, store(vitrine), store_openly(vitrine)
        fastapi, fastapi_url = start_fastapi(token, vitrine)
        express, express_url = start_express(token, vitrine)
        with fastapi, express:
            for url in fastapi_url, express_url:  # they answer what they are asked
                check_peer(url, token, upload, kept)
            def ask(url, path, body, who):
                return lambda: wrk(url + path, [who], json_body=body)
            them = bearer(token)
            rates = in_turns(
                ROUNDS,
                upload=ask(vitrine.base_url, "/upload-url", upload, own),
                upload_fastapi=ask(fastapi_url, "/upload-url", upload, them),
                upload_express=ask(express_url, "/upload-url", upload, them),
                download=ask(vitrine.base_url, "/download-url", {"file_key": kept}, own),
                download_open=ask(vitrine.base_url, "/download-url", {"file_key": open_}, own),
                download_fastapi=ask(fastapi_url, "/download-url", {"file_key": kept}, them),
                download_express=ask(express_url, "/download-url", {"file_key": kept}, them))
    for what, names in ("upload", ["upload"]), ("download", ["download", "download_open"]):
        for name in names:
            how = {"upload": "", "download": " of an image that nobody can overwrite",
                   "download_open": " while its upload URL lives (a HEAD each time, like the others)"}[name]
            report(f"POST /{what}-url{how}, requests/s", f"{rates[name]:,.0f}")
        for peer, label, target in ("fastapi", "FastAPI + boto3", 8), ("express", "Express + AWS SDK v3", 10):
            theirs = rates[f"{what}_{peer}"]
            report(f"POST /{what}-url, {label}, requests/s", f"{theirs:,.0f}")
            report(f"POST /{what}-url against {label}", f"{rates[what] / theirs:.1f}", f">= {target}")
            for name in names[1:]:
                report(f"POST /{what}-url while its upload URL lives, against {label}", f"{rates[name] / theirs:.1f}")


def watched(vitrine, work):
    """The worker's memory in KB before the work, at most during it, and the seconds that it took."""
    pid = vitrine.pids_of("vitrine.fcgi")[0]
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins again here
    before, start = memory_kb(vitrine), time.monotonic()
    work()
    return before, memory_kb(vitrine, field="VmHWM"), time.monotonic() - start


def part_direct(report):
    sizes = ("100 MB", 100_000_000), ("1 GB", 1_000_000_000)
    with start_vitrine("nginx", MAX_FILE_SIZE="2GB") as vitrine:
        token = make_token(vitrine)
        file = vitrine.data / "big.png"
        for name, size in sizes:
            with file.open("wb") as out:
                out.write(SMALL_PNG)
                for _ in range(0, size - len(SMALL_PNG), 1_000_000):
                    out.write(secrets.token_bytes(1_000_000))
            def upload():
                subprocess.run(
                    ["curl", "-sSf", "-o", "/dev/null", "-H", bearer(token), "-F", f"file=@{file};type=image/png",
                     vitrine.base_url + "/api/v1/upload/direct"], check=True)
            if size == sizes[0][1]:
                upload()  # once before, so that every thread that will work has its memory
            before, peak, seconds = watched(vitrine, upload)
            report(f"direct upload of {name}, seconds", f"{seconds:.2f}")
            report(f"direct upload of {name}: worker's memory before and at most, MB",
                   f"{before / 1024:.1f} and {peak / 1024:.1f}")
            report(f"direct upload of {name}: growth, KB", f"{max(peak - before, 0):,}", "<= 4,096")


def part_page(report):
    with start_vitrine() as vitrine:
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
    with start_vitrine() as small, start_vitrine() as large:
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
    port = free_ports(2)
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
        with dav, start_vitrine("nginx", data=data, MAX_FILE_SIZE="2GB") as vitrine:
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


PARTS = {"signed-url": part_signed_url, "files": part_files, "direct": part_direct, "page": part_page, "grid": part_grid, "objects": part_objects}


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
