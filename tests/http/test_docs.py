"""The documents say what the programs do: settings, addresses, quoted code, links."""

import json
import re
import subprocess

import pytest

from harness.patience import PATIENCE_S
from harness.vitrine import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]




def test_every_setting_is_documented_and_no_other(vitrine):
    known = json.loads(vitrine.cli("config", "--json").stdout)
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.*) \|$", page, re.M))
    assert sorted(rows) == sorted(known)
    for name, setting in known.items():
        assert setting["doc"] in rows[name], f"{name}: the page says {rows[name]}"


def test_every_api_address_is_documented(vitrine):
    routes = json.loads(vitrine.cli("routes", "--json").stdout)
    titles = re.findall(r"^###? (.*)$", (ROOT / "docs" / "api.md").read_text(), re.M)
    named = {name.partition("?")[0] for title in titles for name in title.split(" and ")}
    for route in routes:
        if route["audience"] == "programs":
            assert f"{route['method']} {route['path']}" in named


def test_code_that_the_readme_quotes_stands_in_the_source():
    readme = (ROOT / "README.md").read_text()
    sources = {path: re.sub(r"\s+", " ", path.read_text())
               for path in (ROOT / "src").rglob("*.[ch]")}
    quoted = re.findall(r"^```c\n(.*?)^```$", readme, re.M | re.S)
    assert quoted
    for code in quoted:
        flat = re.sub(r"\s+", " ", code).strip()
        assert any(flat in text for text in sources.values()), f"not in src/:\n{code}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_settings_that_the_readme_names_exist(lighttpd):
    readme = (ROOT / "README.md").read_text()
    page = (ROOT / "docs" / "settings.md").read_text()
    known = set(re.findall(r"`([A-Z0-9_]+)`", page)) | {"SERVER", "BUILD"}
    named = set(re.findall(r"`((?:AWS|S3|JWT|CORS|CLOUDFRONT|OPEN|PATH|MAX|ALLOWED|PRESIGNED|DISPLAY)_[A-Z0-9_]+)\b", readme))
    assert len(named) > 20 and not named - known


def test_files_that_the_readme_names_exist():
    readme = (ROOT / "README.md").read_text()
    named = re.findall(r"`((?:src|docs|tests|tools|templates|static|cgi-bin|deploy)/[\w./-]*)`", readme)
    missing = [name for name in named if not (ROOT / name).exists()]
    assert named and not missing


def test_every_ring_of_the_readme_is_run():
    listed = subprocess.run([ROOT / "tests" / "run", "--list"], capture_output=True, text=True,
                            timeout=PATIENCE_S, check=True).stdout
    rings = {line.split()[0] for line in listed.splitlines()}
    table = (ROOT / "README.md").read_text().partition("| ring |")[2].partition("\n\n")[0]
    named = set(re.findall(r"[a-z0-9]+", " ".join(re.findall(r"^\| ([a-z0-9, ]+) \|", table, re.M))))
    assert named == rings
