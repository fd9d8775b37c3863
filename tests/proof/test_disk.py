"""A disk that is full, a database that may not be written, a writer who does not let go: told, and nothing is lost."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import threading

import pytest
import requests

import chaos
import clients
import invariants
from harness.patience import PATIENCE_S, wait_until
from harness.vitrine import Vitrine
from test_uploads import LIMITS, tokens

SMALL_DISK_MB = 24
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")


@pytest.fixture
def small_disk():
    """A folder that holds SMALL_DISK_MB."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "vitrine-test", folder],
                             capture_output=True, text=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"this machine does not let us mount: {mounted.stderr}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True, timeout=PATIENCE_S)
    folder.rmdir()


def make_folder(path):
    path.mkdir()
    return path


def one_client(vitrine, counts):
    return clients.Client(vitrine.base_url, tokens(vitrine, 1)[0], counts, lambda key: None, threading.Event())


def grant(client, upload):
    """One try: (status, code)."""
    answer = requests.post(
        client.base_url + "/images/presign-upload", headers=client.headers, timeout=PATIENCE_S,
        json={"filename": "a.png", "filetype": "image/png", "size": upload.size, "sha256": upload.sha256})
    return answer.status_code, answer.json().get("code")


def settle_and_check(vitrine, uploads):
    invariants.reconcile_all(vitrine)
    problems = invariants.violations(invariants.World(vitrine, uploads))
    assert not problems, problems


@needs_root
def test_a_full_disk_refuses_and_loses_nothing_and_goes_on_when_there_is_room(small_disk, monkeypatch):
    counts = clients.Counts()
    with Vitrine(data=make_folder(small_disk / "data"), **LIMITS) as vitrine:
        client = one_client(vitrine, counts)
        uploads = [clients.Upload(7, n, way="native", story="saved") for n in range(12)]
        for upload in uploads[:4]:
            client.tell(upload)
        assert all(upload.was_told_saved for upload in uploads[:4])

        ballast = small_disk / "ballast"
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()
        with monkeypatch.context() as hasty:
            hasty.setattr(clients, "PATIENCE_S", 1.5)
            for upload in uploads[4:6]:
                client.tell(upload)
                assert not upload.was_told_saved and not upload.refusal
        status, code = grant(client, uploads[8])
        assert (status, code) in ((507, "no_space"), (500, "io")), (status, code)
        # what was saved is shown
        for upload in uploads[:4]:
            shown = requests.get(f"{vitrine.base_url}/images/{upload.id}", headers=client.headers, timeout=PATIENCE_S)
            assert shown.status_code == 200
            assert requests.get(shown.json()["image"]["url"], timeout=PATIENCE_S).content == upload.content()

        ballast.unlink()
        for upload in uploads[8:]:
            client.tell(upload)
        assert all(upload.was_told_saved for upload in uploads[8:])
        settle_and_check(vitrine, uploads)


@needs_root
def test_a_database_that_may_not_be_written_shows_and_refuses():
    """Its file system turned read-only, as ext4 does after an error of the disk."""
    counts = clients.Counts()
    with Vitrine(**LIMITS) as vitrine:
        client = one_client(vitrine, counts)
        upload = clients.Upload(8, 0, way="native", story="saved")
        client.tell(upload)
        assert upload.was_told_saved
        database = vitrine.data / "vitrine.db"
        locked = [database, *(path for path in (pathlib.Path(f"{database}{end}") for end in ("-wal", "-shm", "-turn"))
                              if path.exists())]
        bound = []
        try:
            for path in locked:
                subprocess.run(["mount", "--bind", path, path], check=True, capture_output=True)
                bound.append(path)
                subprocess.run(["mount", "-o", "remount,ro,bind", path], check=True, capture_output=True)
            vitrine.kill()  # who had it open before could still write

            def refusal():
                answer = requests.post(vitrine.base_url + "/images/presign-upload", headers=client.headers, timeout=PATIENCE_S,
                                       json={"filename": "a.png", "filetype": "image/png", "size": 5})
                assert answer.status_code >= 500, answer.text  # nothing is promised that cannot be kept
                return "cannot open its database" in answer.text

            wait_until(refusal, "a refusal that says what is wrong")
        except subprocess.CalledProcessError as refused:
            pytest.skip(f"this machine does not let us mount: {refused.stderr}")
        finally:
            for path in reversed(bound):
                subprocess.run(["umount", "-l", path], check=False)
        vitrine.kill()
        later = clients.Upload(8, 1, way="native", story="saved twice")
        client.tell(later)
        assert later.was_told_saved
        settle_and_check(vitrine, [upload, later])


@pytest.mark.parametrize("takes_turn", [
    pytest.param(True, id="in its turn"), pytest.param(False, id="rudely", marks=pytest.mark.slow)])
def test_who_holds_the_database_for_seconds_delays_and_loses_nothing(takes_turn):
    counts = clients.Counts()
    with Vitrine(**LIMITS) as vitrine:
        client = one_client(vitrine, counts)
        uploads = [clients.Upload(9, n, way="native", story="saved") for n in range(4)]
        client.api("look", "GET", "/images")  # that its token was used is written once a minute, and also waits
        held, done = threading.Event(), threading.Event()

        def hold():
            with chaos.writing(vitrine, takes_turn=takes_turn):
                held.set()
                done.wait(PATIENCE_S)

        holder = threading.Thread(target=hold)
        holder.start()
        try:
            assert held.wait(PATIENCE_S)
            assert grant(client, uploads[0]) == (503, "busy")  # while it is held: nobody waits for ever
            # who only looks does not wait
            assert requests.get(vitrine.base_url + "/images", headers=client.headers, timeout=PATIENCE_S).status_code == 200
            assert not done.is_set() and holder.is_alive()
        finally:
            done.set()
            holder.join()
        for upload in uploads:
            client.tell(upload)
        assert all(upload.was_told_saved for upload in uploads)
        settle_and_check(vitrine, uploads)
