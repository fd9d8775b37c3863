"""Clients that upload through faults, as good programs do: they repeat what failed, and remember what they were told.

An Upload is one file and one story about it (STORIES). Everything about it follows from the seed and its number, so
that its bytes need not be kept. What the server said is kept in it, and is what the invariants are about.
"""

import collections
import dataclasses
import hashlib
import json
import random
import struct
import threading
import time
import zlib

import urllib3

ANSWER_TIMEOUT_S = 20
PATIENCE_S = 180  # how long one step is repeated before its client gives up
PIXEL = (struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
         + struct.pack(">I", zlib.crc32(b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))))
DATA = zlib.compress(b"\0\1\2\3")
END = (struct.pack(">I", len(DATA)) + b"IDAT" + DATA + struct.pack(">I", zlib.crc32(b"IDAT" + DATA))
       + struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))

# How a file goes up, and how often.
WAYS = {
    "native": 48,      # POST /images/presign-upload, with size and SHA-256
    "native, bare": 8,  # the same without either
    "000": 8,          # POST /upload: nobody commits
    "003": 12,         # POST /upload-url: nobody commits
    "004": 10,         # POST /api/v1/upload/presigned: nobody commits
    "004 direct": 8,   # POST /api/v1/upload/direct: through the worker
    "multipart": 2,    # POST /images/multipart: two or three parts
}

# What becomes of it, and how often.
STORIES = {
    "saved": 44,              # committed, or looked for where there is no commit call
    "saved twice": 10,        # committed by two at once
    "deleted": 14,            # saved, then deleted
    "deleted at once": 4,     # two delete it at the same time
    "trashed": 4,             # saved, then moved to the trash
    "restored": 4,            # the same, and back
    "aborted": 2,             # an upload in parts is given up in the middle; any other is saved
    "never sent": 5,          # granted, and nothing comes
    "never committed": 8,     # the bytes are there; the client is not heard of again
    "swept before": 4,        # the grant is old before the bytes come, and a sweep may see nothing there
    "swept after": 5,         # the bytes are there and the grant is old: a sweep may be faster than the commit
}


class Refused(Exception):
    """A definite no, with its code."""


class GaveUp(Exception):
    """No definite answer within PATIENCE_S."""


