#!/usr/bin/env bash
#
# Vitrine's own API (002) with curl: presign, PUT, save, show, delete.
#
#   BASE_URL=http://localhost:8080 TOKEN=vt_... 002/curl.sh FILE [CONTENT-TYPE]
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

# 1. ask for a grant; with size and sha256 storage itself refuses anything else
grant=$(call POST /images/presign-upload "${json[@]}" "$(jq -n --arg filename "${file##*/}" --arg filetype "$type" \
    --argjson size "$(stat -c %s "$file")" --arg sha256 "$(sha256sum "$file" | cut -d ' ' -f 1)" \
    '{$filename, $filetype, $size, $sha256}')")
key=$(jq -r .key <<<"$grant")

# 2. PUT the file, with exactly the headers that the grant lists
curl -fsS -X PUT "$(jq -r .url <<<"$grant")" -H @<(jq -r '.headers | to_entries[] | "\(.key): \(.value)"' <<<"$grant") \
    --upload-file "$file"

# 3. save it: the object is looked at, then the image is answered
image=$(call POST /images "${json[@]}" "$(jq -n --arg key "$key" --arg filename "${file##*/}" --arg filetype "$type" \
    '{$key, $filename, $filetype, title: "An example"}')")
id=$(jq .image.id <<<"$image")
echo "image $id: $key"

# 4. a URL that shows it for a few minutes
signed=$(call GET "/images/$id/signed-url")
curl -fsS "$(jq -r .url <<<"$signed")" | cmp - "$file"
echo "shown, until $(jq -r .expires_at <<<"$signed")"

# 5. delete
call DELETE "/images/$id" | jq -r '"deleted: \(.deleted)"'
