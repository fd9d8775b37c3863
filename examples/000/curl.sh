#!/usr/bin/env bash
#
# API 000 with curl: sign in, ask for a URL, PUT the file there.
#
#   BASE_URL=http://localhost:8080 EMAIL=ada@example.org PASSWORD=... 000/curl.sh FILE [CONTENT-TYPE]
set -euo pipefail
: "${BASE_URL:?}" "${EMAIL:?}" "${PASSWORD:?}"
TOKEN=
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

# 1. sign in; the password by a pipe, for the same reason
TOKEN=$(jq -n '{email: env.EMAIL, password: env.PASSWORD}' | call POST /auth/signin "${json[@]}" @- | jq -r .token)

# 2. ask where to upload
grant=$(call POST /upload "${json[@]}" "$(jq -n --arg fileName "${file##*/}" --arg fileType "$type" '{$fileName, $fileType}')")
echo "key: $(jq -r .fileKey <<<"$grant"), for $(jq -r .expiresIn <<<"$grant") s"

# 3. upload: -f makes a refusal of storage an error
curl -fsS -X PUT "$(jq -r .uploadUrl <<<"$grant")" -H "Content-Type: $type" --upload-file "$file"
echo "uploaded"
