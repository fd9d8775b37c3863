#!/usr/bin/python3
"""API 004: upload directly and by a presigned URL, download both ways, list, delete.

    BASE_URL=http://localhost:8080 TOKEN=vt_... python3 004/upload.py FILE [CONTENT-TYPE]
"""

import os
import pathlib
import sys
import urllib.parse

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

# 1. directly, through the API
with file.open("rb") as content:
    direct = call("POST", "/api/v1/upload/direct", files={"file": (file.name, content, content_type)})["file_id"]
print("uploaded directly:", direct)

# 2. by a presigned URL, which lives as long as asked for; without the session, whose token is not for storage
grant = call("POST", "/api/v1/upload/presigned",
             json={"filename": file.name, "content_type": content_type, "expires_in": 600})
presigned = grant["file_id"]
with file.open("rb") as content:
    requests.put(grant["upload_url"], data=content, headers={"Content-Type": content_type}, timeout=600).raise_for_status()
print("uploaded by URL, until", grant["expires_at"], presigned)

# 3. what is known of it
known = call("GET", "/api/v1/upload/metadata/" + urllib.parse.quote(presigned))
print(known["content_type"], known["file_size"], "bytes")

# 4. download through the API, and by a URL
answer = api.get(base_url + "/api/v1/upload/download/" + urllib.parse.quote(direct), timeout=600)
answer.raise_for_status()
assert answer.content == file.read_bytes()
url = call("GET", f"/api/v1/upload/download/{urllib.parse.quote(presigned)}/url?expires_in=600")["download_url"]
answer = requests.get(url, timeout=600)
answer.raise_for_status()
assert answer.content == file.read_bytes()
print("downloaded both")

# 5. list
print("files:", call("GET", "/api/v1/upload/list", params={"prefix": "uploads", "limit": 100})["count"])

# 6. delete
for file_id in direct, presigned:
    print(call("DELETE", "/api/v1/upload/" + urllib.parse.quote(file_id))["message"])
