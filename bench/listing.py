#!/usr/bin/python3
"""A bucket of the embedded endpoint with many objects in one month's folder: what listing all of it costs.

    bench/listing.py [COUNT] [FOLDER]          (default 1,000,000, in /dev/shm: 5 GB)

The objects are metadata files written next to each other, as a million PUTs would have left them, with keys as Vitrine
gives them out (images/2026/11/ and 26 letters at random); their bytes are not there, which no listing
asks for. Then ListObjectsV2, page by page, and `vitrine reconcile` against as many rows; each with half of them first,
so that one can see whether twice as many take twice as long.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from harness.s3_client import s3_client  # noqa: E402
from harness.vitrine import BUILD, ROOT, Vitrine  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"



def key_of(number):
    """26 letters at random, the same in each run."""
    bits = int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:17], "big")
    return "images/2026/11/" + "".join(LETTERS[bits >> shift & 31] for shift in range(125, -1, -5)) + ".jpg"


def make_objects(root, meta, numbers):
    """The metadata of one object, again and again under other keys and ids (src/objects/key_path.h)."""
    folder = root / "buckets" / "vitrine" / "keys" / "images+" / "2026+" / "11+"
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        key = key_of(number)
        text = re.sub(r"(?m)^(key|id|etag) .*$", lambda line: line[1] + " " + {
            "key": key.replace("/", "%2F"), "id": f"{number:032x}", "etag": f"{number:032x}"}[line[1]], meta)
        name = key.rpartition("/")[2].replace(".", "=2e") + ".o"
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def peak_mb(pid):
    """The most memory that a process has had so far; 0 when it has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
    except OSError:
        found = None
    return int(found.group(1)) / 1024 if found else 0


def cpu_s(pid):
    """What a process has used of the processors."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def list_all(vitrine, count):
    endpoint, = vitrine.pids_of("objects.fcgi")
    used = cpu_s(endpoint)
    s3 = s3_client(vitrine.objects_url, *vitrine.keys())
    began, found, slowest, last = time.monotonic(), 0, 0, ""
    token = {}
    session = requests.Session()
    while True:
        page_began = time.monotonic()
        url = s3.generate_presigned_url("list_objects_v2", {"Bucket": "vitrine", "Prefix": "images/", **token})
        page = session.get(url, timeout=60).text
        slowest = max(slowest, time.monotonic() - page_began)
        keys = re.findall("<Key>(.*?)</Key>", page)
        assert keys == sorted(keys) and keys[0] > last, "out of order"
        last, found = keys[-1], found + len(keys)
        more = re.search("<NextContinuationToken>(.*?)</NextContinuationToken>", page)
        if not more:
            break
        token = {"ContinuationToken": more.group(1)}
    assert found == count, found
    print(f"| {count:,} objects listed, s | {time.monotonic() - began:.1f} | |")
    print(f"| the same, CPU of the endpoint, s | {cpu_s(endpoint) - used:.1f} | |")
    print(f"| the same, memory of the endpoint, MB | {peak_mb(endpoint):.1f} | |")
    print(f"| the slowest page of them, ms | {1000 * slowest:.0f} | |", flush=True)


def make_rows(vitrine, count):
    """Rows of the first `count` objects."""
    missing = count - vitrine.sql("SELECT count(*) FROM assets")[0][0]
    subprocess.run([ROOT / "bench" / "fill_db.py", vitrine.data / "vitrine.db", str(missing)], check=True,
                   stdout=subprocess.DEVNULL)
    db = sqlite3.connect(vitrine.data / "vitrine.db", isolation_level=None)
    db.create_function("key_of", 1, key_of, deterministic=True)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("UPDATE assets SET key = key_of(id), etag = printf('%032x', id), size_bytes = 1 "
               "WHERE key LIKE '%bench%'")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def reconcile(vitrine, count):
    make_rows(vitrine, count)
    began, peak = time.monotonic(), 0
    child = subprocess.Popen([BUILD / "vitrine", "reconcile", "--json"], env=vitrine.environment, cwd=ROOT,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while child.poll() is None:
        peak = max(peak, peak_mb(child.pid))
        time.sleep(0.01)
    seconds = time.monotonic() - began
    report = json.loads(child.stdout.read())
    assert child.returncode == 0 and report["finished"], report
    assert [report[name] for name in ("rows", "gone", "changed", "unknown")] == [count, 0, 0, 0], report
    print(f"| reconciled with {count:,} rows, s | {seconds:.1f} | |")
    print(f"| the same, memory at most, MB | {peak:.1f} | |", flush=True)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folder = tempfile.mkdtemp(prefix="vitrine-bench-", dir=sys.argv[2] if len(sys.argv) > 2 else "/dev/shm")
    try:
        print("| what | measured | target |\n| --- | ---: | ---: |")
        with Vitrine(data=folder) as vitrine:
            s3 = s3_client(vitrine.objects_url, *vitrine.keys())
            s3.put_object(Bucket="vitrine", Key="images/template.jpg", Body=b"x", ContentType="image/jpeg")
            root = pathlib.Path(folder) / "objects"
            meta = next(path.read_text() for path in root.glob("buckets/vitrine/keys/**/*.o"))
            s3.delete_object(Bucket="vitrine", Key="images/template.jpg")
            for first, part in ((0, count // 2), (count // 2, count)):
                make_objects(root, meta, range(first + 1, part + 1))
                list_all(vitrine, part)
                reconcile(vitrine, part)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
