"""Who may do what: presigned URLs and signed headers, and every way in which they are not right."""

import base64
import datetime
import hashlib
import hmac
import re
import urllib.parse
import zlib
import xml.etree.ElementTree as ElementTree

import pytest
import requests

from objects_server import (ACCESS_KEY, REGION, SECRET_KEY, bucket, objects, presign, s3,  # noqa: F401
                            sign)


def refusal(answer):
    """(status, code) of an answer, with its document checked: it names the request and the resource."""
    document = ElementTree.fromstring(answer.content)
    assert document.tag == "Error" and document.findtext("Message")
    assert document.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert document.findtext("HostId") and document.findtext("Resource").startswith("/")
    return answer.status_code, document.findtext("Code")


def details(answer):
    return {element.tag: element.text for element in ElementTree.fromstring(answer.content)}


@pytest.fixture
def address(objects, s3, bucket):  # noqa: F811
    """The address of an object that is there."""
    s3.put_object(Bucket=bucket, Key="dir/a b.txt", Body=b"content")
    return f"{objects.url}/{bucket}/dir/a%20b.txt"


def utc(**ago):
    return datetime.datetime.utcnow() - datetime.timedelta(**ago)


# --- presigned -----------------------------------------------------------------------------------------


def test_a_presigned_url_opens_what_it_names(address):
    assert requests.get(presign(address)).content == b"content"
    assert requests.head(presign(address, "HEAD")).status_code == 200


def test_nobody_gets_in_without_a_signature(objects, s3, address, bucket):  # noqa: F811
    for method, url in (("GET", address), ("HEAD", address), ("PUT", address), ("DELETE", address),
                        ("GET", objects.url), ("GET", f"{objects.url}/{bucket}"),
                        ("PUT", f"{objects.url}/other-bucket"), ("POST", f"{objects.url}/{bucket}?delete"),
                        ("GET", f"{objects.url}/not-there/x"), ("GET", f"{objects.url}/{bucket}?acl")):
        answer = requests.request(method, url, data=b"x" if method == "PUT" else None)
        if method == "HEAD":
            assert answer.status_code == 403 and answer.content == b""
        else:
            assert refusal(answer) == (403, "AccessDenied"), (method, url)
    assert s3.get_object(Bucket=bucket, Key="dir/a b.txt")["Body"].read() == b"content"


def flip(text):
    """Another text of the same form."""
    last = text[-1]
    return text[:-1] + ("1" if last != "1" else "2")


@pytest.mark.parametrize("parameter,expected", [
    ("X-Amz-Algorithm", (400, "AuthorizationQueryParametersError")),
    ("X-Amz-Credential", None), ("X-Amz-Date", None), ("X-Amz-Expires", (403, "SignatureDoesNotMatch")),
    ("X-Amz-SignedHeaders", (403, "AccessDenied")), ("X-Amz-Signature", (403, "SignatureDoesNotMatch")),
])
def test_each_part_of_a_signature_counts(address, parameter, expected):
    url = urllib.parse.urlsplit(presign(address))
    query = dict(urllib.parse.parse_qsl(url.query))
    query[parameter] = flip(query[parameter])
    changed = requests.get(url._replace(query=urllib.parse.urlencode(query)).geturl())
    if expected:
        assert refusal(changed) == expected
    else:
        assert refusal(changed)[0] in (400, 403)
    del query[parameter]
    removed = requests.get(url._replace(query=urllib.parse.urlencode(query)).geturl())
    assert refusal(removed) == (400, "AuthorizationQueryParametersError")


def test_a_signature_is_for_one_method_path_host_and_query(objects, address, s3, bucket):  # noqa: F811
    url = presign(address)
    s3.put_object(Bucket=bucket, Key="dir/a b.txt2", Body=b"other")
    for method, changed in (("PUT", url), ("DELETE", url), ("HEAD", url), ("GET", url.replace(".txt", ".txt2")),
                            ("GET", url + "&response-content-type=text%2Fhtml"), ("GET", url + "&x=y"),
                            ("GET", url.replace("127.0.0.1", "localhost"))):
        answer = requests.request(method, changed)
        assert answer.status_code == 403, (method, changed)
        if method != "HEAD":
            assert refusal(answer)[1] == "SignatureDoesNotMatch"
    assert requests.get(url, headers={"Host": "evil.example"}).status_code == 403
    assert requests.get(url).content == b"content"


