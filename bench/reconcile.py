#!/usr/bin/python3
"""One pass of `vitrine reconcile` over many rows and as many objects: time, and the most memory.

    bench/reconcile.py [COUNT]          (default 1,000,000)

The objects are a listing that this script makes up, page by page, as S3 would answer it; so what is measured is the
program and its database, not a storage. One object in 10,000 is missing, another has a different ETag, and as many
are in no row: each has to be found. The pass runs twice with half of the rows first, so that the memory of both can be
compared.
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVERY = 10_000
PREFIX = "images/2026/11/"


def key_of(number):
    return f"{PREFIX}bench{number:021d}.jpg"


class Listing(http.server.BaseHTTPRequestHandler):
    """A bucket with `count` objects that are nowhere."""

    protocol_version = "HTTP/1.1"
    count = 0

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        key = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).split("/", 2)[-1]
        number = int(key[len(PREFIX) + 5:-4]) if key.startswith(PREFIX) else None
        if number is not None and number % EVERY == 0:
            return self.answer(404)
        return self.answer(200, ETag='"changed"', Content_Type="image/jpeg")

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        lines, more = [], False
        if query.get("prefix") == "images/":
            after = query.get("start-after", "")
            number = int(after[len(PREFIX) + 5:].split(".")[0]) + 1 if after.startswith(PREFIX) else 1
            while number <= self.count and len(lines) < 999:
                if number % EVERY:
                    etag = "changed" if number % EVERY == 1 else f"{number:032x}"
                    size = 100000 + number * 2654435761 % 5000000
                    lines.append(f"<Contents><Key>{key_of(number)}</Key><Size>{size}</Size>"
                                 f"<ETag>&quot;{etag}&quot;</ETag>"
                                 "<LastModified>2026-11-21T00:00:00.000Z</LastModified></Contents>")
                number += 1
            more = number <= self.count
        body = ("<ListBucketResult>" + "".join(lines) + f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
                + ("<NextContinuationToken>more</NextContinuationToken>" if more else "") + "</ListBucketResult>")
        self.answer(200, body.encode(), Content_Type="application/xml")


def measure(count, folder, port):
    environment = {"PATH": os.environ["PATH"], "DATA": str(folder), "S3_EMBEDDED": "off", "AWS_EC2_METADATA_DISABLED": "true",
                   "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}", "S3_ACCESS_KEY_ID": "benchbenchbench",
                   "S3_SECRET_ACCESS_KEY": "benchbenchbenchbench", "ADMIN_PASSWORD": "a long enough word"}
    program = str(ROOT / "build" / "vitrine")
    subprocess.run([program, "init"], env=environment, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "bench" / "fill_db.py", folder / "vitrine.db", str(count)], check=True,
                   stdout=subprocess.DEVNULL)
    Listing.count = count
    began = time.monotonic()
    child = subprocess.Popen([program, "reconcile", "--json"], env=environment, stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    assert os.waitstatus_to_exitcode(status) == 0, output
    report = json.loads(output)
    assert report["finished"] and report["rows"] == count, report
    assert report["gone"] == count // EVERY and report["changed"] == (count - 1) // EVERY + 1, report
    cpu = usage.ru_utime + usage.ru_stime
    print(f"| {count:,} rows and objects compared, a second | {count / seconds:,.0f} | |")
    print(f"| the same, a second of CPU | {count / cpu:,.0f} | |")
    print(f"| the same, memory at most, MB | {usage.ru_maxrss / 1024:.1f} | |")
    return usage.ru_maxrss


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    peaks = []
    print("| what | measured | target |\n| --- | ---: | ---: |")
    for part in (count // 10, count):
        with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
            peaks.append(measure(part, pathlib.Path(folder), server.server_port))
    print(f"| memory of ten times as many | {peaks[1] / peaks[0]:.2f} | <= 1.2 |")


if __name__ == "__main__":
    main()
