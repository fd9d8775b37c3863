#!/usr/bin/python3
"""Sign thousands of random requests with our code and with botocore, and compare every step.

    compare_botocore.py path/to/signer [--cases N] [--seed N]

Four rings, all from one seed: Authorization headers; presigned queries; whole presigned URLs as boto3's
client makes them (addressing, host, path); and botocore's requests given to our verifier, which has
to accept each, and to refuse it after one change.
"""

import argparse
import json
import random
import string
import subprocess
import sys
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

import oracle

UNRESERVED = string.ascii_letters + string.digits + "-._~"
UNICODE = "äöüßéñ日本語文字😀🎉ÅáÅ\u0301\u00a0\u2028Ω≈"
PIECES = ["..", ".", "", "//", "a", "images", "+", "%", "%20", "%2F", "%zz", " ", "  ", "a b", "~", "?", "#",
          "&", "=", ";", ":", "@", "!", "$", "'", "(", ")", "*", ",", "[", "]", "\\", "|", "\"", "<", ">", "\t", "\x7f"]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-3", "us-gov-west-1", "auto", "default", "RegionOne", "fr par"]
HOSTS = ["s3.amazonaws.com", "bucket.s3.eu-central-1.amazonaws.com", "localhost:8081", "127.0.0.1:9000",
         "minio.example:443", "minio.example:80", "[::1]:8081", "a-b.c-d.example"]
