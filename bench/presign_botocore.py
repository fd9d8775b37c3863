#!/usr/bin/python3
"""How many presigned GET URLs botocore makes a second in one thread, of the same shape as presign.c's.

    presign_botocore.py [seconds]      prints one JSON object

`client` is generate_presigned_url(), what applications call; `signer` is botocore's signer alone, given
a ready request: the least that botocore can do.
"""

import json
import sys
import time

import boto3
import botocore
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION, BUCKET = "eu-central-1", "vitrine-images"


def key_of(number):
    return f"images/2026/11/kq3vn5x7zj2m4t6w{number % 10**10:010}.jpg"


def by_client():
    client = boto3.client(
        "s3", region_name=REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
        endpoint_url=f"https://s3.{REGION}.amazonaws.com",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))

    def presign(number):
        return client.generate_presigned_url("get_object", ExpiresIn=300, Params={
            "Bucket": BUCKET, "Key": key_of(number), "ResponseContentType": "image/jpeg",
            "ResponseContentDisposition": "inline"})
    return presign


def by_signer():
    credentials = Credentials(ACCESS_KEY, SECRET_KEY)
    base = f"https://{BUCKET}.s3.{REGION}.amazonaws.com/"
    overrides = "?response-content-disposition=inline&response-content-type=image%2Fjpeg"

    def presign(number):
        request = AWSRequest(method="GET", url=base + key_of(number) + overrides)
        S3SigV4QueryAuth(credentials, "s3", REGION, expires=300).add_auth(request)
        return request.url
    return presign


def measure(presign, seconds):
    """The best of five slices by processor time: neighbours on the machine do not count."""
    best, made = 0, 0
    for _ in range(5):
        start = now = time.process_time()
        before = made
        while now - start < seconds / 5:
            for _ in range(20):
                presign(made)
                made += 1
            now = time.process_time()
        best = max(best, (made - before) / (now - start))
    return best


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
    print(json.dumps({"version": botocore.__version__, "client_per_s": round(measure(by_client(), seconds)),
                      "signer_per_s": round(measure(by_signer(), seconds))}))


if __name__ == "__main__":
    main()
