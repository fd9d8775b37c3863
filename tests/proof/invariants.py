"""What must be true after everything was broken, and reconciled.

Each invariant is a function that gives a list of sentences about what is wrong; an empty one is the proof.
"""

import concurrent.futures
import hashlib
import os
import sqlite3
import subprocess

from harness.clocks import in_the_future
from harness.patience import PATIENCE_S
from harness.s3_client import s3_client
from harness.vitrine import BUILD, ROOT

SWEEP_TIMEOUT_S = 600  # thousands of rows, on a machine that does other things too
TABLES_THAT_LOG = {"attempts", "audit", "flights", "jobs", "reconcile_passes", "sessions", "api_tokens", "throttle"}  # what happened, not what is


class World:
    """Rows, objects, files and what clients were told, as they are when it is made."""

    def __init__(self, vitrine, uploads):
        self.vitrine = vitrine
        self.uploads = uploads
        self.s3 = storage_of(vitrine)
        self.bucket = self.s3.list_buckets()["Buckets"][0]["Name"]
        self.rows = {row["key"]: row for row in select(vitrine, "SELECT * FROM assets")}
        self.objects = {entry["Key"]: entry
                        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
                        for entry in page.get("Contents", ())}
        self.shown = {key: row for key, row in self.rows.items() if row["state"] == "ready"}
        self.kept = {key for key, row in self.rows.items() if row["state"] in ("ready", "trashed")}

    def sha256_of(self, key):
        digest = hashlib.sha256()
        for piece in self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].iter_chunks(1 << 20):
            digest.update(piece)
        return digest.hexdigest()


def storage_of(vitrine):
    """A client of the embedded endpoint itself, past the fault proxy."""
    return s3_client(vitrine.objects_url, *vitrine.keys(), max_pool_connections=8)


def select(vitrine, sql, *values):
    with sqlite3.connect(f"file:{vitrine.data}/vitrine.db?mode=ro", uri=True, timeout=PATIENCE_S) as db:
        db.row_factory = sqlite3.Row
        return db.execute(sql, values).fetchall()


# --- the invariants ------------------------------------------------------------------------------------------


def shown_is_whole(world):
    """1. What is shown has its object, with the bytes that were sent, and the row says what is so."""
    sent = {upload.sha256 for upload in world.uploads}
    by_key = {upload.key: upload for upload in world.uploads if upload.key}

    def look(key):
        row, entry = world.shown[key], world.objects.get(key)
        if entry is None:
            return f"{key} is shown and has no object"
        digest = world.sha256_of(key)
        upload = by_key.get(key)
        if digest != (upload.sha256 if upload else digest) or digest not in sent:
            return f"{key} has bytes that were not sent for it"
        if row["flag"]:
            return f"{key} is flagged as {row['flag']}"
        if row["sha256"] not in (None, digest):
            return f"{key}: the row says another SHA-256 than the bytes have"
        if (row["size_bytes"], row["etag"]) != (entry["Size"], entry["ETag"].strip('"')):
            return f"{key}: the row says another size or ETag than storage"
        return None

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return [problem for problem in pool.map(look, world.shown) if problem]


def saved_has_its_row(world):
    """2. What a client was told is saved is shown; and a good file is never refused."""
    lost = [f"{upload.key} ({upload.way}, {upload.story}) was told to be saved, and is {state_of(world, upload)}"
            for upload in world.uploads
            if upload.was_told_saved and not upload.asked_to_delete and upload.key not in world.kept]
    sent = [f"{upload.key} ({upload.way}, {upload.story}) was put, and is {state_of(world, upload)}"
            for upload in world.uploads
            if upload.was_put and not upload.asked_to_delete and upload.key not in world.kept]
    refused = [f"{upload.key} ({upload.way}, {upload.story}) was refused: {upload.refusal}"
               for upload in world.uploads if upload.refusal]
    trashed = [f"{upload.key} ({upload.story}) is {state_of(world, upload)}" for upload in world.uploads
               if upload.was_told_saved and not upload.asked_to_delete and upload.key in world.kept
               and (upload.key in world.shown) == upload.was_told_trashed]
    lies = [f"{upload.key} ({upload.way}, {upload.story}): {upload.lie}" for upload in world.uploads if upload.lie]
    return lost + sent + refused + trashed + lies


def state_of(world, upload):
    row = world.rows.get(upload.key)
    return f"{row['state'] if row else 'without a row'}, {'with' if upload.key in world.objects else 'without'} object"


def nothing_is_unaccounted_for(world):
    """3. No object without a row that wants it, no upload left open, no file left on the disk."""
    objects = [f"{key} is an object and its row is {world.rows[key]['state'] if key in world.rows else 'missing'}"
               for key in world.objects if key not in world.kept]
    rows = [f"{key} is still {row['state']}" for key, row in world.rows.items()
            if row["state"] not in ("ready", "trashed")]
    uploads = [f"{upload['Key']} has an open multipart upload"
               for upload in world.s3.list_multipart_uploads(Bucket=world.bucket).get("Uploads", ())]
    return objects + rows + uploads + files_left(world)