def test_a_mismatch_shows_what_was_signed(address):
    answer = requests.get(flip(presign(address)))
    found = details(answer)
    assert found["AWSAccessKeyId"] == ACCESS_KEY and len(found["SignatureProvided"]) == 64
    assert found["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    canonical = found["CanonicalRequest"]
    assert canonical.startswith("GET\n/") and canonical.endswith("\nhost\nUNSIGNED-PAYLOAD")
    assert bytes.fromhex(found["CanonicalRequestBytes"]).decode() == canonical
    assert bytes.fromhex(found["StringToSignBytes"]).decode() == found["StringToSign"]
    assert hashlib.sha256(canonical.encode()).hexdigest() == found["StringToSign"].split("\n")[3]
    assert SECRET_KEY not in answer.text


def test_a_url_ends(address):
    assert requests.get(presign(address, expires=600, at=utc(seconds=400))).status_code == 200
    old = requests.get(presign(address, expires=600, at=utc(seconds=601)))
    assert refusal(old) == (403, "AccessDenied")
    found = details(old)
    assert found["Message"] == "Request has expired" and found["X-Amz-Expires"] == "600"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["Expires"]) and "ServerTime" in found
    assert found["Expires"] < found["ServerTime"]


def test_a_url_does_not_begin_in_the_future(address):
    assert requests.get(presign(address, at=utc(minutes=-10))).status_code == 200  # the clock's tolerance
    assert refusal(requests.get(presign(address, at=utc(minutes=-20)))) == (403, "AccessDenied")


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "x", "1.5", "99999999999999999999", ""])
def test_an_expiry_is_a_number_of_at_most_a_week(address, expires):
    assert refusal(requests.get(presign(address, expires=expires))) == (400, "AuthorizationQueryParametersError")


def test_other_keys_regions_and_services_are_refused(address):
    assert refusal(requests.get(presign(address, secret="wrong"))) == (403, "SignatureDoesNotMatch")
    assert refusal(requests.get(presign(address, access_key="NOBODY"))) == (403, "InvalidAccessKeyId")
    wrong_region = requests.get(presign(address, region="us-west-2"))
    assert refusal(wrong_region) == (400, "AuthorizationQueryParametersError")
    assert details(wrong_region)["Region"] == REGION
    assert refusal(requests.get(presign(address, service="sqs")))[0] == 400


