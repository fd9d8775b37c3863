"""Uploads without a commit call when several ask at once, when the program is killed, and when they are large."""

import concurrent.futures
import hashlib
import http.client
import json
import os
import sqlite3
import time

import pytest
import requests

from app_dialects import spool_files
from app_people import token_client
from harness.dialects import jpeg
from harness.patience import PATIENCE_S

API = "/api/v1/upload"


@pytest.fixture(scope="module")
def program(lighttpd):
    return token_client(lighttpd)


def grant(client, filename="sea.jpg"):
    answer = client.post(API + "/presigned", json={"filename": filename, "content_type": "image/jpeg"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def uploaded(client, content):
    granted = grant(client)
    stored = requests.put(
        granted["upload_url"], data=content, headers={"Content-Type": "image/jpeg"}, timeout=PATIENCE_S)
    assert stored.status_code == 200, stored.text
    return granted["file_id"]


def at_once(call, count=8):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: call(), range(count)))


def rows(vitrine, sql, *values):
    with sqlite3.connect(vitrine.data / "vitrine.db") as database:
        return database.execute(sql, values).fetchall()


def test_many_who_ask_at_once_see_one_image(lighttpd, program):
    content = jpeg(5000)
    for _ in range(5):
        key = uploaded(program, content)
        answers = at_once(lambda key=key: program.get(f"{API}/metadata/{key}"))
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        assert len({answer.json()["etag"] for answer in answers}) == 1
        adopted = rows(lighttpd, "SELECT count(*) FROM audit JOIN assets ON assets.id = audit.asset_id "
                       "WHERE action = 'asset.adopt' AND key = ?", key)
        assert adopted == [(1,)]


def test_many_who_ask_for_what_is_refused_leave_nothing(lighttpd, program):
    for _ in range(5):
        key = uploaded(program, b"<!doctype html>")
        answers = at_once(lambda key=key: program.get(f"{API}/metadata/{key}"))
        assert {answer.status_code for answer in answers} <= {404, 422}
        assert any(answer.status_code == 422 for answer in answers)
        assert program.get(f"{API}/metadata/{key}").status_code == 404
        assert rows(lighttpd, "SELECT state FROM assets WHERE key = ?", key) == [("purging",)]


def test_lists_deletions_and_looks_at_once_agree(lighttpd, program):
    keys = [uploaded(program, jpeg(2000)) for _ in range(24)]
    gone = keys[::2]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        deleted = [pool.submit(program.delete, f"{API}/{key}") for key in gone]
        looked = [pool.submit(program.get, f"{API}/metadata/{key}") for key in keys]
        listed = [pool.submit(program.get, f"{API}/list?limit=1000") for _ in range(8)]
    assert {answer.result().status_code for answer in deleted} == {200}
    assert {answer.result().status_code for answer in looked} <= {200, 404}
    assert {answer.result().status_code for answer in listed} == {200}
    left = {file["file_id"] for file in program.get(f"{API}/list?limit=1000").json()["files"]}
    assert left.isdisjoint(gone)
    assert set(keys) - set(gone) <= left
    assert rows(lighttpd, "SELECT asset_count FROM usage WHERE owner_id = (SELECT owner_id FROM assets WHERE key = ?)",
                keys[1]) == [(len(left),)]


def test_a_kill_in_the_middle_of_a_list_loses_nothing(start_vitrine):
    vitrine = start_vitrine()
    client = token_client(vitrine)
    keys = [uploaded(client, jpeg(2000)) for _ in range(60)]
    for delay_s in (0.01, 0.03, 0.06):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            listing = pool.submit(client.get, f"{API}/list?limit=1000")
            time.sleep(delay_s)
            vitrine.kill()
            listing.exception()
        vitrine.restart()
    listed = client.get(f"{API}/list?limit=1000").json()["files"]
    assert sorted(file["file_id"] for file in listed) == sorted(keys)
    assert rows(vitrine, "SELECT count(*) FROM audit WHERE action = 'asset.adopt'") == [(60,)]
    assert rows(vitrine, "SELECT asset_count FROM usage") == [(60,)]


# --- a gigabyte through us ---

GIGABYTE = 1_000_000_000
PIECE = 1_000_000


def pieces(size):
    """A JPEG of `size` bytes, a piece at a time."""
    yield jpeg(PIECE).ljust(PIECE, b"\0")[:PIECE]
    piece = os.urandom(PIECE)
    for _ in range(size // PIECE - 1):
        yield piece


FORM_HEAD = (b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.jpg"\r\n'
             b"Content-Type: image/jpeg\r\n\r\n")
FORM_TAIL = b"\r\n--b--\r\n"


def send_large(vitrine, client, size, digest):
    """Send a form with a file of `size` bytes a piece at a time; the answer's JSON."""
    def body():
        yield FORM_HEAD
        for part in pieces(size):
            digest.update(part)
            yield part
        yield FORM_TAIL

    connection = http.client.HTTPConnection("127.0.0.1", vitrine.port, timeout=600)
    connection.request("POST", f"{API}/direct", body(), {
        "Authorization": client.headers["Authorization"],
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(len(FORM_HEAD) + size + len(FORM_TAIL))})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    return json.loads(text)


def peak_kb(vitrine):
    """The most memory that the application's processes ever held."""
    most = 0
    for pid in vitrine.pids_of("vitrine.fcgi"):
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            most = max(most, *(int(line.split()[1]) for line in status if line.startswith("VmHWM")))
    return most


@pytest.mark.slow
def test_a_gigabyte_goes_through_us_in_constant_memory(start_vitrine):
    vitrine = start_vitrine(MAX_FILE_SIZE="2GB")
    client = token_client(vitrine)
    for size in (10 * PIECE, GIGABYTE):
        sent = hashlib.sha256()
        stored = send_large(vitrine, client, size, sent)
        got, length = hashlib.sha256(), 0
        with client.get(f"{API}/download/{stored['file_id']}", stream=True, timeout=600) as download:
            for part in download.iter_content(PIECE):
                got.update(part)
                length += len(part)
        assert (length, got.hexdigest()) == (size, sent.hexdigest())
        assert rows(vitrine, "SELECT sha256 FROM assets WHERE size_bytes = ?", size) == [(sent.hexdigest(),)]
        if size == GIGABYTE:
            assert peak_kb(vitrine) - small < 8_000, f"{small} KB, then {peak_kb(vitrine)} KB"
        small = peak_kb(vitrine)
    assert not spool_files(vitrine)
