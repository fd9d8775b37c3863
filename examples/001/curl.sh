#!/usr/bin/env bash
#
# API 001 with curl: upload through the API, get the URL that shows it, list, delete.
#
#   BASE_URL=http://localhost:8080 TOKEN=vt_... 001/curl.sh FILE [CONTENT-TYPE]
set -euo pipefail
: "${BASE_URL:?}" "${TOKEN:?}"
file=${1:?say which file} type=${2:-image/png}

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

# 1. upload
uploaded=$(call POST /api/profile/upload-image -F "image=@$file;type=$type")
id=$(jq .data.id <<<"$uploaded")
echo "image $id: $(jq -r .data.s3Key <<<"$uploaded")"

# 2. a fresh URL; whoever has it sees the image until it expires
signed=$(call GET "/api/profile/images/$id/signed-url")
curl -fsS "$(jq -r .data.signedUrl <<<"$signed")" | cmp - "$file"
echo "shown, for $(jq .data.expiresIn <<<"$signed") s"

# 3. one's own images
call GET /api/profile/images | jq -r '"images: \(.data | length)"'

# 4. delete
call DELETE "/api/profile/images/$id" | jq -r .message
