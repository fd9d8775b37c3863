"""A large upload, with the client, the workers and the endpoint killed in turn: resumed by what storage has."""

import contextlib
import hashlib
import random

import pytest
import requests

import clients
from harness.patience import PATIENCE_S, wait_until
from harness.vitrine import Vitrine
from test_uploads import LIMITS, tokens

GB = 1 << 30


def content_of(size):
    """A sparse picture: a head, and then nothing; piece(offset, length)."""
    head = clients.png(random.Random(1), 200)[:41]

    def piece(offset, length):
        length = min(length, size - offset)
        return (head[offset:offset + length] + bytes(max(0, length - max(0, len(head) - offset))))[:length]

    return piece


class Resuming:
    """A client without a memory: each go asks what there is, and sends what is missing."""

    def __init__(self, vitrine, token, size):
        self.vitrine, self.size = vitrine, size
        self.headers = {"Authorization": "Bearer " + token}
        self.piece = content_of(size)
        self.sent = 0

    def call(self, method, path, body=None, good=(200, 201)):
        def ask():
            with contextlib.suppress(requests.RequestException):
                answer = requests.request(method, self.vitrine.base_url + path, json=body, headers=self.headers, timeout=PATIENCE_S)
                if answer.status_code in good:
                    return answer.json()
                assert answer.status_code >= 500, answer.text

        return wait_until(ask, f"{method} {path}")

    def go(self, parts):
        """Send at most so many of the parts that are missing; whether all are there."""
        (upload,) = self.call("GET", "/images/multipart")["uploads"]
        there = {part["number"] for part in self.call("GET", f"/images/multipart/{upload['id']}")["parts"]}
        missing = [number for number in range(1, upload["part_count"] + 1) if number not in there]
        for number in missing[:parts]:
            part = self.piece((number - 1) * upload["part_size"], upload["part_size"])
            grant = self.call("POST", f"/images/multipart/{upload['id']}/parts", {
                "parts": [{"number": number, "sha256": hashlib.sha256(part).hexdigest()}]})["parts"][0]
            with contextlib.suppress(requests.RequestException):
                put = requests.put(grant["url"], data=part, headers=grant["headers"], timeout=PATIENCE_S)
                assert put.status_code == 200 or put.status_code >= 500, put.text
                self.sent += put.status_code == 200
        return upload["id"], len(missing) <= parts


def upload_through_kills(size, goes):
    with Vitrine("lighttpd", WORKER="on", MAX_FILE_SIZE="5GB", **{**LIMITS, "MULTIPART_PART_SIZE": "8MiB"}) as vitrine:
        token = tokens(vitrine, 1)[0]
        Resuming(vitrine, token, size).call("POST", "/images/multipart", {
            "filename": "huge.png", "filetype": "image/png", "size": size})
        is_whole, go, sent = False, 0, 0
        while not is_whole:
            client = Resuming(vitrine, token, size)  # the one before was killed: it knows nothing
            vitrine.kill(("vitrine.fcgi", "objects.fcgi", "vitrine-worker")[go % 3])
            asset_id, is_whole = client.go(size // (8 << 20) // goes + 1)
            go, sent = go + 1, sent + client.sent
            assert go < 10 * goes
        while not client.go(0)[1]:  # what was cut in the last go
            client.go(1000)
        vitrine.kill()
        image = client.call("POST", f"/images/multipart/{asset_id}/complete", {})["image"]
        assert client.call("POST", f"/images/multipart/{asset_id}/complete", {})["image"]["etag"] == image["etag"]
        assert image["size"] == size

        shown, offset = requests.get(image["url"], stream=True, timeout=PATIENCE_S), 0
        for piece in shown.iter_content(8 << 20):
            assert piece == client.piece(offset, len(piece))
            offset += len(piece)
        assert offset == size
        assert sent <= size // (8 << 20) + 1 + go  # what was there was not sent again


def test_an_upload_of_100_mb_goes_on_after_each_kill():
    upload_through_kills(100_000_000, goes=4)


@pytest.mark.slow
def test_an_upload_of_2_gb_goes_on_after_each_kill():
    upload_through_kills(2 * GB, goes=6)