def files_left(world):
    root = world.vitrine.data / "objects"
    left = [f"{folder}/{name} is left on the disk" for folder in ("uploads", "retired", "multipart")
            for _, _, names in os.walk(root / folder) for name in names]
    data = sum(len(names) for _, _, names in os.walk(root / "data"))
    if data != len(world.objects):
        left.append(f"{data} data files for {len(world.objects)} objects")
    spool = world.vitrine.data / "tmp"
    return left + [f"tmp/{name} is left" for name in (os.listdir(spool) if spool.is_dir() else ())]


def deleted_stays_deleted(world):
    """4. What a client was told is deleted is neither shown nor stored."""
    return [f"{upload.key} ({upload.way}) was deleted, and is {state_of(world, upload)}" for upload in world.uploads
            if (upload.was_told_deleted or upload.was_told_aborted) and (upload.key in world.shown or upload.key in world.objects)]


def usage_is_a_recount(world):
    """6. What accounts are charged with is what they have."""
    columns = ("asset_count", "size_bytes", "pending_count", "reserved_bytes", "trashed_count", "trashed_bytes")
    recount = select(world.vitrine, """
        SELECT owner_id,
               sum(state = 'ready') AS asset_count,
               sum(iif(state = 'ready', size_bytes, 0)) AS size_bytes,
               sum(state = 'pending') AS pending_count,
               sum(iif(state = 'pending', reserved_size, 0)) AS reserved_bytes,
               sum(state = 'trashed') AS trashed_count,
               sum(iif(state = 'trashed', size_bytes, 0)) AS trashed_bytes
        FROM assets GROUP BY owner_id""")
    nothing = (0,) * len(columns)
    counted = {row["owner_id"]: tuple(row[column] for column in columns) for row in recount}
    said = {row["owner_id"]: tuple(row[column] for column in columns)
            for row in select(world.vitrine, "SELECT * FROM usage")}
    return [f"the usage of {owner} is {said.get(owner)}, counted {counted.get(owner, nothing)}"
            for owner in said.keys() | counted.keys() if said.get(owner, nothing) != counted.get(owner, nothing)]


def database_is_whole(world):
    """7. SQLite finds nothing wrong, and the search index is that of the rows."""
    problems = [row[0] for row in select(world.vitrine, "PRAGMA integrity_check") if row[0] != "ok"]
    return problems + [f"a foreign key of {row[0]} leads nowhere"
                       for row in select(world.vitrine, "PRAGMA foreign_key_check")]


INVARIANTS = (shown_is_whole, saved_has_its_row, nothing_is_unaccounted_for, deleted_stays_deleted,
              usage_is_a_recount, database_is_whole)


def violations(world):
    """Everything that is wrong, by invariant."""
    found = {invariant.__doc__.strip(): invariant(world) for invariant in INVARIANTS}
    return {what: problems for what, problems in found.items() if problems}


# --- reconciliation --------------------------------------------------------------------------------------------


def reconcile(vitrine, hours):
    """One pass of everything that reconciles, as it would run `hours` from now; what it said."""
    done = subprocess.run(
        [BUILD / "vitrine", "sweep", "--limit", "1000000"], env={**vitrine.environment, **in_the_future(hours)},
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SWEEP_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def reconcile_all(vitrine):
    """Until nothing should be left: rows first, then what only storage's own clock makes old enough."""
    said = ""
    vitrine.restart(WORKER="off")  # what comes is done by hand, in another time
    for hours in (3, 6, 9):  # grants end, PUTs are too late, absence is seen twice
        said += reconcile(vitrine, hours)
    vitrine.restart(**in_the_future(30))  # storage too: uploads in parts that no record knows
    for hours in (30, 33):
        said += reconcile(vitrine, hours)
    vitrine.restart(LD_PRELOAD="", FAKETIME="+0")  # the endpoint settles at its start what the killed left
    vitrine.cli("jobs", "run", "reconcile")  # bucket and rows as wholes: it has nothing to flag
    vitrine.worker_once()
    return said


def dump(vitrine):
    """Every table but those that log, and the bucket: what must not change when there is nothing to do."""
    tables = [row["name"] for row in select(
        vitrine, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name NOT LIKE 'asset_search%'")]
    rows = {table: sorted(map(repr, map(tuple, select(vitrine, f"SELECT * FROM {table}"))))
            for table in tables if table not in TABLES_THAT_LOG}
    world = World(vitrine, [])
    return rows, sorted((key, entry["ETag"], entry["Size"], entry["LastModified"])
                        for key, entry in world.objects.items())
