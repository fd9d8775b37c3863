#!/usr/bin/python3
"""Vitrine's own API (002): presign, PUT, save, show, delete.

    BASE_URL=http://localhost:8080 TOKEN=vt_... python3 002/upload.py FILE [CONTENT-TYPE]
"""

import hashlib
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

# 1. ask for a grant; with size and sha256 storage itself refuses anything else
content = file.read_bytes()
grant = call("POST", "/images/presign-upload", json={
    "filename": file.name, "filetype": content_type, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})

# 2. PUT the file, with exactly the headers that the grant lists; without the session, whose token is not for storage
requests.put(grant["url"], data=content, headers=grant["headers"], timeout=600).raise_for_status()

# 3. save it: the object is looked at, then the image is answered
image = call("POST", "/images", json={
    "key": grant["key"], "filename": file.name, "filetype": content_type, "title": "An example"})["image"]
print("image", image["id"], image["key"])

# 4. a URL that shows it for a few minutes
signed = call("GET", f"/images/{image['id']}/signed-url")
shown = requests.get(signed["url"], timeout=60)
shown.raise_for_status()
assert shown.content == content
print("shown, until", signed["expires_at"])

# 5. delete
print("deleted:", call("DELETE", f"/images/{image['id']}")["deleted"])
