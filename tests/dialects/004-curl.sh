#!/bin/sh
# API 004, by curl: its manual tests.
set -eu

# 1. Test configuration
curl -sS --fail-with-body "$HOST/api/v1/upload/health"
echo

# 2. Test direct upload
curl -sS --fail-with-body -X POST -H "Authorization: Bearer $TOKEN" \
  -F "file=@$FILE" "$HOST/api/v1/upload/direct"
echo

# 3. Test presigned upload
curl -sS --fail-with-body -X POST -H "Content-Type: application/json" -H "Authorization: Bearer $TOKEN" \
     -d '{"filename":"test.jpg","content_type":"image/jpeg"}' \
     "$HOST/api/v1/upload/presigned"
echo
