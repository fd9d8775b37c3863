"""The clients of other systems' APIs: files to send, the snippets of tests/dialects, and whole flows.

A flow is what such a client does from upload to delete, with the answers checked as they are documented;
the HTTP ring runs it on the embedded storage, the S3 ring on other people's.
"""

import base64
import json
import os
import re
import secrets
import subprocess

import requests

from .patience import PATIENCE_S
from .vitrine import ROOT

SNIPPETS = ROOT / "tests" / "dialects"
RUNNERS = {".sh": ["sh"], ".py": ["/usr/bin/python3"], ".mjs": ["node"], ".cjs": ["node"]}

# What API 004 documents as its settings, and the path of API 000's stage.
SETTINGS = {
    "ALLOWED_FILE_TYPES": "image/jpeg,image/png,image/gif,application/pdf",
    "MAX_FILE_SIZE": "10485760",
    "PRESIGNED_URL_EXPIRATION": "3600",
    "PATH_PREFIX": "/prod",
}

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"

# A JPEG of one pixel.
PIXEL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQ"
    "CgwSExIQEw8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8A"
    "VN//2Q==")


def jpeg(size=0):
    """A JPEG that nobody has seen before, of about `size` bytes: the rest are comments."""
    comments = bytearray()
    while not comments or len(PIXEL) + len(comments) < size:
        text = secrets.token_bytes(max(8, min(size - len(PIXEL) - len(comments) - 4, 65000)))
        comments += b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    return PIXEL[:2] + bytes(comments) + PIXEL[2:]


def pdf():
    return b"%PDF-1.4\n%" + secrets.token_hex(8).encode() + b"\n%%EOF\n"


