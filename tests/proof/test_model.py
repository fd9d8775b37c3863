"""The life of a key, and of an upload in parts, over all interleavings: nothing is lost, and every bug is found."""

import re
import subprocess

import pytest

from harness.vitrine import ROOT

MODELS = ROOT / "tests" / "model"
LIMIT_S = 900  # of a machine that does other things too
MEMORY_MB = 1500

# What can be broken, and the options with which it shows.
BUGS = {"upload.pml": {
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
}, "upload_parts.pml": {
    "BUG_ABORT_IS_BELIEVED": "SMALL",
    "BUG_ANSWER_BEFORE_COMMIT": "SMALL",
    "BUG_COMMIT_REVIVES": "SMALL",
    "BUG_COMPLETE_IS_BELIEVED": "SMALL",
    "BUG_FAILURE_FOR_WHAT_WAS_GIVEN_UP": "SMALL",
    "BUG_NO_SUCH_UPLOAD_IS_FINAL": "SMALL",
    "BUG_RECORD_FORGETS_THE_PARTS": "SMALL",
    "BUG_SWEEP_TAKES_ANY_STATE": "SMALL",
    "BUG_TOMBSTONE_GOES_EARLY": "SMALL",
}}


def explore(folder, model, *options, optimise="-O2"):
    """All states that can be reached: (errors, states, what spin said)."""
    subprocess.run(["spin", "-a", *(f"-D{option}" for option in options if option), MODELS / model], cwd=folder, check=True,
                   capture_output=True, timeout=LIMIT_S)
    subprocess.run(["gcc", optimise, "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"], cwd=folder,
                   check=True, capture_output=True, timeout=LIMIT_S)
    said = subprocess.run(["./pan", "-m10000"], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S,
                          check=True).stdout
    return int(re.search(r"errors: (\d+)", said).group(1)), int(re.search(r"(\d+) states, stored", said).group(1)), said


@pytest.mark.parametrize(("model", "options"), [
    pytest.param("upload.pml", "", marks=pytest.mark.slow), ("upload.pml", "SMALL"), ("upload.pml", "WITH_TRASH"),
    ("upload.pml", "WITH_BAD"), pytest.param("upload_parts.pml", "", marks=pytest.mark.slow),
    ("upload_parts.pml", "SMALL")])
def test_over_all_interleavings_nothing_is_lost(tmp_path, model, options):
    errors, states, said = explore(tmp_path, model, options)
    assert errors == 0 and "Search not completed" not in said, said
    assert states > 100_000  # it is not empty


@pytest.mark.parametrize(("model", "bug"), [(model, bug) for model, bugs in BUGS.items() for bug in bugs])
def test_the_model_finds(tmp_path, model, bug):
    errors, _, said = explore(tmp_path, model, bug, BUGS[model][bug], optimise="-O0")
    assert errors == 1 and "assertion violated" in said, said


@pytest.mark.parametrize("model", BUGS)
def test_every_bug_of_the_model_is_tried(model):
    assert set(re.findall(r"BUG_[A-Z_]+", (MODELS / model).read_text())) - {"BUG_"} == set(BUGS[model])
