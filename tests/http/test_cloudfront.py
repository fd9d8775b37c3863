"""Images through a distribution that verifies every URL and cookie with openssl and the public key alone."""

import re
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from app_people import add_user, assert_problem, signed_in, token_client
from app_pictures import png, upload
from conftest import s3_of
from harness.cloudfront import Distribution
from harness.patience import PATIENCE_S

KEY_ID = "K2JCJMDEHXQW5F"
KINDS = {
    "rsa": "openssl genrsa -traditional 2048",
    "rsa8": "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    "ec": "openssl ecparam -name prime256v1 -genkey -noout",
}
BUCKET = "vitrine"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name, command in KINDS.items():
        (folder / f"{name}.pem").write_bytes(subprocess.run(command.split(), check=True, capture_output=True).stdout)
    return folder


@pytest.fixture(scope="module")
def behind(keys):
    """behind(key, **settings): a Vitrine whose images come through a distribution; (vitrine, distribution)."""
    from harness.vitrine import Vitrine
    opened = []

    def start(key="rsa", server="lighttpd", forwards_query=False, **settings):
        cdn = Distribution(KEY_ID, keys / f"{key}.pem", forwards_query).__enter__()
        opened.append((None, cdn))
        vitrine = Vitrine(server, CLOUDFRONT_DOMAIN=cdn.origin, CLOUDFRONT_KEY_PAIR_ID=KEY_ID,
                          CLOUDFRONT_FORWARDS_QUERY="on" if forwards_query else "off",
                          **{"CLOUDFRONT_PRIVATE_KEY_FILE": keys / f"{key}.pem", **settings})
        vitrine.environment = {name: value for name, value in vitrine.environment.items() if value != ""}
        opened[-1] = (vitrine.start(), cdn)
        cdn.serve(s3_of(vitrine), BUCKET)
        return vitrine, cdn

    yield start
    for vitrine, cdn in opened:
        if vitrine:
            vitrine.stop()
        cdn.__exit__()


@pytest.fixture(scope="module")
def usual(behind):
    return behind()


def one_line(path):
    return path.read_text().replace("\n", "\\n")


@pytest.mark.parametrize("key, form, digest", [("rsa", "custom", "sha1"), ("rsa8", "canned", "sha1"), ("rsa", "custom", "sha256"),
                                               ("rsa", "canned", "sha256"), ("ec", "custom", "sha1"), ("ec", "canned", "sha256")])
def test_each_form_passes_and_nothing_else_does(behind, keys, key, form, digest):
    """The key comes from the environment in one line here, from a file elsewhere."""
    vitrine, cdn = behind(key, CLOUDFRONT_POLICY=form, CLOUDFRONT_HASH=digest, CLOUDFRONT_PRIVATE_KEY_FILE="",
                          CLOUDFRONT_PRIVATE_KEY=one_line(keys / f"{key}.pem"))
    admin, data = vitrine.admin(), png(comment=key.encode())
    image = upload(admin, data)
    url = admin.get(f"/images/{image['id']}/signed-url").json()["url"]
    assert url.startswith(cdn.origin + "/images/")
    names = [part.split("=")[0] for part in urlsplit(url).query.split("&")]
    assert names == [{"custom": "Policy", "canned": "Expires"}[form], "Signature", "Key-Pair-Id"] + (
        ["Hash-Algorithm"] if digest == "sha256" else [])
    shown = requests.get(url, timeout=PATIENCE_S)
    assert (shown.status_code, shown.headers["Content-Type"], shown.content) == (200, "image/png", data)
    again = [admin.get(f"/images/{image['id']}/signed-url").json()["url"] for _ in range(3)]
    assert len({url, *again}) <= 2, "the same within a window, which can turn over once meanwhile"

    def refusal(address):
        answer = requests.get(address, timeout=PATIENCE_S)
        assert answer.status_code == 403
        return answer.text
    assert refusal(url.partition("?")[0]) == "MissingKey"
    assert refusal(url.replace(KEY_ID, "KOTHER")) == "InvalidKey"
    other = "BadSignature" if form == "canned" else "OtherResource"
    assert refusal(url.replace("/images/", "/images/x")) == other
    assert refusal(url + "&response-content-type=text/html") == other
    at = url.index("Signature=") + 30
    assert refusal(url[:at] + ("A" if url[at] != "A" else "B") + url[at + 1:]) == "BadSignature"
    if form == "canned":
        assert refusal(re.sub(r"Expires=\d+", "Expires=2000000000", url)) == "BadSignature"


def test_a_url_ends_when_it_says(behind):
    vitrine, cdn = behind("ec")
    admin = vitrine.admin()
    image = upload(admin, png(comment=b"short"))
    answer = admin.get(f"/images/{image['id']}/signed-url").json()
    assert 1 <= answer["expires_in"] <= 300
    assert requests.get(answer["url"], timeout=PATIENCE_S).status_code == 200
    cdn.ahead_s = answer["expires_in"]
    assert requests.get(answer["url"], timeout=PATIENCE_S).text == "Expired"