def test_old_signatures_and_two_at_once_are_refused(address):
    v2 = f"{address}?AWSAccessKeyId={ACCESS_KEY}&Signature=x&Expires=9999999999"
    assert refusal(requests.get(v2)) == (400, "InvalidRequest")
    both = requests.get(presign(address), headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"})
    assert refusal(both) == (400, "InvalidArgument")
    assert refusal(requests.get(address, headers={"Authorization": f"AWS {ACCESS_KEY}:x"})) == (400, "InvalidRequest")
    assert refusal(requests.get(address, headers={"Authorization": "Bearer x"})) == (400, "InvalidArgument")


def test_a_session_token_that_nobody_gave_is_refused(address):
    url = presign(f"{address}?X-Amz-Security-Token=stolen")
    assert refusal(requests.get(url)) == (400, "InvalidToken")


# --- grants: what a presigned PUT binds ------------------------------------------------------------------


BODY = b"picture"
GRANT = {"content-type": "image/png", "content-length": str(len(BODY)), "if-none-match": "*",
         "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(BODY).digest()).decode()}


@pytest.fixture
def grant(objects, bucket):  # noqa: F811
    return presign(f"{objects.url}/{bucket}/new", "PUT", GRANT)


def sent_headers(**changes):
    headers = {k: v for k, v in GRANT.items() if k != "content-length"} | changes
    return {k: v for k, v in headers.items() if v is not None}


def test_a_grant_takes_exactly_what_it_was_given_for(s3, bucket, grant):  # noqa: F811
    assert requests.put(grant, data=BODY, headers=sent_headers()).status_code == 200
    got = s3.get_object(Bucket=bucket, Key="new")
    assert got["Body"].read() == BODY and got["ContentType"] == "image/png"


@pytest.mark.parametrize("body,changes,expected", [
    (BODY + b"!", {}, (403, "SignatureDoesNotMatch")),                              # another length
    (BODY[:-1], {}, (403, "SignatureDoesNotMatch")),
    (BODY[::-1], {}, (400, "BadDigest")),                                           # other content
    (BODY, {"content-type": "text/html"}, (403, "SignatureDoesNotMatch")),          # another type
    (BODY, {"content-type": None}, (403, "SignatureDoesNotMatch")),
    (BODY, {"if-none-match": None}, (403, "SignatureDoesNotMatch")),                # without the guard
    (BODY, {"x-amz-checksum-sha256": None}, (403, "SignatureDoesNotMatch")),
    (BODY, {"x-amz-meta-more": "x"}, (403, "AccessDenied")),                        # more than was granted
    (BODY, {"x-amz-acl": "public-read"}, (403, "AccessDenied")),
])
def test_a_grant_takes_nothing_else(s3, bucket, grant, body, changes, expected):  # noqa: F811
    answer = requests.put(grant, data=body, headers=sent_headers(**changes))
    assert refusal(answer) == expected
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_grant_is_used_once(s3, bucket, grant):  # noqa: F811
    assert requests.put(grant, data=BODY, headers=sent_headers()).status_code == 200
    replay = requests.put(grant, data=BODY, headers=sent_headers())
    assert refusal(replay) == (412, "PreconditionFailed")
    assert details(replay)["Condition"] == "If-None-Match"
    s3.delete_object(Bucket=bucket, Key="new")


# --- signed headers ------------------------------------------------------------------------------------------


def test_a_signed_body_cannot_be_changed(s3, bucket, objects):  # noqa: F811
    url = f"{objects.url}/{bucket}/a"
    headers = sign("PUT", url, b"right")
    changed = requests.put(url, data=b"wrong", headers=headers)
    assert refusal(changed) == (400, "XAmzContentSHA256Mismatch")
    assert details(changed)["S3ComputedContentSHA256"] == hashlib.sha256(b"wrong").hexdigest()
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert requests.put(url, data=b"right", headers=headers).status_code == 200


@pytest.mark.parametrize("minutes,expected", [(-12, 200), (12, 200), (-18, 403), (18, 403)])
def test_clocks_may_differ_by_a_quarter_of_an_hour(address, minutes, expected):
    answer = requests.get(address, headers=sign("GET", address, at=utc(minutes=minutes)))
    assert answer.status_code == expected
    if expected == 403:
        assert refusal(answer) == (403, "RequestTimeTooSkewed")
        assert {"RequestTime", "ServerTime", "MaxAllowedSkewMilliseconds"} <= details(answer).keys()


@pytest.mark.parametrize("change,expected", [
    ({"Authorization": "AWS4-HMAC-SHA256"}, None),
    ({"Authorization": "AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=x"}, (400, "AuthorizationHeaderMalformed")),
    ({"X-Amz-Date": "yesterday"}, None), ({"X-Amz-Date": None}, None),
    ({"X-Amz-Content-SHA256": None}, (400, "InvalidRequest")),
    ({"X-Amz-Content-SHA256": "x"}, (400, "InvalidArgument")),
    ({"x-amz-unsigned": "x"}, (403, "AccessDenied")),
])
def test_broken_headers_are_refused_in_words(address, change, expected):
    headers = sign("GET", address) | change
    answer = requests.get(address, headers={k: v for k, v in headers.items() if v is not None})
    assert refusal(answer) == expected if expected else answer.status_code in (400, 403)


# --- bodies in signed chunks (minio clients and others send them) --------------------------------------------


def hmac256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def chunked(url, chunks, payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD", trailer=None):
    """Headers and body of a PUT in chunks, each signed over the one before."""
    length = sum(len(c) for c in chunks)
    extra = {"x-amz-decoded-content-length": str(length), "content-encoding": "aws-chunked"}
    if trailer:
        extra["x-amz-trailer"] = trailer[0]
    headers = sign("PUT", url, headers=extra, payload=payload)
    scope = re.search(r"Credential=[^/]+/([^,]+)", headers["Authorization"]).group(1)
    previous = re.search(r"Signature=(\w+)", headers["Authorization"]).group(1)
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac256(key, part)
    empty = hashlib.sha256(b"").hexdigest()
    body = b""
    for chunk in [*chunks, b""]:
        frame = f"{len(chunk):x}"
        if payload.startswith("STREAMING-AWS4"):
            text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", headers["X-Amz-Date"], scope, previous, empty,
                              hashlib.sha256(chunk).hexdigest()])
            previous = hmac256(key, text).hex()
            frame += f";chunk-signature={previous}"
        body += frame.encode() + b"\r\n" + (chunk + b"\r\n" if chunk else b"")
    if trailer:
        line = f"{trailer[0]}:{trailer[1]}"
        body += line.encode() + b"\r\n"
        if payload.startswith("STREAMING-AWS4"):
            digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
            text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", headers["X-Amz-Date"], scope, previous, digest])
            body += f"x-amz-trailer-signature:{hmac256(key, text).hex()}\r\n".encode()
    return headers, body + b"\r\n"


CHUNKS = [b"a" * 65536, b"b" * 65536, b"hello"]


@pytest.mark.parametrize("payload,trailer", [
    ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", None),
    ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "x-amz-checksum-crc32"),
    ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32"),
])
def test_bodies_in_chunks_are_put_together(s3, bucket, objects, payload, trailer):  # noqa: F811
    if trailer:
        crc = zlib.crc32(b"".join(CHUNKS)).to_bytes(4, "big")
        trailer = (trailer, base64.b64encode(crc).decode())
    url = f"{objects.url}/{bucket}/a"
    headers, body = chunked(url, CHUNKS, payload, trailer)
    answer = requests.put(url, data=body, headers=headers)
    assert answer.status_code == 200, answer.text
    got = s3.get_object(Bucket=bucket, Key="a")
    assert got["Body"].read() == b"".join(CHUNKS) and "ContentEncoding" not in got


