"""Uploads in parts on foreign S3 servers: whole, resumed, given up, completed behind our back, lapsed."""

import hashlib
import json
import sqlite3
import time

import boto3
import botocore.config
import pytest
import requests

from conftest import settings_for
from flow import png
from harness.patience import PATIENCE_S
from harness.vitrine import Vitrine

MIB = 1024 * 1024
PART = 5 * MIB


@pytest.fixture(scope="module")
def vitrine(storage):
    with Vitrine("nginx", **settings_for(storage, MULTIPART_PART_SIZE="5MiB")) as running:
        yield running


@pytest.fixture(scope="module")
def program(vitrine):
    made = vitrine.cli("token", "add", vitrine.admin_email, "--json")
    client = vitrine.client()
    client.headers["Authorization"] = "Bearer " + json.loads(made.stdout)["token"]
    return client


@pytest.fixture(scope="module")
def s3(storage):
    return boto3.client("s3", endpoint_url=storage.url, region_name=storage.region, aws_access_key_id=storage.access_key,
                        aws_secret_access_key=storage.secret_key,
                        config=botocore.config.Config(s3={"addressing_style": "path"}, signature_version="s3v4"))


def large(size, seed):
    head = png()
    return head + (hashlib.sha256(seed).digest() * (size // 32 + 1))[:size - len(head)]


def begin(program, data):
    answer = program.post("/images/multipart", json={"filename": "valley.png", "filetype": "image/png", "size": len(data)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def send(program, upload, data, numbers):
    parts = {number: data[(number - 1) * PART:number * PART] for number in numbers}
    answer = program.post(f"/images/multipart/{upload['id']}/parts", json={"parts": [
        {"number": number, "sha256": hashlib.sha256(part).hexdigest()} for number, part in parts.items()]})
    assert answer.status_code == 200, answer.text
    for grant in answer.json()["parts"]:
        put = requests.put(grant["url"], data=parts[grant["number"]], headers=grant["headers"], timeout=PATIENCE_S)
        assert put.status_code == 200, put.text


def complete(program, upload):
    return program.post(f"/images/multipart/{upload['id']}/complete", json={"title": "Valley"})


def status(program, upload):
    return program.get(f"/images/multipart/{upload['id']}").json()


def record(vitrine, upload):
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        database.execute("PRAGMA query_only = 1")
        return database.execute("SELECT upload_id, state FROM multiparts WHERE asset_id = ?", (upload["id"],)).fetchone()


def uploads_of(s3, key):
    listed = s3.list_multipart_uploads(Bucket="vitrine-ring", Prefix=key).get("Uploads", [])
    return [upload["UploadId"] for upload in listed]


def test_a_file_goes_up_in_parts_and_is_resumed(program):
    data = large(12 * MIB + 5, b"whole")
    upload = begin(program, data)
    send(program, upload, data, [3, 1])
    assert [(part["number"], part["size"]) for part in status(program, upload)["parts"]] == [(1, PART), (3, 2 * MIB + 5)]
    missing = complete(program, upload)
    assert (missing.status_code, missing.json()["code"]) == (409, "not_uploaded") and "whole: 2." in missing.json()["detail"]
    send(program, upload, data, [2])
    saved = complete(program, upload)
    assert saved.status_code == 201, saved.text
    assert requests.get(saved.json()["image"]["url"], timeout=PATIENCE_S).content == data
    again = complete(program, upload)
    assert again.status_code == 200 and again.json()["image"]["etag"] == saved.json()["image"]["etag"]


def test_an_upload_that_storage_completed_unheard_is_saved_all_the_same(vitrine, program, s3):
    """As when its answer was lost: the object is there, the upload is not, and we know of nothing."""
    data = large(6 * MIB, b"unheard")
    upload = begin(program, data)
    send(program, upload, data, [1, 2])
    upload_id, _ = record(vitrine, upload)
    parts = s3.list_parts(Bucket="vitrine-ring", Key=upload["key"], UploadId=upload_id)["Parts"]
    s3.complete_multipart_upload(Bucket="vitrine-ring", Key=upload["key"], UploadId=upload_id, MultipartUpload={
        "Parts": [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]})
    saved = complete(program, upload)
    assert saved.status_code == 201, saved.text
    assert requests.get(saved.json()["image"]["url"], timeout=PATIENCE_S).content == data


def test_giving_up_leaves_nothing_in_storage(vitrine, program, s3):
    data = large(6 * MIB, b"given up")
    upload = begin(program, data)
    send(program, upload, data, [1])
    assert len(uploads_of(s3, upload["key"])) == 1
    for _ in range(2):
        assert program.delete(f"/images/multipart/{upload['id']}").status_code == 204
    assert uploads_of(s3, upload["key"]) == [] and record(vitrine, upload)[1] == "aborted"
    assert complete(program, upload).status_code == 410


def test_one_that_somebody_else_aborted_is_told_so(vitrine, program, s3):
    data = large(6 * MIB, b"aborted by others")
    upload = begin(program, data)
    send(program, upload, data, [1, 2])
    s3.abort_multipart_upload(Bucket="vitrine-ring", Key=upload["key"], UploadId=record(vitrine, upload)[0])
    gone = complete(program, upload)
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert status(program, upload)["state"] == "aborted"


def test_the_sweep_gives_up_what_nobody_goes_on_with(vitrine, program, s3):
    data = large(6 * MIB, b"lapsed")
    upload, alive = begin(program, data), begin(program, data)
    send(program, upload, data, [1])
    with sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("UPDATE assets SET grant_expires_at = ? WHERE id = ?", (int(time.time()) - 1, upload["id"]))
    lost = s3.create_multipart_upload(Bucket="vitrine-ring", Key=alive["key"])["UploadId"]  # too young to be anybody's
    report = json.loads(vitrine.cli("sweep", "--json").stdout)
    assert report["expired"] >= 1 and report["aborted"] >= 1, report
    assert uploads_of(s3, upload["key"]) == [] and status(program, upload)["state"] == "aborted"
    assert sorted(uploads_of(s3, alive["key"])) == sorted([lost, record(vitrine, alive)[0]])
    assert status(program, alive)["state"] == "uploading"
    assert program.delete(f"/images/multipart/{alive['id']}").status_code == 204
