"""Rate limits and the client behind proxies, through real lighttpd and nginx."""

import concurrent.futures
import json
import re
import time

import pytest

from app_people import PASSWORD, add_user, assert_problem, token_client
from app_pictures import png, upload
from harness.patience import wait_until
from harness.vitrine import Vitrine

POLICY = re.compile(r'^"([a-z-]+)";q=(\d+);w=(\d+)$')
STATE = re.compile(r'^"([a-z-]+)";r=(\d+);t=(\d+)$')


@pytest.fixture(scope="module", params=("lighttpd", "nginx"))
def tight(request):
    """Limits that a test reaches. Those that it waits for are over in a second, the others not while it runs."""
    with Vitrine(request.param, RATE_SIGN_IN="40/s", RATE_PRESIGN="3/s", RATE_WRITE="20/s", RATE_READ="60/h",
                 TRUSTED_PROXIES="127.0.0.0/8") as vitrine:
        yield vitrine


def seen_from(client, address):
    """The client as if it sat behind the trusted proxy 127.0.0.1, at that address."""
    client.headers["X-Forwarded-For"] = address
    return client


def state_of(answer):
    name, remaining, wait = STATE.match(answer.headers["RateLimit"]).groups()
    return name, int(remaining), int(wait)


def until_refused(call, most=400):
    """How many answers came before the first 429, and that one."""
    for count in range(most):
        answer = call()
        if answer.status_code == 429:
            return count, answer
    raise AssertionError(f"{most} requests and no 429")


def presign(client):
    return client.json_call("POST", "/images/presign-upload", {
        "filename": "a.png", "filetype": "image/png", "size": 100})


def test_an_api_says_what_is_left_and_refuses_with_the_time_to_wait(tight):
    client = seen_from(token_client(tight), "198.51.100.1")
    first = presign(client)
    assert first.status_code in (200, 201), first.text
    assert POLICY.match(first.headers["RateLimit-Policy"]).groups() == ("presign", "3", "1")
    assert state_of(first) == ("presign", 2, 1)
    count, refused = until_refused(lambda: presign(client))
    problem = assert_problem(refused, 429, "too_many_requests")
    assert "too many requests for uploads from your API token" in problem["detail"]
    assert state_of(refused)[:2] == ("presign", 0)
    wait = int(refused.headers["Retry-After"])
    assert wait == state_of(refused)[2] == 1
    time.sleep(wait)
    assert presign(client).status_code == first.status_code


def test_each_token_and_each_person_counts_apart(tight):
    email = add_user(tight)
    one = seen_from(token_client(tight, email), "198.51.100.2")
    two = seen_from(token_client(tight, email), "198.51.100.3")
    person = seen_from(tight.client(), "198.51.100.4").sign_in(email, PASSWORD)
    until_refused(lambda: presign(one))
    assert presign(two).status_code != 429
    assert presign(person).status_code != 429
    # one class used up is not another
    assert one.get("/images").status_code == 200


def test_who_is_nobody_counts_by_network(tight):
    client = seen_from(tight.client(), "2001:db8:7::1")
    count, refused = until_refused(lambda: client.get("/sign-in"))
    assert count >= 60
    assert "from your network" in refused.text
    assert refused.headers["Content-Type"].startswith("text/html")
    seen_from(client, "2001:db8:7::2:1")  # another address of the same /64
    assert client.get("/sign-in").status_code == 429
    seen_from(client, "2001:db8:8::1")
    assert client.get("/sign-in").status_code == 200


def test_guessing_tokens_has_a_limit(tight):
    client = seen_from(tight.client(), "198.51.100.9")
    client.headers["Authorization"] = "Bearer " + "A" * 43
    assert client.get("/images").status_code == 401
    count, refused = until_refused(lambda: client.get("/images"))
    assert_problem(refused, 429, "too_many_requests")


