"""The embedded S3 endpoint as boto3 sees it: buckets, objects, listings, conditions, CORS."""

import base64
import datetime
import hashlib
import http.client
import xml.etree.ElementTree as ElementTree

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import REGION, bucket, error_of, objects, presign, s3  # noqa: F401

ORIGIN = "https://gallery.example.org"

# Keys that must stay what they are, whatever they would mean as a path, a URL or a pattern.
KEYS = [
    "a", "a/b/c.jpg", "images/2026/11/IMG_0001.JPG", "a b", "a+b", "a%2Fb", "a%b", "100%", "a&b=c?d#e",
    "ümläut/日本語/🙂.png", "a//b", "/a", "//", "a/", "a/b//", ".", "..", "./a", "a/./b", "a/../b",
    "../x", "...", "~", "*", "a;b", "a,b", "a'b\"c", "<a>&amp;", "\\a\\b", "{}|^`[]", " a", "a ",
    "con", "nul.txt", "a.o", "a+", "CaSe", "case", "a\tb", "a\nb", "é", "e\u0301",
    "k" * 1024, "x/" * 512, "ü" * 512, "/" * 1024,
]


def keys_for(objects):
    """nginx refuses by itself what leads above the root; nothing of it reaches the worker."""
    refused = ("../x",) if objects.kind == "nginx" else ()
    return [key for key in KEYS if key not in refused]


def put(s3, bucket, *keys, body=b"x", **more):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def listed(page):
    return [o["Key"] for o in page.get("Contents", [])], \
        [p["Prefix"] for p in page.get("CommonPrefixes", [])]


# --- buckets ---------------------------------------------------------------------------------------


def test_buckets_are_made_listed_and_deleted(s3, bucket):
    found = s3.list_buckets()
    names = [b["Name"] for b in found["Buckets"]]
    assert bucket in names and names == sorted(names)
    created = next(b["CreationDate"] for b in found["Buckets"] if b["Name"] == bucket)
    age = datetime.datetime.now(datetime.timezone.utc) - created
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=10)
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == REGION
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION
    assert error_of(s3.create_bucket, Bucket=bucket)[:2] == (409, "BucketAlreadyOwnedByYou")


def test_a_bucket_that_holds_something_is_not_deleted(s3, bucket):
    put(s3, bucket, "a/b")
    assert error_of(s3.delete_bucket, Bucket=bucket)[:2] == (409, "BucketNotEmpty")
    s3.delete_object(Bucket=bucket, Key="a/b")


@pytest.mark.parametrize("call,args", [
    ("head_bucket", {}), ("delete_bucket", {}), ("list_objects_v2", {}), ("get_bucket_location", {}),
    ("get_object", {"Key": "a"}), ("put_object", {"Key": "a", "Body": b"x"}),
    ("delete_object", {"Key": "a"}), ("get_bucket_cors", {}),
])
def test_a_bucket_that_is_not_there_is_named_as_missing(s3, call, args):
    status, code, _ = error_of(getattr(s3, call), Bucket="not-there", **args)
    assert (status, code) == (404, "404" if call.startswith("head") else "NoSuchBucket")


