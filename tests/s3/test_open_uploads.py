"""Uploads without a commit call on foreign S3 servers: adopted when asked for, watched while they can be overwritten."""

import json
import urllib.parse

import pytest
import requests

from conftest import settings_for
from flow import png
from harness.patience import PATIENCE_S
from harness.vitrine import Vitrine

API = "/api/v1/upload"


@pytest.fixture(scope="module")
def program(storage):
    with Vitrine("lighttpd", **settings_for(storage, PRESIGNED_URL_EXPIRATION=86400)) as running:
        made = running.cli("token", "add", running.admin_email, "--json")
        client = running.client()
        client.headers["Authorization"] = "Bearer " + json.loads(made.stdout)["token"]
        yield client


def grant(client, filename="sea.png"):
    answer = client.post(API + "/presigned", json={"filename": filename, "content_type": "image/png"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(granted, content, filetype="image/png"):
    stored = requests.put(granted["upload_url"], data=content, headers={"Content-Type": filetype}, timeout=PATIENCE_S)
    assert stored.status_code == 200, stored.text


def metadata(client, file_id):
    return client.get(f"{API}/metadata/{urllib.parse.quote(file_id)}")


def download(client, file_id, **headers):
    return client.get(f"{API}/download/{urllib.parse.quote(file_id)}", headers=headers)


def list_all(client, prefix, limit):
    """Keys of all pages, and how many pages there were."""
    keys, pages, cursor = [], 0, None
    while pages == 0 or cursor:
        answer = client.get(f"{API}/list", params={"prefix": prefix, "limit": limit, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        keys += [file["file_id"] for file in answer.json()["files"]]
        cursor, pages = answer.json()["next"], pages + 1
    return keys, pages


def test_an_overwrite_is_what_is_shown_from_then_on(program):
    granted, first, second = grant(program), png(3, 2), png(9, 8)
    put(granted, first)
    assert metadata(program, granted["file_id"]).json()["file_size"] == len(first)
    assert download(program, granted["file_id"]).content == first
    put(granted, second)
    assert metadata(program, granted["file_id"]).json()["file_size"] == len(second)
    assert download(program, granted["file_id"]).content == second
    assert download(program, granted["file_id"], Range="bytes=1-3").content == second[1:4]


def test_an_overwrite_with_what_is_not_acceptable_is_told_once_and_removed(program):
    granted = grant(program)
    put(granted, png())
    assert metadata(program, granted["file_id"]).status_code == 200
    url = program.get(f"{API}/download/{granted['file_id']}/url").json()["download_url"]
    put(granted, b"<!doctype html><script>alert(1)</script>")
    refused = metadata(program, granted["file_id"])
    assert (refused.status_code, refused.json()["code"]) == (422, "upload_mismatch")
    assert metadata(program, granted["file_id"]).status_code == 404
    assert requests.get(url, timeout=PATIENCE_S).status_code == 404


@pytest.mark.parametrize("name", ["sea.png", "été à la mer.png", "海の写真.png", "a+b%20c&d.png", "🏖.png", "~!@#$^*().png"])
def test_names_of_every_kind_go_the_whole_way(program, name):
    granted, content = grant(program, name), png()
    assert len(granted["file_id"].encode()) <= 1024
    put(granted, content)
    assert metadata(program, granted["file_id"]).json()["filename"] == name
    assert download(program, granted["file_id"]).content == content
    keys, _ = list_all(program, granted["file_id"][:-4], 10)
    assert keys == [granted["file_id"]]
    assert program.delete(f"{API}/{urllib.parse.quote(granted['file_id'])}").status_code == 200
    assert metadata(program, granted["file_id"]).status_code == 404


@pytest.mark.parametrize("limit", [1000, 7])
def test_pages_show_every_new_upload_once(program, limit):
    before, _ = list_all(program, "uploads/", 1000)
    granted = [grant(program, f"é{number}.png") for number in range(25)]
    uploaded = granted[::2]
    for one in uploaded:
        put(one, png())
    keys, pages = list_all(program, "uploads/", limit)
    assert keys == sorted(before + [one["file_id"] for one in uploaded], key=lambda key: key.encode())
    assert pages == -(-len(keys) // limit)


def test_an_overwrite_is_noticed_in_a_list(program):
    granted = [grant(program) for _ in range(5)]
    for one in granted:
        put(one, png())
    assert {one["file_id"] for one in granted} <= set(list_all(program, "uploads/", 1000)[0])
    put(granted[2], b"<html>")
    keys, _ = list_all(program, "uploads/", 1000)
    assert granted[2]["file_id"] not in keys
    assert granted[3]["file_id"] in keys
