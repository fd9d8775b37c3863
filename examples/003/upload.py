#!/usr/bin/python3
"""API 003: a URL to upload, a URL to download, list, delete.

    BASE_URL=http://localhost:8080 TOKEN=vt_... python3 003/upload.py FILE [CONTENT-TYPE]
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

# 1. ask where to upload
grant = call("POST", "/upload-url", json={"filename": file.name, "content_type": content_type})
key = grant["file_key"]

# 2. upload; without the session, whose token is not for storage
with file.open("rb") as content:
    requests.put(grant["presigned_url"], data=content, headers={"Content-Type": content_type},
                 timeout=600).raise_for_status()
print("uploaded:", key)

# 3. download
download = call("POST", "/download-url", json={"file_key": key})
answer = requests.get(download["presigned_url"], timeout=600)
answer.raise_for_status()
assert answer.content == file.read_bytes()
print("downloaded; the URL works for", download["expires_in"], "s")

# 4. list: pages of 1,000, the next begins after the cursor `next`
count, cursor = 0, ""
while cursor is not None:
    page = call("GET", "/files", params={"cursor": cursor} if cursor else {})
    count, cursor = count + page["count"], page["next"]
print("files:", count)

# 5. delete
print(call("DELETE", "/files/" + urllib.parse.quote(key))["message"])
