"""The ring of the proof. Tests marked `slow` run only with TEST_SLOW=1."""

import os


def pytest_collection_modifyitems(config, items):
    if os.environ.get("TEST_SLOW"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]