def test_a_bucket_elsewhere_cannot_be_had(s3):
    status, code, _ = error_of(s3.create_bucket, Bucket="elsewhere",
                               CreateBucketConfiguration={"LocationConstraint": "mars-1"})
    assert (status, code) == (400, "IllegalLocationConstraintException")
    s3.create_bucket(Bucket="right-here", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.delete_bucket(Bucket="right-here")


def test_a_bucket_with_what_is_not_there_is_not_made(s3):
    for wish in ({"ObjectLockEnabledForBucket": True}, {"ACL": "public-read"}):
        assert error_of(s3.create_bucket, Bucket="not-made", **wish)[:2] == (501, "NotImplemented")
    assert error_of(s3.head_bucket, Bucket="not-made")[0] == 404


# --- objects ---------------------------------------------------------------------------------------


def test_an_object_comes_back_as_it_was_put(s3, bucket):
    body = bytes(range(256)) * 100
    answer = s3.put_object(
        Bucket=bucket, Key="a/b.png", Body=body, ContentType="image/png", CacheControl="max-age=9",
        ContentDisposition="inline", ContentEncoding="x-none", ContentLanguage="de",
        Metadata={"color": "blue sky", "empty": "x"})
    etag = hashlib.md5(body).hexdigest()
    assert answer["ETag"] == f'"{etag}"'
    for got in (s3.get_object(Bucket=bucket, Key="a/b.png"), s3.head_object(Bucket=bucket, Key="a/b.png")):
        assert got["ETag"] == f'"{etag}"' and got["ContentLength"] == len(body)
        assert got["ContentType"] == "image/png" and got["CacheControl"] == "max-age=9"
        assert got["ContentDisposition"] == "inline" and got["ContentEncoding"] == "x-none"
        assert got["ContentLanguage"] == "de" and got["Metadata"] == {"color": "blue sky", "empty": "x"}
        assert got["AcceptRanges"] == "bytes"
    assert s3.get_object(Bucket=bucket, Key="a/b.png")["Body"].read() == body


@pytest.mark.parametrize("metadata", [{}, {"vitrine": "v=1&id=7&name=a%20b.png"}], ids=["none", "of Vitrine"])
def test_an_object_without_other_metadata_has_the_same_headers_through_sendfile(s3, bucket, metadata):
    put(s3, bucket, "a", body=b"12345", ContentType="text/html", ContentLanguage="de", CacheControl="no-store",
        Metadata=metadata)
    head = s3.head_object(Bucket=bucket, Key="a")["ResponseMetadata"]["HTTPHeaders"]
    got = s3.get_object(Bucket=bucket, Key="a")["ResponseMetadata"]["HTTPHeaders"]
    per_answer = ("date", "x-amz-request-id", "connection", "server")
    assert {k: v for k, v in got.items() if k not in per_answer} == \
        {k: v for k, v in head.items() if k not in per_answer}
    assert got["content-type"] == "text/html" and got.get("x-amz-meta-vitrine") == metadata.get("vitrine")


def test_every_answer_disarms_its_content(objects, s3, bucket):
    put(s3, bucket, "page", body=b"<script>alert(1)</script>", ContentType="text/html")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "page"})
    for answer in (requests.get(url), requests.get(url, headers={"Range": "bytes=0-3"}),
                   requests.get(objects.url + "/"), requests.get(url + "x"),
                   requests.options(url), requests.get(url, headers={"If-None-Match": "*"})):
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.status_code
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert len(answer.headers["x-amz-request-id"]) == 16


def test_an_empty_object_is_an_object(s3, bucket):
    put(s3, bucket, "empty", body=b"")
    got = s3.get_object(Bucket=bucket, Key="empty")
    assert got["Body"].read() == b"" and got["ContentLength"] == 0
    assert got["ContentType"] == "binary/octet-stream"
    assert error_of(s3.get_object, Bucket=bucket, Key="empty", Range="bytes=0-0")[:2] == (416, "InvalidRange")


def test_a_key_is_never_a_path(objects, s3, bucket):
    keys = keys_for(objects)
    for i, key in enumerate(keys):
        put(s3, bucket, key, body=str(i).encode())
    for i, key in enumerate(keys):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == str(i).encode(), key
        assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(str(i)), key
    assert listed(s3.list_objects_v2(Bucket=bucket))[0] == sorted(keys, key=lambda k: k.encode())
    assert set(listed(s3.list_objects_v2(Bucket=bucket, Delimiter="/"))[1]) == \
        {k[: k.index("/") + 1] for k in keys if "/" in k}
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)
    assert listed(s3.list_objects_v2(Bucket=bucket)) == ([], [])


def test_nothing_outside_the_root_is_reached(objects):
    """Raw request lines, so that no client tidies them up."""
    for path in ("/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/vitrine/../../etc/passwd",
                 "/%2e%2e/%2e%2e/etc/passwd", "/-/objects-data/", "/-/objects-data/../../../etc/passwd",
                 "/vitrine/%00", "/vitrine\\..\\..", "//etc/passwd", "/vitrine/%zz", "/.%00./x"):
        connection = http.client.HTTPConnection("127.0.0.1", objects.port, timeout=PATIENCE_S)
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", f"127.0.0.1:{objects.port}")
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status in (400, 403, 404), path
        assert b"root:" not in answer.read()
        connection.close()


