"""The credential chain: what each provider says on the wire, in which order they are asked, and that
botocore finds the same keys in the same environment.

No test asks an address outside this machine: instance metadata is always the stand-in, or disabled.
"""

import hashlib
import hmac
import json
import os
import subprocess
import urllib.parse

import pytest

from harness import aws
from harness.patience import PATIENCE_S
from harness.vitrine import BUILD

ROLE = "arn:aws:iam::111122223333:role/vitrine"


class Box:
    """An environment of its own with a home folder, and the command line in it."""

    def __init__(self, folder, metadata):
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "DATA": str(folder / "data"),
            "S3_EMBEDDED": "off", "S3_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "JWT_SECRET": "Zm9yIHRoZSB0ZXN0cyBvZiB0aGUgY3JlZGVudGlhbCBjaGFpbg",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata,
            "AWS_METADATA_SERVICE_TIMEOUT": str(PATIENCE_S),  # botocore's, which waits a second
        }

    def set(self, **settings):
        self.environment.update({name: str(value) for name, value in settings.items()})
        return self

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        return path

    def run(self, *arguments):
        return subprocess.run([BUILD / "vitrine", *arguments], env=self.environment, cwd=self.folder,
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def report(self):
        done = self.run("credentials", "--json")
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["ok"] else 1), done.stderr
        report["log"] = done.stderr
        return report

    def presign(self, expires=300):
        """What a URL that is signed now tells: (key id, token, its signature checks with `secret`)."""
        done = self.run("presign", "get", "a/b c.png", "--expires", str(expires))
        assert done.returncode == 0, done.stderr
        return Signed(done.stdout.strip())


