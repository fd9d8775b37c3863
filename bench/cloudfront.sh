#!/usr/bin/env bash
#
# CloudFront signed URLs a second in one thread, against `openssl speed` with the same kind of key and
# against botocore with python3-cryptography.
#
#   bench/cloudfront.sh [seconds for each]      (default 3)
#
# Prints a table in Markdown. Everything is measured on this machine in this run; only ratios can be
# compared with another's. Needs `make signing-tests`, openssl, python3-boto3, python3-cryptography.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SECONDS_EACH=${1:-3} BUILD=${BUILD:-build}
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

make --no-print-directory -s BUILD="$BUILD" signing-tests >&2
openssl genrsa -out "$keys/rsa.pem" 2048 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out "$keys/ec.pem"

# Signatures a second, the column before the last.
speed() { # algorithm
    openssl speed -seconds "$SECONDS_EACH" "$1" 2>/dev/null | awk 'END { print $(NF - 1) }'
}

rsa=$("$BUILD/bench/cloudfront" "$keys/rsa.pem" "$SECONDS_EACH")
rsa_limit=$(speed rsa2048)
ec=$("$BUILD/bench/cloudfront" "$keys/ec.pem" "$SECONDS_EACH")
ec_limit=$(speed ecdsap256)

/usr/bin/python3 - "$rsa" "$rsa_limit" "$ec" "$ec_limit" "$keys/rsa.pem" "$SECONDS_EACH" <<'PYTHON'
import json
import sys
import time
from pathlib import Path

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

rsa, ec = json.loads(sys.argv[1]), json.loads(sys.argv[3])
rsa_limit, ec_limit, seconds = float(sys.argv[2]), float(sys.argv[4]), float(sys.argv[6])
key = serialization.load_pem_private_key(Path(sys.argv[5]).read_bytes(), None)
signer = CloudFrontSigner("K2JCJMDEHXQW5F", lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1()))


def botocore_per_s():
    made, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        url = f"https://d111111abcdef8.cloudfront.net/images/2026/11/kq3vn5x7zj2m4t6w{made:010}.jpg"
        signer.generate_presigned_url(url, policy='{"Statement":[{"Resource":"' + url + '"}]}')
        made += 1
    return made / (time.process_time() - start)


botocore = botocore_per_s()
print("CloudFront signed URLs a second in one thread\n")
print("| key | new URLs | against | a second | Vitrine is | target |\n| --- | ---: | --- | ---: | ---: | --- |")
for name, ours, what, theirs, target in (
        ("RSA 2048", rsa["fresh_per_s"], "openssl speed rsa2048 (the limit)", rsa_limit, ">= 0.9x"),
        ("RSA 2048", rsa["fresh_per_s"], "botocore and python3-cryptography", botocore, ""),
        ("P-256", ec["fresh_per_s"], "openssl speed ecdsap256 (the limit)", ec_limit, ">= 0.7x"),
        ("P-256", ec["fresh_per_s"], "RSA 2048", rsa["fresh_per_s"], ""),
        ("RSA 2048, seen before", rsa["again_per_s"], "new ones", rsa["fresh_per_s"], ">= 50x")):
    print(f"| {name} | {ours:,} | {what} | {theirs:,.0f} | {ours / theirs:.2f}x | {target} |")
print(f"\nA URL has {rsa['url_bytes']} bytes with RSA and {ec['url_bytes']} with P-256.")
PYTHON
