"""OpenStack Swift with its S3 layer (s3api) and tempauth: one node, one folder, one replica.

The strictest checker of signatures: it refuses a wrong region and an unsigned x-amz-* header. It has no
If-None-Match on PUT and no PutBucketCors (its CORS is the cluster's configuration, below). Reads
/etc/swift/swift.conf as Debian ships it.
"""

import getpass

from .daemons import Daemons
from .patience import PATIENCE_S
from .ports import free_port

ACCESS_KEY = "vitrine:app"
SECRET_KEY = "vitrine-swift-secret"

# Its servers give up on each other after as little as half a second, and then leave an object out of its
# container's listing, or a server out of everything for a minute: on a busy machine that is a fault of nobody.
PATIENT = f"""
conn_timeout = {PATIENCE_S}
node_timeout = {PATIENCE_S}
container_update_timeout = {PATIENCE_S}
post_quorum_timeout = {PATIENCE_S}
error_suppression_limit = 1000000"""

SERVER = """
[DEFAULT]{patient}
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 1
disable_fallocate = true
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = """
[DEFAULT]{patient}
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
workers = 1
cors_allow_origin = *
cors_expose_headers = ETag
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth copy bulk slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{cache_port}
connect_timeout = {patience_s}
pool_timeout = {patience_s}
io_timeout = {patience_s}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
storage_domain = localhost
cors_preflight_allow_origin = *
[filter:tempauth]
use = egg:swift#tempauth
user_vitrine_app = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:symlink]
use = egg:swift#symlink
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""


class Swift:
    """One proxy at `url`, with one user."""

    name = "swift"
    access_key = ACCESS_KEY
    secret_key = SECRET_KEY
    region = "us-east-1"
    settings = {"S3_CONDITIONAL_PUT": "off"}

    def __init__(self):
        self.daemons = Daemons(self.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        try:
            cache_port = free_port()
            self.daemons.spawn("memcached", "memcached", "-l", "127.0.0.1", "-p", cache_port, "-U", "0",
                               "-m", "16", "-t", "1", "-u", getpass.getuser())
            for kind in ("account", "container", "object"):
                self._start_server(kind)
            self._write("proxy", PROXY, port=self.port, cache_port=cache_port, secret=SECRET_KEY)
            self._spawn("proxy")
            self.daemons.wait_for_http(self.port)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        self.daemons.stop()

    def _start_server(self, kind):
        folder, port = self.daemons.folder, free_port()
        (folder / "devices" / "d1").mkdir(parents=True, exist_ok=True)
        ring = folder / f"{kind}.builder"
        self.daemons.run("swift-ring-builder", ring, "create", "6", "1", "0")
        self.daemons.run("swift-ring-builder", ring, "add", f"r1z1-127.0.0.1:{port}/d1", "100")
        self.daemons.run("swift-ring-builder", ring, "rebalance")
        self._write(kind, SERVER, kind=kind, port=port)
        self._spawn(kind)
        self.daemons.wait_for_http(port)

    def _write(self, name, template, **values):
        (self.daemons.folder / f"{name}.conf").write_text(
            template.format(
            folder=self.daemons.folder, user=getpass.getuser(), patient=PATIENT, patience_s=PATIENCE_S, **values))

    def _spawn(self, kind):
        self.daemons.spawn(kind, f"/usr/bin/swift-{kind}-server", self.daemons.folder / f"{kind}.conf", "-v")
