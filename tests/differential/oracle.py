"""What botocore makes of a signing case (see ../vectors/sign_case.h): the judge of our signatures.

Nothing here computes a signature itself; botocore's signers are run at the case's time, and the
steps on the way are recorded.
"""

import contextlib
import datetime
from unittest import mock

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode

try:  # with awscrt installed, clients sign by aws-c-auth: a second judge
    import botocore.crt.auth as crt_auth
except ImportError:
    crt_auth = None


def text_bytes(value):
    """A string of a case: text, or {"hex": ...} for what JSON cannot hold."""
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode()


class Recorded:
    """Mixed into a signer: keeps the intermediates, takes the payload hash from the case."""

    case = None

    def canonical_request(self, request):
        self.recorded_canonical_request = super().canonical_request(request)
        return self.recorded_canonical_request

    def string_to_sign(self, request, canonical_request):
        self.recorded_string_to_sign = super().string_to_sign(request, canonical_request)
        return self.recorded_string_to_sign

    def signature(self, string_to_sign, request):
        self.recorded_signature = super().signature(string_to_sign, request)
        return self.recorded_signature


class HeaderSigner(Recorded, S3SigV4Auth):
    def payload(self, request):
        return self.case["payload_hash"]


class QuerySigner(Recorded, S3SigV4QueryAuth):
    pass


class FrozenDatetime(datetime.datetime):
    at_s = 0

    @classmethod
    def utcnow(cls):
        return datetime.datetime.fromtimestamp(cls.at_s, datetime.timezone.utc).replace(tzinfo=None)


@contextlib.contextmanager
def frozen(at_s):
    """botocore's clock stands at `at_s`."""
    FrozenDatetime.at_s = at_s
    module = mock.Mock(wraps=datetime)
    module.datetime = FrozenDatetime
    module.timezone = datetime.timezone
    with contextlib.ExitStack() as stack:
        for user in filter(None, (botocore.auth, crt_auth)):
            stack.enter_context(mock.patch.object(user, "datetime", module))
        yield


def encode_query(pairs):
    return "&".join(
        percent_encode(text_bytes(name)) + "=" + percent_encode(text_bytes(value))
        for name, value in pairs
    )


def make_request(case):
    url = f"{case['scheme']}://{case['host']}" + percent_encode(text_bytes(case["path"]), safe="-._~/")
    query = encode_query(case.get("query", []))
    request = AWSRequest(method=case["method"], url=url + ("?" + query if query else ""))
    for name, value in case.get("headers", []):
        request.headers.add_header(name, value)
    return request


def sign(case):
    """-> dict(canonical_request, string_to_sign, signature, url, headers) of a "header" or "query" case."""
    credentials = Credentials(case["access_key"], case["secret_key"], case.get("session_token") or None)
    if case["sign"] == "header":
        signer = HeaderSigner(credentials, case["service"], case["region"])
    else:
        signer = QuerySigner(credentials, case["service"], case["region"], expires=case["expires_s"])
    signer.case = case
    request = make_request(case)
    with frozen(case["signed_at"]):
        signer.add_auth(request)
    return {
        "canonical_request": signer.recorded_canonical_request,
        "string_to_sign": signer.recorded_string_to_sign,
        "signature": signer.recorded_signature,
        "url": request.url,
        "headers": list(request.headers.items()),
        "authorization": request.headers.get("Authorization", ""),
    }
