# API 003, Python.
import os

import requests

host = os.environ["HOST"]
headers = {"Authorization": "Bearer " + os.environ["TOKEN"]}

# Get upload URL
response = requests.post(host + "/upload-url", json={
    "filename": "test.pdf",
    "content_type": "application/pdf"
}, headers=headers)
upload_data = response.json()
print(response.text)

# Upload file directly to S3
with open(os.environ["FILE"], "rb") as f:
    put = requests.put(upload_data["presigned_url"], data=f, headers={
        "Content-Type": "application/pdf"
    })
put.raise_for_status()

# Get download URL
response = requests.post(host + "/download-url", json={
    "file_key": upload_data["file_key"]
}, headers=headers)
print(response.text)
