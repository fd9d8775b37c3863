# API 004, Python.
import os

import requests

host = os.environ['HOST']
headers = {'Authorization': 'Bearer ' + os.environ['TOKEN']}

# Upload file directly
with open(os.environ['FILE'], 'rb') as f:
    files = {'file': f}
    response = requests.post(host + '/api/v1/upload/direct', files=files, headers=headers)
    result = response.json()
    print(response.text)
    print(f"File uploaded: {result['file_url']}")

# Generate presigned upload URL
upload_data = {
    "filename": "example.jpg",
    "content_type": "image/jpeg"
}
response = requests.post(host + '/api/v1/upload/presigned', json=upload_data, headers=headers)
result = response.json()
print(response.text)

# Upload directly to S3 using presigned URL
with open(os.environ['FILE'], 'rb') as f:
    response = requests.put(result['upload_url'], data=f, headers={'Content-Type': 'image/jpeg'})
    response.raise_for_status()
    print(f"File uploaded to S3: {result['file_url']}")
