"""Multipart uploads of the embedded endpoint: parts in any order, completed, aborted, listed, in S3's words."""

import base64
import concurrent.futures
import hashlib
import zlib

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import (bucket, error_of, objects, presign, s3, start_objects,  # noqa: F401
                            wait_until)

MB = 1024 * 1024
PART = 5 * MB


def bytes_of(size, seed=0):
    """Reproducible bytes that do not compress into one repeated page."""
    block = hashlib.sha256(str(seed).encode()).digest() * 2048
    return (block * (size // len(block) + 1))[:size]


def create(s3, bucket, key="big.bin", **options):  # noqa: F811
    return s3.create_multipart_upload(Bucket=bucket, Key=key, **options)["UploadId"]


def put_part(s3, bucket, upload, number, body, key="big.bin", **options):  # noqa: F811
    answer = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, **options)
    return {"PartNumber": number, "ETag": answer["ETag"],
            **{name: value for name, value in answer.items() if name.startswith("Checksum")}}


def complete(s3, bucket, upload, parts, key="big.bin", **options):  # noqa: F811
    return s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **options)


def composite_etag(bodies):
    digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    return f'"{digest}-{len(bodies)}"'


def get(s3, bucket, key="big.bin"):  # noqa: F811
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def leftovers(objects, upload):  # noqa: F811
    """Files that an upload must not leave once it has ended."""
    return objects.files(f"multipart/{upload}") + objects.files("uploads")


# --- the way it is meant -------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 1, 2], [2, 3, 1]])
def test_parts_in_any_order_become_one_object(objects, s3, bucket, order):  # noqa: F811
    bodies = {1: bytes_of(PART, 1), 2: bytes_of(PART, 2), 3: bytes_of(1000, 3)}
    upload = create(s3, bucket, ContentType="image/tiff", Metadata={"colour": "blue"}, CacheControl="no-store")
    parts = sorted((put_part(s3, bucket, upload, number, bodies[number]) for number in order),
                   key=lambda part: part["PartNumber"])
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0, "nothing is there before it is completed"
    done = complete(s3, bucket, upload, parts)
    assert done["ETag"] == composite_etag([bodies[1], bodies[2], bodies[3]])
    assert get(s3, bucket) == bodies[1] + bodies[2] + bodies[3]
    head = s3.head_object(Bucket=bucket, Key="big.bin")
    assert (head["ContentLength"], head["ContentType"], head["Metadata"], head["CacheControl"], head["ETag"]) == (
        2 * PART + 1000, "image/tiff", {"colour": "blue"}, "no-store", done["ETag"])
    assert leftovers(objects, upload) == []


def test_parts_at_the_same_time_become_one_object(objects, s3, bucket):  # noqa: F811
    bodies = [bytes_of(PART, n) for n in range(7)] + [bytes_of(123, 99)]
    upload = create(s3, bucket)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda n: put_part(s3, bucket, upload, n + 1, bodies[n]), range(len(bodies))))
    complete(s3, bucket, upload, parts)
    assert get(s3, bucket) == b"".join(bodies)
    assert leftovers(objects, upload) == []


def test_parts_of_one_size_are_not_copied_to_complete(objects, s3, bucket):  # noqa: F811
    bodies = [bytes_of(PART, 1), bytes_of(PART, 2), bytes_of(10, 3)]
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, n + 1, body) for n, body in enumerate(bodies)]
    def inodes():
        return {path.stat().st_ino for path in objects.files("data") if path.stat().st_size == 2 * PART + 10}
    before = inodes()
    complete(s3, bucket, upload, parts)
    assert len(before) == 1 and inodes() == before


@pytest.mark.parametrize("sizes", [
    [PART, PART + 1, 7], [PART + 1, PART, PART, 7], [6 * MB, PART, 8 * MB], [PART], [1], [PART, PART],
], ids=str)
def test_parts_of_any_sizes_become_one_object(s3, bucket, sizes):  # noqa: F811
    bodies = [bytes_of(size, n) for n, size in enumerate(sizes)]
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, n + 1, body) for n, body in enumerate(bodies)]
    assert complete(s3, bucket, upload, parts)["ETag"] == composite_etag(bodies)
    assert get(s3, bucket) == b"".join(bodies)