def test_a_key_of_1025_bytes_is_too_long(s3, bucket):
    status, code, response = error_of(s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"")
    assert (status, code) == (400, "KeyTooLongError")


def test_deleting_is_idempotent(s3, bucket):
    put(s3, bucket, "a")
    for _ in range(2):
        assert s3.delete_object(Bucket=bucket, Key="a")["ResponseMetadata"]["HTTPStatusCode"] == 204
    status, code, response = error_of(s3.get_object, Bucket=bucket, Key="a")
    assert (status, code) == (404, "NoSuchKey") and response["Error"]["Key"] == "a"
    assert error_of(s3.head_object, Bucket=bucket, Key="a")[0] == 404


def test_many_objects_are_deleted_at_once(s3, bucket):
    keys = [f"a/{i}" for i in range(20)] + ["<&>", "ü", "a b"]
    put(s3, bucket, *keys)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys + ["absent"]]})
    assert sorted(d["Key"] for d in answer["Deleted"]) == sorted(keys + ["absent"]) and "Errors" not in answer
    assert listed(s3.list_objects_v2(Bucket=bucket)) == ([], [])
    put(s3, bucket, "q")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "q"}], "Quiet": True})
    assert "Deleted" not in answer and listed(s3.list_objects_v2(Bucket=bucket)) == ([], [])


def test_of_many_objects_only_those_with_the_named_etag_are_deleted(objects, s3, bucket):
    put(s3, bucket, "same", "other", "any")
    etag = s3.head_object(Bucket=bucket, Key="same")["ETag"]
    body = (f"<Delete><Object><Key>same</Key><ETag>{etag}</ETag></Object>"
            "<Object><Key>other</Key><ETag>&quot;x&quot;</ETag></Object>"
            "<Object><Key>any</Key></Object><Object><Key>absent</Key><ETag>x</ETag></Object></Delete>").encode()
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    url = presign(f"{objects.url}/{bucket}?delete", "POST")
    text = requests.post(url, data=body, headers={"Content-MD5": md5}).text
    assert "<Error><Key>other</Key><Code>PreconditionFailed</Code>" in text
    assert text.count("<Deleted>") == 3
    assert listed(s3.list_objects_v2(Bucket=bucket)) == (["other"], [])


