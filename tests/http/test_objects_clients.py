"""The command lines that people have: aws, s3cmd and rclone of Debian put, get, list and delete."""

import os
import shutil
import subprocess

import pytest

from harness.patience import PATIENCE_S
from objects_server import ACCESS_KEY, REGION, SECRET_KEY, bucket, objects, s3  # noqa: F401

NAMES = ["plain.jpg", "with space.png", "ünïcode/日本語.webp", "deep/er/and+plus & more.gif"]


def program(name):
    path = f"/usr/bin/{name}"  # Debian's: another one may come first in PATH
    return pytest.mark.skipif(not os.path.exists(path), reason=f"{name} is not installed")


@pytest.fixture
def folder(tmp_path):
    """Files to send."""
    for name in NAMES:
        file = tmp_path / "from" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(3000) + name.encode())
    return tmp_path


def same(left, right):
    files = sorted(str(p.relative_to(left)) for p in left.rglob("*") if p.is_file())
    assert files == sorted(NAMES)
    for file in files:
        assert (left / file).read_bytes() == (right / file).read_bytes()


def keys(s3, bucket):  # noqa: F811
    return sorted(o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", []))


def large_file(folder):
    """A file that each of the three sends in parts."""
    file = folder / "large.bin"
    file.write_bytes(os.urandom(1024 * 1024) * 17)
    return file


def came_in_parts(s3, bucket, key="large.bin"):  # noqa: F811
    return "-" in s3.head_object(Bucket=bucket, Key=key)["ETag"]


def run(*command, folder, expect=0, **environment):  # noqa: F811
    result = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=PATIENCE_S, cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"} | environment)
    assert result.returncode == expect, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


# --- aws -----------------------------------------------------------------------------------------------


@program("aws")
def test_aws_puts_gets_lists_and_deletes(objects, s3, bucket, folder):  # noqa: F811
    def aws(*arguments, expect=0):
        return run("/usr/bin/aws", "--endpoint-url", objects.url, *arguments, folder=folder, expect=expect,
                   AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_DEFAULT_REGION=REGION,
                   AWS_EC2_METADATA_DISABLED="true")

    assert bucket in aws("s3", "ls")
    aws("s3", "mb", "s3://made-by-aws")
    aws("s3", "rb", "s3://made-by-aws")
    aws("s3", "cp", "--recursive", "from", f"s3://{bucket}/")
    assert keys(s3, bucket) == sorted(NAMES)
    listing = aws("s3", "ls", "--recursive", f"s3://{bucket}/")
    assert all(name in listing for name in NAMES)
    assert "PRE deep/" in aws("s3", "ls", f"s3://{bucket}/")
    aws("s3", "sync", f"s3://{bucket}/", "back")
    same(folder / "from", folder / "back")
    assert aws("s3", "sync", "from", f"s3://{bucket}/") == ""  # nothing to do
    aws("s3api", "put-object", "--bucket", bucket, "--key", "a", "--body", "from/plain.jpg",
        "--checksum-algorithm", "SHA256", "--content-type", "image/jpeg")
    assert "image/jpeg" in aws("s3api", "head-object", "--bucket", bucket, "--key", "a")
    aws("s3", "rm", "--recursive", f"s3://{bucket}/")
    assert keys(s3, bucket) == []
    large = large_file(folder)
    aws("s3", "cp", "large.bin", f"s3://{bucket}/large.bin")
    assert came_in_parts(s3, bucket)
    aws("s3", "cp", f"s3://{bucket}/large.bin", "again.bin")
    assert (folder / "again.bin").read_bytes() == large.read_bytes()
    assert "NoSuchKey" in aws("s3api", "get-object", "--bucket", bucket, "--key", "a", "x", expect=254)


# --- s3cmd ---------------------------------------------------------------------------------------------


@program("s3cmd")
def test_s3cmd_puts_gets_lists_and_deletes(objects, s3, bucket, folder):  # noqa: F811
    (folder / "s3cfg").write_text(f"""[default]
access_key = {ACCESS_KEY}
secret_key = {SECRET_KEY}
bucket_location = {REGION}
host_base = 127.0.0.1:{objects.port}
host_bucket = 127.0.0.1:{objects.port}
use_https = False
""")

    def s3cmd(*arguments, expect=0):
        return run("/usr/bin/s3cmd", "-c", folder / "s3cfg", "--no-progress", *arguments, folder=folder,
                   expect=expect)

    assert bucket in s3cmd("ls")
    s3cmd("mb", "s3://made-by-s3cmd")
    s3cmd("rb", "s3://made-by-s3cmd")
    s3cmd("put", "--recursive", "from/", f"s3://{bucket}/")
    assert keys(s3, bucket) == sorted(NAMES)
    listing = s3cmd("ls", "--recursive", f"s3://{bucket}")
    assert all(name in listing for name in NAMES)
    assert "DIR" in s3cmd("ls", f"s3://{bucket}/")
    (folder / "back").mkdir()
    s3cmd("sync", f"s3://{bucket}/", "back/")
    same(folder / "from", folder / "back")
    assert "3009" in s3cmd("info", f"s3://{bucket}/plain.jpg")
    s3cmd("del", "--recursive", "--force", f"s3://{bucket}/")
    assert keys(s3, bucket) == []
    large = large_file(folder)
    s3cmd("put", "large.bin", f"s3://{bucket}/large.bin")
    assert came_in_parts(s3, bucket)
    s3cmd("get", f"s3://{bucket}/large.bin", "again.bin")
    assert (folder / "again.bin").read_bytes() == large.read_bytes()
    assert "does not exist" in s3cmd("get", f"s3://{bucket}/plain.jpg", "x", expect=64)


# --- rclone --------------------------------------------------------------------------------------------


@program("rclone")
def test_rclone_puts_gets_lists_and_deletes(objects, s3, bucket, folder):  # noqa: F811
    (folder / "rclone.conf").write_text(f"""[vitrine]
type = s3
provider = Other
access_key_id = {ACCESS_KEY}
secret_access_key = {SECRET_KEY}
region = {REGION}
endpoint = {objects.url}
""")

    def rclone(*arguments):
        return run("/usr/bin/rclone", "--config", folder / "rclone.conf", "--retries", "1", *arguments,
                   folder=folder)

    assert bucket in rclone("lsd", "vitrine:")
    rclone("mkdir", "vitrine:made-by-rclone")
    rclone("rmdir", "vitrine:made-by-rclone")
    rclone("copy", "from", f"vitrine:{bucket}")
    assert keys(s3, bucket) == sorted(NAMES)
    listing = rclone("lsf", "-R", "--files-only", f"vitrine:{bucket}")
    assert sorted(listing.split("\n")[:-1]) == sorted(NAMES)
    rclone("check", "from", f"vitrine:{bucket}")  # sizes and MD5
    rclone("copy", f"vitrine:{bucket}", "back")
    same(folder / "from", folder / "back")
    assert rclone("cat", f"vitrine:{bucket}/plain.jpg", "--offset", "3000") == "plain.jpg"
    rclone("delete", f"vitrine:{bucket}")
    assert keys(s3, bucket) == []
    large = large_file(folder)
    rclone("--s3-upload-cutoff", "5M", "copy", "large.bin", f"vitrine:{bucket}")
    assert came_in_parts(s3, bucket)
    rclone("copyto", f"vitrine:{bucket}/large.bin", "again.bin")
    assert (folder / "again.bin").read_bytes() == large.read_bytes()
