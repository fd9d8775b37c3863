"""Uploads in parts, through a real web server with the embedded storage: what the reference of the API promises,
and each kind of bad input with its answer."""

import base64
import hashlib
import json
import sqlite3

import pytest
import requests

from app_parts import MIB, abort, begin, complete, large_png, part_of, put_part, send, sign, status
from app_people import assert_problem, signed_in, token_client
from app_pictures import png, sha256_hex
from harness.patience import PATIENCE_S

PART = 5 * MIB


@pytest.fixture(scope="session", params=("lighttpd", "nginx"))
def parts(request, running):
    """Small parts, so that a file of some MB has several."""
    return running(request.param, MULTIPART_PART_SIZE="5MiB", MAX_FILE_SIZE="40MB", QUOTA_FILES="1000")


@pytest.fixture(scope="module")
def program(parts):
    return token_client(parts)


def record(vitrine, upload):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        database.execute("PRAGMA query_only = 1")
        return database.execute("SELECT upload_id, state FROM multiparts WHERE asset_id = ?", (upload["id"],)).fetchone()


def composite(data):
    digests = [hashlib.sha256(data[at:at + PART]).digest() for at in range(0, len(data), PART)]
    return base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + f"-{len(digests)}"


def test_a_file_in_parts_becomes_an_image(parts, program):
    data = large_png(12 * MIB + 7)
    upload = begin(program, len(data), title="not read")
    assert (upload["part_size"], upload["part_count"], upload["needs_sha256"]) == (PART, 3, True)
    done = send(program, upload, data, [3, 1, 2])
    saved = complete(program, upload, title="The valley", parts=sorted(done, key=lambda part: part["number"]))
    assert saved.status_code == 201, saved.text
    image = saved.json()["image"]
    assert (image["id"], image["size"], image["title"], image["width"], image["sha256"]) == (
        upload["id"], len(data), "The valley", 64, None)
    assert saved.headers["Location"] == f"/images/{image['id']}"
    assert requests.get(image["url"], timeout=PATIENCE_S).content == data
    with sqlite3.connect(parts.data / "vitrine.db", timeout=PATIENCE_S) as database:
        assert database.execute("SELECT checksum FROM assets WHERE id = ?", (image["id"],)).fetchone() == (composite(data),)
    assert record(parts, upload)[1] == "completed"


def test_a_session_uploads_in_parts_and_another_origin_does_not(parts):
    browser, data = signed_in(parts), large_png(6 * MIB, b"session")
    upload = begin(browser, len(data))
    send(browser, upload, data)
    other = browser.post(f"/images/multipart/{upload['id']}/complete", json={}, headers={"Origin": "https://evil.example", "Accept": "application/json"})
    assert_problem(other, 403, "bad_origin")
    assert complete(browser, upload).status_code == 201


def test_completing_again_gives_the_same_answer(program):
    data = large_png(6 * MIB, b"again")
    upload = begin(program, len(data))
    send(program, upload, data)
    first, second = complete(program, upload, title="One"), complete(program, upload, title="Another")
    assert (first.status_code, second.status_code) == (201, 200)
    unsigned = [{**answer.json()["image"], "url": None, "expires_at": None} for answer in (first, second)]
    assert unsigned[0] == unsigned[1]
    assert status(program, upload)["state"] == "saved" and status(program, upload)["image"]["title"] == "One"


def test_what_has_arrived_is_told_and_an_upload_is_resumed(program):
    data = large_png(16 * MIB, b"resume")
    upload = begin(program, len(data), filename="Tal ü.png")
    send(program, upload, data, [2, 4])
    mine = {one["id"]: one for one in program.get("/images/multipart").json()["uploads"]}
    assert mine[upload["id"]]["filename"] == "Tal ü.png"
    told = status(program, upload)
    assert told["state"] == "uploading" and [(part["number"], part["size"], part["sha256"]) for part in told["parts"]] == [
        (2, PART, sha256_hex(part_of(upload, data, 2))), (4, MIB, sha256_hex(part_of(upload, data, 4)))]
    missing = assert_problem(complete(program, upload), 409, "not_uploaded")
    assert "2 of 4 parts have not arrived whole: 1, 3." in missing["detail"]
    send(program, upload, data, [1, 3])
    assert complete(program, upload).status_code == 201
    assert upload["id"] not in {one["id"] for one in program.get("/images/multipart").json()["uploads"]}


