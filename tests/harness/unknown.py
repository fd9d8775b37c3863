"""Objects that no row knows, and what reconciliation does with them: for the embedded endpoint and for others."""

import datetime
import json
import time
import uuid

from .clocks import in_the_future

# UNKNOWN_OBJECTS_DAYS is a day at least, and a clock that is off by more than a day is not worked with.
AHEAD_S = 86400 - 5
OLD_ENOUGH_S = 7


def unknown_key(name="boat.png"):
    """A key as Vitrine gives them out."""
    return f"uploads/{uuid.uuid4()}-{name}"


def put(s3, bucket, key, content=b"x"):
    s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="image/png")
    return key


def removal_settings(s3, bucket):
    """Of a program that lives when every object is older than a day; which is waited for, for some seconds."""
    youngest = max(item["LastModified"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"])
    while datetime.datetime.now(datetime.timezone.utc) - youngest < datetime.timedelta(seconds=OLD_ENOUGH_S):
        time.sleep(0.1)
    return {"UNKNOWN_OBJECTS": "delete", "UNKNOWN_OBJECTS_DAYS": "1", **in_the_future(AHEAD_S / 3600)}


def removing_pass(vitrine, s3, bucket, **settings):
    """One pass under the policy; its report."""
    return json.loads(vitrine.cli("reconcile", "--json", **removal_settings(s3, bucket), **settings).stdout)


def keys_of(s3, bucket):
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ())}


def manifest_lines(vitrine):
    """Everything that the manifests say, in order."""
    return [json.loads(line) for path in sorted((vitrine.data / "manifests").glob("removed-*.jsonl"))
            for line in path.read_text().splitlines()]


def check_policy(vitrine, s3, bucket, picture, known=frozenset()):
    """Two passes with everything in between: what goes, and what stays. `picture`: bytes of a PNG; `known`: the keys
    that are there already."""
    gone = {put(s3, bucket, unknown_key()) for _ in range(3)}
    adopted = put(s3, bucket, unknown_key(), picture)
    changed = put(s3, bucket, unknown_key())
    foreign = put(s3, bucket, "uploads/of-others.png")
    first = removing_pass(vitrine, s3, bucket)
    assert (first["unknown"], first["removed"], first["manifest"]) == (5, 0, None)

    late = put(s3, bucket, unknown_key())                # appears in between: seen once
    put(s3, bucket, changed, b"something else, longer")  # is another one
    rebuilt = json.loads(vitrine.cli("rebuild", "--json", "--owner", vitrine.admin_email).stdout)
    assert rebuilt["new_id"] == 1                        # its row arrives late
    second = removing_pass(vitrine, s3, bucket)
    assert (second["unknown"], second["removed"]) == (5, 3)
    assert keys_of(s3, bucket) == {adopted, changed, foreign, late} | known
    said = manifest_lines(vitrine)
    assert {line["key"] for line in said if line["event"] == "removing"} == gone
    assert {line["key"] for line in said if line["event"] == "removed"} == gone
    assert all(line["sightings"] == 2 and line["size"] == 1 for line in said)

    third = removing_pass(vitrine, s3, bucket)
    assert (third["unknown"], third["removed"]) == (2, 2)
    assert keys_of(s3, bucket) == {adopted, foreign} | known
    again = removing_pass(vitrine, s3, bucket)
    assert (again["unknown"], again["removed"], again["manifest"], again["gone"]) == (0, 0, None, 0)
