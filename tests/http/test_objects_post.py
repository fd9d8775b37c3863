"""Forms that browsers post to the embedded endpoint: botocore's, ours, and those that somebody changed."""

import base64
import datetime
import hashlib
import json

import pytest
import requests

from harness.patience import PATIENCE_S
from objects_server import bucket, objects, s3, signing_at, wait_until  # noqa: F401

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def form(s3, bucket, key="a/ü.png", fields=None, conditions=None, expires=300):  # noqa: F811
    fields = {"Content-Type": "image/png", **(fields or {})}
    exact = [{name: value} for name, value in fields.items()]
    return s3.generate_presigned_post(bucket, key, Fields=fields, ExpiresIn=expires,
                                      Conditions=exact + (conditions or []))


def post(form, body=PNG, filename="photo.png", extra=None, **options):
    fields = {**form["fields"], **(extra or {})}
    return requests.post(form["url"], data=fields, files={"file": (filename, body, "image/png")},
                         timeout=PATIENCE_S, allow_redirects=False, **options)


def code_of(answer):
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def traces(objects, s3, bucket):  # noqa: F811
    return objects.files("uploads"), s3.list_objects_v2(Bucket=bucket)["KeyCount"]


def test_a_form_of_botocore_stores_its_file(objects, s3, bucket):  # noqa: F811
    answer = post(form(s3, bucket, fields={"x-amz-meta-colour": "blue", "Cache-Control": "no-store"}))
    assert (answer.status_code, answer.text) == (204, "")
    got = s3.get_object(Bucket=bucket, Key="a/ü.png")
    assert got["Body"].read() == PNG
    assert (got["ContentType"], got["Metadata"], got["CacheControl"]) == ("image/png", {"colour": "blue"}, "no-store")
    assert got["ETag"] == answer.headers["ETag"] == f'"{hashlib.md5(PNG).hexdigest()}"'


def test_the_form_says_where_the_browser_goes_next(s3, bucket):  # noqa: F811
    target = "http://127.0.0.1:8080/admin/upload/posted?id=7"
    answer = post(form(s3, bucket, "k", fields={"success_action_redirect": target}))
    assert answer.status_code == 303
    etag = hashlib.md5(PNG).hexdigest()
    assert answer.headers["Location"] == f"{target}&bucket={bucket}&key=k&etag=%22{etag}%22"
    created = post(form(s3, bucket, "k", fields={"success_action_status": "201"}))
    assert created.status_code == 201 and "<Key>k</Key>" in created.text
    assert post(form(s3, bucket, "k", fields={"success_action_status": "200"})).status_code == 200


def test_the_name_of_the_file_can_be_part_of_the_key(s3, bucket):  # noqa: F811
    answer = post(form(s3, bucket, "up/${filename}"), filename="my photo.png")
    assert answer.status_code == 204
    assert s3.get_object(Bucket=bucket, Key="up/my photo.png")["Body"].read() == PNG


@pytest.mark.parametrize("size,expected", [(9, (400, "EntityTooSmall")), (10, (204, "")), (20, (204, "")),
                                           (21, (400, "EntityTooLarge")), (500_000, (400, "EntityTooLarge"))])
def test_the_size_is_bound_by_the_policy(objects, s3, bucket, size, expected):  # noqa: F811
    answer = post(form(s3, bucket, conditions=[["content-length-range", 10, 20]]), b"x" * size)
    assert (answer.status_code, code_of(answer)) == expected
    assert traces(objects, s3, bucket) == ([], int(expected[0] == 204))


@pytest.mark.parametrize("change", [
    {"key": "other"}, {"Content-Type": "text/html"}, {"x-amz-meta-extra": "1"}, {"success_action_redirect": "http://x/"},
    {"x-amz-signature": "0" * 64}, {"acl": "public-read"},
], ids=lambda change: next(iter(change)))
def test_a_form_that_was_changed_stores_nothing(objects, s3, bucket, change):  # noqa: F811
    answer = post(form(s3, bucket), extra=change)
    assert answer.status_code == 403, answer.text
    assert code_of(answer) in ("AccessDenied", "SignatureDoesNotMatch")
    assert traces(objects, s3, bucket) == ([], 0)


@pytest.mark.parametrize("name", ["x-amz-meta-owner", "X-Amz-Meta-Owner", "key", "policy", "Content-Type"])
def test_a_field_that_comes_twice_is_refused(objects, s3, bucket, name):  # noqa: F811
    """The policy judged the first x-amz-meta-owner, and the object got the second."""
    signed = form(s3, bucket, fields={"x-amz-meta-owner": "alice"})
    twice = [*((n, (None, v)) for n, v in signed["fields"].items()), (name, (None, "mallory")),
             ("file", ("a.png", PNG, "image/png"))]
    answer = requests.post(signed["url"], files=twice, timeout=PATIENCE_S)
    assert (answer.status_code, code_of(answer)) == (400, "InvalidArgument")
    assert traces(objects, s3, bucket) == ([], 0)