def test_storage_refuses_a_part_of_other_length_or_content(program):
    data = large_png(6 * MIB, b"bound")
    upload = begin(program, len(data))
    grant = sign(program, upload, data, [1])[0]
    assert grant["size"] == PART and grant["method"] == "PUT"
    assert put_part(grant, data[:PART - 1]).status_code == 403
    changed = bytearray(data[:PART])
    changed[-1] ^= 1
    assert put_part(grant, bytes(changed)).status_code == 400
    assert requests.put(grant["url"].replace("partNumber=1", "partNumber=2"), data=data[:PART], headers=grant["headers"],
                        timeout=PATIENCE_S).status_code == 403
    assert status(program, upload)["parts"] == []
    assert put_part(grant, data[:PART]).status_code == 200
    assert put_part(grant, data[:PART]).status_code == 200  # twice is once
    assert abort(program, upload).status_code == 204


def test_giving_up_deletes_the_parts_and_gives_back_the_quota(parts, program):
    data = large_png(6 * MIB, b"abort")
    upload = begin(program, len(data))
    grant = sign(program, upload, data, [1])[0]
    assert put_part(grant, data[:PART]).status_code == 200
    for _ in range(2):
        answer = abort(program, upload)
        assert (answer.status_code, answer.content) == (204, b"")
    assert record(parts, upload)[1] == "aborted"
    assert put_part(grant, data[:PART]).status_code == 404
    assert status(program, upload) == {"id": upload["id"], "key": upload["key"], "state": "aborted"}
    assert_problem(complete(program, upload), 410, "gone")
    assert_problem(program.json_call("POST", f"/images/multipart/{upload['id']}/parts", {"parts": [{"number": 1, "sha256": "0" * 64}]}), 410, "gone")
    with sqlite3.connect(parts.data / "vitrine.db", timeout=PATIENCE_S) as database:
        assert database.execute("SELECT state, pending_count, reserved_bytes FROM assets JOIN usage USING (owner_id) "
                                "WHERE id = ?", (upload["id"],)).fetchone()[0] == "purging"


def test_giving_up_what_is_saved_is_a_conflict(program):
    data = png(comment=b"small in one part")
    upload = begin(program, len(data))
    assert upload["part_count"] == 1
    send(program, upload, data)
    assert complete(program, upload).status_code == 201
    assert_problem(abort(program, upload), 409, "conflict")
    assert_problem(program.json_call("POST", f"/images/multipart/{upload['id']}/parts", {"parts": [{"number": 1, "sha256": "0" * 64}]}), 409, "conflict")
    assert program.json_call("DELETE", f"/images/{upload['id']}", None).status_code in (200, 202)
    assert status(program, upload)["state"] in ("saved", "aborted")


@pytest.mark.parametrize(("body", "status_code", "code", "field"), [
    ({"filename": "a.png", "filetype": "image/png"}, 422, "invalid", "size"),
    ({"filename": "a.png", "filetype": "image/png", "size": 0}, 422, "invalid", "size"),
    ({"filename": "a.png", "filetype": "image/png", "size": -1}, 422, "invalid", "size"),
    ({"filename": "a.png", "filetype": "image/png", "size": "9"}, 422, "invalid", "size"),
    ({"filename": "a.png", "filetype": "image/png", "size": 40_000_001}, 413, "too_large", "size"),
    ({"filename": "a.png", "filetype": "image/png", "size": 2**63 - 1}, 413, "too_large", "size"),
    ({"filename": "a.exe", "filetype": "application/x-msdownload", "size": 9}, 422, "type_not_allowed", "filetype"),
    ({"filename": "a.png", "filetype": "image/png", "size": 9, "sha256": "xyz"}, 422, "invalid", "sha256"),
])
def test_beginnings_that_make_no_sense_reserve_nothing(program, body, status_code, code, field):
    before = program.get("/images/multipart").json()
    problem = assert_problem(program.json_call("POST", "/images/multipart", body), status_code, code)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert program.get("/images/multipart").json() == before


