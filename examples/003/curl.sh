#!/usr/bin/env bash
#
# API 003 with curl: a URL to upload, a URL to download, list, delete.
#
#   BASE_URL=http://localhost:8080 TOKEN=vt_... 003/curl.sh FILE [CONTENT-TYPE]
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

# 1. ask where to upload
grant=$(call POST /upload-url "${json[@]}" "$(jq -n --arg filename "${file##*/}" --arg content_type "$type" '{$filename, $content_type}')")
key=$(jq -r .file_key <<<"$grant")

# 2. upload
curl -fsS -X PUT "$(jq -r .presigned_url <<<"$grant")" -H "Content-Type: $type" --upload-file "$file"
echo "uploaded: $key"

# 3. download
download=$(call POST /download-url "${json[@]}" "$(jq -n --arg file_key "$key" '{$file_key}')")
curl -fsS "$(jq -r .presigned_url <<<"$download")" | cmp - "$file"
echo "downloaded; the URL works for $(jq .expires_in <<<"$download") s"

# 4. list: pages of 1,000, the next begins after the cursor `next`
call GET /files | jq -r '"files: \(.count)"'

# 5. delete
call DELETE "/files/$(in_path "$key")" | jq -r .message