def test_numbers_may_have_gaps_and_parts_may_stay_out(s3, bucket):  # noqa: F811
    bodies = {2: bytes_of(PART, 2), 5: bytes_of(PART, 5), 9: bytes_of(PART, 9), 10000: b"end"}
    upload = create(s3, bucket)
    parts = {number: put_part(s3, bucket, upload, number, body) for number, body in bodies.items()}
    complete(s3, bucket, upload, [parts[2], parts[9], parts[10000]])
    assert get(s3, bucket) == bodies[2] + bodies[9] + bodies[10000]


def test_a_part_that_is_sent_again_replaces_the_first(objects, s3, bucket):  # noqa: F811
    first, second, last = bytes_of(PART, 1), bytes_of(PART, 2), b"end"
    upload = create(s3, bucket)
    old = put_part(s3, bucket, upload, 1, first)
    end = put_part(s3, bucket, upload, 2, last)
    new = put_part(s3, bucket, upload, 1, second)
    assert error_of(complete, s3, bucket, upload, [old, end])[:2] == (400, "InvalidPart")
    complete(s3, bucket, upload, [new, end])
    assert get(s3, bucket) == second + last
    assert leftovers(objects, upload) == []


def test_a_part_that_is_repeated_stays_where_it_is(objects, s3, bucket):  # noqa: F811
    body = bytes_of(PART, 1)
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, 1, body), put_part(s3, bucket, upload, 2, b"end")]
    before = set(objects.files("data"))
    assert put_part(s3, bucket, upload, 1, body) == parts[0]
    assert set(objects.files("data")) <= before, "nothing is kept twice"
    complete(s3, bucket, upload, parts)
    assert get(s3, bucket) == body + b"end"


def test_an_object_is_replaced_by_a_completed_upload(s3, bucket):  # noqa: F811
    s3.put_object(Bucket=bucket, Key="big.bin", Body=b"old")
    upload = create(s3, bucket)
    part = put_part(s3, bucket, upload, 1, b"new")
    assert get(s3, bucket) == b"old"
    complete(s3, bucket, upload, [part])
    assert get(s3, bucket) == b"new"