@pytest.mark.parametrize(("wishes", "field"), [
    ([{"number": 0, "sha256": "0" * 64}], "parts[0].number"),
    ([{"number": -1, "sha256": "0" * 64}], "parts[0].number"),
    ([{"number": 10_001, "sha256": "0" * 64}], "parts[0].number"),
    ([{"number": 1, "sha256": "0" * 64}, {"number": 3, "sha256": "0" * 64}], "parts[1].number"),
    ([{"number": "1", "sha256": "0" * 64}], "parts[0].number"),
    ([{"number": 1}], "parts[0].sha256"),
    ([{"number": 1, "sha256": "0" * 63}], "parts[0].sha256"),
    ([{"number": 1, "sha256": "g" * 64}], "parts[0].sha256"),
    ([{"sha256": "0" * 64}], "parts[0].number"),
    ([], "parts"),
    ([{"number": 1, "sha256": "0" * 64}] * 33, "parts"),
])
def test_parts_that_do_not_exist_are_not_signed(parts, program, wishes, field):
    upload = begin(program, 6 * MIB)
    problem = assert_problem(program.json_call("POST", f"/images/multipart/{upload['id']}/parts", {"parts": wishes}), 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert abort(program, upload).status_code == 204


def test_a_list_that_contradicts_storage_changes_nothing(program):
    data = large_png(12 * MIB, b"lists")
    upload = begin(program, len(data))
    good = send(program, upload, data)
    wrong = {**good[1], "etag": '"0123456789abcdef0123456789abcdef"'}
    for claims, field, words in (
            ([good[1], good[0], good[2]], "parts[0].number", "earlier one is missing"),
            ([good[0], good[2], good[1]], "parts[1].number", "earlier one is missing"),
            ([good[0], good[0], good[1]], "parts[1].number", "or twice"),
            ([good[0], wrong, good[2]], "parts[1].etag", "another ETag"),
            (good[:2], "parts", "ends with part 2 of 3"),
            ([*good, {"number": 4, "etag": "x"}], "parts[3].number", "not one of this upload's"),
            ([{"number": 0, "etag": "x"}], "parts[0].number", "not one of this upload's"),
            ([{"number": 10_001, "etag": "x"}], "parts[0].number", "not one of this upload's")):
        problem = assert_problem(complete(program, upload, parts=claims), 422, "invalid")
        assert [error["field"] for error in problem["errors"]] == [field] and words in problem["detail"] + json.dumps(problem["errors"])
    assert_problem(complete(program, upload, title="x" * 201), 422, "invalid")
    assert complete(program, upload, parts=[{**one, "etag": one["etag"].strip('"')} for one in good]).status_code == 201


def test_what_is_not_what_it_says_is_refused_and_removed(program):
    data = b"<html>" + large_png(6 * MIB, b"html")
    upload = begin(program, len(data))
    send(program, upload, data)
    assert_problem(complete(program, upload), 422, "upload_mismatch")
    assert_problem(complete(program, upload), 410, "gone")
    assert status(program, upload)["state"] == "aborted"


def test_an_upload_of_another_is_as_one_that_does_not_exist(parts, program):
    upload = begin(program, 6 * MIB)
    other = token_client(parts)
    for method, path, body in (("GET", "", None), ("DELETE", "", None), ("POST", "/complete", {}),
                               ("POST", "/parts", {"parts": [{"number": 1, "sha256": "0" * 64}]})):
        there = other.json_call(method, f"/images/multipart/{upload['id']}{path}", body)
        nowhere = other.json_call(method, f"/images/multipart/999999{path}", body)
        assert_problem(there, 404, "not_found")
        assert {**there.json(), "request_id": ""} == {**nowhere.json(), "request_id": ""}
    assert other.get("/images/multipart").json() == {"uploads": []}
    assert_problem(other.json_call("POST", "/images", {"key": upload["key"]}), 404, "not_found")
    assert abort(program, upload).status_code == 204


def test_an_image_that_came_whole_is_no_upload_in_parts(program):
    from app_pictures import upload as upload_whole
    image = upload_whole(program, png(comment=b"whole"))
    assert_problem(program.get(f"/images/multipart/{image['id']}"), 404, "not_found")
    assert_problem(program.json_call("POST", f"/images/multipart/{image['id']}/complete", {}), 404, "not_found")


def test_saving_by_key_before_it_is_complete_says_that_nothing_is_there(program):
    data = png(comment=b"by key")
    upload = begin(program, len(data))
    send(program, upload, data)
    assert_problem(program.json_call("POST", "/images", {"key": upload["key"]}), 409, "not_uploaded")
    assert complete(program, upload).status_code == 201
    assert program.json_call("POST", "/images", {"key": upload["key"]}).status_code == 200


def test_a_list_of_ten_thousand_parts_is_read(program):
    upload = begin(program, 6 * MIB)
    claims = [{"number": number, "etag": f'"{number:032x}-checked-against-storage"'} for number in range(1, 10_001)]
    assert_problem(complete(program, upload, parts=claims), 409, "not_uploaded")
    assert_problem(complete(program, upload, parts=[*claims, claims[0]]), 422, "invalid")
    assert abort(program, upload).status_code == 204


def test_what_nobody_goes_on_with_is_given_up(parts, program):
    data = large_png(6 * MIB, b"lapsed")
    upload = begin(program, len(data))
    send(program, upload, data, [1])
    with sqlite3.connect(parts.data / "vitrine.db", timeout=PATIENCE_S) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("UPDATE assets SET grant_expires_at = 1 WHERE id = ?", (upload["id"],))
    report = json.loads(parts.cli("sweep", "--json").stdout)
    assert report["expired"] >= 1 and report["aborted"] >= 1
    assert record(parts, upload)[1] == "aborted" and status(program, upload)["state"] == "aborted"


def test_five_terabytes_have_a_plan(running):
    program = token_client(running("lighttpd", MAX_FILE_SIZE="5TB"))
    upload = begin(program, 5 * 10**12)
    assert (upload["part_size"], upload["part_count"]) == (477 * MIB, 9997)
    last = program.json_call("POST", f"/images/multipart/{upload['id']}/parts", {"parts": [{"number": 9997, "sha256": "0" * 64}]})
    assert last.json()["parts"][0]["size"] == 5 * 10**12 - 9996 * 477 * MIB
    assert abort(program, upload).status_code == 204
    whole = program.json_call("POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png", "size": 6 * 10**9})
    assert "in parts" in assert_problem(whole, 413, "too_large")["detail"]


