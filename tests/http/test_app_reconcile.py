"""The bucket and the database brought together by the command line: what is flagged, removed, rebuilt."""

import json
import subprocess
import time

import pytest
import requests

from app_pictures import png, upload
from harness.fault_proxy import FaultProxy
from harness.patience import PATIENCE_S
from harness.s3_client import s3_client
from harness.unknown import check_policy, keys_of, manifest_lines, put, removal_settings, removing_pass, unknown_key
from harness.vitrine import BUILD, ROOT, Vitrine

UNKNOWN = "uploads/0b7c1f2e-1111-4222-8333-0123456789ab-boat.png"


@pytest.fixture(scope="module")
def vitrine():
    """One of its own: everything in its bucket is counted."""
    with Vitrine() as running:
        yield running


@pytest.fixture(scope="module")
def s3(vitrine):
    return s3_client(vitrine.objects_url, *vitrine.keys())


def reconcile(vitrine, *options, check=True, **settings):
    done = vitrine.cli("reconcile", "--json", *options, check=check, **settings)
    return json.loads(done.stdout)


def image_of(admin, image):
    answer = admin.get(f"/images/{image['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()["image"]


def test_a_lost_and_a_changed_image_are_flagged_and_right_again(vitrine, s3):
    admin = vitrine.admin()
    lost, changed, sound = (upload(admin, png(comment=bytes([65 + i])), f"{i}.png") for i in range(3))
    bytes_of = {image["key"]: s3.get_object(Bucket="vitrine", Key=image["key"]) for image in (lost, changed)}
    bytes_of = {key: (answer["Body"].read(), answer["ContentType"]) for key, answer in bytes_of.items()}
    s3.delete_object(Bucket="vitrine", Key=lost["key"])
    s3.put_object(Bucket="vitrine", Key=changed["key"], Body=b"something else", ContentType="image/png")

    dry = reconcile(vitrine, "--dry-run")
    assert (dry["gone"], dry["changed"], dry["keys"]["gone"]) == (1, 1, [lost["key"]])
    assert image_of(admin, lost)["problem"] is None
    first = reconcile(vitrine)
    assert (first["rows"], first["gone"], first["changed"], first["finished"]) == (3, 1, 1, True)
    problems = [image_of(admin, image)["problem"] for image in (lost, changed, sound)]
    assert problems == ["gone", "changed", None]
    again = reconcile(vitrine)
    assert (again["gone"], again["changed"], again["cleared"]) == (0, 0, 0)

    for key, (content, kind) in bytes_of.items():
        s3.put_object(Bucket="vitrine", Key=key, Body=content, ContentType=kind)
    assert reconcile(vitrine)["cleared"] == 2
    assert [image_of(admin, image)["problem"] for image in (lost, changed)] == [None, None]


def test_an_unknown_object_is_removed_only_by_policy_and_what_is_of_others_never(vitrine, s3):
    for key in (UNKNOWN, "uploads/of-others.png", "backup/a.png"):
        s3.put_object(Bucket="vitrine", Key=key, Body=b"x")
    for _ in range(3):
        found = reconcile(vitrine)
        assert (found["unknown"], found["removed"], found["foreign"], found["manifest"]) == (1, 0, 1, None)
    # It is younger than a day, and so it stays even then.
    assert reconcile(vitrine, UNKNOWN_OBJECTS="delete", UNKNOWN_OBJECTS_DAYS="1")["removed"] == 0
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket="vitrine")["Contents"]}
    assert {UNKNOWN, "uploads/of-others.png", "backup/a.png"} <= keys
    for key in (UNKNOWN, "uploads/of-others.png", "backup/a.png"):
        s3.delete_object(Bucket="vitrine", Key=key)


def test_a_wrong_bucket_concludes_nothing(vitrine, s3):
    wrong = vitrine.cli("reconcile", check=False, S3_BUCKET="no-such-bucket")
    assert wrong.returncode == 1 and "does not exist" in wrong.stderr
    refused = vitrine.cli("reconcile", check=False, S3_SECRET_ACCESS_KEY="not the right one at all")
    assert refused.returncode == 1
    assert reconcile(vitrine)["gone"] == 0


def test_a_sweep_says_beforehand_what_it_would_do(vitrine):
    dry = json.loads(vitrine.cli("sweep", "--dry-run", "--json").stdout)
    assert dry["dry_run"] is True and dry["bucket"]["gone"] == 0
    done = json.loads(vitrine.cli("sweep", "--json").stdout)
    assert done["bucket"] is None  # a pass ended a moment ago