def test_a_malformed_list_of_deletions_deletes_nothing(objects, s3, bucket):
    put(s3, bucket, "a")
    url = presign(f"{objects.url}/{bucket}?delete", "POST")
    dtd = b'<!DOCTYPE d [<!ENTITY e "a">]><Delete><Object><Key>&e;</Key></Object></Delete>'
    for body in (b"<Delete><Object><Key>a</Key></Object>", b"<Delete></Delete>", b"x", dtd,
                 b"<Delete><Object><Key></Key></Object></Delete>",
                 b"<Other><Object><Key>a</Key></Object></Other>",
                 b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>"):
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        answer = requests.post(url, data=body, headers={"Content-MD5": md5})
        assert (answer.status_code, code_of(answer)) == (400, "MalformedXML"), body[:80]
    good = b"<Delete><Object><Key>a</Key></Object></Delete>"
    assert code_of(requests.post(url, data=good)) == "InvalidRequest"  # no checksum
    wrong = base64.b64encode(hashlib.md5(b"").digest()).decode()
    assert code_of(requests.post(url, data=good, headers={"Content-MD5": wrong})) == "BadDigest"
    assert listed(s3.list_objects_v2(Bucket=bucket))[0] == ["a"]


def code_of(answer):
    return ElementTree.fromstring(answer.content).findtext("Code")


@pytest.mark.parametrize("range_,expected", [
    ("bytes=0-0", b"0"), ("bytes=2-5", b"2345"), ("bytes=7-", b"789"), ("bytes=-3", b"789"),
    ("bytes=-99", b"0123456789"), ("bytes=8-99", b"89"), ("bytes=0-9", b"0123456789"),
])
@pytest.mark.parametrize("metadata", [{}, {"a": "b"}], ids=["sendfile", "streamed"])
def test_ranges_are_206_with_exactly_those_bytes(s3, bucket, range_, expected, metadata):
    put(s3, bucket, "a", body=b"0123456789", Metadata=metadata)
    got = s3.get_object(Bucket=bucket, Key="a", Range=range_)
    first = b"0123456789".index(expected)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {first}-{first + len(expected) - 1}/10"
    assert got["Body"].read() == expected and got["ContentLength"] == len(expected)
    assert got["ETag"] == '"781e5e245d69b566979b86e28d23f2c7"'


@pytest.mark.parametrize("range_", ["bytes=x", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-"])
def test_a_range_that_is_none_means_everything(s3, bucket, range_):
    put(s3, bucket, "a", body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="a", Range=range_)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200 and got["Body"].read() == b"0123456789"


def test_a_range_behind_the_end_is_refused_with_the_size(s3, bucket):
    put(s3, bucket, "a", body=b"0123456789")
    status, code, response = error_of(s3.get_object, Bucket=bucket, Key="a", Range="bytes=10-")
    assert (status, code) == (416, "InvalidRange") and response["Error"]["ActualObjectSize"] == "10"
    assert response["ResponseMetadata"]["HTTPHeaders"]["content-range"] == "bytes */10"


def test_if_range_counts_only_for_the_same_object(s3, bucket):
    put(s3, bucket, "a", body=b"0123456789")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"})
    etag = s3.head_object(Bucket=bucket, Key="a")["ETag"]
    same = requests.get(url, headers={"Range": "bytes=1-2", "If-Range": etag})
    other = requests.get(url, headers={"Range": "bytes=1-2", "If-Range": '"other"'})
    assert (same.status_code, same.content) == (206, b"12")
    assert (other.status_code, other.content) == (200, b"0123456789")


def test_conditions_of_reads(s3, bucket):
    put(s3, bucket, "a", body=b"0123456789")
    etag = s3.head_object(Bucket=bucket, Key="a")["ETag"]
    now = datetime.datetime.now(datetime.timezone.utc)
    past, future = now - datetime.timedelta(days=1), now + datetime.timedelta(seconds=30)
    for call in (s3.get_object, s3.head_object):
        for conditions, expected in (
                ({"IfMatch": etag}, 200), ({"IfMatch": '"x"'}, 412), ({"IfNoneMatch": etag}, 304),
                ({"IfNoneMatch": '"x"'}, 200), ({"IfModifiedSince": past}, 200),
                ({"IfModifiedSince": future}, 304), ({"IfUnmodifiedSince": past}, 412),
                ({"IfUnmodifiedSince": future}, 200), ({"IfMatch": etag, "IfUnmodifiedSince": past}, 200)):
            if expected == 200:
                got = call(Bucket=bucket, Key="a", **conditions)
                assert got["ETag"] == etag
            else:
                status, _, response = error_of(call, Bucket=bucket, Key="a", **conditions)
                assert status == expected, conditions
                if expected == 304:
                    assert response["ResponseMetadata"]["HTTPHeaders"]["etag"] == etag


def test_a_presigned_get_chooses_how_it_is_shown(s3, bucket):
    put(s3, bucket, "a", body=b"x", ContentType="text/html")
    url = s3.generate_presigned_url("get_object", Params={
        "Bucket": bucket, "Key": "a", "ResponseContentType": "image/png",
        "ResponseContentDisposition": 'attachment; filename="ü.png"', "ResponseCacheControl": "private",
        "ResponseContentLanguage": "fr", "ResponseContentEncoding": "identity"})
    answer = requests.get(url)
    assert answer.headers["Content-Type"] == "image/png" and answer.headers["Cache-Control"] == "private"
    assert answer.headers["Content-Disposition"].encode("latin-1").decode() == 'attachment; filename="ü.png"'
    assert answer.headers["Content-Language"] == "fr" and answer.headers["Content-Encoding"] == "identity"
    evil = s3.generate_presigned_url("get_object", Params={
        "Bucket": bucket, "Key": "a", "ResponseContentType": "a\r\nX-Evil: 1"})
    assert "X-Evil" not in requests.get(evil).headers


# --- writing with conditions ---------------------------------------------------------------------------


def presigned_put(s3, bucket, key, **params):
    return s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key, **params})


def test_if_none_match_star_writes_once(s3, bucket):
    url = presigned_put(s3, bucket, "once")
    headers = {"If-None-Match": "*"}
    assert requests.put(url, data=b"first", headers=headers).status_code == 200
    again = requests.put(url, data=b"second", headers=headers)
    assert (again.status_code, code_of(again)) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=bucket, Key="once")["Body"].read() == b"first"
    assert requests.put(url, data=b"third").status_code == 200
    odd = requests.put(url, data=b"x", headers={"If-None-Match": '"tag"'})
    assert (odd.status_code, code_of(odd)) == (501, "NotImplemented")


