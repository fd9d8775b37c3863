"""Fixtures of the S3 ring: Vitrine over S3 servers that others wrote, reached by settings alone.

    storage     Ceph's gateway and OpenStack Swift, each started once
    vitrine     Vitrine on that storage; its uploads expire after a day, so nothing here races
    hasty       Vitrine on the same storage whose grants and display URLs live 1 and 2 seconds
    admin       a browser signed in to `vitrine`
"""

import pytest

from harness.ceph import Ceph
from harness.swift import Swift
from harness.vitrine import Vitrine


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the groups
def pytest_collection_modifyitems(items):
    """Each storage is started by one process of those that share the tests."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        storage = parameters.get("storage")
        item.add_marker(pytest.mark.xdist_group(storage.__name__ if storage else item.path.stem))


def settings_for(storage, **more):
    return {
        "S3_ENDPOINT_URL": storage.url,
        "S3_BUCKET": "vitrine-ring",
        "S3_REGION": storage.region,
        "S3_ACCESS_KEY_ID": storage.access_key,
        "S3_SECRET_ACCESS_KEY": storage.secret_key,
        **storage.settings,
        **more,
    }


@pytest.fixture(scope="session", params=[Swift, Ceph], ids=["swift", "ceph"])
def storage(request):
    started = request.param().start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def vitrine(storage):
    # each web server once, with storage elsewhere
    server = {"swift": "lighttpd", "ceph": "nginx"}[storage.name]
    with Vitrine(server, **settings_for(storage, PRESIGNED_URL_EXPIRATION=86400)) as running:
        yield running


@pytest.fixture(scope="session")
def hasty(storage):
    with Vitrine(**settings_for(storage, PRESIGNED_URL_EXPIRATION=1, DISPLAY_URL_EXPIRATION=2)) as running:
        yield running


@pytest.fixture(scope="session")
def admin(vitrine):
    return vitrine.admin()
