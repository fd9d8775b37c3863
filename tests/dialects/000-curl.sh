#!/bin/sh
# API 000, by curl: sign in (EMAIL, PASSWORD), ask for a URL, PUT the file.
set -eu

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

TOKEN=$(curl -sS --fail-with-body -X POST "$HOST/auth/signin" \
  -H "Content-Type: application/json" \
  -d '{
    "email": "'"$EMAIL"'",
    "password": "'"$PASSWORD"'"
  }' | field token)

answer=$(curl -sS --fail-with-body -X POST "$HOST/upload" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $TOKEN" \
  -d '{
    "fileName": "my-image.jpg",
    "fileType": "image/jpeg"
  }')
echo "$answer"
PRESIGNED_URL=$(echo "$answer" | field uploadUrl)

curl -sS --fail-with-body -X PUT "$PRESIGNED_URL" \
  -H "Content-Type: image/jpeg" \
  --upload-file "$FILE"
