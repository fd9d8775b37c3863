"""Every program of examples/ is run as its README says. (The pages: tests/browser/examples.test.mjs.)"""

import os
import subprocess

import pytest

from app_people import PASSWORD, add_user
from app_pictures import png
from harness.patience import PATIENCE_S
from harness.vitrine import ROOT

EXAMPLES = ROOT / "examples"
RUNNERS = {".sh": ["bash"], ".py": ["/usr/bin/python3"], ".mjs": ["node"]}
PROGRAMS = sorted(path for path in EXAMPLES.rglob("*") if path.suffix in RUNNERS)
NAMES = [str(path.relative_to(EXAMPLES)) for path in PROGRAMS]


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "a boat.png"
    file.write_bytes(png(comment=os.urandom(8).hex().encode()))
    return file


def run(program, vitrine, file, **changes):
    """The finished example, with the environment that its README asks for and nothing of ours."""
    email = add_user(vitrine)
    token = vitrine.cli("token", "add", email, "--name", "example").stdout.split()[-1]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "BASE_URL": vitrine.base_url,
                   "EMAIL": email, "PASSWORD": PASSWORD, "TOKEN": token, **changes}
    return subprocess.run([*RUNNERS[program.suffix], program, file], env=environment, cwd=file.parent,
                          capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_there_is_one_of_each_for_every_api():
    wanted = {f"{api}/{name}" for api in ("000", "001", "002", "003", "004")
              for name in ("curl.sh", "upload.py", "upload.mjs", "page.html")}
    there = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*") if path.is_file()}
    assert there == wanted | {"README.md"}


@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
def test_an_example_does_what_it_says(lighttpd, program, picture):
    done = run(program, lighttpd, picture)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    assert ("uploaded" if program.parent.name == "000" else "delete") in done.stdout.lower()


@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
def test_an_example_says_why_it_did_not_work(lighttpd, program, picture):
    done = run(program, lighttpd, picture, TOKEN="vt_wrong", PASSWORD="wrong, but long enough")
    assert done.returncode != 0
    assert "answered 401: " in done.stderr, done.stdout + done.stderr
    assert "is not" in done.stderr  # the service's own words
