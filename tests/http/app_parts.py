"""Uploads in parts as a client does them: begun, signed a few at a time, PUT, completed."""

import hashlib

import requests

from app_pictures import png, sha256_hex
from harness.patience import PATIENCE_S

MIB = 1024 * 1024


def large_png(size, seed=b"large"):
    """A PNG of exactly `size` bytes: what stands behind its end no decoder looks at."""
    head = png(comment=seed)
    block = hashlib.sha256(seed).digest() * 1024
    tail = size - len(head)
    return head + block * (tail // len(block)) + block[:tail % len(block)]


def begin(client, size, filename="panorama.png", filetype="image/png", **more):
    answer = client.json_call("POST", "/images/multipart", {"filename": filename, "filetype": filetype, "size": size, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def part_of(upload, data, number):
    return data[(number - 1) * upload["part_size"]:number * upload["part_size"]]


def sign(client, upload, data, numbers):
    answer = client.json_call("POST", f"/images/multipart/{upload['id']}/parts", {
        "parts": [{"number": number, "sha256": sha256_hex(part_of(upload, data, number))} for number in numbers]})
    assert answer.status_code == 200, answer.text
    return answer.json()["parts"]


def put_part(grant, data):
    return requests.put(grant["url"], data=data, headers=grant["headers"], timeout=PATIENCE_S)


def send(client, upload, data, numbers=None):
    """PUT these parts, or all; the client's list of them."""
    numbers = list(numbers or range(1, upload["part_count"] + 1))
    done = []
    for start in range(0, len(numbers), upload["max_parts_per_call"]):
        for grant in sign(client, upload, data, numbers[start:start + upload["max_parts_per_call"]]):
            put = put_part(grant, part_of(upload, data, grant["number"]))
            assert put.status_code == 200, put.text
            done.append({"number": grant["number"], "etag": put.headers["ETag"]})
    return done


def complete(client, upload, **body):
    return client.json_call("POST", f"/images/multipart/{upload['id']}/complete", body)


def status(client, upload):
    answer = client.get(f"/images/multipart/{upload['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def abort(client, upload):
    return client.json_call("DELETE", f"/images/multipart/{upload['id']}", None)