def test_a_field_cannot_hold_what_no_header_can(objects, s3, bucket):  # noqa: F811
    signed = s3.generate_presigned_post(bucket, "k", Conditions=[["starts-with", "$Content-Type", ""]])
    answer = post(signed, extra={"Content-Type": "text/html\r\nSet-Cookie: a=b"})
    assert (answer.status_code, code_of(answer)) == (400, "InvalidArgument")
    assert traces(objects, s3, bucket) == ([], 0)


def test_a_policy_that_was_changed_stores_nothing(objects, s3, bucket):  # noqa: F811
    signed = form(s3, bucket)
    policy = json.loads(base64.b64decode(signed["fields"]["policy"]))
    policy["expiration"] = "2099-01-01T00:00:00Z"
    signed["fields"]["policy"] = base64.b64encode(json.dumps(policy).encode()).decode()
    answer = post(signed)
    assert (answer.status_code, code_of(answer)) == (403, "SignatureDoesNotMatch")
    assert traces(objects, s3, bucket) == ([], 0)


def test_a_form_dies_with_its_policy(objects, s3, bucket):  # noqa: F811
    hour_ago = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.timedelta(hours=1)
    with signing_at(hour_ago):
        old = form(s3, bucket, expires=-10)
    answer = post(old)
    assert (answer.status_code, code_of(answer)) == (403, "AccessDenied") and "expired" in answer.text
    assert traces(objects, s3, bucket) == ([], 0)


def test_a_form_for_one_bucket_does_not_fit_another(objects, s3, bucket):  # noqa: F811
    signed = form(s3, bucket)
    signed["url"] = f"{objects.url}/vitrine"
    assert post(signed).status_code == 403


@pytest.mark.parametrize("name,body,expected", [
    ("nothing", b"", (400, "MalformedPOSTRequest")), ("no form", b"hello", (400, "MalformedPOSTRequest")),
    ("no file", None, (400, "InvalidArgument")), ("no fields", b"", (400, None)),
], ids=["nothing", "no form", "no file", "no fields"])
def test_what_is_no_such_form_is_refused(objects, s3, bucket, name, body, expected):  # noqa: F811
    url = f"{objects.url}/{bucket}"
    if name == "no file":
        answer = requests.post(url, files={n: (None, v) for n, v in form(s3, bucket)["fields"].items()}, timeout=PATIENCE_S)
    elif name == "no fields":
        answer = requests.post(url, files={"file": ("a", b"x")}, timeout=PATIENCE_S)
    else:
        answer = requests.post(url, data=body, timeout=PATIENCE_S,
                               headers={"content-type": "multipart/form-data; boundary=xyz"})
    assert answer.status_code == expected[0]
    assert expected[1] in (None, code_of(answer))
    assert traces(objects, s3, bucket) == ([], 0)


def test_too_many_bytes_before_the_file_are_refused(objects, s3, bucket):  # noqa: F811
    answer = post(form(s3, bucket), extra={"x-ignore-much": "y" * 21_000})
    assert answer.status_code == 400
    assert traces(objects, s3, bucket) == ([], 0)


def test_a_cut_form_leaves_nothing(objects, s3, bucket):  # noqa: F811
    signed = form(s3, bucket)
    request = requests.Request("POST", signed["url"], data=signed["fields"],
                               files={"file": ("a.png", PNG, "image/png")}).prepare()

    def half():
        yield request.body[:len(request.body) // 2]
        raise ConnectionError("the client goes away")

    with pytest.raises((requests.RequestException, ConnectionError)):
        requests.post(signed["url"], data=half(), timeout=PATIENCE_S,
                      headers={"content-type": request.headers["content-type"],
                               "content-length": str(len(request.body))})
    wait_until(lambda: traces(objects, s3, bucket) == ([], 0), what="the upload being thrown away")


@pytest.mark.parametrize("query", ["?delete", "?delete=", "?x&delete"])
@pytest.mark.parametrize("kind", ["application/xml", "multipart/form-data; boundary=x"])
def test_nothing_but_a_form_comes_in_without_a_signature(objects, s3, bucket, query, kind):  # noqa: F811
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    body = b"<Delete><Object><Key>kept</Key></Object></Delete>"
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = requests.post(f"{objects.url}/{bucket}{query}", data=body, timeout=PATIENCE_S,
                           headers={"content-type": kind, "content-md5": md5})
    assert (answer.status_code, code_of(answer)) == (403, "AccessDenied")
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"kept"
