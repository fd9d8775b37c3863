"""Encryption by the storage: with S3_SSE every upload names it, and storage holds clients to that.

Ceph's gateway has KMS (its "testing" backend). Swift knows no server-side encryption. What AWS does
without any header, by the bucket's default, needs nothing from us: that is every other test.
"""

import boto3
import pytest
from botocore.config import Config

from conftest import settings_for
from flow import commit, display, error_code, png, presign, put, upload
from harness.ceph import Ceph
from harness.vitrine import Vitrine

pytestmark = pytest.mark.parametrize("storage", [Ceph], ids=["ceph"], indirect=True)


@pytest.fixture(scope="module")
def encrypting(storage):
    settings = settings_for(storage, S3_SSE="aws:kms", S3_SSE_KMS_KEY_ID=storage.kms_key,
                            S3_SSE_BUCKET_KEY="on")
    with Vitrine("lighttpd", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def encrypting_admin(encrypting):
    return encrypting.admin()


@pytest.fixture(scope="module")
def bucket(storage):
    """What the storage itself says about objects, asked by another client."""
    client = boto3.client(
        "s3", endpoint_url=storage.url, region_name=storage.region,
        aws_access_key_id=storage.access_key, aws_secret_access_key=storage.secret_key,
        config=Config(s3={"addressing_style": "path"}))
    return lambda key: client.head_object(Bucket="vitrine-ring", Key=key)


def test_an_upload_is_encrypted_with_the_key_of_the_settings(encrypting_admin, bucket, storage):
    content = png()
    image = upload(encrypting_admin, content)
    facts = bucket(image["key"])
    assert facts["ServerSideEncryption"] == "aws:kms"
    assert facts["SSEKMSKeyId"] == storage.kms_key
    assert display(encrypting_admin, image).content == content


def test_a_grant_lists_the_headers_of_encryption(encrypting_admin, storage):
    grant = presign(encrypting_admin, png())
    assert grant["headers"]["x-amz-server-side-encryption"] == "aws:kms"
    assert grant["headers"]["x-amz-server-side-encryption-aws-kms-key-id"] == storage.kms_key
    assert grant["headers"]["x-amz-server-side-encryption-bucket-key-enabled"] == "true"
    assert "x-amz-server-side-encryption" in grant["url"]


@pytest.mark.parametrize("change", [
    {"x-amz-server-side-encryption": None},
    {"x-amz-server-side-encryption": "AES256"},
    {"x-amz-server-side-encryption-aws-kms-key-id": "another-key"},
    {"x-amz-server-side-encryption-aws-kms-key-id": None},
])
def test_an_upload_without_its_encryption_is_refused_by_storage(encrypting_admin, change):
    content = png()
    grant = presign(encrypting_admin, content)
    refused = put(grant, content, headers=change)
    assert refused.status_code == 403, refused.text
    assert error_code(refused) in ("SignatureDoesNotMatch", "AccessDenied")
    assert commit(encrypting_admin, grant).status_code == 409


def test_a_form_upload_is_encrypted_too(encrypting_admin, bucket):
    answer = encrypting_admin.post("/admin/upload", files=[
        ("csrf", (None, encrypting_admin.csrf("/admin/upload"))),
        ("files", ("form.png", png(), "image/png"))], headers={"Origin": encrypting_admin.base_url})
    assert answer.status_code == 200, answer.text
    newest = encrypting_admin.json_call("GET", "/images").json()["images"][0]
    assert newest["filename"] == "form.png"
    assert bucket(newest["key"])["ServerSideEncryption"] == "aws:kms"


def test_a_key_that_storage_does_not_know_is_told_by_storage(storage):
    with Vitrine("lighttpd", **settings_for(storage, S3_SSE="aws:kms", S3_SSE_KMS_KEY_ID="none")) as wrong:
        content = png()
        refused = put(presign(wrong.admin(), content), content)
        assert refused.status_code in (400, 403), refused.text
        assert "kms-keyid: none" in refused.text  # Ceph calls it InvalidAccessKeyId


def test_without_the_setting_no_header_is_needed(admin, bucket):
    image = upload(admin, png())
    assert "ServerSideEncryption" not in bucket(image["key"])
