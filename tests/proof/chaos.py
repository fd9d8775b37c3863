"""What befalls the machine while clients upload: processes are killed, and others hold the database.

    with Chaos(vitrine, seed, counts, pause_s=0.7):
        ...

Every instant is random by the seed. Only processes of this Vitrine are killed; whoever supervises them in real life
(lighttpd its workers, tools/run lighttpd) starts them again.
"""

import contextlib
import fcntl
import random
import sqlite3
import subprocess
import threading
import time

from harness.patience import PATIENCE_S
from harness.vitrine import BUILD, ROOT, kill

SUPERVISED = ("lighttpd", "vitrine-worker")  # by tools/run, which gives up on what ends five times in 30 seconds
SUPERVISED_GAP_S = 8
SWEEP_TIMEOUT_S = 600
ANSWERS_BETWEEN = 3  # or a machine on which a program starts as slowly as it is killed would get nowhere

EVENTS = {"vitrine.fcgi": 38, "objects.fcgi": 32, "vitrine-worker": 6, "sweep": 10, "lighttpd": 4, "busy": 6, "turn": 4}


@contextlib.contextmanager
def writing(vitrine, takes_turn=True):
    """A connection to the database in a write transaction, in a writer's turn (ADR 4) unless it is a rude one."""
    with (vitrine.data / "vitrine.db-turn").open("a") as turn:
        if takes_turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
        db = sqlite3.connect(vitrine.data / "vitrine.db", timeout=PATIENCE_S, isolation_level=None)
        try:
            db.execute("PRAGMA wal_autocheckpoint = 0")
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        finally:
            db.close()


def make_old(vitrine, key):
    """The grant of `key` ended two hours ago: sweeps may look at it."""
    with writing(vitrine) as db:
        db.execute("UPDATE assets SET grant_expires_at = grant_expires_at - 7200 "
                   "WHERE key = ? AND state IN ('pending', 'ready')", (key,))


class Chaos:
    """Kills and holds until it is left; and a sweep that runs again and again, as its timer would have it."""

    def __init__(self, vitrine, seed, counts, pause_s, events=None):
        self.vitrine = vitrine
        self.dice = random.Random(f"{seed}:chaos")
        self.counts = counts
        self.pause_s = pause_s
        self.events = events or EVENTS
        self.stopped = threading.Event()
        self.sweep = None
        self.supervised_killed_at = 0.0
        self.problems = []
        self.threads = [threading.Thread(target=self.guard, args=(work,)) for work in (self.strike_on, self.sweep_on)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert not self.problems, self.problems

    def guard(self, work):
        try:
            work()
        except Exception as problem:  # told by who waits for the thread
            self.problems.append(repr(problem))

    def strike_on(self):
        while not self.stopped.wait(self.dice.expovariate(1 / self.pause_s)):
            answers = self.counts.of["answers"]
            self.strike(self.dice.choices(list(self.events), list(self.events.values()))[0])
            while self.counts.of["answers"] < answers + ANSWERS_BETWEEN and not self.stopped.wait(0.02):
                pass

    def sweep_on(self):
        while not self.stopped.wait(0.2):
            self.sweep = subprocess.Popen(
                [BUILD / "vitrine", "sweep"], env=self.vitrine.environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.sweep.wait(SWEEP_TIMEOUT_S)
            self.counts.add("sweeps")

    def strike(self, what):
        if what in ("busy", "turn"):
            with writing(self.vitrine, takes_turn=what == "turn"):
                self.stopped.wait(self.dice.uniform(0.5, 3))
        elif what == "sweep":
            if self.sweep is None or self.sweep.poll() is not None:
                return
            self.sweep.kill()
        else:
            pids = self.vitrine.pids_of(what)
            is_supervised = what in SUPERVISED
            if not pids or is_supervised and time.monotonic() - self.supervised_killed_at < SUPERVISED_GAP_S:
                return  # it is being started again just now, or was a moment ago
            if is_supervised:
                self.supervised_killed_at = time.monotonic()
            kill(self.dice.choice(pids))
        self.counts.add(f"struck: {what}")