def test_if_match_replaces_only_that_object(s3, bucket):
    url = presigned_put(s3, bucket, "a")
    absent = requests.put(url, data=b"x", headers={"If-Match": '"x"'})
    assert (absent.status_code, code_of(absent)) == (404, "NoSuchKey")
    etag = requests.put(url, data=b"1").headers["ETag"]
    assert requests.put(url, data=b"2", headers={"If-Match": '"x"'}).status_code == 412
    assert requests.put(url, data=b"2", headers={"If-Match": etag}).status_code == 200
    assert requests.put(url, data=b"3", headers={"If-Match": etag}).status_code == 412


@pytest.mark.parametrize("headers", [
    {"x-amz-acl": "public-read"}, {"x-amz-server-side-encryption": "AES256"}, {"x-amz-website-redirect-location": "/x"},
    {"x-amz-storage-class": "GLACIER"}, {"x-amz-checksum-md5": "x"},
])
def test_what_is_not_there_is_refused_and_not_ignored(s3, bucket, headers):
    name, value = next(iter(headers.items()))
    s3.meta.events.register("before-sign.s3.PutObject", lambda request, **_: request.headers.__setitem__(name, value))
    status, code, response = error_of(s3.put_object, Bucket=bucket, Key="a", Body=b"x")
    assert (status, code) == (501, "NotImplemented") and name in response["Error"]["Message"]
    assert listed(s3.list_objects_v2(Bucket=bucket)) == ([], [])


@pytest.mark.parametrize("call,args", [
    ("get_object_acl", {"Key": "a"}), ("get_bucket_versioning", {}), ("get_object_torrent", {"Key": "a"}),
    ("delete_object", {"Key": "a", "VersionId": "1"}), ("get_bucket_policy", {}),
    ("delete_bucket_website", {}), ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
])
def test_operations_that_are_not_there_say_so_and_do_nothing(s3, bucket, call, args):
    put(s3, bucket, "a", body=b"kept")
    assert error_of(getattr(s3, call), Bucket=bucket, **args)[:2] == (501, "NotImplemented")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"kept"


def test_methods_that_nobody_knows_are_refused(s3, bucket):
    url = presigned_put(s3, bucket, "a")
    for method in ("PATCH", "POST"):
        assert requests.request(method, url).status_code in (403, 405, 501)  # the signature is for PUT


def test_metadata_has_a_limit(s3, bucket):
    put(s3, bucket, "a", Metadata={"k": "v" * 2000})
    assert error_of(s3.put_object, Bucket=bucket, Key="b", Metadata={"k": "v" * 2050})[:2] == \
        (400, "MetadataTooLarge")


# --- listings ----------------------------------------------------------------------------------------


