"""The life of a key over all interleavings (tests/model/upload.pml): nothing is lost, and every bug is found."""

import re
import subprocess

import pytest

from harness.vitrine import ROOT

MODEL = ROOT / "tests" / "model" / "upload.pml"
LIMIT_S = 900  # of a machine that does other things too
MEMORY_MB = 1500

# What can be broken, and the options with which it shows.
BUGS = {
    "BUG_COMMIT_WITHOUT_HEAD": "SMALL",
    "BUG_ANSWER_BEFORE_COMMIT": "SMALL",
    "BUG_COMMIT_REVIVES": "",
    "BUG_OBJECT_GOES_FIRST": "SMALL",
    "BUG_ONE_SIGHTING": "SMALL",
    "BUG_SWEEP_TAKES_ANY_STATE": "SMALL",
    "BUG_TIME_IS_READ_AFTERWARDS": "SMALL",
    "BUG_TOMBSTONE_GOES_EARLY": "SMALL",
    "BUG_TOMBSTONE_WITHOUT_CONFIRMATION": "SMALL",
    "BUG_URL_BEFORE_ROW": "SMALL",
    "BUG_RESTORE_REVIVES": "WITH_TRASH",
}


def explore(folder, *options, optimise="-O2"):
    """All states that can be reached: (errors, states, what spin said)."""
    subprocess.run(["spin", "-a", *(f"-D{option}" for option in options if option), MODEL], cwd=folder, check=True,
                   capture_output=True, timeout=LIMIT_S)
    subprocess.run(["gcc", optimise, "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"], cwd=folder,
                   check=True, capture_output=True, timeout=LIMIT_S)
    said = subprocess.run(["./pan", "-m10000"], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S,
                          check=True).stdout
    return int(re.search(r"errors: (\d+)", said).group(1)), int(re.search(r"(\d+) states, stored", said).group(1)), said


@pytest.mark.parametrize("options", [pytest.param("", marks=pytest.mark.slow), "SMALL", "WITH_TRASH", "WITH_BAD"])
def test_over_all_interleavings_nothing_is_lost(tmp_path, options):
    errors, states, said = explore(tmp_path, options)
    assert errors == 0 and "Search not completed" not in said, said
    assert states > 100_000  # it is not empty


@pytest.mark.parametrize("bug", BUGS)
def test_the_model_finds(tmp_path, bug):
    errors, _, said = explore(tmp_path, bug, BUGS[bug], optimise="-O0")
    assert errors == 1 and "assertion violated" in said, said


def test_every_bug_of_the_model_is_tried():
    assert set(re.findall(r"BUG_[A-Z_]+", MODEL.read_text())) - {"BUG_"} == set(BUGS)
