"""boto3 clients of an S3 server, as the tests want them."""

import boto3
import botocore.config
import botocore.exceptions


def s3_client(url, access_key, secret_key, region="us-east-1", **config):
    """A client of the storage at `url`, addressed by path; `config` as botocore.config.Config takes it.

    Without botocore's retries, which would hide a 5xx. But a server may close an idle connection under
    any client (RFC 9112 section 9.3.1): a request that met that is sent once more."""
    s3 = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region,
        config=botocore.config.Config(signature_version="s3v4", **({"s3": {"addressing_style": "path"}} | config)))
    s3.meta.events.unregister("needs-retry.s3", unique_id="retry-config-s3")
    s3.meta.events.register("needs-retry.s3", again_when_closed)
    return s3


def again_when_closed(attempts, caught_exception, **_):
    """botocore's needs-retry: seconds to wait before the next attempt, None: no opinion."""
    closed = isinstance(caught_exception, botocore.exceptions.ConnectionClosedError)
    return 0 if closed and attempts == 1 else None
