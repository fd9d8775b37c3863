"""Where S3 is exact and servers differ: the corners that docs/s3-compatibility.md claims and no other file proves."""

import re

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import ObjectsServer, error_of, presign, remove


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """What is asked here is answered by the worker, behind whichever web server."""
    server = ObjectsServer("lighttpd", tmp_path_factory.mktemp("yardstick")).start()
    yield server
    server.stop()
    remove(server.data)


@pytest.fixture(scope="module")
def s3(objects):
    return objects.client()


@pytest.fixture(scope="module")
def bucket(s3):
    s3.create_bucket(Bucket="yardstick")
    return "yardstick"


@pytest.fixture(scope="module")
def shelf(s3):
    """A bucket whose keys are all told by listings of it."""
    s3.create_bucket(Bucket="shelf")
    for key in ("a", "b/1", "b/2", "c d", "e\x01f", "é"):
        s3.put_object(Bucket="shelf", Key=key, Body=b"x")
    return "shelf"


# --- listings ---

@pytest.mark.parametrize("name", ["list_objects", "list_objects_v2"])
def test_a_page_of_no_keys_is_empty_and_not_cut(s3, shelf, name):
    page = getattr(s3, name)(Bucket=shelf, MaxKeys=0)
    assert "Contents" not in page and page["IsTruncated"] is False


@pytest.mark.parametrize("name", ["list_objects", "list_objects_v2"])
def test_an_empty_or_unknown_delimiter_and_prefix_change_nothing(s3, shelf, name):
    for options in ({"Delimiter": ""}, {"Delimiter": "\x0a"}, {"Prefix": ""}):
        page = getattr(s3, name)(Bucket=shelf, **options)
        assert len(page["Contents"]) == 6 and not page.get("CommonPrefixes"), options
    assert "Contents" not in getattr(s3, name)(Bucket=shelf, Prefix="nothing like it")


def test_a_token_counts_for_more_than_a_start(s3, shelf):
    first = s3.list_objects_v2(Bucket=shelf, MaxKeys=1, StartAfter="a")
    assert [item["Key"] for item in first["Contents"]] == ["b/1"]
    then = s3.list_objects_v2(Bucket=shelf, MaxKeys=1, StartAfter="a", ContinuationToken=first["NextContinuationToken"])
    assert [item["Key"] for item in then["Contents"]] == ["b/2"]


@pytest.mark.parametrize("marker,left", [("", 6), ("b", 5), ("zzz", 1), ("\U0010ffff", 0)])
def test_a_marker_need_not_be_a_key(s3, shelf, marker, left):
    assert len(s3.list_objects(Bucket=shelf, Marker=marker).get("Contents", [])) == left
    if marker:
        assert len(s3.list_objects_v2(Bucket=shelf, StartAfter=marker).get("Contents", [])) == left


@pytest.mark.parametrize("value", ["many", "-1"])
def test_a_number_of_keys_that_is_none_is_refused(objects, shelf, value):
    answer = requests.get(presign(f"{objects.url}/{shelf}?list-type=2&max-keys={value}"), timeout=PATIENCE_S)
    assert answer.status_code == 400 and "<Code>InvalidArgument</Code>" in answer.text


# --- buckets ---

@pytest.mark.parametrize("name", ["abc", "0ab", "a.b-c", "x" * 63])
def test_names_that_buckets_may_have(s3, name):
    s3.create_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("name", ["ab", "-abc", "abc-", "Abc", "a_b", "a..b", "192.168.5.4", "x" * 64])
def test_names_that_buckets_may_not_have(objects, name):
    answer = requests.put(presign(f"{objects.url}/{name}", "PUT"), timeout=PATIENCE_S)
    assert answer.status_code == 400 and "<Code>InvalidBucketName</Code>" in answer.text


# --- objects ---

def test_an_error_names_the_request_as_its_header_does(objects, bucket):
    answer = requests.get(presign(f"{objects.url}/{bucket}/absent"), timeout=PATIENCE_S)
    assert answer.status_code == 404
    assert re.search(r"<RequestId>(.*?)</RequestId>", answer.text)[1] == answer.headers["x-amz-request-id"]


