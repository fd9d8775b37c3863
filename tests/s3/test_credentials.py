"""Temporary keys for real: Ceph's STS gives them, Vitrine signs with them, Ceph's S3 takes them or not."""

import time
import urllib.parse

import boto3
import pytest
import requests

from flow import display, error_code, png, presign, put, upload
from harness import aws
from harness.ceph import Ceph
from harness.patience import PATIENCE_S, wait_until
from harness.vitrine import Vitrine

pytestmark = pytest.mark.parametrize("storage", [Ceph], indirect=True, ids=["ceph"])

BUCKET = "vitrine-keys"


@pytest.fixture(scope="module")
def role(storage):
    return storage.create_role()


def assume(storage, role):
    """Keys of the role, as boto3 gets them."""
    sts = boto3.client("sts", endpoint_url=storage.url, region_name=storage.region,
                       aws_access_key_id=storage.access_key, aws_secret_access_key=storage.secret_key)
    return sts.assume_role(RoleArn=role, RoleSessionName="container", DurationSeconds=900)["Credentials"]


def as_container(given, life_s):
    return aws.as_json({"AccessKeyId": given["AccessKeyId"], "SecretAccessKey": given["SecretAccessKey"],
                        "Token": given["SessionToken"], "Expiration": aws.iso(life_s)})


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def test_a_role_assumed_by_a_profile_carries_the_whole_flow(storage, role, tmp_path):
    (tmp_path / "config").write_text(f"[profile ceph]\nrole_arn = {role}\nsource_profile = base\n")
    (tmp_path / "credentials").write_text(
        f"[base]\naws_access_key_id = {storage.access_key}\naws_secret_access_key = {storage.secret_key}\n")
    with Vitrine(S3_ENDPOINT_URL=storage.url, S3_BUCKET=BUCKET, S3_REGION=storage.region, AWS_PROFILE="ceph",
                 AWS_CONFIG_FILE=tmp_path / "config", AWS_SHARED_CREDENTIALS_FILE=tmp_path / "credentials",
                 AWS_ENDPOINT_URL_STS=storage.url, AWS_EC2_METADATA_DISABLED="true") as vitrine:
        admin, content = vitrine.admin(), png()
        grant = presign(admin, content)
        assert query_of(grant["url"])["X-Amz-Security-Token"]
        assert put(grant, content, url=grant["url"].replace("Security-Token=", "Security-Token=x")).status_code == 403
        image = upload(admin, content)
        assert display(admin, image).content == content
        metrics = dict(line.rsplit(" ", 1) for line in admin.get("/metrics").text.splitlines() if line[:1] != "#")
        assert metrics["vitrine_credentials_present"] == "1"
        assert 3500 < int(metrics["vitrine_credentials_expire_seconds"]) <= 3600
        told = vitrine.cli("credentials").stdout
        assert "profile ceph" in told and "temporary" in told
        log = vitrine.log()
        assert "credentials fetched" in log
        assert storage.secret_key not in log and query_of(grant["url"])["X-Amz-Security-Token"] not in log


def short_lived_urls(vitrine, agent, given, image, content):
    """(grant, display URL, their end), made with keys that live as briefly as this machine can do that and use them."""
    for life_s in (25, 100, 400):
        end = time.time() + life_s
        agent.respond = lambda request, end=end: as_container(given, end - time.time())
        try:
            admin = vitrine.restart().admin()
            grant = presign(admin, content)
            signed = admin.json_call("GET", f"/images/{image['id']}/signed-url").json()
            assert requests.get(signed["url"], timeout=PATIENCE_S).content == content
            return grant, signed["url"], end
        except (AssertionError, KeyError, RuntimeError):
            if time.time() < end - 10:  # not because the keys were at their end
                raise
    raise AssertionError("keys of 400 s are too short for this machine")


def test_urls_die_with_the_keys_and_come_back_with_new_ones(storage, role):
    first, second = assume(storage, role), assume(storage, role)
    with aws.Aws() as agent:
        agent.respond = lambda request: as_container(first, 900)
        with Vitrine(S3_ENDPOINT_URL=storage.url, S3_BUCKET=BUCKET, S3_REGION=storage.region,
                     PRESIGNED_URL_EXPIRATION=3600, DISPLAY_URL_EXPIRATION=3600, AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.url,
                     AWS_EC2_METADATA_DISABLED="true") as vitrine:
            admin, content = vitrine.admin(), png()
            image = upload(admin, content)
            grant = presign(admin, content)
            assert grant["expires_in"] <= 900  # not the hour that is configured
            assert int(query_of(grant["url"])["X-Amz-Expires"]) <= 900

            grant, url, end = short_lived_urls(vitrine, agent, first, image, content)
            agent.respond = lambda request: aws.text("", 404)
            time.sleep(max(0.0, end - time.time()) + 1.5)

            late = put(grant, content)
            assert (late.status_code, error_code(late)) == (403, "AccessDenied")
            assert requests.get(url, timeout=PATIENCE_S).status_code == 403
            admin = vitrine.admin()
            health = admin.get("/health")
            assert health.status_code == 503 and "the container endpoint answered 404" in health.text
            refused = admin.json_call("POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png"})
            assert refused.status_code == 502 and "credentials" in refused.json()["detail"]

            agent.respond = lambda request: as_container(second, 800)
            wait_until(lambda: admin.get("/health").status_code == 200, "keys that are good")
            assert display(admin, image).content == content
            assert display(admin, upload(admin, png())).status_code == 200