def test_listings_roll_up_and_page(s3, bucket):
    keys = sorted(["a", "a/", "a/1", "a/2", "a-b", "b/1/x", "b/2/y", "c", "c/d/e/f", "d d/ü", "d+d"])
    put(s3, bucket, *keys)
    assert listed(s3.list_objects_v2(Bucket=bucket)) == (keys, [])
    assert listed(s3.list_objects_v2(Bucket=bucket, Delimiter="/")) == \
        (["a", "a-b", "c", "d+d"], ["a/", "b/", "c/", "d d/"])
    assert listed(s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")) == (["a/", "a/1", "a/2"], [])
    assert listed(s3.list_objects_v2(Bucket=bucket, Prefix="b/", Delimiter="/")) == ([], ["b/1/", "b/2/"])
    assert listed(s3.list_objects_v2(Bucket=bucket, Prefix="nothing")) == ([], [])
    assert listed(s3.list_objects_v2(Bucket=bucket, StartAfter="b/2/y")) == (["c", "c/d/e/f", "d d/ü", "d+d"], [])
    for size in (1, 2, 3):
        for list_, token in (("list_objects_v2", "NextContinuationToken"), ("list_objects", "NextMarker")):
            found, prefixes = [], []
            for page in s3.get_paginator(list_).paginate(
                    Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}):
                more = listed(page)
                assert len(more[0]) + len(more[1]) <= size
                assert page["IsTruncated"] == (token in page)
                found, prefixes = found + more[0], prefixes + more[1]
            assert found == ["a", "a-b", "c", "d+d"] and prefixes == ["a/", "b/", "c/", "d d/"]


def test_a_listing_tells_about_each_object(s3, bucket):
    put(s3, bucket, "a", body=b"12345")
    page = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)
    item = page["Contents"][0]
    assert item["Size"] == 5 and item["StorageClass"] == "STANDARD" and item["Owner"]["ID"] == "vitrine"
    assert item["ETag"] == f'"{hashlib.md5(b"12345").hexdigest()}"' and page["KeyCount"] == 1
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert "Owner" in s3.list_objects(Bucket=bucket)["Contents"][0]
    last_modified = s3.head_object(Bucket=bucket, Key="a")["LastModified"]
    assert item["LastModified"].replace(microsecond=0) == last_modified


def test_a_listing_has_limits(s3, bucket):
    put(s3, bucket, *[f"{i:04}" for i in range(12)])
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert listed(page) == ([], []) and not page["IsTruncated"]
    assert len(listed(s3.list_objects_v2(Bucket=bucket, MaxKeys=5))[0]) == 5
    for args in ({"MaxKeys": -1}, {"ContinuationToken": "!"}, {"EncodingType": "rot13"}):
        assert error_of(s3.list_objects_v2, Bucket=bucket, **args)[:2] == (400, "InvalidArgument"), args


# --- CORS ----------------------------------------------------------------------------------------------


CORS = {"CORSRules": [
    {"AllowedOrigins": ["https://*.example.org"], "AllowedMethods": ["PUT", "GET"],
     "AllowedHeaders": ["content-type", "x-amz-*"], "ExposeHeaders": ["ETag", "x-amz-request-id"],
     "MaxAgeSeconds": 77},
    {"AllowedOrigins": ["*"], "AllowedMethods": ["HEAD"]}]}


def test_a_cors_configuration_is_kept_until_deleted(s3, bucket):
    assert error_of(s3.get_bucket_cors, Bucket=bucket)[:2] == (404, "NoSuchCORSConfiguration")
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == CORS["CORSRules"]
    s3.delete_bucket_cors(Bucket=bucket)
    assert error_of(s3.get_bucket_cors, Bucket=bucket)[:2] == (404, "NoSuchCORSConfiguration")
    bad = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"]}]}
    status, code, response = error_of(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=bad)
    assert (status, code) == (400, "InvalidRequest") and "PATCH" in response["Error"]["Message"]


def preflight(url, method, headers="", origin=ORIGIN):
    return requests.options(url, headers={"Origin": origin, "Access-Control-Request-Method": method,
                                          **({"Access-Control-Request-Headers": headers} if headers else {})})