# Names that botocore takes as its own or never signs: host, date, expect, user-agent, x-amzn-trace-id, x-amz-date, ...
HEADERS = ["content-type", "Content-Length", "Content-MD5", "Cache-Control", "If-None-Match", "If-Match", "Range",
           "x-amz-meta-title", "X-Amz-Meta-Title", "x-amz-meta-a.b", "x-amz-meta-a_b", "x-amz-meta-a-b",
           "x-amz-checksum-sha256", "x-amz-server-side-encryption", "x-amz-acl", "X-AMZ-Storage-Class", "z", "A"]
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Cases:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def word(self, low=0, high=12):
        alphabet = self.random.choice([UNRESERVED, UNRESERVED, string.printable[:95], UNICODE])
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(low, high)))

    def key(self):
        parts = [self.random.choice(PIECES) if self.random.random() < 0.5 else self.word()
                 for _ in range(self.random.randint(0, 6))]
        return "/".join(parts)

    def path(self):
        if self.random.random() < 0.1:
            return {"hex": (b"/" + self.random.randbytes(self.random.randint(0, 40))).hex()}
        return "/" + self.key()

    def pairs(self, names, repeats):
        pairs = []
        for _ in range(self.random.choice([0, 0, 1, 2, 3, 8])):
            name = names()
            if repeats or name not in [n for n, _ in pairs]:
                pairs.append([name, self.random.choice(PIECES) if self.random.random() < 0.3 else self.word()])
        return pairs

    def query_name(self):
        known = ["prefix", "delimiter", "max-keys", "uploads", "versionId", "response-content-type", "X-Ama", "X-Amzz",
                 "x-amz-acl", "list-type", "a", "a-b", "a.b", "a~", "A", "é", "!"]
        return self.random.choice(known) if self.random.random() < 0.7 else self.word(1, 6) or "n"

    def header_value(self):
        value = self.word(0, 20).encode("ascii", "ignore").decode()
        blanks = [" ", "  ", "\t", " \t "]
        if self.random.random() < 0.4:
            value = self.random.choice(blanks) + value + self.random.choice(blanks) + "x" + self.random.choice(blanks)
        if self.random.random() < 0.1:
            value = '"' + value + '  y"'
        return value

    def headers(self):
        return [[self.random.choice(HEADERS), self.header_value()]
                for _ in range(self.random.choice([0, 0, 1, 2, 4, 9]))]

    def common(self, sign):
        return {
            "sign": sign,
            "method": self.random.choice(["GET", "PUT", "HEAD", "DELETE", "POST", "OPTIONS"]),
            "scheme": self.random.choice(["http", "https"]),
            "access_key": self.random.choice(["AKIAIOSFODNN7EXAMPLE", "minio", "key/with+odd=bytes", "k" * 128]),
            "secret_key": self.word(1, 60) or "s",
            "session_token": self.random.choice(["", "", "IQoJb3JpZ2lu//x+y==", "t" * 900]),
            "region": self.random.choice(REGIONS),
            "service": "s3",
            "signed_at": self.random.choice([0, 951782400, 1709164800, 4102444799, self.random.randint(0, 2**32)]),
            "expires_s": self.random.choice([1, 604800, self.random.randint(1, 604800)]),
        }

    def raw(self, sign):
        case = self.common(sign)
        scheme_port = {"https": ":443", "http": ":80"}[case["scheme"]]
        host = self.random.choice(HOSTS)
        # Host leaves the scheme's own port out; the location does so for us (the third ring), here the case.
        case["host"] = host[: -len(scheme_port)] if host.endswith(scheme_port) else host
        case["path"] = self.path()
        # botocore's presigner keeps one value for a name.
        case["query"] = self.pairs(self.query_name, repeats=sign == "header")
        case["headers"] = self.headers()
        case["payload_hash"] = self.random.choice(["UNSIGNED-PAYLOAD", EMPTY_SHA256, self.random.randbytes(32).hex()])
        return case

    def client(self, sign):
        case = self.common(sign)
        case["region"] = self.random.choice(REGIONS[:6])
        case["path_style"] = self.random.random() < 0.5
        case["endpoint"] = self.random.choice(
            ["https://s3.eu-central-1.amazonaws.com", "http://localhost:8081", "https://minio.example:9000",
             "https://minio.example:443", "http://minio.example:80"]
            + (["http://127.0.0.1:8081", "http://[::1]:8081", "https://host.example/storage/v1"] if case["path_style"] else []))
        case["bucket"] = self.random.choice(["vitrine", "my-bucket-1", "abc"])
        case["key"] = self.key() or "k"
        if sign == "presign-get":
            case["response"] = {name: self.word(1, 30) or "x" for name in ("content-type", "content-disposition",
                                                                           "cache-control") if self.random.random() < 0.5}
        else:
            case["headers"] = [["content-type", self.random.choice(["image/jpeg", "image/png", "text/plain; charset=utf-8"])]]
            if self.random.random() < 0.5:
                case["headers"].append(["x-amz-checksum-sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="])
            if self.random.random() < 0.5:
                case["headers"].append(["x-amz-meta-title", self.word(1, 9).encode("ascii", "ignore").decode().strip() or "t"])
        return case


class Tally:
    SHOWN = 5

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, case, got, wanted):
        if got == wanted:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= self.SHOWN:
            for name, value in ("case", json.dumps(case)), ("ours", repr(got)), ("theirs", repr(wanted)):
                print(f"{what} differs: {name:6} {value[:2000]}", file=sys.stderr)


def ask(signer, cases):
    """Give all cases to the C program, one a line, and read as many answers."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([signer], input=lines, capture_output=True, text=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(answers) != len(cases):
        sys.exit(f"signer ended with {done.returncode} after {len(answers)} of {len(cases)} cases\n{done.stderr[:4000]}")
    return answers


def query_set(url):
    """The URL with its parameters in order (ours is the canonical one) and without the scheme's own port."""
    parts = urlsplit(url)
    host = parts.netloc.removesuffix({"https": ":443", "http": ":80"}[parts.scheme])
    return parts.scheme, host, parts.path, sorted(parts.query.split("&"))


def compare_raw(tally, case, answer):
    expected = oracle.sign(case)
    ours = {
        "canonical_request": bytes.fromhex(answer["canonical_request"]).decode(),
        "string_to_sign": answer["string_to_sign"],
        "signature": answer["signature"],
    }
    for step in ours:
        if ours[step] != expected[step] or step == "signature":
            tally.check(f"{case['sign']}: {step}", case, ours[step], expected[step])
            break
    if case["sign"] == "header":
        tally.check("header: authorization", case, answer["authorization"], expected["authorization"])
    else:
        tally.check("query: url", case, query_set(answer["url"]), query_set(expected["url"]))