def test_chunks_cannot_be_changed_cut_or_swapped(s3, bucket, objects):  # noqa: F811
    url = f"{objects.url}/{bucket}/a"
    headers, body = chunked(url, CHUNKS)
    frame = body.index(b"\r\n") + 2
    second = frame + 65536 + 2
    swapped = body[second:second + second] + body[:second] + body[2 * second:]
    for other, code in ((body.replace(b"hello", b"jello"), "SignatureDoesNotMatch"),
                        (swapped, "SignatureDoesNotMatch"),
                        (body[:-90], "IncompleteBody"), (body[2 * second:], "SignatureDoesNotMatch"),
                        (body.replace(b"10000;", b"1000z;", 1), "InvalidRequest")):
        answer = requests.put(url, data=other, headers=headers)
        assert refusal(answer)[1] == code
    bad_trailer = chunked(url, CHUNKS, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", ("x-amz-checksum-crc32", "AAAAAA=="))
    assert refusal(requests.put(url, data=bad_trailer[1], headers=bad_trailer[0])) == (400, "BadDigest")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_forms_of_chunks_that_are_not_there_say_so(objects, bucket):  # noqa: F811
    url = f"{objects.url}/{bucket}/a"
    headers = sign("PUT", url, payload="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")
    assert refusal(requests.put(url, data=b"x", headers=headers)) == (501, "NotImplemented")
