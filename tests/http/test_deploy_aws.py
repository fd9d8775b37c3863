"""deploy/aws: its policies allow what the program calls and no more, and AWS' own command line accepts every call
of its script. No account is needed: `aws --generate-cli-skeleton output` compares a call with the model of its
service and answers a sample."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
AWS = ROOT / "deploy" / "aws"
SETUP = AWS / "cloudfront-setup"
CLI = "/usr/bin/aws"  # Debian's; another may come first in PATH

# What each call of remote/s3.h, remote/s3_multipart.h and sign/presign.h needs (Service Authorization Reference, Amazon S3).
ACTIONS = {
    "s3_head": "s3:GetObject", "s3_get": "s3:GetObject", "s3_get_stream": "s3:GetObject", "presign_get": "s3:GetObject",
    "s3_put": "s3:PutObject", "presign_put": "s3:PutObject", "s3_delete": "s3:DeleteObject",
    "s3_delete_many": "s3:DeleteObject", "s3_delete_match": "s3:DeleteObject",
    "s3_list": "s3:ListBucket", "s3_head_bucket": "s3:ListBucket",
    "s3_multipart_create": "s3:PutObject", "presign_part": "s3:PutObject", "s3_multipart_complete": "s3:PutObject",
    "s3_multipart_parts": "s3:ListMultipartUploadParts", "s3_multipart_abort": "s3:AbortMultipartUpload",
    "s3_multipart_list": "s3:ListBucketMultipartUploads",
    "s3_create_bucket": "s3:CreateBucket",
    "s3_put_bucket_cors": "s3:PutBucketCORS", "s3_get_bucket_cors": "s3:GetBucketCORS",
}
NO_REQUESTS = {"s3_client_init", "s3_client_clear", "s3_failure_sentence"}


def statements(name):
    return json.loads((AWS / name).read_text())["Statement"]


def actions(*names):
    found = set()
    for name in names:
        for statement in statements(name):
            listed = statement["Action"]
            found |= {listed} if isinstance(listed, str) else set(listed)
    return found


def calls(paths):
    headers = "".join((ROOT / "src/remote" / name).read_text() for name in ("s3.h", "s3_multipart.h"))
    known = set(re.findall(r"^(?:enum status|void) (s3_\w+)\(", headers, re.M)) | {"presign_get", "presign_put", "presign_part"}
    text = "\n".join(path.read_text() for path in paths)
    return {name for name in known if re.search(rf"\b{name}\(", text)}


def sources():
    return [path for path in (ROOT / "src").rglob("*.c") if path.parent.name not in ("remote", "sign", "objects")]


@pytest.mark.parametrize("path", sorted(AWS.glob("*.json")), ids=lambda path: path.name)
def test_each_document_is_json_and_names_no_account(path):
    text = path.read_text()
    json.loads(text)
    assert not re.search(r"\b\d{12}\b", text)


def test_every_call_of_the_storage_client_has_its_action():
    for name in calls(sources()):
        assert name in ACTIONS or name in NO_REQUESTS, f"say which action {name} needs"


def test_the_policy_allows_what_is_called_and_no_more():
    init_only = {"s3_create_bucket", "s3_put_bucket_cors"}
    wanted = {ACTIONS[name] for name in calls(sources()) - NO_REQUESTS - init_only}
    assert actions("iam-policy.json") == wanted
    assert actions("iam-policy-init.json") == {ACTIONS[name] for name in init_only & calls(sources())}


def test_the_policies_hold_every_folder_that_keys_are_in_and_nothing_else():
    code = (ROOT / "src/domain/asset_key.c").read_text()
    folders = set(re.findall(r'"(images|uploads|users|[a-z]+)/%', code))
    assert {"images", "uploads", "users"} <= folders
    wanted = {f"arn:aws:s3:::BUCKET/{folder}/*" for folder in folders}
    assert set(statements("iam-policy.json")[0]["Resource"]) == wanted
    cdn = [s for s in statements("bucket-policy.json") if s["Effect"] == "Allow"]
    assert [set(s["Resource"]) for s in cdn] == [wanted]
    assert cdn[0]["Principal"] == {"Service": "cloudfront.amazonaws.com"} and "AWS:SourceArn" in json.dumps(cdn)


def test_nothing_is_allowed_on_everything():
    for name in ("iam-policy.json", "iam-policy-init.json", "iam-policy-kms.json", "bucket-policy.json"):
        for statement in statements(name):
            if statement["Effect"] == "Allow":
                assert "*" not in json.dumps(statement["Action"]) and statement.get("Principal") != "*"
                assert statement["Resource"] != "*"


def test_the_script_has_no_findings_of_shellcheck():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    subprocess.run(["shellcheck", SETUP], check=True)


def run_setup(folder, *options, path=None, check=True):
    environment = {"PATH": path or os.environ["PATH"], "HOME": str(folder), "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run([SETUP, "--bucket", "my-images", "--region", "eu-central-1", *options], cwd=folder, text=True,
                          env=environment, capture_output=True, check=check,
                          timeout=2 * PATIENCE_S)  # a dozen programs


def test_a_dry_run_makes_nothing_and_asks_nobody(tmp_path):
    alarm = tmp_path / "bin" / "aws"
    alarm.parent.mkdir()
    alarm.write_text("#!/bin/sh\ntouch called\nexit 1\n")
    alarm.chmod(0o755)
    done = run_setup(tmp_path, "--dry-run", path=f"{alarm.parent}:{os.environ['PATH']}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin"]
    documents = [json.loads(text) for text in re.findall(r"^\{\n.*?^\}$", done.stderr, re.M | re.S)]
    assert len(documents) == 7
    behaviour = documents[5]["DefaultCacheBehavior"]
    assert behaviour["TrustedKeyGroups"] == {"Enabled": True, "Quantity": 1, "Items": ["KEY_GROUP_ID"]}
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    assert "arn:aws:s3:::my-images/users/*" in json.dumps(documents[6])
    assert "CLOUDFRONT_KEY_PAIR_ID=PUBLIC_KEY_ID" in done.stdout


# Awscli 2.9 cannot make a sample of a distribution that passes its own checks (origin groups), so that call is
# compared with the model by botocore, which awscli is made of.
STAND_IN = """#!/usr/bin/python3
import json, os, sys
words = sys.argv[1:]
open("{calls}", "a").write(" ".join(words[:2]) + "\\n")
if words[1] == "list-distributions":
    print("{{}}")
