"""The documents say what the programs do: settings, addresses, quoted code, links."""

import json
import re
import subprocess

import pytest

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
    routes = vitrine.cli("routes").stdout.splitlines()
    page = (ROOT / "docs" / "api.md").read_text()
    for line in routes:
        method, path = line.split()[:2]
        if path.startswith(("/images", "/auth/")) or path in ("/health", "/metrics"):
            assert re.search(rf"^### .*{method} {re.escape(path)}\b|^## {method} {re.escape(path)}$", page, re.M), line


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
                            timeout=10, check=True).stdout
    rings = {line.split()[0] for line in listed.splitlines()}
    table = (ROOT / "README.md").read_text().partition("| ring |")[2].partition("\n\n")[0]
    named = set(re.findall(r"[a-z0-9]+", " ".join(re.findall(r"^\| ([a-z0-9, ]+) \|", table, re.M))))
    assert named == rings
