#!/usr/bin/python3
"""Sign random URLs and cookies for CloudFront with our code, and compare with botocore and openssl.

    compare_cloudfront.py path/to/cloudfront [--cases N] [--seed N]

RSA-SHA1 URLs are compared with botocore's CloudFrontSigner byte for byte (PKCS#1 v1.5 is deterministic), its policies
with ours for every form. Some of every form are given to `openssl dgst -verify` with the public key alone; all the others are
verified by python3-cryptography. Then one byte is changed, and nothing may verify any more. Keys are made here.
"""

import argparse
import base64
import datetime
import json
import random
import string
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from botocore.signers import CloudFrontSigner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

KEY_ID = "K2JCJMDEHXQW5F"
PER_FORM_BY_OPENSSL = 6
UNICODE = "äöüßéñ日本語文字😀🎉Å\u0301\u00a0"


def make_keys(folder):
    """RSA in PKCS#1 and PKCS#8, P-256 in SEC 1 and PKCS#8, and RSA 4096."""
    commands = {
        "rsa1.pem": "openssl genrsa -traditional 2048",
        "rsa8.pem": "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "ec1.pem": "openssl ecparam -name prime256v1 -genkey -noout",
        "ec8.pem": "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "rsa4.pem": "openssl genrsa 4096",
    }
    paths = []
    for name, command in commands.items():
        path = folder / name
        path.write_bytes(subprocess.run(command.split(), check=True, capture_output=True).stdout)
        subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-out", f"{path}.pub"], check=True)
        paths.append(path)
    return paths


class Cases:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def url(self):
        alphabet = string.ascii_letters + string.digits + "-._~ +&=?#%*/'\"\\<>" + UNICODE
        key = "".join(self.random.choice(alphabet) for _ in range(self.random.randint(1, 60)))
        host = self.random.choice(["d111111abcdef8.cloudfront.net", "cdn.example.org", "127.0.0.1:8443"])
        url = f"{self.random.choice(['https', 'https', 'http'])}://{host}/{quote(key)}"
        if self.random.random() < 0.4:
            url += "?response-content-disposition=" + quote(key, safe="") + self.random.choice(["", "&size=large", "&x"])
        return url

    def case(self, keys):
        now = self.random.choice([1, 1357034400, 2147483647, self.random.randint(2, 2**31 - 1)])
        case = {
            "key": self.random.randrange(keys), "hash": self.random.choice(["SHA1", "SHA256"]),
            "form": self.random.choice(["canned", "custom"]), "url": self.url(), "resource": "", "ends_at": now,
            "starts_at": 0, "source_ip": "",
        }
        if self.random.random() < 0.3:  # cookies
            case["resource"], case["url"] = case["url"], ""
        if case["form"] == "custom":
            if self.random.random() < 0.3:
                where = "resource" if not case["url"] else "url"
                case["resource"] = case[where].rsplit("/", 1)[0] + self.random.choice(["/*", "/*.jpg", "/?"])
            if self.random.random() < 0.4 and now > 1:
                case["starts_at"] = self.random.randint(1, now - 1)
            if self.random.random() < 0.4:
                case["source_ip"] = ".".join(str(self.random.randrange(256)) for _ in range(4)) + self.random.choice(
                    ["", "/32", "/24", "/0"])
        return case


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc) if seconds else None


def unbase64(text):
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"), validate=True)


def verify(public, hash_name, message, signature):
    algorithm = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}[hash_name]()
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(algorithm))
        else:
            public.verify(signature, message, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def openssl_verifies(folder, key_path, hash_name, message, signature):
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    done = subprocess.run(["openssl", "dgst", f"-{hash_name.lower()}", "-verify", f"{key_path}.pub", "-signature",
                           folder / "signature", folder / "message"], capture_output=True)
    return done.stdout == b"Verified OK\n"


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, case, ours, theirs):
        if ours == theirs:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 5:
            print(f"{what}\n  case   {json.dumps(case)}\n  ours   {ours!r}\n  theirs {theirs!r}")


def parts_of(case, answer):
    """What is sent to CloudFront, by its names in a query."""
    if case["url"]:
        assert answer["url"].startswith(case["url"] + ("&" if "?" in case["url"] else "?"))
        sent = dict(part.split("=", 1) for part in answer["url"][len(case["url"]) + 1:].split("&"))
    else:
        sent = {name.removeprefix("CloudFront-"): value for name, value in answer["cookies"].items()}
    return sent


def compare(tally, case, answer, keys, publics, privates):
    if answer["status"] != "ok":
        tally.check("status", case, answer["status"], "ok")
        return None
    private = privates[case["key"]]
    algorithm = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}[case["hash"]]()
    is_rsa = not isinstance(private, ec.EllipticCurvePrivateKey)
    signer = CloudFrontSigner(KEY_ID, lambda m: private.sign(m, padding.PKCS1v15(), algorithm) if is_rsa else b"")
    policy = signer.build_policy(case["resource"] or case["url"], instant(case["ends_at"]), instant(case["starts_at"]),
                                 case["source_ip"] or None)
    sent = parts_of(case, answer)
    tally.check("key pair", case, sent["Key-Pair-Id"], KEY_ID)
    tally.check("hash", case, sent.get("Hash-Algorithm"), "SHA256" if case["hash"] == "SHA256" else None)
    if case["form"] == "canned":
        tally.check("end", case, sent["Expires"], str(case["ends_at"]))
    else:
        tally.check("policy", case, unbase64(sent["Policy"]).decode(), policy)
    if is_rsa and case["url"]:
        theirs = (signer.generate_presigned_url(case["url"], date_less_than=instant(case["ends_at"])) if case["form"] == "canned"
                  else signer.generate_presigned_url(case["url"], policy=policy))
        tally.check("botocore's URL", case, answer["url"], theirs + ("&Hash-Algorithm=SHA256" if case["hash"] == "SHA256" else ""))
    signature = unbase64(sent["Signature"])
    tally.check("verified", case, verify(publics[case["key"]], case["hash"], policy.encode(), signature), True)
    broken = bytearray(policy.encode())
    broken[len(broken) // 2] ^= 1
    tally.check("refused after a change", case, verify(publics[case["key"]], case["hash"], bytes(broken), signature), False)
    return policy.encode(), signature


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("signer")
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    tally, by_openssl, cases = Tally(), {}, Cases(options.seed)
    with tempfile.TemporaryDirectory(prefix="vitrine-cloudfront-") as name:
        folder = Path(name)
        keys = make_keys(folder)
        privates = [serialization.load_pem_private_key(path.read_bytes(), None) for path in keys]
        publics = [private.public_key() for private in privates]
        asked = [cases.case(len(keys)) for _ in range(options.cases)]
        done = subprocess.run([options.signer, *keys], input="".join(json.dumps(case) + "\n" for case in asked), text=True,
                              check=True, capture_output=True)
        for case, line in zip(asked, done.stdout.splitlines(), strict=True):
            proof = compare(tally, case, json.loads(line), keys, publics, privates)
            form = (case["key"], case["hash"], case["form"], bool(case["url"]))
            if proof and by_openssl.setdefault(form, 0) < PER_FORM_BY_OPENSSL:
                by_openssl[form] += 1
                tally.check("openssl dgst -verify", case, openssl_verifies(folder, keys[case["key"]], case["hash"], *proof), True)
        tally.check("every form came up", None, len(by_openssl), len(keys) * 2 * 2 * 2)
    print(f"{options.cases} URLs and cookies for CloudFront, seed {options.seed}; {sum(by_openssl.values())} of them in "
          f"{len(by_openssl)} forms by openssl dgst -verify")
    print(f"{tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
