#!/usr/bin/env bash
#
# Presigned GET URLs a second in one thread, against what others make and against what OpenSSL allows.
#
#   bench/signing.sh [seconds for each]      (default 3)
#
# Prints a table in Markdown. Every column was measured on this machine in this run; only ratios can be
# compared with another's. Needs `make signing-tests`, python3-boto3, node, and npm's aws4 (installed
# here when it is missing).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SECONDS_EACH=${1:-3} BUILD=${BUILD:-build}

make --no-print-directory -s BUILD="$BUILD" signing-tests >&2
[[ -d bench/node_modules/aws4 ]] || npm --prefix bench ci --silent >&2

ours=$("$BUILD/bench/presign" "$SECONDS_EACH")
botocore=$(/usr/bin/python3 bench/presign_botocore.py "$SECONDS_EACH")
# With awscrt installed boto3 signs in C; without, in Python. Be compared with the faster.
botocore_python=$(BOTO_DISABLE_CRT=1 /usr/bin/python3 bench/presign_botocore.py "$SECONDS_EACH")
aws4=$(node bench/presign_aws4.mjs "$SECONDS_EACH")

/usr/bin/python3 - "$ours" "$botocore" "$botocore_python" "$aws4" <<'PYTHON'
import json
import sys

ours, botocore, botocore_python, aws4 = map(json.loads, sys.argv[1:])
speed = ours["presign_per_s"]
client = max(botocore["client_per_s"], botocore_python["client_per_s"])
signer = max(botocore["signer_per_s"], botocore_python["signer_per_s"])
rows = [
    ("one SHA-256 and one keyed HMAC, OpenSSL alone (the limit)", ours["limit_per_s"], ">= 0.6x"),
    (f"npm aws4 {aws4['version']}", aws4["presign_per_s"], ">= 20x"),
    (f"botocore {botocore['version']}, generate_presigned_url", client, ">= 100x"),
    (f"botocore {botocore['version']}, its signer alone", signer, ""),
]
print(f"Presigned GET URLs a second in one thread: **{speed:,}** "
      f"({ours['canonical_bytes']} bytes of canonical request)\n")
print("| against | a second | Vitrine is | target |\n| --- | ---: | ---: | --- |")
for name, value, target in rows:
    ratio = speed / value
    print(f"| {name} | {value:,} | {ratio:.{2 if ratio < 10 else 0}f}x | {target} |")
PYTHON
