"""A stand-in for a CloudFront distribution: on loopback, in front of Vitrine's embedded storage.

It judges every request as the CloudFront Developer Guide says, knows nothing but the public key, and has openssl verify the
signature: by the query (canned: Expires, custom: Policy), else by cookies. What passes is read from the bucket with keys of its
own, as a distribution with origin access control does. Each refusal has its own code, so that tests can tell them apart.
"""

import base64
import ipaddress
import json
import re
import subprocess
import tempfile
import threading
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import botocore.exceptions

OWN = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
OVERRIDES = {"response-content-type": "ResponseContentType", "response-cache-control": "ResponseCacheControl",
             "response-content-disposition": "ResponseContentDisposition"}


class Refused(Exception):
    pass


def unbase64(text):
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"), validate=True)


def matches(resource, url):
    """'*' stands for any bytes, '?' for one."""
    pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in resource)
    return re.fullmatch(pattern, url, re.S) is not None


class Distribution:
    """Order of use: with Distribution(key_pair_id, private_key_path) as cdn; then serve(s3, bucket)."""

    def __init__(self, key_pair_id, private_key, forwards_query=False):
        self.key_pair_id = key_pair_id
        self.forwards_query = forwards_query
        self.folder = tempfile.TemporaryDirectory(prefix="vitrine-cdn-")
        self.public_key = Path(self.folder.name) / "public.pem"
        subprocess.run(["openssl", "pkey", "-in", private_key, "-pubout", "-out", self.public_key], check=True)
        self.s3 = self.bucket = None
        self.seen = []  # what each request was answered with: (path, by, status or refusal)
        self.client_address = "127.0.0.1"
        self.ahead_s = 0  # how far the distribution lives in the future
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.folder.cleanup()

    def serve(self, s3, bucket):
        self.s3, self.bucket = s3, bucket

    def handler(cdn):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                by, outcome = "", 500
                try:
                    by, query = cdn.judge(self.path, self.headers.get("Cookie", ""))
                    outcome = cdn.answer(self, query)
                except Refused as refused:
                    outcome = str(refused)
                    self.reply(403, "text/plain", outcome.encode())
                finally:
                    cdn.seen.append((self.path, by, outcome))

            do_HEAD = do_GET

            def reply(self, status, content_type, body, **headers):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    # --- judging ---

    def judge(self, target, cookie_header):
        """How it was signed, and the query that is left for the origin. Refused with the reason."""
        path, _, query = target.partition("?")
        pairs = [pair for pair in query.split("&") if pair]
        sent = {pair.split("=", 1)[0]: pair.split("=", 1)[-1] for pair in pairs if pair.split("=", 1)[0] in OWN}
        rest = "&".join(pair for pair in pairs if pair.split("=", 1)[0] not in OWN)
        by = "url"
        if not sent:
            by, cookies = "cookies", SimpleCookie(cookie_header)
            sent = {name: cookies[f"CloudFront-{name}"].value for name in OWN if f"CloudFront-{name}" in cookies}
        url = self.origin + path + ("?" + rest if rest else "")
        self.check(sent, url)
        return by, rest

    def check(self, sent, url):
        if "Signature" not in sent or "Key-Pair-Id" not in sent or not ("Policy" in sent or "Expires" in sent):
            raise Refused("MissingKey")
        if sent["Key-Pair-Id"] != self.key_pair_id:
            raise Refused("InvalidKey")
        if sent.get("Hash-Algorithm", "SHA1") not in ("SHA1", "SHA256"):
            raise Refused("UnknownHash")
        if "Policy" in sent:
            text = unbase64(sent["Policy"])
        else:
            text = f'{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{sent["Expires"]}}}}}}}]}}'.encode()
        if not self.verifies(sent.get("Hash-Algorithm", "SHA1").lower(), text, unbase64(sent["Signature"])):
            raise Refused("BadSignature")
        self.check_policy(json.loads(text), url)

    def check_policy(self, policy, url):
        [statement] = policy["Statement"]
        condition = statement["Condition"]
        if not matches(statement["Resource"], url):
            raise Refused("OtherResource")
        now = time.time() + self.ahead_s
        if now >= condition["DateLessThan"]["AWS:EpochTime"]:
            raise Refused("Expired")
        if now < condition.get("DateGreaterThan", {}).get("AWS:EpochTime", 0):
            raise Refused("TooEarly")
        source = condition.get("IpAddress", {}).get("AWS:SourceIp", "0.0.0.0/0")
        if ipaddress.ip_address(self.client_address) not in ipaddress.ip_network(source, strict=False):
            raise Refused("OtherAddress")

    def verifies(self, digest, message, signature):
        with tempfile.TemporaryDirectory(dir=self.folder.name) as name:
            (Path(name) / "message").write_bytes(message)
            (Path(name) / "signature").write_bytes(signature)
            done = subprocess.run(["openssl", "dgst", f"-{digest}", "-verify", self.public_key, "-signature",
                                   f"{name}/signature", f"{name}/message"], capture_output=True)
        return done.stdout == b"Verified OK\n"

    # --- the origin ---

    def answer(self, request, query):
        overrides = {}
        if self.forwards_query:
            overrides = {OVERRIDES[name]: value for name, value in parse_qsl(query) if name in OVERRIDES}
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=unquote(request.path.partition("?")[0][1:]), **overrides)
        except botocore.exceptions.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            request.reply(status, "application/xml", b"<Error/>")
            return status
        headers = {"Content_Disposition": found["ContentDisposition"]} if found.get("ContentDisposition") else {}
        request.reply(200, found["ContentType"], found["Body"].read(), **headers)
        return 200
