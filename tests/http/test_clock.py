"""Clocks that disagree: a real endpoint whose time is another, and one that lies about it."""

import http.server
import re
import threading
import time

import pytest
import requests

from app_pictures import png, upload
from harness.clocks import in_the_future
from harness.patience import PATIENCE_S
from objects_server import ACCESS_KEY, REGION, SECRET_KEY, ObjectsServer

SLACK_S = 15  # an answer's Date is as old as the machine is slow


@pytest.fixture
def skewed(tmp_path, start_vitrine):
    """skewed(seconds): a Vitrine whose storage is the embedded endpoint with a clock that is so far ahead."""
    servers = []

    def start(seconds, **settings):
        # The web server writes the Date, the worker checks the signatures: both live in that time.
        server = ObjectsServer("nginx", tmp_path / "storage", **in_the_future(seconds / 3600))
        servers.append(server)
        server.start()
        return start_vitrine(S3_EMBEDDED="off", S3_ENDPOINT_URL=server.url, S3_BUCKET="vitrine", S3_REGION=REGION,
                             S3_ACCESS_KEY_ID=ACCESS_KEY, S3_SECRET_ACCESS_KEY=SECRET_KEY, **settings)

    yield start
    for server in servers:
        server.stop()


def offset(vitrine):
    return vitrine.client().get("/health").json()["clock_offset_s"]


def warnings(vitrine):
    return re.findall(r"storage's clock is (\d+) s (ahead of|behind) ours", vitrine.log() + vitrine.output.read_text())


@pytest.mark.parametrize("seconds", [3600, -3600, 1200, 40])
def test_everything_works_by_the_clock_of_storage(skewed, seconds):
    vitrine = skewed(seconds)
    admin = vitrine.admin()
    for n in range(3):
        image = upload(admin, png(comment=b"%d" % n))
    shown = requests.get(admin.get(f"/images/{image['id']}/signed-url").json()["url"], timeout=PATIENCE_S)
    assert shown.status_code == 200 and shown.content.startswith(b"\x89PNG")
    assert offset(vitrine) == pytest.approx(seconds, abs=SLACK_S)
    assert f"vitrine_clock_offset_seconds {offset(vitrine)}\n" in admin.get("/metrics").text
    told = warnings(vitrine)
    assert len(told) == 1, told  # all threads and `vitrine init` together
    assert abs(int(told[0][0]) - abs(seconds)) <= SLACK_S
    assert told[0][1] == ("ahead of" if seconds > 0 else "behind")
    assert admin.json_call("DELETE", f"/images/{image['id']}").status_code == 200


def test_a_small_difference_is_nothing_to_speak_of(skewed):
    vitrine = skewed(0)
    upload(vitrine.admin(), png())
    assert offset(vitrine) == 0 and not warnings(vitrine)


class Liar(http.server.BaseHTTPRequestHandler):
    """S3 that takes every signature, and says that it is another time."""

    protocol_version = "HTTP/1.1"
    lie_s = 0
    more_headers = {}

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.lie_s)

    def answer(self):
        self.send_response(200)
        for name, value in self.more_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def lying(start_vitrine):
    """lying(lie_s, **headers): a Vitrine whose storage says that it is so much later than it is."""
    servers = []

    def start(lie_s, **headers):
        handler = type("Handler", (Liar,), {"lie_s": lie_s, "more_headers": headers})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return start_vitrine(S3_EMBEDDED="off", S3_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}",
                             S3_ACCESS_KEY_ID=ACCESS_KEY, S3_SECRET_ACCESS_KEY=SECRET_KEY)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ask_health(vitrine, times):
    """Each time storage is asked: a good answer is remembered for a second."""
    for _ in range(times):
        assert vitrine.client().get("/health").status_code == 200
        time.sleep(1.1)


@pytest.mark.parametrize("lie_s, headers", [
    (7200, {}), (-7200, {}), (10 * 365 * 86400, {}), (-600, {"Age": "600"})],
    ids=["two hours ahead", "two hours behind", "years ahead", "from a cache"])
def test_a_date_that_cannot_be_true_is_not_believed(lying, lie_s, headers):
    vitrine = lying(lie_s, **headers)
    ask_health(vitrine, 4)
    assert offset(vitrine) == 0 and not warnings(vitrine)


def test_a_grant_is_signed_by_the_clock_of_storage(lying):
    vitrine = lying(300)
    ask_health(vitrine, 4)
    assert offset(vitrine) == pytest.approx(300, abs=SLACK_S)
    grant = vitrine.admin().json_call("POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png"})
    signed = re.search(r"X-Amz-Date=(\d{8}T\d{6}Z)", grant.json()["url"]).group(1)
    signed_s = time.mktime(time.strptime(signed + "+0000", "%Y%m%dT%H%M%SZ%z")) - time.timezone
    assert signed_s == pytest.approx(time.time() + 300, abs=PATIENCE_S)
