"""Ceph's S3 gateway (radosgw) on one monitor and one storage daemon that keeps its data in memory.

No systemd, no manager, no cephx; nothing in /etc/ceph is read. It refuses If-None-Match: * (412) and
keeps CORS per bucket, as S3 does; it checks neither the region nor x-amz-checksum-sha256.
"""

import base64
import json
import uuid

from .daemons import Daemons
from .patience import PATIENCE_S
from .ports import free_port

ACCESS_KEY = "VITRINEACCESS"
SECRET_KEY = "vitrine-secret-key-for-loopback-tests-only"

KMS_KEY = "vitrine-key"
KMS_SECRET = base64.b64encode(b"vitrine-kms-test-key-32-bytes-ok").decode()

STS_KEY = "vitrine-sts-16by"  # 16 bytes, which radosgw wants: it seals what session tokens hold
STS_ROLE = "arn:aws:iam:::role/vitrine-uploader"

CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_v2}/0,v1:127.0.0.1:{mon_v1}/0]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
public addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.daemon.log
mon cluster log file = {folder}/cluster.daemon.log
keyring = {folder}/keyring
crash dir = {folder}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 1
[mon]
mon data = {folder}/mon
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd memory target = 939524096
[client]
# radosgw wants an encrypted link to the monitor, which needs cephx; without this it waits for ever
ms mon client mode = crc
rgw data = {folder}/rgw
rgw dns name = localhost
rgw thread pool size = 32
rgw num rados handles = 1
rgw run sync thread = false
# nobody here needs what works behind the requests; and the thread of one of them has taken the gateway down with it
rgw dynamic resharding = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = {kms_key}={kms_secret}
rgw s3 auth use sts = true
rgw sts key = {sts_key}
rgw frontends = beast endpoint=127.0.0.1:{port}
"""


class Ceph:
    """One gateway at `url`, with one user."""

    name = "ceph"
    access_key = ACCESS_KEY
    secret_key = SECRET_KEY
    kms_key = KMS_KEY
    region = "us-east-1"
    settings = {"S3_POST_POLICY": "on"}  # else as S3 as it gets

    def __init__(self):
        self.daemons = Daemons(self.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.conf = self.daemons.folder / "ceph.conf"

    def start(self):
        try:
            self._write_configuration()
            self._start_monitor()
            self._start_storage()
            self.daemons.spawn("radosgw", "radosgw", "-c", self.conf, "-n", "client.rgw", "-f")
            self.daemons.wait_for_http(self.port)
            self.daemons.run("radosgw-admin", "-c", self.conf, "user", "create", "--uid", "vitrine",
                             "--display-name", "vitrine", "--access-key", ACCESS_KEY,
                             "--secret-key", SECRET_KEY)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        self.daemons.stop()

    def admin(self, *arguments):
        """radosgw-admin on this gateway; what it prints."""
        return self.daemons.run("radosgw-admin", "-c", self.conf, *arguments)

    def create_role(self):
        """A role that the user may assume, with all rights on buckets; its ARN."""
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/vitrine"]}, "Action": ["sts:AssumeRole"]}]}
        rights = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["s3:*"], "Resource": "arn:aws:s3:::*"}]}
        name = STS_ROLE.rpartition("/")[2]
        self.admin("role", "create", "--role-name", name, "--path", "/",
                   "--assume-role-policy-doc", json.dumps(trust))
        self.admin("role-policy", "put", "--role-name", name, "--policy-name", "buckets",
                   "--policy-doc", json.dumps(rights))
        return STS_ROLE

    def _ceph(self, *arguments, check=True):
        return self.daemons.run("ceph", "-c", self.conf, "--connect-timeout", str(PATIENCE_S), *arguments, check=check)

    def _write_configuration(self):
        folder = self.daemons.folder
        self.fsid = str(uuid.uuid4())
        self.ports = {"mon_v2": free_port(), "mon_v1": free_port()}
        self.conf.write_text(CONFIGURATION.format(
            folder=folder, fsid=self.fsid, port=self.port, kms_key=KMS_KEY, kms_secret=KMS_SECRET, sts_key=STS_KEY,
            **self.ports))
        for name in ("mon", "osd", "rgw"):
            (folder / name).mkdir()
        (folder / "keyring").touch()

    def _start_monitor(self):
        folder = self.daemons.folder
        addresses = "[v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}]".format(**self.ports)
        self.daemons.run("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", addresses,
                         folder / "monmap")
        self.daemons.run("ceph-mon", "-c", self.conf, "--mkfs", "-i", "a", "--monmap", folder / "monmap")
        self.daemons.spawn("monitor", "ceph-mon", "-c", self.conf, "-i", "a", "-f")
        self._ceph("config", "set", "mon", "auth_allow_insecure_global_id_reclaim", "false")

    def _start_storage(self):
        osd = str(uuid.uuid4())
        self._ceph("osd", "new", osd, "0")
        self.daemons.run("ceph-osd", "-c", self.conf, "-i", "0", "--mkfs", "--osd-uuid", osd)
        self.daemons.spawn("osd", "ceph-osd", "-c", self.conf, "-i", "0", "-f")
        self.daemons.wait_until(
            "the storage daemon is up", lambda: "1 up" in self._ceph("osd", "stat", check=False))
