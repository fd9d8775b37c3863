"""Tags of objects, and lifecycle configurations of buckets, as S3's clients send and read them."""

import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import bucket, error_of, objects, presign, s3  # noqa: F401

TAGS = [{"Key": "a", "Value": "1"}, {"Key": "ü b", "Value": "x=y&z"}]


def tags_of(s3, bucket, key="a"):  # noqa: F811
    return sorted((tag["Key"], tag["Value"]) for tag in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"])


def test_tags_are_set_read_and_removed(s3, bucket):  # noqa: F811
    s3.put_object(Bucket=bucket, Key="a", Body=b"1", ContentType="image/png", Metadata={"m": "1"})
    before = s3.head_object(Bucket=bucket, Key="a")
    assert tags_of(s3, bucket) == []
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": TAGS})
    assert tags_of(s3, bucket) == [("a", "1"), ("ü b", "x=y&z")]
    after = s3.head_object(Bucket=bucket, Key="a")
    assert after["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"] == "2"
    assert all(after[name] == before[name] for name in ("ETag", "LastModified", "ContentType", "Metadata"))
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    s3.delete_object_tagging(Bucket=bucket, Key="a")
    assert tags_of(s3, bucket) == []


def test_tags_come_with_a_put_a_copy_and_an_upload_in_parts(s3, bucket):  # noqa: F811
    s3.put_object(Bucket=bucket, Key="a", Body=b"1", Tagging="k=v&empty=")
    assert tags_of(s3, bucket) == [("empty", ""), ("k", "v")]
    source = {"Bucket": bucket, "Key": "a"}
    s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
    s3.copy_object(Bucket=bucket, Key="other", CopySource=source, TaggingDirective="REPLACE", Tagging="n=1")
    assert (tags_of(s3, bucket, "same"), tags_of(s3, bucket, "other")) == ([("empty", ""), ("k", "v")], [("n", "1")])
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", Tagging="k=v")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert tags_of(s3, bucket, "big") == [("k", "v")]


@pytest.mark.parametrize("tagging", [
    "&".join(f"k{n}=v" for n in range(11)), "k=1&k=2", "=v", "k" * 129 + "=v", "k=" + "v" * 257, "%zz=1",
], ids=["eleven", "twice", "no key", "long key", "long value", "no escape"])
def test_tags_that_are_none_are_refused_and_nothing_is_stored(s3, bucket, tagging):  # noqa: F811
    assert error_of(s3.put_object, Bucket=bucket, Key="a", Body=b"1", Tagging=tagging)[:2] == (400, "InvalidTag")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_slow_tags_do_not_bring_back_what_was_replaced_meanwhile(objects, s3, bucket):  # noqa: F811
    """The same bytes with other metadata have the same ETag, and are another object all the same."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"1", ContentType="image/png", Metadata={"m": "old"})
    document = b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    parts = urlsplit(presign(f"{objects.url}/{bucket}/a?tagging", "PUT"))
    with socket.create_connection((parts.hostname, parts.port), PATIENCE_S) as slow:
        slow.sendall(f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
                     f"Content-Length: {len(document)}\r\n\r\n".encode() + document[:20])
        time.sleep(0.5)  # it is looked up, and its tags are awaited
        s3.put_object(Bucket=bucket, Key="a", Body=b"1", ContentType="image/jpeg", Metadata={"m": "new"})
        slow.sendall(document[20:])
        answer = slow.recv(4000)
    now = s3.head_object(Bucket=bucket, Key="a")
    assert (now["ContentType"], now["Metadata"]) == ("image/jpeg", {"m": "new"})
    assert answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 200")), answer


def test_tags_of_what_is_not_there(s3, bucket):  # noqa: F811
    assert error_of(s3.get_object_tagging, Bucket=bucket, Key="a")[:2] == (404, "NoSuchKey")
    assert error_of(s3.put_object_tagging, Bucket=bucket, Key="a", Tagging={"TagSet": TAGS})[:2] == (404, "NoSuchKey")


def rule(**more):
    return {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, **more}


def test_a_lifecycle_is_kept_until_deleted(s3, bucket):  # noqa: F811
    assert error_of(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[:2] == (404, "NoSuchLifecycleConfiguration")
    rules = [rule(Expiration={"Days": 7}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
             rule(ID="s", Filter={"And": {"Prefix": "a/", "Tags": TAGS, "ObjectSizeGreaterThan": 5}},
                  Expiration={"Days": 1})]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert error_of(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[0] == 404


@pytest.mark.parametrize("rules,code", [
    ([rule(Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])], "NotImplemented"),
    ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 1})], "NotImplemented"),
    ([rule(Expiration={"Days": 0})], "InvalidArgument"), ([rule()], "InvalidArgument"),
    ([rule(Status="On", Expiration={"Days": 1})], "InvalidArgument"),
    ([rule(Filter={"Tag": TAGS[0]}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})], "InvalidArgument"),
])
def test_a_lifecycle_that_cannot_be_kept_is_refused(s3, bucket, rules, code):  # noqa: F811
    assert error_of(s3.put_bucket_lifecycle_configuration, Bucket=bucket,
                    LifecycleConfiguration={"Rules": rules})[1] == code
    assert error_of(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[0] == 404


def test_a_lifecycle_that_is_no_document_is_refused(objects, bucket):  # noqa: F811
    url = presign(f"{objects.url}/{bucket}?lifecycle=", "PUT")
    answer = requests.put(url, data=b"<LifecycleConfiguration><Rule>", timeout=PATIENCE_S)
    assert answer.status_code == 400 and "<Code>MalformedXML</Code>" in answer.text
