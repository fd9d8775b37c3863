"""Copies inside the embedded endpoint: whole objects, and ranges as parts of a multipart upload."""

import hashlib

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import bucket, error_of, objects, presign, s3, wait_until  # noqa: F401

PART = 5 * 1024 * 1024
ODD_KEY = "a b/ü+%&=?#.bin"


def get(s3, bucket, key):  # noqa: F811
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.fixture
def source(s3, bucket):  # noqa: F811
    s3.put_object(Bucket=bucket, Key=ODD_KEY, Body=b"0123456789", ContentType="image/png",
                  Metadata={"colour": "blue"}, CacheControl="no-store", ChecksumAlgorithm="SHA256")
    return {"Bucket": bucket, "Key": ODD_KEY}


def test_a_copy_has_the_bytes_the_headers_and_the_checksum_of_its_source(s3, bucket, source):  # noqa: F811
    done = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)["CopyObjectResult"]
    head = s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    old = s3.head_object(**source, ChecksumMode="ENABLED")
    assert get(s3, bucket, "copy") == b"0123456789"
    for field in ("ETag", "ContentType", "Metadata", "CacheControl", "ChecksumSHA256", "ContentLength"):
        assert head[field] == old[field], field
    assert done["ETag"] == old["ETag"]


def test_a_copy_outlives_its_source_and_the_other_way_round(objects, s3, bucket, source):  # noqa: F811
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    s3.delete_object(**source)
    s3.put_object(Bucket=bucket, Key="other", Body=b"other")
    wait_until(lambda: objects.files("retired") == [], what="the source's data being removed")
    assert get(s3, bucket, "copy") == b"0123456789"


def test_metadata_can_be_replaced_in_place(s3, bucket, source):  # noqa: F811
    status, code, _ = error_of(s3.copy_object, **source, CopySource=source)
    assert (status, code) == (400, "InvalidRequest")
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", ContentType="image/gif",
                   Metadata={"shape": "round"})
    head = s3.head_object(**source)
    assert (head["ContentType"], head["Metadata"]) == ("image/gif", {"shape": "round"})
    assert get(s3, bucket, ODD_KEY) == b"0123456789"


def test_a_copy_may_depend_on_its_source(s3, bucket, source):  # noqa: F811
    etag = s3.head_object(**source)["ETag"]
    s3.copy_object(Bucket=bucket, Key="a", CopySource=source, CopySourceIfMatch=etag)
    for condition in ({"CopySourceIfMatch": '"x"'}, {"CopySourceIfNoneMatch": etag}):
        assert error_of(s3.copy_object, Bucket=bucket, Key="b", CopySource=source, **condition)[:2] == (
            412, "PreconditionFailed")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2


@pytest.mark.parametrize("copy_source,code", [
    ("{bucket}/absent", "NoSuchKey"), ("no-such-bucket/a", "NoSuchBucket"), ("{bucket}", "InvalidArgument"),
    ("{bucket}/", "InvalidArgument"), ("../../etc/passwd", "InvalidArgument"), ("%zz/a", "InvalidArgument"),
    ("{bucket}/a?versionId=7", "NotImplemented"), ("{bucket}/" + "k" * 1025, "InvalidArgument"),
])
def test_a_source_that_is_none_is_refused_and_writes_nothing(objects, s3, bucket, copy_source, code):  # noqa: F811
    text = copy_source.format(bucket=bucket)
    headers = {"x-amz-copy-source": text}
    url = presign(f"{objects.url}/{bucket}/copy", "PUT", headers)
    answer = requests.put(url, headers=headers, timeout=PATIENCE_S)
    assert f"<Code>{code}</Code>" in answer.text
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_presigned_put_cannot_be_made_a_copy(objects, s3, bucket, source):  # noqa: F811
    url = presign(f"{objects.url}/{bucket}/stolen", "PUT")
    answer = requests.put(url, headers={"x-amz-copy-source": f"{bucket}/anything"}, timeout=PATIENCE_S)
    assert answer.status_code == 403
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_parts_are_copied_from_ranges(s3, bucket):  # noqa: F811
    body = bytes(range(256)) * (2 * PART // 256) + b"the end"
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    source = {"Bucket": bucket, "Key": "from"}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="to")["UploadId"]
    where = {"Bucket": bucket, "Key": "to", "UploadId": upload}
    parts = []
    for number, (first, last) in enumerate(((0, PART - 1), (PART, len(body) - 1)), 1):
        done = s3.upload_part_copy(**where, PartNumber=number, CopySource=source,
                                   CopySourceRange=f"bytes={first}-{last}")["CopyPartResult"]
        assert done["ETag"] == f'"{hashlib.md5(body[first:last + 1]).hexdigest()}"'
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert get(s3, bucket, "to") == body


@pytest.mark.parametrize("range_", ["bytes=0-10", "bytes=5-", "bytes=-5", "0-5", "bytes=7-3", "bytes=0-1,3-4"])
def test_a_range_that_is_not_in_the_source_is_refused(s3, bucket, source, range_):  # noqa: F811
    upload = s3.create_multipart_upload(Bucket=bucket, Key="to")["UploadId"]
    where = {"Bucket": bucket, "Key": "to", "UploadId": upload}
    assert error_of(s3.upload_part_copy, **where, PartNumber=1, CopySource=source, CopySourceRange=range_)[:2] == (
        400, "InvalidArgument")
    assert "Parts" not in s3.list_parts(**where)