def run_snippet(name, host, token, file, **more):
    """Run tests/dialects/NAME; (its output, the answers that it printed as lines of JSON)."""
    path = SNIPPETS / name
    if name.endswith(".cjs"):
        assert (SNIPPETS / "node_modules").is_dir(), "its packages are not installed: tools/install test"
    done = subprocess.run(
        [*RUNNERS[path.suffix], path], capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env={**os.environ, "HOST": host, "TOKEN": token, "FILE": str(file), **more})
    assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"
    return done.stdout, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def signed_in_token(vitrine, email, password):
    """The token that API 000's sign-in gives: it opens the other APIs as well."""
    answer = requests.post(vitrine.base_url + "/auth/signin", json={"email": email, "password": password}, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


def put(url, content, content_type):
    """PUT as the documented clients do: with the type, and no header besides."""
    return requests.put(url, data=content, headers={"Content-Type": content_type}, timeout=PATIENCE_S)


def files_named(listing, key):
    return [file for file in listing["files"] if key in (file.get("key"), file.get("file_id"))]


def gateway_flow(client, find):
    """API 000. `find(key)` is another API's view of the key: (status, bytes or None)."""
    content = jpeg()
    asked = client.post("/upload", json={"fileName": "my-image.jpg", "fileType": "image/jpeg"})
    assert asked.status_code == 200, asked.text
    grant = asked.json()
    assert re.fullmatch(rf"uploads/\d+/{UUID}\.jpg", grant["fileKey"]), grant
    assert grant["expiresIn"] == 3600
    assert find(grant["fileKey"]) == (404, None)
    assert put(grant["uploadUrl"], content, "image/jpeg").status_code == 200
    assert find(grant["fileKey"]) == (200, content)
    return grant["fileKey"]


def profile_flow(client):
    """API 001, from upload to delete."""
    content = jpeg(200_000)
    sent = client.post("/api/profile/upload-image", files={"image": ("photo.jpg", content, "image/jpeg")})
    assert sent.status_code == 200, sent.text
    assert sent.json()["message"] == "Image uploaded successfully"
    image = sent.json()["data"]
    assert set(image) == {"id", "userId", "s3Key", "cloudfrontUrl", "originalName", "mimeType", "fileSize",
                          "createdAt", "updatedAt"}
    assert re.fullmatch(rf"users/{image['userId']}/images/\d{{13}}\.jpg", image["s3Key"])
    assert (image["originalName"], image["mimeType"], image["fileSize"]) == ("photo.jpg", "image/jpeg", len(content))
    assert re.fullmatch(ISO + r"\.\d{3}Z", image["createdAt"]) and re.fullmatch(ISO + r"\.\d{3}Z", image["updatedAt"])
    assert requests.get(image["cloudfrontUrl"], timeout=PATIENCE_S).content == content

    listed = client.get("/api/profile/images").json()
    assert listed["message"] == "Images retrieved successfully"
    assert [{**one, "cloudfrontUrl": 0} for one in listed["data"] if one["id"] == image["id"]] == [
        {**image, "cloudfrontUrl": 0}]

    signed = client.get(f"/api/profile/images/{image['id']}/signed-url")
    assert signed.status_code == 200, signed.text
    assert signed.json()["message"] == "Signed URL generated successfully"
    assert set(signed.json()["data"]) == {"signedUrl", "expiresIn"}
    assert requests.get(signed.json()["data"]["signedUrl"], timeout=PATIENCE_S).content == content

    gone = client.delete(f"/api/profile/images/{image['id']}")
    assert (gone.status_code, gone.json()) == (200, {"message": "Image deleted successfully"})
    assert client.get(f"/api/profile/images/{image['id']}/signed-url").status_code == 404
    assert requests.get(signed.json()["data"]["signedUrl"], timeout=PATIENCE_S).status_code == 404


def files_flow(client):
    """API 003, from upload to delete."""
    content = pdf()
    grant = client.post("/upload-url", json={"filename": "document.pdf", "content_type": "application/pdf"})
    assert grant.status_code == 200, grant.text
    grant = grant.json()
    key = grant["file_key"]
    assert re.fullmatch(rf"uploads/{UUID}-document\.pdf", key)
    assert grant["expires_in"] == 3600
    assert client.post("/download-url", json={"file_key": key}).status_code == 404
    assert put(grant["presigned_url"], content, "application/pdf").status_code == 200

    download = client.post("/download-url", json={"file_key": key})
    assert download.status_code == 200, download.text
    assert set(download.json()) == {"presigned_url", "expires_in", "file_key"}
    assert (download.json()["file_key"], download.json()["expires_in"]) == (key, 3600)
    assert requests.get(download.json()["presigned_url"], timeout=PATIENCE_S).content == content

    listing = client.get("/files").json()
    assert listing["count"] == len(listing["files"])
    (file,) = files_named(listing, key)
    assert set(file) == {"key", "size", "last_modified", "etag"}
    assert file["size"] == len(content) and re.fullmatch(ISO, file["last_modified"])
    assert re.fullmatch(r"[0-9a-f]{32}", file["etag"])

    gone = client.delete(f"/files/{key}")
    assert gone.status_code == 200, gone.text
    assert files_named(client.get("/files").json(), key) == []
    assert client.post("/download-url", json={"file_key": key}).status_code == 404
    assert requests.get(download.json()["presigned_url"], timeout=PATIENCE_S).status_code == 404


def storage_v1_flow(client):
    """API 004: a direct and a presigned upload, from upload to delete."""
    content = jpeg(300_000)
    sent = client.post("/api/v1/upload/direct", files={"file": ("example.jpg", content, "image/jpeg")})
    assert sent.status_code == 200, sent.text
    direct = sent.json()
    assert set(direct) == {"file_id", "filename", "file_url", "file_size", "content_type", "upload_timestamp", "etag"}
    assert (direct["filename"], direct["file_size"], direct["content_type"]) == (
        "example.jpg", len(content), "image/jpeg")
    assert re.fullmatch(ISO + "Z", direct["upload_timestamp"])
    check_storage_v1_file(client, direct["file_id"], direct["file_url"], content)

    content = jpeg()
    asked = client.post("/api/v1/upload/presigned",
                        json={"filename": "example.jpg", "content_type": "image/jpeg", "expires_in": 1800})
    assert asked.status_code == 200, asked.text
    grant = asked.json()
    assert {"upload_url", "file_url", "file_id", "filename", "expires_in", "expires_at"} <= set(grant)
    assert (grant["filename"], grant["expires_in"]) == ("example.jpg", 1800)
    assert "X-Amz-Expires=1800" in grant["upload_url"] and re.fullmatch(ISO + "Z", grant["expires_at"])
    assert client.get(f"/api/v1/upload/metadata/{grant['file_id']}").status_code == 404
    assert put(grant["upload_url"], content, "image/jpeg").status_code == 200
    check_storage_v1_file(client, grant["file_id"], grant["file_url"], content)


def check_storage_v1_file(client, file_id, file_url, content):
    """Everything that can be asked about a file of API 004, and its end."""
    assert re.fullmatch(rf"uploads/\d{{4}}/\d\d/\d\d/{UUID}-example\.jpg", file_id)
    assert file_url.endswith("/" + file_id) and "?" not in file_url
    assert requests.get(file_url, timeout=PATIENCE_S).status_code in (400, 401, 403)  # a name, not a key

    metadata = client.get(f"/api/v1/upload/metadata/{file_id}").json()
    assert (metadata["file_id"], metadata["file_url"], metadata["file_size"]) == (file_id, file_url, len(content))

    whole = client.get(f"/api/v1/upload/download/{file_id}")
    assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, content, "image/jpeg")
    part = client.get(f"/api/v1/upload/download/{file_id}", headers={"Range": "bytes=2-11"})
    assert (part.status_code, part.content) == (206, content[2:12])
    assert part.headers["Content-Range"] == f"bytes 2-11/{len(content)}"

    url = client.get(f"/api/v1/upload/download/{file_id}/url?expires_in=120")
    assert (url.json()["file_id"], url.json()["expires_in"]) == (file_id, 120)
    assert requests.get(url.json()["download_url"], timeout=PATIENCE_S).content == content

    prefix = file_id.rpartition("/")[0]
    (listed,) = files_named(client.get(f"/api/v1/upload/list?prefix={prefix}&limit=1000").json(), file_id)
    assert listed == metadata
    assert files_named(client.get("/api/v1/upload/list?prefix=uploads/1999").json(), file_id) == []

    assert client.delete(f"/api/v1/upload/{file_id}").status_code == 200
    for path in (f"metadata/{file_id}", f"download/{file_id}", f"download/{file_id}/url"):
        assert client.get(f"/api/v1/upload/{path}").status_code == 404
    assert requests.get(url.json()["download_url"], timeout=PATIENCE_S).status_code == 404