elif words[1] == "create-distribution":
    import botocore.session, botocore.validate
    model = botocore.session.get_session().get_service_model("cloudfront").operation_model("CreateDistribution")
    config = json.loads(words[words.index("--distribution-config") + 1])
    config["HttpVersion"] = "http2"  # botocore may be older than http2and3; it checks the rest
    report = botocore.validate.ParamValidator().validate({{"DistributionConfig": config}}, model.input_shape)
    if report.has_errors():
        sys.exit(report.generate_report())
    print(json.dumps({{"Distribution": {{"Id": "Id", "DomainName": "d1.cloudfront.net", "ARN": "arn:aws:cloudfront::1:distribution/Id"}}}}))
else:
    os.execv("{cli}", ["{cli}", *words, "--generate-cli-skeleton", "output", "--region", "us-east-1"])
"""


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_aws_accepts_every_call_of_the_script(tmp_path, kind):
    if not Path(CLI).exists():
        pytest.skip("awscli is not installed")
    stand_in = tmp_path / "bin" / "aws"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN.format(calls=tmp_path / "calls", cli=CLI))
    stand_in.chmod(0o755)
    done = run_setup(tmp_path, "--key-type", kind, "--key-file", "key.pem", "--replace-bucket-policy", "--alias", "cdn.example.org",
                     "--certificate-arn", "arn:aws:acm:us-east-1:111122223333:certificate/x",
                     path=f"{stand_in.parent}:{os.environ['PATH']}")
    assert "CLOUDFRONT_DOMAIN=cdn.example.org" in done.stdout and "CLOUDFRONT_KEY_PAIR_ID=Id" in done.stdout
    called = (tmp_path / "calls").read_text().split("\n")
    assert [call.split()[1] for call in called if " create-" in call or " put-" in call] == [
        "create-public-key", "create-key-group", "create-origin-access-control", "create-cache-policy",
        "create-response-headers-policy", "create-distribution", "put-bucket-policy"]
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_call_that_fails_ends_the_script(tmp_path):
    broken = tmp_path / "bin" / "aws"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no >&2\nexit 254\n")
    broken.chmod(0o755)
    done = run_setup(tmp_path, path=f"{broken.parent}:{os.environ['PATH']}", check=False)
    assert done.returncode != 0 and "CLOUDFRONT_DOMAIN" not in done.stdout


@pytest.mark.parametrize("operation, option, name", [
    ("put-bucket-cors", "--cors-configuration", "cors.json"),
    ("put-bucket-lifecycle-configuration", "--lifecycle-configuration", "lifecycle.json"),
])
def test_aws_accepts_the_bucket_documents(operation, option, name):
    if not Path(CLI).exists():
        pytest.skip("awscli is not installed")
    subprocess.run([CLI, "s3api", operation, "--bucket", "b", option, f"file://{AWS / name}", "--region", "us-east-1",
                    "--generate-cli-skeleton", "output"], check=True, capture_output=True)
