"""Programs that live at another time, by faketime."""

import pathlib

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def in_the_future(hours):
    """Settings with which a program lives so much later. What it waits for it waits for no longer."""
    assert FAKETIME, "tools/install test installs faketime"
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{round(3600 * hours):+}s", "DONT_FAKE_MONOTONIC": "1"}