@pytest.mark.parametrize("server", ("lighttpd", "nginx"))
def test_a_network_as_a_whole_has_four_times_the_limit_whoever_speaks(server, start_vitrine):
    vitrine = start_vitrine(server, RATE_READ="5/h", THREADS="8")
    people = [token_client(vitrine) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: people[number % 8].get("/images"), range(32)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 32 - 20
    assert {state_of(answer)[0] for answer in refused} == {"read-address"}
    assert "from your network" in refused[0].json()["detail"]
    assert int(refused[0].headers["Retry-After"]) > 60


def test_health_is_never_refused(tight):
    client = seen_from(tight.client(), "198.51.100.11")
    for _ in range(200):
        answer = client.get("/health")
        assert answer.status_code == 200 and "RateLimit" not in answer.headers


def test_a_process_that_is_killed_takes_no_count_with_it(start_vitrine):
    vitrine = start_vitrine(RATE_PRESIGN="5/h")
    client = token_client(vitrine)
    for _ in range(4):
        assert presign(client).status_code != 429
    vitrine.kill()
    wait_until(lambda: client.get("/images").status_code == 200, "another worker answering")
    assert presign(client).status_code != 429
    assert presign(client).status_code == 429
    vitrine.restart()
    client.base_url = vitrine.base_url
    assert presign(client).status_code == 429


def test_every_route_but_those_for_machines_that_watch_has_a_limit(lighttpd):
    routes = json.loads(lighttpd.cli("routes", "--json").stdout)
    free = {route["path"] for route in routes if route["rate"] == "none"}
    assert free == {"/health", "/api/v1/upload/health", "/metrics"}
    for route in routes:
        if route["scope"] == "delete" or route["csrf"] == "form" and route["path"] != "/sign-in":
            assert route["rate"] == ("presign" if route["path"] == "/admin/upload/form" else "write"), route


def test_off_is_off(start_vitrine):
    vitrine = start_vitrine(RATE_READ="off")
    client = token_client(vitrine)
    for _ in range(100):
        assert "RateLimit" not in client.get("/images").headers


def test_with_the_defaults_a_page_renews_500_urls_and_an_admin_uploads_500_files(lighttpd):
    admin = lighttpd.admin()
    answers = [admin.get("/images?limit=1").status_code for _ in range(500)]
    assert set(answers) == {200}
    answers = [presign(admin).status_code for _ in range(500)]
    assert 429 not in answers


# --- proxies ---

@pytest.mark.parametrize("server", ("lighttpd", "nginx"))
def test_without_trusted_proxies_no_header_says_who_one_is(server, running):
    vitrine = running(server)
    email = add_user(vitrine)
    client = vitrine.client()
    client.headers.update({
        "X-Forwarded-For": "203.0.113.77", "Forwarded": "for=203.0.113.77;proto=https;host=evil.example",
        "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Real-IP": "203.0.113.77"})
    client.sign_in(email, PASSWORD)
    page = client.get("/admin/account").text
    assert "203.0.113.77" not in page and "127.0.0.1" in page
    assert "evil.example" not in client.get("/admin/upload").headers["Content-Security-Policy"]


def test_behind_a_trusted_proxy_the_rightmost_stranger_is_the_client(tight):
    email = add_user(tight)
    client = tight.client()
    client.headers["X-Forwarded-For"] = "203.0.113.77, 198.51.100.20, 127.0.0.9"
    client.headers["Forwarded"] = "for=203.0.113.78"
    client.sign_in(email, PASSWORD)
    page = client.get("/admin/account").text
    assert "198.51.100.20" in page
    assert "203.0.113.77" not in page and "203.0.113.78" not in page


def test_scheme_and_host_come_from_a_trusted_proxy(tight):
    client = tight.client()
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "images.example.org",
                                             "X-Forwarded-For": "198.51.100.21"})
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "//images.example.org:" in answer.headers["Content-Security-Policy"]  # where the embedded storage is
    answer = client.get("/sign-in", headers={"X-Forwarded-For": "198.51.100.21"})
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert "images.example.org" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("server", ("lighttpd", "nginx"))
@pytest.mark.parametrize("name", ("X_Forwarded_For", "X-Forwarded_Host", "X.Forwarded.Proto", "x_forwarded-proto"))
def test_a_name_that_looks_alike_to_cgi_adds_nothing_to_what_a_proxy_says(server, name, running):
    vitrine = running(server, TRUSTED_PROXIES="127.0.0.1")
    proxy = {"X-Forwarded-For": "198.51.100.22", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "shown.example"}
    forged = {"for": "203.0.113.99", "host": "evil.example", "proto": "https"}[re.split("[-_.]", name.lower())[-1]]
    answer = vitrine.client().get("/sign-in", headers={**proxy, name: forged})
    assert answer.status_code == (400 if server == "lighttpd" else 200)  # nginx leaves such names out
    assert forged not in answer.text
    assert "Secure" not in answer.headers.get("Set-Cookie", "")


def test_sign_ins_that_fail_are_throttled_by_the_clients_address(tight):
    """20 failures from one address block it, and not the proxy that all come through."""
    client = seen_from(tight.client(), "198.51.100.30")
    for attempt in range(25):
        answer = client.post_form("/sign-in", {"email": f"nobody{attempt}@example.org", "password": "wrong password"})
        if answer.status_code == 429:
            break
    else:
        raise AssertionError("never blocked")
    seen_from(tight.client(), "198.51.100.31").sign_in(tight.admin_email, tight.admin_password)


