"""Uploads through faults and kills lose nothing: the counts of the proof (docs/reliability.md)."""

import concurrent.futures
import json
import os
import threading
import time
import uuid

import pytest

import chaos
import clients
import invariants
from harness.fault_proxy import FaultProxy
from harness.vitrine import BUILD, Vitrine

SEED = int(os.environ.get("PROOF_SEED", "1"))
FEW = int(os.environ.get("PROOF_UPLOADS", "300"))
REPORTS = BUILD / "test-logs"  # the counts stay there, as proof-NUMBER.txt
USERS = 4
LIMITS = {"RATE_PRESIGN": "off", "RATE_WRITE": "off", "RATE_READ": "off", "MAX_PENDING_UPLOADS": "100000",
          "UPLOAD_TIMEOUT": "10", "MULTIPART_PART_SIZE": "5MiB", "MULTIPART_EXPIRES": "1", "TRASH_DAYS": "30"}


def tokens(vitrine, number):
    """API tokens of new editors."""
    made = []
    for _ in range(number):
        email = f"editor-{uuid.uuid4().hex[:8]}@example.org"
        vitrine.cli("user", "add", email, "--role", "editor", "--name", "Editor", "--password-stdin",
                    stdin="a good long passphrase\n")
        made.append(json.loads(vitrine.cli("token", "add", email, "--json").stdout)["token"])
    return made


def upload_all(vitrine, uploads, counts, workers):
    """Tell every story, `workers` at a time."""
    waiting, stop = iter(uploads), threading.Event()
    lock = threading.Lock()
    keys = tokens(vitrine, USERS)

    def work(number):
        client = clients.Client(vitrine.base_url, keys[number % USERS], counts,
                                lambda key: chaos.make_old(vitrine, key), stop)
        while True:
            with lock:
                upload = next(waiting, None)
            if upload is None:
                return
            client.tell(upload)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(work, number) for number in range(workers)]
        for done in concurrent.futures.as_completed(running):
            if done.exception():
                stop.set()
        for done in running:
            done.result()


def table(counts, proxy_counts, uploads, seconds):
    """The counts as a table of text."""
    lines = [("uploads begun", counts.of["begun"]), ("granted", counts.of["granted"]),
             ("put: 200", sum(upload.was_put for upload in uploads)),
             ("told saved", sum(upload.was_told_saved for upload in uploads)),
             ("told trashed", sum(upload.was_told_trashed for upload in uploads)),
             ("told deleted", sum(upload.was_told_deleted for upload in uploads)),
             ("gave up", sum(bool(upload.gave_up) for upload in uploads)),
             ("refused", sum(bool(upload.refusal) for upload in uploads)),
             ("MB sent", sum(upload.size for upload in uploads if upload.was_put) // 1_000_000)]
    lines += [(what, counts.of[what]) for what in sorted(counts.of) if what not in ("begun", "granted")]
    fates = {}
    for operation in proxy_counts.values():
        for fate, number in operation.items():
            fates[fate] = fates.get(fate, 0) + number
    lines += [("requests of S3", fates.pop("seen", 0)), ("faults", sum(fates.values()))]
    lines += [(f"fault: {fate}", number) for fate, number in sorted(fates.items())]
    lines += [("seconds", round(seconds))]
    return "\n".join(f"{what:28} {number:>8}" for what, number in lines)


def prove(number, workers, pause_s):
    """`number` uploads through everything, then reconciliation, then the invariants."""
    began = time.monotonic()
    with FaultProxy(SEED) as proxy:
        vitrine = Vitrine("lighttpd", S3_EMBEDDED="on", S3_ENDPOINT_URL=proxy.url, S3_PUBLIC_ENDPOINT_URL=proxy.url,
                          WORKER="on", **LIMITS)
        proxy.connect("127.0.0.1", vitrine.port + 1)
        with vitrine:
            uploads = [clients.Upload(SEED, n) for n in range(number)]
            counts = clients.Counts()
            proxy.rates()
            with chaos.Chaos(vitrine, SEED, counts, pause_s):
                upload_all(vitrine, uploads, counts, workers)
            proxy.quiet()
            text = table(counts, proxy.counts(), uploads, time.monotonic() - began)
            print("\n" + text)
            REPORTS.mkdir(exist_ok=True)
            (REPORTS / f"proof-{number}.txt").write_text(text + "\n")
            print(invariants.reconcile_all(vitrine), end="")
            problems = invariants.violations(invariants.World(vitrine, uploads))
            before = invariants.dump(vitrine)
            for hours in (12, 15):
                invariants.reconcile(vitrine, hours)
            if invariants.dump(vitrine) != before:
                problems["5. Reconciling again changes nothing."] = ["tables or bucket are not what they were"]
            print(f"{'rows and objects':28} {len(before[1]):>8}\n{'seconds in all':28} "
                  f"{round(time.monotonic() - began):>8}")
            text = "\n".join(f"{what}\n    " + "\n    ".join(said[:20]) for what, said in problems.items())
            assert not problems, f"{text}\n{vitrine.logs(5)}"
            assert not [upload for upload in uploads if upload.gave_up], "clients that never got an answer"


@pytest.mark.alone
def test_three_hundred_uploads_through_faults_and_kills_lose_nothing():
    prove(FEW, workers=6, pause_s=0.6)


@pytest.mark.alone
@pytest.mark.slow
def test_ten_thousand_uploads_through_faults_and_kills_lose_nothing():
    prove(10_000, workers=10, pause_s=1.0)
