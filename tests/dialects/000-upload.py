# API 000, Python: the PUT of a presigned URL.
import os

import requests


def upload_image(presigned_url, file_path, content_type):
    try:
        with open(file_path, 'rb') as file:
            response = requests.put(
                presigned_url,
                data=file,
                headers={
                    'Content-Type': content_type
                }
            )
            response.raise_for_status()
            print('Upload successful!')
    except requests.exceptions.RequestException as e:
        print(f'Upload failed: {e}')


answer = requests.post(os.environ['HOST'] + '/upload', json={
    'fileName': 'my-image.jpg',
    'fileType': 'image/jpeg'
}, headers={'Authorization': 'Bearer ' + os.environ['TOKEN']})
print(answer.text)
upload_image(answer.json()['uploadUrl'], os.environ['FILE'], 'image/jpeg')