def test_a_page_shows_its_images_through_the_distribution(usual):
    vitrine, cdn = usual
    admin, data = vitrine.admin(), png(comment=b"page")
    image = upload(admin, data)
    page = admin.get("/admin/images")
    policy = page.headers["Content-Security-Policy"]
    assert f"{cdn.origin};" in policy.partition("img-src")[2].partition("connect-src")[0]
    assert cdn.origin not in policy.partition("connect-src")[2]
    source = re.search(rf'<img[^>]*src="({re.escape(cdn.origin)}[^"]+)"', page.text).group(1).replace("&amp;", "&")
    assert requests.get(source, timeout=PATIENCE_S).content == data
    many = admin.json_call("POST", "/images/signed-urls", {"ids": [image["id"]]}).json()["urls"]
    assert requests.get(many[0]["url"], timeout=PATIENCE_S).content == data
    address = admin.get(f"/i/{image['id']}").headers["Location"]
    assert address.startswith(cdn.origin) and requests.get(address, timeout=PATIENCE_S).content == data


def test_uploads_and_downloads_stay_with_the_storage(usual):
    vitrine, cdn = usual
    admin, data = vitrine.admin(), png(comment=b"download")
    grant = admin.json_call("POST", "/images/presign-upload", {"filename": "a.png", "filetype": "image/png"}).json()
    assert not grant["url"].startswith(cdn.origin)
    image = upload(admin, data, filename="Straße.png")
    address = admin.get(f"/admin/images/{image['id']}/download").headers["Location"]
    assert not address.startswith(cdn.origin)
    got = requests.get(address, timeout=PATIENCE_S)
    assert got.content == data and got.headers["Content-Disposition"].startswith("attachment")


def test_downloads_go_through_a_distribution_that_passes_the_query_on(behind):
    vitrine, cdn = behind("ec", forwards_query=True)
    admin, data = vitrine.admin(), png(comment=b"query")
    image = upload(admin, data, filename='Stra\u00dfe "1".png')
    address = admin.get(f"/admin/images/{image['id']}/download").headers["Location"]
    assert address.startswith(cdn.origin)
    got = requests.get(address, timeout=PATIENCE_S)
    assert got.content == data and got.headers["Content-Disposition"].startswith('attachment; filename="Stra_e _1_.png"')
    assert requests.get(address.replace("attachment", "inline"), timeout=PATIENCE_S).text == "OtherResource"


def test_the_api_of_seed_001_answers_cloudfront_urls_as_it_shows_them(usual):
    vitrine, cdn = usual
    program, data = token_client(vitrine), png(comment=b"001")
    made = program.post("/api/profile/upload-image", files={"image": ("photo.png", data, "image/png")}).json()["data"]
    for url in (made["cloudfrontUrl"], program.get("/api/profile/images").json()["data"][0]["cloudfrontUrl"],
                program.get(f"/api/profile/images/{made['id']}/signed-url").json()["data"]["signedUrl"]):
        assert re.fullmatch(rf"{re.escape(cdn.origin)}/{made['s3Key']}\?Policy=[^&]+&Signature=[^&]+&Key-Pair-Id={KEY_ID}", url)
        assert requests.get(url, timeout=PATIENCE_S).content == data


def test_a_url_for_one_visitor_works_from_his_address_alone(behind):
    vitrine, cdn = behind("ec", CLOUDFRONT_SOURCE_IP="visitor")
    admin = vitrine.admin()
    image = upload(admin, png(comment=b"bound"))
    url = admin.get(f"/images/{image['id']}/signed-url").json()["url"]
    assert requests.get(url, timeout=PATIENCE_S).status_code == 200
    cdn.client_address = "198.51.100.7"
    assert requests.get(url, timeout=PATIENCE_S).text == "OtherAddress"


def test_a_url_can_start_later_and_be_for_a_range(usual):
    vitrine, cdn = usual
    image = upload(vitrine.admin(), png(comment=b"later"))
    later = vitrine.cli("cloudfront", "url", image["key"], "--starts", "60", "--expires", "120").stdout.strip()
    assert requests.get(later, timeout=PATIENCE_S).text == "TooEarly"
    elsewhere = vitrine.cli("cloudfront", "url", image["key"], "--source-ip", "203.0.113.0/24").stdout.strip()
    assert requests.get(elsewhere, timeout=PATIENCE_S).text == "OtherAddress"
    here = vitrine.cli("cloudfront", "url", image["key"], "--source-ip", "127.0.0.0/8").stdout.strip()
    assert requests.get(here, timeout=PATIENCE_S).status_code == 200


