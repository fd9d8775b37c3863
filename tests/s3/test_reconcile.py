"""Reconciliation on foreign S3 servers: listings, flags, deletions in bulk, rows made again."""

import json

import requests

from conftest import settings_for
from flow import png, upload
from harness.patience import PATIENCE_S
from harness.s3_client import s3_client
from harness.unknown import check_policy
from harness.vitrine import Vitrine


def test_a_pass_over_the_bucket_finds_nothing_wrong_with_what_was_uploaded(vitrine, admin):
    images = [upload(admin, png()) for _ in range(3)]
    report = json.loads(vitrine.cli("reconcile", "--json").stdout)
    assert report["finished"] and report["changed"] == 0
    for image in images:
        assert admin.get(f"/images/{image['id']}").json()["image"]["problem"] is None


def test_the_metadata_of_a_grant_comes_back_so_a_row_can_be_made_again(vitrine, admin):
    def rebuilt():  # others put objects into this bucket as well
        return json.loads(vitrine.cli("rebuild", "--dry-run", "--json").stdout)["rebuilt"]

    image, before = upload(admin, png()), rebuilt()
    vitrine.sql(f"DELETE FROM assets WHERE id = {image['id']}")
    assert rebuilt() == before + 1


def test_many_deletions_go_by_one_request_with_a_result_for_each(vitrine, admin):
    images = [upload(admin, png()) for _ in range(5)]
    urls = [admin.json_call("GET", f"/images/{image['id']}/signed-url").json()["url"] for image in images]
    for image in images:
        assert admin.json_call("DELETE", f"/images/{image['id']}").status_code == 200
    vitrine.sql("UPDATE assets SET trashed_at = 1 WHERE state = 'trashed'")
    done = json.loads(vitrine.cli("sweep", "--json").stdout)
    assert done["emptied"] >= 5 and done["purged"] >= 5 and done["waiting"] == 0
    assert [requests.get(url, timeout=PATIENCE_S).status_code for url in urls] == [404] * 5


def test_unknown_objects_go_by_policy_only_when_two_passes_saw_the_same(storage):
    bucket = "vitrine-unknown"  # others have images in the common one
    s3 = s3_client(storage.url, storage.access_key, storage.secret_key, storage.region)
    s3.create_bucket(Bucket=bucket)
    with Vitrine(**settings_for(storage, S3_BUCKET=bucket)) as alone:
        check_policy(alone, s3, bucket, png())
