"""Pictures for tests: small, real, and made here, so that no binary file lies in the repository."""

import hashlib
import struct
import zlib

import requests

from harness.patience import PATIENCE_S


def png(width=64, height=48, color=(200, 30, 30), comment=b""):
    """A complete PNG of one colour; `comment` makes two of them differ."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes(color) * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + (chunk(b"tEXt", b"Comment\0" + comment) if comment else b"")
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def upload(client, data, filename="boat.png", filetype="image/png", **metadata):
    """Presign, PUT and commit as a browser does; the image of the answer."""
    grant = client.json_call("POST", "/images/presign-upload", {
        "filename": filename, "filetype": filetype, "size": len(data), "sha256": sha256_hex(data)})
    assert grant.status_code == 200, grant.text
    grant = grant.json()
    put = requests.put(grant["url"], data=data, headers=grant["headers"], timeout=PATIENCE_S)
    assert put.status_code == 200, put.text
    saved = client.json_call("POST", "/images", {
        "key": grant["key"], "filename": filename, "filetype": filetype, **metadata})
    assert saved.status_code == 201, saved.text
    return saved.json()["image"]