@pytest.mark.slow
def test_several_gigabytes_go_up_in_parts(running):
    """Of a sparse file, whose parts are all alike but the first and the last; four at a time."""
    from concurrent.futures import ThreadPoolExecutor

    vitrine = running("nginx", MAX_FILE_SIZE="10GB")
    program, size = token_client(vitrine), 3 * 1024 * MIB + 12345
    upload = begin(program, size)
    part_size, count = upload["part_size"], upload["part_count"]
    assert (part_size, count) == (8 * MIB, 385)
    head = png(comment=b"sparse")
    first, middle, last = head + bytes(part_size - len(head)), bytes(part_size), bytes(size - (count - 1) * part_size)
    hashes = {id(body): sha256_hex(body) for body in (first, middle, last)}
    body_of = {1: first, count: last}

    def put_window(numbers):
        wishes = [{"number": number, "sha256": hashes[id(body_of.get(number, middle))]} for number in numbers]
        signed = program.json_call("POST", f"/images/multipart/{upload['id']}/parts", {"parts": wishes}).json()["parts"]
        for grant in signed:
            assert put_part(grant, body_of.get(grant["number"], middle)).status_code == 200

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put_window, [range(at, min(at + 8, count + 1)) for at in range(1, count + 1, 8)]))
    assert len(status(program, upload)["parts"]) == count
    saved = complete(program, upload)
    assert saved.status_code == 201 and saved.json()["image"]["size"] == size
    tail = requests.get(saved.json()["image"]["url"], headers={"Range": f"bytes={size - 10}-"}, timeout=PATIENCE_S)
    assert (tail.status_code, tail.content, tail.headers["Content-Range"]) == (206, bytes(10), f"bytes {size - 10}-{size - 1}/{size}")
    assert program.json_call("DELETE", f"/images/{upload['id']}").status_code in (200, 202)