class Signed:
    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.query = dict(urllib.parse.parse_qsl(self.url.query))
        self.key_id = self.query["X-Amz-Credential"].split("/")[0]
        self.token = self.query.get("X-Amz-Security-Token")
        self.life_s = int(self.query["X-Amz-Expires"])

    def is_by(self, secret):
        """SigV4, written once more."""
        _, day, region, service, _ = self.query["X-Amz-Credential"].split("/")
        query = "&".join(part for part in self.url.query.split("&") if not part.startswith("X-Amz-Signature"))
        canonical = "\n".join(["GET", self.url.path, query, f"host:{self.url.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
        scope = f"{day}/{region}/{service}/aws4_request"
        string = "\n".join(["AWS4-HMAC-SHA256", self.query["X-Amz-Date"], scope,
                            hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + secret.encode()
        for part in (day, region, service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.new(key, string.encode(), "sha256").hexdigest() == self.query["X-Amz-Signature"]


@pytest.fixture
def endpoint():
    with aws.Aws() as started:
        yield started


@pytest.fixture
def box(tmp_path, endpoint):
    return Box(tmp_path, endpoint.url)


def expect_keys(box, provider, number=1):
    report = box.report()
    given = aws.keys(number)
    assert report["ok"], report
    assert (report["provider"], report["temporary"]) == (provider, True)
    assert report["key_id"] == "ASIA..." + given["AccessKeyId"][-4:]
    signed = box.presign()
    assert (signed.key_id, signed.token) == (given["AccessKeyId"], given["Token"])
    assert signed.is_by(given["SecretAccessKey"])
    shown = json.dumps(report)
    assert given["SecretAccessKey"] not in shown and given["Token"] not in shown
    return report


def expect_reason(box, provider, words):
    report = box.report()
    assert not report["ok"], report
    assert words in report["tried"][provider], report["tried"]
    assert "there are no credentials" in report["log"]
    return report


# --- instance metadata ---

class Metadata:
    """IMDSv2 as an instance has it: a token by PUT with its life, no answer without one."""

    def __init__(self, **changes):
        self.changes = changes
        self.tokens = 0

    def __call__(self, request):
        for path, answer in self.changes.items():
            if request.path == path:
                return answer(self, request) if callable(answer) else answer
        if request.path == "/latest/api/token":
            if request.method != "PUT" or not 1 <= int(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]) <= 21600:
                return aws.text("", 400)
            self.tokens += 1
            return aws.text(f"AQAE-token-{self.tokens}==")
        if request.headers.get("x-aws-ec2-metadata-token") != f"AQAE-token-{self.tokens}==":
            return aws.text("", 401)
        if request.path == "/latest/meta-data/iam/security-credentials/":
            return aws.text("vitrine-role")
        if request.path == "/latest/meta-data/iam/security-credentials/vitrine-role":
            return aws.metadata_keys()
        return aws.text("", 404)


TOKEN = "/latest/api/token"
LIST = "/latest/meta-data/iam/security-credentials/"


def test_an_instance_gives_the_keys_of_its_role(box, endpoint):
    endpoint.respond = Metadata()
    report = expect_keys(box, "instance")
    assert report["origin"] == "role vitrine-role"
    assert [(request.method, request.path) for request in endpoint.requests[:3]] == [
        ("PUT", TOKEN), ("GET", LIST), ("GET", LIST + "vitrine-role")]


def test_a_metadata_token_that_died_is_replaced_once(box, endpoint):
    def expired(metadata, request):
        if metadata.tokens == 1:
            return aws.text("", 401)
        return aws.text("vitrine-role")
    endpoint.respond = Metadata(**{LIST: expired})
    box.report()
    assert [request.method for request in endpoint.requests] == ["PUT", "GET", "PUT", "GET", "GET"]

    endpoint.requests.clear()
    endpoint.respond = Metadata(**{LIST: aws.text("", 401)})
    expect_reason(box, "instance", "answered 401")
    assert len(endpoint.requests) == 4


@pytest.mark.parametrize("changes, words", [
    ({TOKEN: aws.text("", 403)}, "answered 403"),
    ({TOKEN: aws.text("", 404)}, "answered 404"),
    ({TOKEN: aws.SILENCE}, "one hop only"),
    ({TOKEN: None}, "broke off"),
    ({TOKEN: aws.text("a token\r\nwith: a header")}, "token that is none"),
    ({TOKEN: aws.text("")}, "token that is none"),
    ({LIST: aws.text("", 404)}, "no role is attached"),
    ({LIST: aws.text("../../user-data")}, "role name that is none"),
    ({LIST: aws.text("")}, "role name that is none"),
    ({LIST: aws.text("", 500)}, "answered 500"),
    ({LIST + "vitrine-role": aws.text("<html>garbage")}, "no JSON object"),
    ({LIST + "vitrine-role": aws.text("[1, 2]")}, "no JSON object"),
    ({LIST + "vitrine-role": aws.text("{\"AccessKeyId\": 7}")}, "without AccessKeyId"),
    ({LIST + "vitrine-role": aws.as_json({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot"})},
     "AssumeRoleUnauthorizedAccess"),
    ({LIST + "vitrine-role": aws.as_json({**aws.keys(), "Expiration": "tomorrow"})}, "no time"),
    ({LIST + "vitrine-role": aws.metadata_keys(1, -5)}, "expired already"),
    ({LIST + "vitrine-role": aws.as_json({**aws.keys(), "Token": "two\nlines"})}, "session token"),
    ({LIST + "vitrine-role": aws.text("x" * 100000)}, "far too much"),
    ({LIST + "vitrine-role": aws.SILENCE}, "did not answer in time"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_an_instance_that_gives_no_keys_is_explained(box, endpoint, changes, words):
    endpoint.respond = Metadata(**changes)
    expect_reason(box, "instance", words)


def test_nobody_at_the_metadata_address_is_said(box):
    box.set(AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1")
    expect_reason(box, "instance", "cannot be reached")


def test_metadata_can_be_disabled(box, endpoint):
    box.set(AWS_EC2_METADATA_DISABLED="true")
    expect_reason(box, "instance", "AWS_EC2_METADATA_DISABLED")
    assert endpoint.requests == []


# --- containers ---

def test_a_container_gives_its_keys(box, endpoint):
    endpoint.respond = lambda request: aws.as_json({"RoleArn": ROLE, **aws.keys(2)})
    box.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url + "/v2/credentials?id=7%2F8")
    expect_keys(box, "container", 2)
    assert (endpoint.requests[0].method, endpoint.requests[0].path) == ("GET", "/v2/credentials?id=7%2F8")
    assert "authorization" not in endpoint.requests[0].headers


def test_a_containers_token_is_sent_and_its_file_is_read_anew(box, endpoint):
    endpoint.respond = lambda request: aws.as_json(aws.keys(2))
    box.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url + "/", AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer one")
    box.report()
    box.set(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=box.write("token", "Bearer two\n"))
    box.report()
    box.write("token", "Bearer three")
    box.report()
    assert [request.headers["authorization"] for request in endpoint.requests] == ["Bearer one", "Bearer two", "Bearer three"]


@pytest.mark.parametrize("uri", [
    "http://169.254.169.254/keys", "http://example.org/keys", "http://127.0.0.1.example.org/", "http://127.0.0.1@example.org/",
    "http://169.254.170.22/", "ftp://127.0.0.1/", "127.0.0.1/keys", "http://localhost.example.org/", "http:///keys"])
def test_a_containers_keys_are_asked_of_no_stranger(box, endpoint, uri):
    box.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=uri, AWS_CONTAINER_AUTHORIZATION_TOKEN="secret")
    expect_reason(box, "container", "must be https, or http at this machine")
    assert endpoint.requests == []


@pytest.mark.parametrize("answer, words", [
    (aws.text("", 404), "answered 404"), (aws.text("", 401), "answered 401"), (aws.text("nonsense"), "no JSON object"),
    (aws.SILENCE, "did not answer in time"), (None, "broke off"), (aws.text("", 302), "answered 302"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_container_that_fails_ends_the_search(box, endpoint, answer, words):
    endpoint.respond = lambda request: answer
    box.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url + "/v2")
    report = expect_reason(box, "container", words)
    assert "instance" not in report["tried"]
    assert all(request.path == "/v2" for request in endpoint.requests)


def test_a_token_with_line_breaks_is_not_sent(box, endpoint):
    box.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url,
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=box.write("token", "a\r\nHost: b"))
    expect_reason(box, "container", "line breaks")
    assert endpoint.requests == []


# --- web identity ---

def web_identity(box, endpoint):
    return box.set(AWS_WEB_IDENTITY_TOKEN_FILE=box.write("jwt", "header.payload+/=.signature\n"), AWS_ROLE_ARN=ROLE,
                   AWS_ROLE_SESSION_NAME="one@two", AWS_ENDPOINT_URL_STS=endpoint.url)


def test_a_web_identity_gives_a_roles_keys(box, endpoint):
    endpoint.respond = lambda request: aws.sts_answer("AssumeRoleWithWebIdentity", 3)
    report = expect_keys(web_identity(box, endpoint), "web-identity", 3)
    assert report["origin"] == ROLE
    request = endpoint.requests[0]
    assert (request.method, request.path) == ("POST", "/")
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert "authorization" not in request.headers
    assert urllib.parse.parse_qs(request.body, strict_parsing=True) == {
        "Action": ["AssumeRoleWithWebIdentity"], "Version": ["2011-06-15"], "RoleArn": [ROLE],
        "RoleSessionName": ["one@two"], "WebIdentityToken": ["header.payload+/=.signature"]}


@pytest.mark.parametrize("answer, words", [
    (aws.sts_error("ExpiredTokenException"), "400 ExpiredTokenException"),
    (aws.sts_error("AccessDenied", 403), "403 AccessDenied"),
    (aws.text("upstream", 503), "answered 503"),
    (aws.text("<Half><Of>"), "no XML"),
    (aws.text("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), "no XML"),
    (aws.text("<AssumeRoleWithWebIdentityResponse/>"), "without whole credentials"),
    (None, "broke off"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_sts_that_gives_no_keys_is_explained(box, endpoint, answer, words):
    endpoint.respond = lambda request: answer
    report = expect_reason(web_identity(box, endpoint), "web-identity", words)
    assert "words that may hold a token" not in json.dumps(report)
    assert "container" not in report["tried"]


def test_a_web_identity_without_its_parts_is_explained(box, endpoint):
    web_identity(box, endpoint).set(AWS_WEB_IDENTITY_TOKEN_FILE=box.folder / "absent")
    expect_reason(box, "web-identity", "cannot be read")
    box.set(AWS_WEB_IDENTITY_TOKEN_FILE=box.write("empty", "\n"))
    expect_reason(box, "web-identity", "is empty")
    web_identity(box, endpoint).set(AWS_ROLE_ARN="")
    expect_reason(box, "web-identity", "no role ARN")
    assert endpoint.requests == []


# --- profiles ---

def test_a_profile_may_assume_a_role_with_anothers_keys(box, endpoint):
    endpoint.respond = lambda request: aws.sts_answer("AssumeRole", 4)
    box.set(AWS_PROFILE="work", AWS_ENDPOINT_URL_STS=endpoint.url)
    box.write(".aws/config", f"[profile work]\nrole_arn = {ROLE}\nsource_profile = base\nexternal_id = x/y\n"
                             "duration_seconds = 900\nrole_session_name = me\n")
    box.write(".aws/credentials", "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = basesecret\n")
    expect_keys(box, "profile", 4)
    request = endpoint.requests[0]
    assert "Credential=AKIABASE/" in request.headers["authorization"]
    assert "/eu-west-1/sts/aws4_request" in request.headers["authorization"]
    assert urllib.parse.parse_qs(request.body) == {
        "Action": ["AssumeRole"], "Version": ["2011-06-15"], "RoleArn": [ROLE], "RoleSessionName": ["me"],
        "ExternalId": ["x/y"], "DurationSeconds": ["900"]}
    assert is_signed_as_botocore_would(request, "AKIABASE", "basesecret", "sts")


def is_signed_as_botocore_would(request, access_key, secret, service):
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    class Then(botocore.auth.SigV4Auth):
        def add_auth(self, request):
            request.context["timestamp"] = request.headers["X-Amz-Date"]
            canonical = self.canonical_request(request)
            return self.signature(self.string_to_sign(request, canonical), request)

    names = request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = botocore.awsrequest.AWSRequest(
        request.method, f"http://{request.headers['host']}{request.path}", data=request.body.encode(),
        headers={name: request.headers[name] for name in names})
    again.context = {}
    signer = Then(botocore.credentials.Credentials(access_key, secret), service, "eu-west-1")
    return request.headers["authorization"].endswith("Signature=" + signer.add_auth(again))


@pytest.mark.parametrize("files, words", [
    ({".aws/credentials": "[default]\naws_access_key_id = AKIA\n"}, "no aws_secret_access_key"),
    ({".aws/credentials": "[default]\nthis is no line\n"}, "line 2 of the shared credentials file"),
    ({".aws/config": "[default]\ncredential_process = /bin/keys\n"}, "credential_process"),
    ({".aws/config": "[default]\nsso_start_url = https://x\n"}, "sso_start_url"),
    ({".aws/config": f"[default]\nrole_arn = {ROLE}\nsource_profile = other\n"}, "source_profile other"),
    ({".aws/config": f"[default]\nrole_arn = {ROLE}\n"}, "neither source_profile"),
    ({".aws/config": f"[default]\nrole_arn={ROLE}\nsource_profile=b\n[profile b]\nrole_arn={ROLE}\nsource_profile=default\n"},
     "circle"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_profile_that_cannot_be_used_ends_the_search(box, endpoint, files, words):
    for name, content in files.items():
        box.write(name, content)
    report = expect_reason(box, "profile", words)
    assert "instance" not in report["tried"] and endpoint.requests == []


# --- Secrets Manager ---

def secrets_manager(box, endpoint, secret, status=200):
    def respond(request):
        if request.headers.get("x-amz-target") == "secretsmanager.GetSecretValue":
            if status != 200:
                return aws.text(json.dumps(secret), status, "application/x-amz-json-1.1")
            return aws.text(json.dumps({"ARN": "arn:x", "Name": "vitrine/s3", "SecretString": secret,
                                        "CreatedDate": 1.5e9}), 200, "application/x-amz-json-1.1")
        return Metadata()(request)
    endpoint.respond = respond
    box.write(".aws/credentials", "[default]\naws_access_key_id = AKIABASE\naws_secret_access_key = basesecret\n")
    return box.set(SECRETS_MANAGER_SECRET_ID="vitrine/s3", AWS_ENDPOINT_URL_SECRETS_MANAGER=endpoint.url)


def test_a_secret_gives_keys_and_other_settings(box, endpoint):
    secrets_manager(box, endpoint, json.dumps({
        "S3_ACCESS_KEY_ID": "AKIAOFSECRET", "S3_SECRET_ACCESS_KEY": "kept elsewhere", "JWT_SECRET": "x" * 3}))
    report = box.report()
    assert (report["provider"], report["key_id"], report["origin"]) == ("secrets-manager", "AKIA...CRET", "vitrine/s3")
    signed = box.presign()
    assert signed.key_id == "AKIAOFSECRET" and signed.is_by("kept elsewhere")
    request = endpoint.requests[0]
    assert json.loads(request.body) == {"SecretId": "vitrine/s3"}
    assert request.headers["content-type"] == "application/x-amz-json-1.1"
    assert is_signed_as_botocore_would(request, "AKIABASE", "basesecret", "secretsmanager")

    del box.environment["JWT_SECRET"]  # a weak one in the secret is a problem: so it was read
    done = box.run("presign", "get", "a")
    assert done.returncode == 2 and "JWT_SECRET" in done.stderr and "xxx" not in done.stderr


def test_a_secret_without_keys_leaves_them_to_the_chain(box, endpoint):
    secrets_manager(box, endpoint, json.dumps({"JWT_SECRET": "y" * 50}))
    assert box.report()["provider"] == "profile"
    assert box.presign().key_id == "AKIABASE"


def test_a_secret_can_hold_the_key_of_cloudfront(box, endpoint):
    pem = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=pem, check=True, capture_output=True, text=True).stdout
    secrets_manager(box, endpoint, json.dumps({"CLOUDFRONT_PRIVATE_KEY": pem}))
    box.set(CLOUDFRONT_DOMAIN="d1.cloudfront.net", CLOUDFRONT_KEY_PAIR_ID="K1")
    done = box.run("cloudfront", "key")
    assert (done.returncode, done.stdout) == (0, public), done.stderr
    secrets_manager(box, endpoint, json.dumps({"CLOUDFRONT_PRIVATE_KEY": public}))
    done = box.run("cloudfront", "key")
    assert done.returncode == 2 and "is the public half" in done.stderr


@pytest.mark.parametrize("secret, status, words", [
    ("not json", 200, "JSON object"), ("[1]", 200, "JSON object"),
    (json.dumps({"S3_ACCESS_KEY_ID": "AKIA"}), 200, "without its secret"),
    ({"__type": "com.amazonaws.secretsmanager#ResourceNotFoundException", "Message": "no"}, 400,
     "400 ResourceNotFoundException"),
    ({"__type": "AccessDeniedException"}, 400, "400 AccessDeniedException"),
], ids=lambda value: value if isinstance(value, str) and " " in value else "")
def test_a_secret_that_cannot_be_read_is_explained(box, endpoint, secret, status, words):
    secrets_manager(box, endpoint, secret, status)
    expect_reason(box, "secrets-manager", words)
    if "without" not in words:
        done = box.run("presign", "get", "a")
        assert done.returncode == 1 and words in done.stderr


# --- order ---

def test_settings_win_and_nobody_is_asked(box, endpoint):
    web_identity(box, endpoint).set(S3_ACCESS_KEY_ID="AKIASETTINGS", S3_SECRET_ACCESS_KEY="of the settings")
    assert box.report()["provider"] == "settings"
    assert endpoint.requests == []


def test_the_embedded_storage_asks_nobody(box, endpoint):
    web_identity(box, endpoint).set(S3_EMBEDDED="on")
    report = box.report()
    assert not report["ok"] and list(report["tried"]) == ["settings"]
    assert endpoint.requests == []


# --- the same as botocore ---

BOTOCORE = """
import botocore.session, botocore.utils, json
botocore.utils.ContainerMetadataFetcher.TIMEOUT_SECONDS = 300
try:
    found = botocore.session.get_session().get_credentials()
    frozen = found and found.get_frozen_credentials()
    print(json.dumps(frozen and [frozen.access_key, frozen.secret_key, frozen.token]))
except Exception as error:
    print(json.dumps(None))
"""

PLAIN = "aws_access_key_id = {0}ID00000000\naws_secret_access_key = {0}secret\n"
A, B, C = (PLAIN.format(name) for name in "ABC")

CASES = {
    "nothing": ({}, {}),
    "environment": ({"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "secret of it"}, {}),
    "environment with token": ({"AWS_ACCESS_KEY_ID": "ASIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "secret of it",
                                "AWS_SESSION_TOKEN": "token"}, {".aws/credentials": "[default]\n" + A}),
    "credentials file": ({}, {".aws/credentials": "[default]\n" + A}),
    "config file": ({}, {".aws/config": "[default]\n" + A}),
    "both files": ({}, {".aws/credentials": "[default]\n" + A, ".aws/config": "[default]\n" + B}),
    "named profile": ({"AWS_PROFILE": "b"}, {".aws/credentials": "[default]\n" + A + "[b]\n" + B}),
    "named profile in config": ({"AWS_PROFILE": "b"}, {".aws/config": "[default]\n" + A + "[profile b]\n" + B}),
    "profile in config without the word": ({"AWS_PROFILE": "b"}, {".aws/config": "[b]\n" + B}),
    "profile that is not there": ({"AWS_PROFILE": "none"}, {".aws/credentials": "[default]\n" + A}),
    "profile without keys": ({"AWS_PROFILE": "b"}, {".aws/config": "[profile b]\nregion = x\n", ".aws/credentials": "[default]\n" + A}),
    "quoted profile": ({"AWS_PROFILE": "my b"}, {".aws/config": "[profile \"my b\"]\n" + B}),
    "token in the file": ({}, {".aws/credentials": "[default]\n" + A + "aws_session_token = a/b+c==\n"}),
    "old token in the file": ({}, {".aws/credentials": "[default]\n" + A + "aws_security_token = old\n"}),
    "other files": ({"AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere", "AWS_CONFIG_FILE": "/nonexistent"},
                    {"elsewhere": "[default]\n" + C, ".aws/credentials": "[default]\n" + A}),
    "comments and case": ({}, {".aws/credentials": "# one\n; two\n[default]\nAWS_ACCESS_KEY_ID: AKIAUPPERCASE\n"
                                                   "aws_secret_access_key=with = and # in it\n"}),
    "nested settings": ({}, {".aws/config": "[default]\ns3 =\n  aws_access_key_id = nested\n  max = 1\n" + A}),
    "windows line ends": ({}, {".aws/credentials": ("[default]\n" + A).replace("\n", "\r\n")}),
    "half a pair": ({}, {".aws/credentials": "[default]\naws_access_key_id = AKIAHALF\n"}),
    "id in one file and secret in the other": ({}, {".aws/credentials": "[default]\naws_secret_access_key = x\n", ".aws/config": "[default]\n" + B}),
    "container": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}, {}),
    "container with token": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/secured", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc"}, {}),
    "container at a stranger": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"}, {}),
    "files before the container": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}, {".aws/credentials": "[default]\n" + A}),
    "instance": ({"AWS_EC2_METADATA_DISABLED": "false"}, {}),
    "container before the instance": ({"AWS_EC2_METADATA_DISABLED": "false", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_botocore_finds_the_same_keys(box, endpoint, name):
    settings, files = CASES[name]
    metadata = Metadata()

    def respond(request):
        if request.path == "/container":
            return aws.as_json(aws.keys(5))
        if request.path == "/secured":
            return aws.as_json(aws.keys(6)) if request.headers.get("authorization") == "Basic abc" else aws.text("", 401)
        return metadata(request)
    endpoint.respond = respond
    box.set(AWS_EC2_METADATA_DISABLED="true")
    box.set(**{key: value.format(url=endpoint.url) for key, value in settings.items()})
    for path, content in files.items():
        box.write(path, content)
    done = subprocess.run(["/usr/bin/python3", "-c", BOTOCORE], env=box.environment, cwd=box.folder, capture_output=True,
                          text=True, timeout=PATIENCE_S, check=True)
    theirs = json.loads(done.stdout)
    if theirs is None:
        assert not box.report()["ok"]
        return
    ours = box.presign()
    assert [ours.key_id, ours.token] == [theirs[0], theirs[2]]
    assert ours.is_by(theirs[1])


# --- the life of URLs ---

def test_a_url_lives_no_longer_than_its_keys(box, endpoint):
    endpoint.respond = lambda request: aws.as_json(aws.keys(7, life_s=200))
    box.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url)
    assert box.presign(100).life_s == 100
    assert 190 <= box.presign(604800).life_s <= 200
    endpoint.respond = lambda request: aws.as_json(aws.keys(7, life_s=5))
    done = box.run("presign", "get", "a")
    assert done.returncode == 1 and "no credentials" in done.stderr
