#!/usr/bin/python3
"""API 001: upload through the API, get the URL that shows it, list, delete.

    BASE_URL=http://localhost:8080 TOKEN=vt_... python3 001/upload.py FILE [CONTENT-TYPE]
"""

import os
import pathlib
import sys

import requests

base_url = os.environ["BASE_URL"]
api = requests.Session()
api.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]


def call(method, path, **options):
    """One call of the API: the answer's JSON, or an end with the reason in the service's words."""
    answer = api.request(method, base_url + path, timeout=60, **options)
    if not answer.ok:
        sys.exit(f"{method} {path} answered {answer.status_code}: {answer.json()['detail']}")
    return answer.json()


file = pathlib.Path(sys.argv[1])
content_type = sys.argv[2] if len(sys.argv) > 2 else "image/png"

# 1. upload
with file.open("rb") as content:
    image = call("POST", "/api/profile/upload-image", files={"image": (file.name, content, content_type)})["data"]
print("image", image["id"], image["s3Key"])

# 2. a fresh URL; whoever has it sees the image until it expires
signed = call("GET", f"/api/profile/images/{image['id']}/signed-url")["data"]
shown = requests.get(signed["signedUrl"], timeout=60)
shown.raise_for_status()
assert shown.content == file.read_bytes()
print("shown, for", signed["expiresIn"], "s")

# 3. one's own images
print("images:", len(call("GET", "/api/profile/images")["data"]))

# 4. delete
print(call("DELETE", f"/api/profile/images/{image['id']}")["message"])
