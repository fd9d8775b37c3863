"""The steps of the upload and display flow, as a browser takes them, and pictures to take them with."""

import base64
import hashlib
import secrets
import struct
import zlib

import requests

from harness.patience import PATIENCE_S


def png(width=3, height=2):
    """A small PNG whose content nobody has seen before."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + secrets.token_bytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


def presign(client, content, filename="picture.png", filetype="image/png", **fields):
    """The grant for a picture: {url, key, method, headers, ...}."""
    body = {"filename": filename, "filetype": filetype, "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(), **fields}
    answer = client.json_call("POST", "/images/presign-upload", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(grant, content, **changes):
    """PUT to storage with exactly the headers of the grant, or with some of them changed."""
    headers = {**grant["headers"], **changes.pop("headers", {})}
    return requests.put(changes.pop("url", grant["url"]), data=content, headers=headers, timeout=PATIENCE_S)


def commit(client, grant, filename="picture.png", filetype="image/png"):
    return client.json_call(
        "POST", "/images", {"key": grant["key"], "filename": filename, "filetype": filetype})


def upload(client, content):
    """The whole way; the saved image."""
    grant = presign(client, content)
    stored = put(grant, content)
    assert stored.status_code == 200, f"{stored.status_code} {stored.text}"
    saved = commit(client, grant)
    assert saved.status_code == 201, saved.text
    return saved.json()["image"]


def display(client, image):
    """GET the picture by a signed URL that is made now."""
    signed = client.json_call("GET", f"/images/{image['id']}/signed-url")
    assert signed.status_code == 200, signed.text
    return requests.get(signed.json()["url"], timeout=PATIENCE_S)


def checksum(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def error_code(answer):
    """The <Code> of an S3 error document."""
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]