def client_url(case, clients):
    identity = (case["access_key"], case["secret_key"], case["session_token"], case["region"], case["endpoint"],
                case["path_style"])
    if identity not in clients:
        clients[identity] = boto3.client(
            "s3", aws_access_key_id=case["access_key"], aws_secret_access_key=case["secret_key"],
            aws_session_token=case["session_token"] or None, region_name=case["region"], endpoint_url=case["endpoint"],
            config=Config(signature_version="s3v4", s3={"addressing_style": "path" if case["path_style"] else "virtual"}))
    parameters = {"Bucket": case["bucket"], "Key": case["key"]}
    for name, value in case.get("response", {}).items():
        parameters["Response" + name.title().replace("-", "")] = value
    for name, value in case.get("headers", []):
        if name == "content-type":
            parameters["ContentType"] = value
        elif name == "x-amz-checksum-sha256":
            parameters["ChecksumSHA256"] = value
        else:
            parameters["Metadata"] = {name.removeprefix("x-amz-meta-"): value}
    method = "get_object" if case["sign"] == "presign-get" else "put_object"
    with oracle.frozen(case["signed_at"]):
        return clients[identity].generate_presigned_url(method, Params=parameters, ExpiresIn=case["expires_s"])


def compare_client(tally, case, answer, clients):
    tally.check(case["sign"], case, query_set(answer["url"]), query_set(client_url(case, clients)))


def verify_case(case):
    """A request as our endpoint receives it, signed by botocore."""
    signed = oracle.sign(case)
    parts = urlsplit(signed["url"])
    merged = {"host": case["host"]}
    for name, value in signed["headers"]:
        name, value = name.lower(), value.strip(" \t")
        merged[name] = merged[name] + "," + value if name in merged else value
    return dict(case, sign="verify", raw_path=parts.path, raw_query=parts.query, headers=list(map(list, merged.items())),
                now_s=case["signed_at"])


def tampered(case, rand):
    """The same with one change that makes the signature another's."""
    case = json.loads(json.dumps(case))
    change = rand.choice(["method", "path", "query", "header", "secret"])
    if change == "method":
        case["method"] += "X"
    elif change == "path":
        case["raw_path"] += "x"
    elif change == "query":
        case["raw_query"] += ("&" if case["raw_query"] else "") + "extra=1"
    elif change == "header":
        case["headers"] = [[n, v + "x" if n == "host" else v] for n, v in case["headers"]]
    else:
        case["secret_key"] += "x"
    return case


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("signer")
    parser.add_argument("--cases", type=int, default=6000, help="in all rings together (default 6000)")
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()

    make, tally, clients = Cases(options.seed), Tally(), {}
    raw = [make.raw(make.random.choice(["header", "query"])) for _ in range(options.cases * 3 // 6)]
    client = [make.client(make.random.choice(["presign-get", "presign-put"])) for _ in range(options.cases // 6)]
    for case in client:  # one secret for all: making a client of boto3 takes longer than all the rest
        case["secret_key"] = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    accepted = [verify_case(make.raw(make.random.choice(["header", "query"]))) for _ in range(options.cases // 6)]
    refused = [tampered(case, make.random) for case in accepted]

    answers = ask(options.signer, raw + client + accepted + refused)
    take = iter(answers)
    for case in raw:
        compare_raw(tally, case, next(take))
    for case in client:
        compare_client(tally, case, next(take), clients)
    for case in accepted:
        tally.check("verify", case, next(take)["problem"], "")
    for case in refused:
        tally.check("verify after a change", case, next(take)["problem"], "SignatureDoesNotMatch")
    print(f"{len(answers)} cases, seed {options.seed}; URLs of boto3's client are signed by "
          + ("aws-c-auth" if oracle.crt_auth else "botocore"))
    print(f"{tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
