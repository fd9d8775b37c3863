"""What the tests of the dialects share: forms made by hand, and what a refused upload may not leave."""

import os
import pathlib
import sqlite3

from app_people import assert_problem
from harness.patience import wait_until

BOUNDARY = "a-boundary-of-the-test"

# Names of files as hostile or unlucky clients send them, and what is kept of each.
ODD_NAMES = (
    ("../../etc/passwd.jpg", "passwd.jpg"), ("C:\\fakepath\\boat.jpg", "boat.jpg"), ("/boat.jpg", "boat.jpg"),
    ("bo\"at.jpg", "bo\"at.jpg"), ("it's.jpg", "it's.jpg"), ("🚢 boat.jpg", "🚢 boat.jpg"),
    ("b" * 296 + ".jpg", "b" * 251 + ".jpg"), ("été.jpg", "été.jpg"), ("a%00b%2f.jpg", "a%00b%2f.jpg"), (" boat.jpg ", "boat.jpg"),
    ("-rf.jpg", "-rf.jpg"), ("boat.tar.jpg", "boat.tar.jpg"),
)

ODD_IDS = [name[:20] for name, _ in ODD_NAMES]

# Names that are none.
NO_NAMES = (".", "..", "....", "a/..", "/", "\\", "   ")

# Refused uploads by what is announced and what is sent: name, type, content, status, code.
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
REFUSED_FILES = {
    "a type that is not allowed": ("page.html", "text/html", HTML, 422, "type_not_allowed"),
    "an extension that is not allowed": ("virus.exe", "application/octet-stream", b"MZ" + b"x" * 100, 422, "type_not_allowed"),
    "name and type that disagree": ("boat.png", "image/jpeg", None, 422, "type_not_allowed"),
    "bytes that disagree with both": ("boat.jpg", "image/jpeg", HTML, 422, "upload_mismatch"),
    "an empty file": ("boat.jpg", "image/jpeg", b"", 422, "invalid"),
    "a type that is none": ("boat.jpg", "not a type", None, 422, "invalid"),
    "a name of dots": ("..", "image/jpeg", None, 422, "invalid"),
}


def part(name, content=b"", filename=None, content_type=None):
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    lines = [f"--{BOUNDARY}", f"Content-Disposition: {disposition}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def broken_forms(field, content):
    """Forms that must be refused: name -> (body, Content-Type, status, code)."""
    usual = f"multipart/form-data; boundary={BOUNDARY}"
    file = part(field, content, "boat.jpg", "image/jpeg")
    return {
        "no file": (form(part("note", b"hello")), usual, 422, "invalid"),
        "no parts": (form(), usual, 422, "invalid"),
        "text in place of the file": (form(part(field, content)), usual, 422, "invalid"),
        "a file that was not chosen": (form(part(field, b"", "", "application/octet-stream")), usual, 422, "invalid"),
        "the file in another field": (form(part("else", content, "boat.jpg", "image/jpeg")), usual, 422, "invalid"),
        "two files": (form(file, file), usual, 422, "invalid"),
        "two files, one in another field": (form(file, part("b", content, "b.jpg", "image/jpeg")), usual, 422, "invalid"),
        "a wrong boundary": (form(file), "multipart/form-data; boundary=another", 400, "bad_request"),
        "no boundary": (form(file), "multipart/form-data", 400, "bad_request"),
        "two boundaries": (form(file), usual + "; boundary=b", 400, "bad_request"),
        "a boundary that is too long": (form(file), "multipart/form-data; boundary=" + "b" * 71, 400, "bad_request"),
        "cut in the file": (file[:-20], usual, 400, "bad_request"),
        "cut before the last line": (file, usual, 400, "bad_request"),
        "cut in a header": (file[:60], usual, 400, "bad_request"),
        "an empty body": (b"", usual, 400, "bad_request"),
        "10,000 empty parts": (form(*[part("empty")] * 10_000), usual, 413, "too_large"),
        "10,000 empty parts after the file": (form(file, *[part("empty")] * 10_000), usual, 413, "too_large"),
        "a text of a megabyte": (form(part("note", b"x" * 1_000_000), file), usual, 413, "too_large"),
        "a NUL in the name": (form(part(field, content, "bo\0at.jpg", "image/jpeg")), usual, 400, "bad_request"),
        "another content type": (form(file), "application/octet-stream", 415, "unsupported_media_type"),
        "JSON": (b"{}", "application/json", 415, "unsupported_media_type"),
    }


def snapshot(vitrine, s3):
    """Rows, objects, and files on their way, which end after the answer: what must be the same after a refusal."""
    wait_until(lambda: not spool_files(vitrine), "files on their way coming to an end")
    with sqlite3.connect(vitrine.data / "vitrine.db") as database:
        rows = set(database.execute("SELECT id, key, state FROM assets"))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket_of(s3))
    keys = {entry["Key"] for page in pages for entry in page.get("Contents", ())}
    return rows, keys, spool_files(vitrine)


def bucket_of(s3):
    return s3.list_buckets()["Buckets"][0]["Name"]


def spool_files(vitrine):
    """Files of the workers in the spool folder, also those without a name."""
    folder = str(vitrine.data / "tmp")
    found = set(os.listdir(folder)) if os.path.isdir(folder) else set()
    for pid in vitrine.pids_of("vitrine.fcgi"):
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(entry)
            except OSError:
                continue
            if target.startswith(folder):
                found.add(target)
    return found


def same_but_request_id(first, second):
    """Two refusals that must not be told apart."""
    bodies = [{**answer.json(), "request_id": 0} for answer in (first, second)]
    return first.status_code == second.status_code and bodies[0] == bodies[1]


def assert_refused(answer, status, code=None, *, says=None):
    """A refusal of a dialect: a problem document whose sentence stands where its clients look."""
    problem = assert_problem(answer, status, code)
    assert "/work" not in answer.text and "/tmp" not in answer.text, answer.text
    if says:
        assert problem["detail"] == says, problem
    return problem
