#!/usr/bin/python3
"""API 000: sign in, ask for a URL, PUT the file there.

    BASE_URL=http://localhost:8080 EMAIL=ada@example.org PASSWORD=... python3 000/upload.py FILE [CONTENT-TYPE]
"""

import os
import pathlib
import sys

import requests

base_url = os.environ["BASE_URL"]
api = requests.Session()


def call(method, path, **options):
    """One call of the API: the answer's JSON, or an end with the reason in the service's words."""
    answer = api.request(method, base_url + path, timeout=60, **options)
    if not answer.ok:
        sys.exit(f"{method} {path} answered {answer.status_code}: {answer.json()['detail']}")
    return answer.json()


file = pathlib.Path(sys.argv[1])
content_type = sys.argv[2] if len(sys.argv) > 2 else "image/png"

# 1. sign in
signed_in = call("POST", "/auth/signin", json={"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]})
api.headers["Authorization"] = "Bearer " + signed_in["token"]

# 2. ask where to upload
grant = call("POST", "/upload", json={"fileName": file.name, "fileType": content_type})
print("key:", grant["fileKey"])

# 3. upload; without the session, whose token is not for storage
with file.open("rb") as content:
    requests.put(grant["uploadUrl"], data=content, headers={"Content-Type": content_type}, timeout=600).raise_for_status()
print("uploaded")
