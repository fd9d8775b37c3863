#!/usr/bin/env bash
#
# API 004 with curl: upload directly and by a presigned URL, download both ways, list, delete.
#
#   BASE_URL=http://localhost:8080 TOKEN=vt_... 004/curl.sh FILE [CONTENT-TYPE]
set -euo pipefail
: "${BASE_URL:?}" "${TOKEN:?}"
file=${1:?say which file} type=${2:-image/png}
json=(-H "Content-Type: application/json" -d)

# One call of the API: prints the answer, or says why there is none.
call() { # METHOD PATH [curl options]
    local answer status method=$1 path=$2
    shift 2
    # the token by a file, since everyone on the machine can read a command line
    answer=$(curl -sS -X "$method" "$BASE_URL$path" -H @<(printf 'Authorization: Bearer %s' "$TOKEN") -w '\n%{http_code}' "$@")
    status=${answer##*$'\n'} answer=${answer%$'\n'*}
    if ((status >= 400)); then
        echo "$method $path answered $status: $(jq -r .detail <<<"$answer")" >&2
        return 1
    fi
    echo "$answer"
}

# A key as part of an address: everything encoded but its slashes.
in_path() { jq -rn --arg key "$1" '$key | @uri | gsub("%2F"; "/")'; }

# 1. directly, through the API
direct=$(call POST /api/v1/upload/direct -F "file=@$file;type=$type" | jq -r .file_id)
echo "uploaded directly: $direct"

# 2. by a presigned URL, which lives as long as asked for
grant=$(call POST /api/v1/upload/presigned "${json[@]}" \
    "$(jq -n --arg filename "${file##*/}" --arg content_type "$type" '{$filename, $content_type, expires_in: 600}')")
presigned=$(jq -r .file_id <<<"$grant")
curl -fsS -X PUT "$(jq -r .upload_url <<<"$grant")" -H "Content-Type: $type" --upload-file "$file"
echo "uploaded by URL, until $(jq -r .expires_at <<<"$grant"): $presigned"

# 3. what is known of it
call GET "/api/v1/upload/metadata/$(in_path "$presigned")" | jq -r '"\(.content_type), \(.file_size) bytes"'

# 4. download through the API, and by a URL
curl -fsS "$BASE_URL/api/v1/upload/download/$(in_path "$direct")" -H @<(printf 'Authorization: Bearer %s' "$TOKEN") | cmp - "$file"
url=$(call GET "/api/v1/upload/download/$(in_path "$presigned")/url?expires_in=600" | jq -r .download_url)
curl -fsS "$url" | cmp - "$file"
echo "downloaded both"

# 5. list
call GET "/api/v1/upload/list?prefix=uploads&limit=100" | jq -r '"files: \(.count)"'

# 6. delete
for id in "$direct" "$presigned"; do call DELETE "/api/v1/upload/$(in_path "$id")" | jq -r .message; done