def test_a_lost_database_is_rebuilt_from_the_bucket(vitrine, s3):
    admin = vitrine.admin()
    vitrine.cli("user", "add", "ed@example.org", "--password-stdin", stdin="a long enough word\n")
    editor = vitrine.client().sign_in("ed@example.org", "a long enough word")
    mine = upload(admin, png(comment=b"mine"), "Käse & \"co\" 100%.png")
    theirs = upload(editor, png(comment=b"theirs"), "boat.png")
    deleted = upload(admin, png(comment=b"deleted"), "deleted.png")
    admin.json_call("DELETE", f"/images/{deleted['id']}")
    before = [image_of(admin, image) for image in (mine, theirs)]

    vitrine.stop(keep_data=True)
    for path in vitrine.data.glob("vitrine.db*"):
        path.unlink()
    vitrine.start()
    vitrine.cli("user", "add", "new@example.org", "--password-stdin", stdin="a long enough word\n")
    vitrine.cli("user", "add", "ed@example.org", "--password-stdin", stdin="a long enough word\n")
    dry = json.loads(vitrine.cli("rebuild", "--dry-run", "--json").stdout)
    assert vitrine.admin().get("/images").json()["images"] == []
    done = json.loads(vitrine.cli("rebuild", "--json").stdout)
    assert {**dry, "dry_run": False} == done and done["rebuilt"] >= 2 and done["new_id"] == 0

    admin = vitrine.admin()
    after = [image_of(admin, image) for image in before]
    same = ("id", "key", "filename", "filetype", "size", "sha256", "etag", "width", "height", "address",
            "created_at")
    for old, new in zip(before, after):
        assert {name: old[name] for name in same} == {name: new[name] for name in same}
    assert vitrine.client().sign_in("ed@example.org", "a long enough word").get(
        f"/images/{theirs['id']}").json()["image"]["owner"]["name"] == after[1]["owner"]["name"]
    shown = admin.get(before[0]["address"])
    assert requests.get(shown.headers["Location"], timeout=PATIENCE_S).content == png(comment=b"mine")
    again = json.loads(vitrine.cli("rebuild", "--json").stdout)
    assert again["rebuilt"] == 0 and again["known"] == done["rebuilt"]
    assert reconcile(vitrine)["unknown"] == done["ownerless"] + done["refused"]
    assert upload(admin, png(comment=b"next"), "next.png")["id"] > max(image["id"] for image in after)


# --- removal by policy, by programs that live a day later ---

@pytest.fixture(scope="module")
def removals():
    """A Vitrine, its storage and an image of it. What lives a day later tells the others of a storage whose clock is
    a day behind: so nothing is granted afterwards, and no other test has this one."""
    with Vitrine() as vitrine:
        yield vitrine, s3_client(vitrine.objects_url, *vitrine.keys()), upload(vitrine.admin(), png(comment=b"stays"))


def test_by_policy_what_two_passes_saw_the_same_goes_with_a_manifest(removals):
    vitrine, s3, image = removals
    check_policy(vitrine, s3, "vitrine", png(comment=b"whose row arrives late"), {image["key"]})


@pytest.mark.parametrize("fate", ["hang", "late"])
def test_killed_in_the_middle_of_a_removal_the_next_pass_ends_it(removals, fate):
    vitrine, s3, image = removals
    keys = {put(s3, "vitrine", unknown_key()) for _ in range(3)}
    said_before = len(manifest_lines(vitrine))
    with FaultProxy() as proxy:
        proxy.connect("127.0.0.1", vitrine.port + 1)
        through = {"S3_EMBEDDED": "on", "S3_ENDPOINT_URL": proxy.url, "S3_PUBLIC_ENDPOINT_URL": proxy.url}
        assert removing_pass(vitrine, s3, "vitrine", **through)["removed"] == 0
        proxy.rates({"DeleteObjects": {fate: 1}})
        running = subprocess.Popen(
            [BUILD / "vitrine", "reconcile", "--json"], cwd=ROOT, stdin=subprocess.DEVNULL,
            env={**vitrine.environment, **removal_settings(s3, "vitrine"), **through})
        end = time.monotonic() + PATIENCE_S
        while proxy.counts().get("DeleteObjects", {}).get("seen", 0) == 0:
            assert running.poll() is None and time.monotonic() < end, f"no deletion was asked for: {proxy.counts()}"
            time.sleep(0.01)
        running.kill()
        running.wait()
        # what is on its way is on the disk before
        said = manifest_lines(vitrine)[said_before:]
        assert {line["key"] for line in said if line["event"] == "removing"} == keys
        proxy.quiet()
        assert keys_of(s3, "vitrine") & keys == (set() if fate == "late" else keys)
        assert removing_pass(vitrine, s3, "vitrine", **through)["finished"]
        assert not keys_of(s3, "vitrine") & keys
        again = removing_pass(vitrine, s3, "vitrine", **through)
    assert (again["unknown"], again["removed"], again["gone"]) == (0, 0, 0)
    assert {line["key"] for line in manifest_lines(vitrine)[said_before:]} == keys
    assert image["key"] in keys_of(s3, "vitrine") and image_of(vitrine.admin(), image)["problem"] is None