def test_metadata_is_that_of_the_last_put(s3, bucket):
    s3.put_object(Bucket=bucket, Key="meta", Body=b"1", Metadata={"one": "1", "two": "2"}, CacheControl="max-age=5")
    s3.put_object(Bucket=bucket, Key="meta", Body=b"2", Metadata={"two": "3"})
    head = s3.head_object(Bucket=bucket, Key="meta")
    assert head["Metadata"] == {"two": "3"} and "CacheControl" not in head


@pytest.mark.parametrize("sent,kept", [("aws-chunked", None), ("aws-chunked,gzip", "gzip"), ("gzip,aws-chunked", "gzip")])
def test_the_encoding_of_the_transfer_is_not_that_of_the_object(s3, bucket, sent, kept):
    s3.put_object(Bucket=bucket, Key="encoded", Body=b"x", ContentEncoding=sent)
    assert s3.head_object(Bucket=bucket, Key="encoded").get("ContentEncoding") == kept


def test_a_copy_onto_itself_that_changes_nothing_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="self", Body=b"x")
    source = {"Bucket": bucket, "Key": "self"}
    assert error_of(s3.copy_object, Bucket=bucket, Key="self", CopySource=source)[:2] == (400, "InvalidRequest")
    s3.copy_object(Bucket=bucket, Key="self", CopySource=source, MetadataDirective="REPLACE", Metadata={"a": "b"})
    assert s3.head_object(Bucket=bucket, Key="self")["Metadata"] == {"a": "b"}


def test_a_thousand_deletions_at_once_and_no_more(s3, bucket):
    names = [{"Key": f"gone/{number}"} for number in range(1001)]
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": names[:1000]})["Deleted"]) == 1000
    assert error_of(s3.delete_objects, Bucket=bucket, Delete={"Objects": names})[:2] == (400, "MalformedXML")


# --- parts ---

def test_an_upload_without_parts_becomes_nothing(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="empty")["UploadId"]
    status, code, _ = error_of(s3.complete_multipart_upload, Bucket=bucket, Key="empty", UploadId=upload,
                               MultipartUpload={"Parts": []})
    assert (status, code) == (400, "MalformedXML")
    assert error_of(s3.head_object, Bucket=bucket, Key="empty")[0] == 404
    s3.abort_multipart_upload(Bucket=bucket, Key="empty", UploadId=upload)


def test_an_object_of_parts_says_so_in_its_etag(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=7, Body=b"x")
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 7, "ETag": part["ETag"]}]})
    assert re.fullmatch(r'"[0-9a-f]{32}-1"', s3.head_object(Bucket=bucket, Key="parts")["ETag"])


# --- what is not offered says so ---

@pytest.mark.parametrize("call,options", [
    ("get_bucket_acl", {}), ("get_bucket_policy", {}), ("get_bucket_versioning", {}), ("get_bucket_encryption", {}),
    ("get_bucket_tagging", {}), ("get_bucket_website", {}), ("get_bucket_logging", {}), ("get_object_lock_configuration", {}),
    ("get_public_access_block", {}), ("get_bucket_ownership_controls", {}), ("get_bucket_notification_configuration", {}),
    ("list_object_versions", {}), ("get_object_acl", {"Key": "a"}), ("get_object_retention", {"Key": "a"}),
    ("get_object_attributes", {"Key": "a", "ObjectAttributes": ["ETag"]}), ("get_object", {"Key": "a", "VersionId": "1"}),
    ("get_object", {"Key": "a", "PartNumber": 1}), ("put_object", {"Key": "a", "ServerSideEncryption": "AES256"}),
    ("put_object", {"Key": "a", "ACL": "public-read"}), ("put_object", {"Key": "a", "StorageClass": "GLACIER"}),
])
def test_what_is_not_offered_answers_not_implemented(s3, bucket, call, options):
    assert error_of(getattr(s3, call), Bucket=bucket, **options)[:2] == (501, "NotImplemented")