def png(dice, size):
    """A PNG of one pixel and about `size` bytes; the rest is a comment."""
    text = b"Comment\0" + dice.randbytes(max(8, size - 100) // 2).hex().encode()
    chunk = b"tEXt" + text
    return (b"\x89PNG\r\n\x1a\n" + PIXEL + struct.pack(">I", len(text)) + chunk + struct.pack(">I", zlib.crc32(chunk))
            + END)


def weighted(dice, table):
    return dice.choices(list(table), list(table.values()))[0]


@dataclasses.dataclass
class Upload:
    seed: int
    number: int
    way: str = ""
    story: str = ""
    size: int = 0
    sha256: str = ""
    id: int = 0
    key: str = ""
    was_put: bool = False        # storage said 200 to the bytes
    was_told_saved: bool = False
    was_told_trashed: bool = False
    was_told_aborted: bool = False
    asked_to_delete: bool = False
    was_told_deleted: bool = False
    refusal: str = ""            # the code of a definite no
    gave_up: str = ""            # the step that never got an answer
    lie: str = ""                # an answer that cannot be true

    def __post_init__(self):
        dice = random.Random(f"{self.seed}:{self.number}")
        self.way = self.way or weighted(dice, WAYS)
        self.story = self.story or weighted(dice, STORIES)
        if self.way == "004 direct" or self.way in ("000", "003", "004"):  # they know no trash, and no ids
            self.story = {"trashed": "deleted", "restored": "saved"}.get(self.story, self.story)
        if self.way != "multipart" and self.story == "aborted":
            self.story = "saved"
        if self.way == "multipart" and self.story.startswith("swept"):
            self.story = "saved twice"
        content = self.content()
        self.size, self.sha256 = len(content), hashlib.sha256(content).hexdigest()

    def content(self):
        dice = random.Random(f"{self.seed}:{self.number}:content")
        if self.way == "multipart":
            return png(dice, dice.randint(5_300_000, 12_000_000))
        size = weighted(dice, {(100, 2000): 60, (2000, 40_000): 30, (40_000, 400_000): 9, (400_000, 3_000_000): 1})
        return png(dice, dice.randint(*size))

    @property
    def is_open(self):
        return self.way in ("000", "003", "004")


class Counts:
    """What happened, counted by many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.of = collections.Counter()

    def add(self, what, number=1):
        with self.lock:
            self.of[what] += number


class Client:
    """One program with one token, used by one thread at a time."""

    def __init__(self, base_url, token, counts, make_old, stop):
        self.base_url = base_url
        self.counts = counts
        self.make_old = make_old  # make_old(key): its grant ended two hours ago
        self.stop = stop          # an Event: give up everything
        self.pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(ANSWER_TIMEOUT_S), maxsize=4)
        self.headers = {"Authorization": "Bearer " + token, "Accept": "application/json"}

    # --- requests ---

    def once(self, method, url, **options):
        """(status, body) or None when there was no whole answer."""
        try:
            answer = self.pool.request(method, url, **options)
            return answer.status, answer.data
        except (urllib3.exceptions.HTTPError, OSError):
            return None

    def until_answered(self, step, attempt, final):
        """Repeat attempt() until final(status, body) gives something, or nothing came for too long."""
        end, pause = time.monotonic() + PATIENCE_S, 0.05
        while time.monotonic() < end and not self.stop.is_set():
            answered = attempt()
            self.counts.add(f"{step}: tries")
            if answered is not None:
                self.counts.add("answers", answered[0] < 500)
                result = final(*answered)
                if result is not None:
                    return result
            self.counts.add(f"{step}: repeated")
            time.sleep(pause * random.random())
            pause = min(pause * 1.7, 2)
        raise GaveUp(step)

    def api(self, step, method, path, body=None, is_good=(200, 201), form=None):
        """One call of Vitrine's API until a definite answer: its status and JSON. Refused for a definite no."""
        headers, data = dict(self.headers), None
        if form is not None:
            data, headers["Content-Type"] = form
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"

        def final(status, text):
            if status in is_good:
                return status, json.loads(text) if text else None
            if status >= 500 or status in (408, 429):
                return None
            code = json.loads(text).get("code", "?")
            if (status, code) == (409, "conflict"):  # it is written just now: ask again
                return None
            raise Refused(f"{step}: {status} {code}")

        return self.until_answered(
            step, lambda: self.once(method, self.base_url + path, body=data, headers=headers), final)

    def put(self, upload, url, headers):
        """PUT the bytes until storage has them: said so, or says that something is there (412)."""
        content = upload.content()

        def final(status, text):
            if status == 200:
                upload.was_put = True
                return True
            if status == 412:
                return True
            if status == 403 and b"TimeTooSkewed" not in text:
                raise Refused(f"put: 403 {text[-300:]!r}")
            return None

        self.until_answered("put", lambda: self.once("PUT", url, body=content, headers=headers), final)

    # --- the ways ---

    def grant(self, upload):
        """Ask where to PUT; (url, headers)."""
        name = f"{upload.number}.png"
        if upload.way.startswith("native"):
            more = {"size": upload.size, "sha256": upload.sha256} if upload.way == "native" else {}
            _, told = self.api("grant", "POST", "/images/presign-upload",
                               {"filename": name, "filetype": "image/png", **more})
            upload.key = told["key"]
            return told["url"], told["headers"]
        if upload.way == "000":
            _, told = self.api("grant", "POST", "/upload", {"fileName": name, "fileType": "image/png"})
            upload.key = told["fileKey"]
            return told["uploadUrl"], {"Content-Type": "image/png"}
        path, url, key = {"003": ("/upload-url", "presigned_url", "file_key"),
                          "004": ("/api/v1/upload/presigned", "upload_url", "file_id")}[upload.way]
        _, told = self.api("grant", "POST", path, {"filename": name, "content_type": "image/png"})
        upload.key = told[key]
        return told[url], {"Content-Type": "image/png"}

    def send_direct(self, upload):
        """Through the worker. The key is in the answer: what was stored by a try without one is nobody's to delete."""
        form = urllib3.encode_multipart_formdata({"file": (f"{upload.number}.png", upload.content(), "image/png")})
        _, told = self.api("direct", "POST", "/api/v1/upload/direct", form=form)
        upload.key = told["file_id"]
        upload.was_put = upload.was_told_saved = True

    def save(self, upload):
        """Commit it, or look for it where nobody commits."""
        if upload.way.startswith("native"):
            _, told = self.api("commit", "POST", "/images", {
                "key": upload.key, "filename": f"{upload.number}.png", "filetype": "image/png"})
            self.believe(upload, told["image"])
        elif upload.way == "003":
            self.api("commit", "POST", "/download-url", {"file_key": upload.key})
        else:
            self.api("commit", "GET", f"/api/v1/upload/metadata/{upload.key}")
        upload.was_told_saved = True

    def believe(self, upload, image):
        """An image of an answer; what contradicts what was sent is kept."""
        upload.id = image["id"]
        if (image["size"], image["key"]) != (upload.size, upload.key) or not image["etag"]:
            upload.lie = f"told saved as {image}"

    def trash(self, upload):
        self.api("trash", "DELETE", f"/images/{upload.id}")
        upload.was_told_trashed = True

    def restore(self, upload):
        self.api("restore", "POST", f"/images/{upload.id}/restore", {})
        upload.was_told_trashed = False

    # --- in parts ---

    def send_parts(self, upload):
        """Create, PUT each part until ListParts has it, and complete. Two creates may be made; one is gone on with."""
        content, name = upload.content(), f"{upload.number}.png"
        _, made = self.api("grant", "POST", "/images/multipart",
                           {"filename": name, "filetype": "image/png", "size": upload.size})
        upload.id, upload.key = made["id"], made["key"]
        self.counts.add("granted")
        if upload.story == "never sent":
            return
        size = made["part_size"]
        for number in range(1, made["part_count"] + 1):
            if upload.story == "aborted" and number == 2:
                self.api("abort", "DELETE", f"/images/multipart/{upload.id}", is_good=(204,))
                upload.was_told_aborted = True
                return
            self.send_part(upload, number, content[(number - 1) * size:number * size])
        self.counts.add("in parts")
        if upload.story != "never committed":
            self.at_once(2 if upload.story == "saved twice" else 1, self.complete, upload)

    def send_part(self, upload, number, part):
        """PUT it with addresses asked for anew each time, until storage says 200; what ListParts has is not sent."""

        def attempt():
            _, told = self.api("part", "POST", f"/images/multipart/{upload.id}/parts",
                               {"parts": [{"number": number, "sha256": hashlib.sha256(part).hexdigest()}]})
            grant = told["parts"][0]
            answered = self.once(grant["method"], grant["url"], body=part, headers=grant["headers"])
            if answered is not None and answered[0] == 200:
                return answered
            _, listed = self.api("list parts", "GET", f"/images/multipart/{upload.id}")
            has_it = any(one["number"] == number and one["size"] == len(part) for one in listed.get("parts", ()))
            return (200, b"") if has_it else answered

        def final(status, _):
            return True if status == 200 else None

        self.until_answered("put part", attempt, final)

    def complete(self, upload):
        _, told = self.api("complete", "POST", f"/images/multipart/{upload.id}/complete", {})
        self.believe(upload, told["image"])
        upload.was_told_saved = upload.was_put = True

    def delete(self, upload):
        upload.asked_to_delete = True
        path = (f"/images/{upload.id}?permanent=true" if upload.id else
                f"/files/{upload.key}" if upload.way == "003" else f"/api/v1/upload/{upload.key}")
        try:
            self.api("delete", "DELETE", path, is_good=(200, 202))
        except Refused as refusal:
            if ": 404 " not in str(refusal):
                raise
        upload.was_told_deleted = True

    # --- the stories ---

    def tell(self, upload):
        """One upload from the grant to its end; what the server said is in `upload` afterwards."""
        self.counts.add("begun")
        try:
            if upload.way == "004 direct":
                self.send_direct(upload)
            elif upload.way == "multipart":
                self.send_parts(upload)
            else:
                self.tell_granted(upload)
            if upload.story in ("trashed", "restored"):
                self.trash(upload)
            if upload.story == "restored":
                self.restore(upload)
            if upload.story.startswith("deleted"):
                self.at_once(2 if upload.story == "deleted at once" else 1, self.delete, upload)
        except Refused as refusal:
            upload.refusal = str(refusal)
        except GaveUp as step:
            upload.gave_up = str(step)

    def tell_granted(self, upload):
        url, headers = self.grant(upload)
        self.counts.add("granted")
        if upload.story == "never sent":
            return
        if upload.story == "swept before":
            self.make_old(upload.key)
            time.sleep(random.Random(upload.number).uniform(0, 2))
        self.put(upload, url, headers)
        if upload.story == "swept after":
            self.make_old(upload.key)
            time.sleep(random.Random(upload.number).uniform(0, 1.5))
        if upload.story != "never committed":
            self.at_once(2 if upload.story == "saved twice" else 1, self.save, upload)

    def at_once(self, number, step, upload):
        """The same step by several threads; the first failure is the one that is told."""
        failures = []

        def attempt():
            try:
                step(upload)
            except (Refused, GaveUp) as failure:
                failures.append(failure)
            except Exception as failure:  # of a thread that nobody else hears of
                upload.lie = repr(failure)

        others = [threading.Thread(target=attempt) for _ in range(number - 1)]
        for other in others:
            other.start()
        attempt()
        for other in others:
            other.join()
        if failures:
            raise failures[0]