@pytest.fixture(scope="module", params=["lighttpd", "nginx"])
def with_cookies(behind, request):
    """Same host as the distribution, so that its cookies reach it. PUBLIC_URL is known once the port is."""
    vitrine, cdn = behind("rsa", server=request.param)
    return vitrine.restart(PUBLIC_URL=vitrine.base_url), cdn


def test_signed_cookies_open_ones_own_folder_and_nothing_else(with_cookies):
    vitrine, cdn = with_cookies
    people = [token_client(vitrine, add_user(vitrine)) for _ in range(2)]
    images = [person.post("/api/profile/upload-image", files={"image": ("a.png", png(comment=b"%d" % n), "image/png")}).json()["data"]
              for n, person in enumerate(people)]
    answer = people[0].post("/images/signed-cookies")
    assert answer.status_code == 200, answer.text
    folder = images[0]["s3Key"].rpartition("/")[0]
    assert answer.json()["resource"] == f"{cdn.origin}/{folder}/*"
    lines = answer.raw.headers.getlist("Set-Cookie")
    assert len(lines) == 3 and all(f"; Path=/{folder}/; HttpOnly; SameSite=Lax" in line for line in lines)

    def get(key, cookies=answer.json()["cookies"]):
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return requests.get(f"{cdn.origin}/{key}", headers={"Cookie": header}, timeout=PATIENCE_S)
    assert get(images[0]["s3Key"]).content == png(comment=b"0")
    assert get(images[1]["s3Key"]).text == "OtherResource"
    native = upload(people[0], png(comment=b"native"))
    assert get(native["key"]).text == "OtherResource"
    assert get(images[0]["s3Key"], {}).text == "MissingKey"

    boss = vitrine.admin()
    page = boss.json_call("POST", "/images/signed-cookies")
    assert page.json()["cookies"] is None, "scripts of a page do not see what is HttpOnly"
    values = {line.partition("=")[0]: line.partition("=")[2].partition(";")[0] for line in page.raw.headers.getlist("Set-Cookie")}
    assert len(values) == 3 and get(images[0]["s3Key"], values).text == "OtherResource", "no role opens another folder"


def test_signed_cookies_are_refused_to_other_sites_and_to_nobody(with_cookies):
    vitrine, _ = with_cookies
    assert_problem(vitrine.client().json_call("POST", "/images/signed-cookies"), 401)
    person = signed_in(vitrine)
    assert_problem(person.json_call("POST", "/images/signed-cookies", headers={"Origin": "https://evil.example"}), 403, "bad_origin")


def test_the_command_line_makes_cookies_for_one_users_folder_only(usual):
    vitrine, _ = usual
    for folder in ("images/", "uploads/2024/", "users/", "users/1/", "users/0/images/", "users/1/images/../../", "users/*/images/", "/"):
        done = vitrine.cli("cloudfront", "cookies", folder, check=False)
        assert done.returncode == 2 and "users/ID/images/" in done.stderr, folder
    assert vitrine.cli("cloudfront", "cookies", "users/1/images/").stdout.startswith("CloudFront-Policy=")


def test_all_that_is_wrong_with_the_settings_is_said_at_once(usual, keys):
    vitrine, _ = usual
    public = subprocess.run(["openssl", "pkey", "-in", keys / "rsa.pem", "-pubout"], check=True, capture_output=True, text=True).stdout
    done = vitrine.cli("config", check=False, CLOUDFRONT_DOMAIN="", CLOUDFRONT_PRIVATE_KEY_FILE="", CLOUDFRONT_PRIVATE_KEY=public,
                       CLOUDFRONT_POLICY="canned", CLOUDFRONT_SOURCE_IP="visitor", CLOUDFRONT_HASH="md5", PORT="x")
    assert done.returncode == 2
    for words in ("CLOUDFRONT_DOMAIN is not set", "is the public half", "needs CLOUDFRONT_POLICY=custom", "must be sha1 or sha256", "PORT=x"):
        assert words in done.stderr, done.stderr
    assert "BEGIN PUBLIC" not in done.stderr
    done = vitrine.cli("config", check=False, CLOUDFRONT_PRIVATE_KEY_FILE="/nowhere/key.pem")
    assert "there is no such file" in done.stderr
    done = vitrine.cli("config", check=False, CLOUDFRONT_PRIVATE_KEY="x")
    assert "are both set: keep one" in done.stderr
    done = vitrine.cli("config", check=False, CLOUDFRONT_COOKIE_DOMAIN="example.org")
    assert "does not hold 127.0.0.1" in done.stderr and "needs PUBLIC_URL" in done.stderr


def test_the_public_half_is_printed_for_uploading(usual, keys):
    vitrine, _ = usual
    theirs = subprocess.run(["openssl", "pkey", "-in", keys / "rsa.pem", "-pubout"], check=True, capture_output=True, text=True).stdout
    assert vitrine.cli("cloudfront", "key").stdout == theirs
    assert "BEGIN" not in vitrine.cli("config").stdout