def test_presigned_parts_bind_their_length(objects, s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    where = f"{objects.url}/{bucket}/big.bin?partNumber=1&uploadId={upload}"
    body = b"x" * 1000
    url = presign(where, "PUT", {"content-length": "1000"})
    assert requests.put(url, data=body[:-1], timeout=PATIENCE_S).status_code == 403
    answer = requests.put(url, data=body, timeout=PATIENCE_S)
    assert answer.status_code == 200
    complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": answer.headers["ETag"]}])
    assert get(s3, bucket) == body


# --- checksums -------------------------------------------------------------------------------------------------


def test_a_composite_checksum_is_that_of_the_parts_checksums(s3, bucket):  # noqa: F811
    bodies = [bytes_of(PART, 1), b"end"]
    upload = create(s3, bucket, ChecksumAlgorithm="SHA256")
    parts = [put_part(s3, bucket, upload, n + 1, body, ChecksumAlgorithm="SHA256")
             for n, body in enumerate(bodies)]
    done = complete(s3, bucket, upload, parts)
    digests = [hashlib.sha256(body).digest() for body in bodies]
    expected = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-2"
    assert done["ChecksumSHA256"] == expected
    head = s3.head_object(Bucket=bucket, Key="big.bin", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == expected
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-checksum-type"] == "COMPOSITE"


def test_a_full_object_checksum_is_that_of_the_bytes(s3, bucket):  # noqa: F811
    bodies = [bytes_of(PART, 1), bytes_of(PART, 2), b"end"]
    headers = {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT"}
    s3.meta.events.register("before-call.s3.CreateMultipartUpload",
                            lambda params, **_: params["headers"].update(headers))
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, n + 1, body, ChecksumAlgorithm="CRC32")
             for n, body in enumerate(bodies)]
    whole = base64.b64encode(zlib.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
    wrong = error_of(complete, s3, bucket, upload, parts, ChecksumCRC32="AAAAAA==")
    assert wrong[:2] == (400, "BadDigest")
    assert complete(s3, bucket, upload, parts, ChecksumCRC32=whole)["ChecksumCRC32"] == whole
    head = s3.head_object(Bucket=bucket, Key="big.bin", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == whole


def test_a_part_whose_checksum_differs_is_refused_and_leaves_nothing(objects, s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert error_of(put_part, s3, bucket, upload, 1, b"this", ChecksumSHA256=wrong)[:2] == (400, "BadDigest")
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="big.bin", UploadId=upload)
    part = put_part(s3, bucket, upload, 1, b"this")
    complete(s3, bucket, upload, [part])
    assert get(s3, bucket) == b"this"


def test_a_part_with_another_kind_of_checksum_is_refused(s3, bucket):  # noqa: F811
    upload = create(s3, bucket, ChecksumAlgorithm="SHA256")
    status, code, response = error_of(
        put_part, s3, bucket, upload, 1, b"x", ChecksumAlgorithm="CRC32")
    assert (status, code) == (400, "InvalidRequest") and "mismatch" in response["Error"]["Message"]


# --- listed ----------------------------------------------------------------------------------------------------


def test_parts_are_listed_in_pages(s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    for number in (4, 1, 7):
        put_part(s3, bucket, upload, number, b"x" * number)
    first = s3.list_parts(Bucket=bucket, Key="big.bin", UploadId=upload, MaxParts=2)
    assert [(part["PartNumber"], part["Size"]) for part in first["Parts"]] == [(1, 1), (4, 4)]
    assert first["IsTruncated"] and first["NextPartNumberMarker"] == 4
    second = s3.list_parts(Bucket=bucket, Key="big.bin", UploadId=upload, PartNumberMarker=4)
    assert [part["PartNumber"] for part in second["Parts"]] == [7] and not second["IsTruncated"]


def test_uploads_are_listed_in_pages_under_a_prefix(s3, bucket):  # noqa: F811
    uploads = {}
    for key in ("a/1", "a/2", "b", "a/1"):
        uploads.setdefault(key, []).append(create(s3, bucket, key))
    seen, markers = [], {}
    while True:
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **markers)
        seen += [(item["Key"], item["UploadId"]) for item in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert sorted(seen) == sorted((key, upload) for key in uploads for upload in uploads[key])
    assert [key for key, _ in seen] == ["a/1", "a/1", "a/2", "b"]
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [item["Prefix"] for item in rolled["CommonPrefixes"]] == ["a/"]
    assert [item["Key"] for item in rolled["Uploads"]] == ["b"]
    under = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/2")
    assert [item["Key"] for item in under["Uploads"]] == ["a/2"]


# --- refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -1, 10001, "abc", ""])
def test_a_part_number_out_of_range_is_refused(objects, s3, bucket, number):  # noqa: F811
    upload = create(s3, bucket)
    url = presign(f"{objects.url}/{bucket}/big.bin?partNumber={number}&uploadId={upload}", "PUT")
    answer = requests.put(url, data=b"x", timeout=PATIENCE_S)
    assert answer.status_code == 400 and "<Code>InvalidArgument</Code>" in answer.text
    assert "between 1 and 10000" in answer.text


@pytest.mark.parametrize("change", ["order", "twice", "missing", "etag", "empty"])
def test_a_list_that_is_not_the_parts_is_refused_and_harms_nothing(s3, bucket, change):  # noqa: F811
    upload = create(s3, bucket)
    one, two = (put_part(s3, bucket, upload, n, bytes_of(PART, n)) for n in (1, 2))
    lists = {
        "order": ([two, one], "InvalidPartOrder"), "twice": ([one, one], "InvalidPartOrder"),
        "missing": ([one, {"PartNumber": 3, "ETag": one["ETag"]}], "InvalidPart"),
        "etag": ([one, {"PartNumber": 2, "ETag": one["ETag"]}], "InvalidPart"),
        "empty": ([], "MalformedXML"),
    }
    parts, code = lists[change]
    assert error_of(complete, s3, bucket, upload, parts)[:2] == (400, code)
    complete(s3, bucket, upload, [one, two])
    assert get(s3, bucket) == bytes_of(PART, 1) + bytes_of(PART, 2)


def test_a_small_part_that_is_not_the_last_is_too_small(s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, 1, bytes_of(PART - 1)), put_part(s3, bucket, upload, 2, b"x")]
    assert error_of(complete, s3, bucket, upload, parts)[:2] == (400, "EntityTooSmall")


def test_another_key_or_bucket_does_not_know_the_upload(s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    for key, where in (("other", bucket), ("big.bin", "vitrine")):
        assert error_of(put_part, s3, where, upload, 1, b"x", key=key)[:2] == (404, "NoSuchUpload")
        assert error_of(s3.list_parts, Bucket=where, Key=key, UploadId=upload)[:2] == (404, "NoSuchUpload")
        assert error_of(s3.abort_multipart_upload, Bucket=where, Key=key, UploadId=upload)[:2] == (
            404, "NoSuchUpload")


@pytest.mark.parametrize("upload", ["x", "../../x", "0" * 32, "0" * 33, "A" * 32, "%00"])
def test_an_upload_id_that_is_none_leads_nowhere(s3, bucket, upload):  # noqa: F811
    assert error_of(put_part, s3, bucket, upload, 1, b"x")[:2] == (404, "NoSuchUpload")
    assert error_of(complete, s3, bucket, upload, [{"PartNumber": 1, "ETag": "x"}])[:2] == (404, "NoSuchUpload")


def test_an_aborted_upload_is_gone_with_its_parts(objects, s3, bucket):  # noqa: F811
    before = set(objects.files("data"))
    upload = create(s3, bucket)
    part = put_part(s3, bucket, upload, 1, bytes_of(PART))
    put_part(s3, bucket, upload, 2, bytes_of(PART + 1))
    assert len(set(objects.files("data")) - before) == 2
    s3.abort_multipart_upload(Bucket=bucket, Key="big.bin", UploadId=upload)
    assert error_of(put_part, s3, bucket, upload, 3, b"x")[:2] == (404, "NoSuchUpload")
    assert error_of(complete, s3, bucket, upload, [part])[:2] == (404, "NoSuchUpload")
    assert error_of(s3.abort_multipart_upload, Bucket=bucket, Key="big.bin", UploadId=upload)[:2] == (
        404, "NoSuchUpload")
    assert leftovers(objects, upload) == []
    wait_until(lambda: set(objects.files("data")) <= before, what="its data being removed")


def test_completing_twice_makes_one_object(s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, 1, b"x")]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(complete, s3, bucket, upload, parts) for _ in range(4)]
    codes = sorted("done" if answer.exception() is None
                   else answer.exception().response["Error"]["Code"] for answer in answers)
    assert codes.count("done") == 1 and set(codes) <= {"done", "NoSuchUpload"}
    assert get(s3, bucket) == b"x"


def test_completing_honours_if_none_match(s3, bucket):  # noqa: F811
    s3.put_object(Bucket=bucket, Key="big.bin", Body=b"first")
    upload = create(s3, bucket)
    part = put_part(s3, bucket, upload, 1, b"second")
    s3.meta.events.register("before-call.s3.CompleteMultipartUpload",
                            lambda params, **_: params["headers"].update({"If-None-Match": "*"}))
    assert error_of(complete, s3, bucket, upload, [part])[:2] == (412, "PreconditionFailed")
    assert get(s3, bucket) == b"first"
    assert len(s3.list_parts(Bucket=bucket, Key="big.bin", UploadId=upload)["Parts"]) == 1, "it can go on"


# --- cut, killed, restarted --------------------------------------------------------------------------------------


def test_a_part_that_is_cut_leaves_its_place_to_the_next_attempt(objects, s3, bucket):  # noqa: F811
    upload = create(s3, bucket)
    where = f"{objects.url}/{bucket}/big.bin?partNumber=1&uploadId={upload}"

    def half():
        yield b"y" * 100_000
        raise ConnectionError("the client goes away")

    with pytest.raises((requests.RequestException, ConnectionError)):
        requests.put(presign(where, "PUT"), data=half(), headers={"content-length": str(PART)}, timeout=PATIENCE_S)
    wait_until(lambda: objects.files("uploads") == [], what="the part being thrown away")
    body = bytes_of(PART, 1)
    parts = [put_part(s3, bucket, upload, 1, body), put_part(s3, bucket, upload, 2, b"end")]
    complete(s3, bucket, upload, parts)
    assert get(s3, bucket) == body + b"end"


def test_acknowledged_parts_outlive_a_killed_worker(objects, s3, bucket):  # noqa: F811
    bodies = [bytes_of(PART, n) for n in range(3)]
    upload = create(s3, bucket)
    parts = [put_part(s3, bucket, upload, n + 1, body) for n, body in enumerate(bodies)]
    objects.kill_worker()
    listed = s3.list_parts(Bucket=bucket, Key="big.bin", UploadId=upload)["Parts"]
    assert [part["ETag"] for part in listed] == [part["ETag"] for part in parts]
    complete(s3, bucket, upload, parts)
    assert get(s3, bucket) == b"".join(bodies)