@pytest.mark.parametrize("server", ("lighttpd", "nginx"))
def test_forwarded_is_read_when_the_proxies_write_it(server, start_vitrine):
    vitrine = start_vitrine(server, TRUSTED_PROXIES="127.0.0.1", PROXY_HEADER="forwarded")
    email = add_user(vitrine)
    client = vitrine.client()
    client.headers["X-Forwarded-For"] = "203.0.113.77"
    client.headers["Forwarded"] = 'for=203.0.113.78, for="[2001:db8::5]:4711";host=images.example.org'
    client.sign_in(email, PASSWORD)
    page = client.get("/admin/account").text
    assert "2001:db8::5" in page and "203.0.113" not in page


def test_wrong_settings_say_what_is_right(lighttpd):
    for name, value, words in (("RATE_READ", "fast", "600/min"), ("RATE_READ", "0/min", "600/min"),
                               ("RATE_WRITE", "10/week", "600/min"), ("TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.0/8"),
                               ("PROXY_HEADER", "x-real-ip", "forwarded")):
        done = lighttpd.cli("config", check=False, **{name: value})
        assert done.returncode != 0 and name in done.stderr + done.stdout, name
        assert words in done.stderr + done.stdout


# --- quotas ---

@pytest.mark.parametrize("server", ("lighttpd", "nginx"))
def test_fifty_presigns_at_once_never_pass_the_quota(server, start_vitrine):
    vitrine = start_vitrine(server)
    email = add_user(vitrine)
    vitrine.cli("user", "quota", email, "1750", "off")
    clients = [token_client(vitrine, email) for _ in range(10)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda number: presign(clients[number % 10]), range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 17 + [403] * 33
    refused = next(answer for answer in answers if answer.status_code == 403)
    problem = assert_problem(refused, 403, "quota_exceeded")
    assert "100 bytes" in problem["detail"] and "50 bytes left of" in problem["detail"] and problem["hint"]
    shown = json.loads(vitrine.cli("user", "quota", email, "--json").stdout)
    assert (shown["unfinished"], shown["reserved_bytes"], shown["max_bytes"]) == (17, 1700, 1750)
    assert "50\u00a0bytes left" in vitrine.client().sign_in(email, PASSWORD).get("/admin/upload").text


def test_a_quota_is_held_by_what_is_there_and_given_back_by_deleting(start_vitrine):
    picture = png()
    vitrine = start_vitrine(QUOTA_FILES="1", QUOTA_BYTES="1MB")
    client = token_client(vitrine)
    image = upload(client, picture)
    answer = presign(client)
    assert_problem(answer, 403, "quota_exceeded")
    assert client.request("DELETE", f"/images/{image['id']}").status_code == 200
    refused = assert_problem(presign(client), 403, "quota_exceeded")  # the trash counts
    assert "empty the trash" in refused["hint"]
    assert client.request("DELETE", f"/images/{image['id']}?permanent=true").status_code == 200
    upload(client, picture)


def test_the_command_line_sets_and_shows_quotas(lighttpd):
    email = add_user(lighttpd)
    assert "no limit" in lighttpd.cli("user", "quota", email).stdout
    assert "10 GB" in lighttpd.cli("user", "quota", email, "10GB", "1000").stdout
    shown = json.loads(lighttpd.cli("user", "quota", email, "--json").stdout)
    assert (shown["is_own"], shown["max_bytes"], shown["max_files"]) == (True, 10**10, 1000)
    shown = json.loads(lighttpd.cli("user", "quota", email, "default", "--json").stdout)
    assert (shown["is_own"], shown["max_bytes"], shown["max_files"]) == (False, None, None)
    for wrong in (("10GB",), ("much", "5"), ("10GB", "0"), ("0", "5")):
        done = lighttpd.cli("user", "quota", email, *wrong, check=False)
        assert done.returncode == 2 and "10GB 1000" in done.stderr, wrong
    assert lighttpd.cli("user", "quota", "nobody@example.org", check=False).returncode == 1


def test_unfinished_uploads_have_a_limit(start_vitrine):
    vitrine = start_vitrine(MAX_PENDING_UPLOADS="3")
    client = token_client(vitrine)
    answers = [presign(client) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403]
    assert "begun and not finished" in answers[3].json()["detail"]