def test_preflights_follow_the_rules(s3, bucket):
    url = presigned_put(s3, bucket, "a")
    refused = preflight(url, "PUT")
    assert (refused.status_code, code_of(refused)) == (403, "AccessForbidden")
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    allowed = preflight(url, "PUT", "content-type, x-amz-checksum-sha256")
    assert allowed.status_code == 200 and allowed.content == b""
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert allowed.headers["Access-Control-Allow-Methods"] == "PUT, GET"
    assert allowed.headers["Access-Control-Allow-Headers"] == "content-type, x-amz-checksum-sha256"
    assert allowed.headers["Access-Control-Max-Age"] == "77"
    assert "Origin" in allowed.headers["Vary"]
    for method, headers, origin in (("DELETE", "", ORIGIN), ("PUT", "if-none-match", ORIGIN),
                                    ("PUT", "", "https://evil.example"), ("PUT", "", "http://a.example.org")):
        answer = preflight(url, method, headers, origin)
        assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers
    anyone = preflight(url, "HEAD", origin="https://evil.example")
    assert anyone.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in anyone.headers
    assert requests.options(url).status_code == 400  # no preflight at all
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_scripts_of_an_allowed_origin_can_read_answers_and_errors(s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    put(s3, bucket, "a", body=b"x" * 1000)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"})
    for address, status in ((url, 200), (url + "0", 403), (url.replace("X-Amz-Date", "X-Amz-Dale"), 400)):
        answer = requests.get(address, headers={"Origin": ORIGIN})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Expose-Headers"] == "ETag, x-amz-request-id"
        assert "Origin" in answer.headers["Vary"]
        stranger = requests.get(address, headers={"Origin": "https://evil.example"})
        assert stranger.status_code == status and "Access-Control-Allow-Origin" not in stranger.headers
        assert "Origin" in stranger.headers["Vary"]
    upload = requests.put(presigned_put(s3, bucket, "b") + "0", data=b"x", headers={"Origin": ORIGIN})
    assert upload.status_code == 403 and upload.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_the_bucket_of_the_application_is_there_from_the_start(s3):
    rule = s3.get_bucket_cors(Bucket="vitrine")["CORSRules"][0]
    assert rule["AllowedOrigins"] == ["*"] and set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT"}
    answer = preflight(presigned_put(s3, "vitrine", "a"), "PUT",
                       "content-type,if-none-match,x-amz-checksum-sha256")
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"


# --- checksums -------------------------------------------------------------------------------------------


def sha256_base64(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


@pytest.mark.parametrize("header,good", [
    ("x-amz-checksum-sha256", sha256_base64(b"hello")), ("x-amz-checksum-crc32", "NhCmhg=="),
    ("x-amz-checksum-crc32c", "mnG7TA=="), ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="),
    ("content-md5", base64.b64encode(hashlib.md5(b"hello").digest()).decode())])
def test_a_checksum_is_compared_with_the_body(objects, s3, bucket, header, good):
    url = presign(f"{objects.url}/{bucket}/a", "PUT", {header: good})
    other = requests.put(url, data=b"jello", headers={header: good})
    assert (other.status_code, code_of(other)) == (400, "BadDigest")
    assert listed(s3.list_objects_v2(Bucket=bucket)) == ([], [])
    right = requests.put(url, data=b"hello", headers={header: good})
    assert right.status_code == 200, right.text
    assert right.headers["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert right.headers.get(header, good) == good
    unsaid = requests.put(url, data=b"hello")
    assert (unsaid.status_code, code_of(unsaid)) == (403, "SignatureDoesNotMatch")


def test_a_stored_checksum_is_shown_when_asked_for(s3, bucket):
    value = sha256_base64(b"hello")
    s3.put_object(Bucket=bucket, Key="a", Body=b"hello", ChecksumSHA256=value)
    assert s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")["ChecksumSHA256"] == value
    assert s3.get_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")["ChecksumSHA256"] == value
    assert "ChecksumSHA256" not in s3.head_object(Bucket=bucket, Key="a")


def test_checksums_that_are_none_are_refused(s3, bucket):
    for header, value, code in (("Content-MD5", "x", "InvalidDigest"), ("Content-MD5", "AAAA", "InvalidDigest")):
        answer = requests.put(presigned_put(s3, bucket, "a"), data=b"x", headers={header: value})
        assert (answer.status_code, code_of(answer)) == (400, code)
    status, code, _ = error_of(s3.put_object, Bucket=bucket, Key="a", Body=b"x", ChecksumSHA256="AAAA")
    assert (status, code) == (400, "InvalidRequest")
    assert listed(s3.list_objects_v2(Bucket=bucket)) == ([], [])
