"""How long tests wait: until something is so, and never for a while.

A wait that is for nothing any more ends at once, so a long limit costs nothing. It has to do on a machine that
is ten times slower and busy with other things.
"""

import time

PATIENCE_S = 300


def wait_until(condition, what="it", pause_s=0.05):
    """What condition() gives as soon as that is true of it; AssertionError when it never is."""
    end = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {PATIENCE_S} s"
        time.sleep(pause_s)
    return found
