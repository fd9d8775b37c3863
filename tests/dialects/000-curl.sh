#!/bin/sh
# Seed 000, by curl: ask for a URL, PUT the file.
set -eu

answer=$(curl -sS --fail-with-body -X POST "$HOST/upload" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $TOKEN" \
  -d '{
    "fileName": "my-image.jpg",
    "fileType": "image/jpeg"
  }')
echo "$answer"
PRESIGNED_URL=$(echo "$answer" | python3 -c 'import json, sys; print(json.load(sys.stdin)["uploadUrl"])')

curl -sS --fail-with-body -X PUT "$PRESIGNED_URL" \
  -H "Content-Type: image/jpeg" \
  --upload-file "$FILE"
