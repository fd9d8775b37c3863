"""Stand-ins for AWS's credential endpoints on one port of this machine: what they are asked is kept,
what they answer is the test's.

An answer is (status, headers, body), SILENCE, or None: hang up.
"""

import http.server
import json
import threading
import time
import xml.sax.saxutils

SILENCE = "as long as the stand-in lives"


def iso(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


def keys(number=1, life_s=3600):
    """One set of temporary keys; all parts tell the number."""
    return {"AccessKeyId": f"ASIASTANDIN{number:05}", "SecretAccessKey": f"secret/of+{number}",
            "Token": f"token/of+{number}==", "Expiration": iso(life_s)}


def text(body, status=200, kind="text/plain"):
    return status, {"Content-Type": kind}, body


def as_json(value, status=200):
    return text(json.dumps(value), status, "application/json")


def metadata_keys(number=1, life_s=3600):
    """As EC2's instance metadata writes them."""
    return text(json.dumps({"Code": "Success", "LastUpdated": iso(-60), "Type": "AWS-HMAC",
                            **keys(number, life_s)}, indent=2))


def sts_answer(action, number=1, life_s=3600):
    """As STS writes it."""
    given = {name: xml.sax.saxutils.escape(value) for name, value in keys(number, life_s).items()}
    return text(f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result>
    <AssumedRoleUser>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:app1</AssumedRoleId>
      <Arn>arn:aws:sts::111122223333:assumed-role/vitrine/app1</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>{given["AccessKeyId"]}</AccessKeyId>
      <SecretAccessKey>{given["SecretAccessKey"]}</SecretAccessKey>
      <SessionToken>{given["Token"]}</SessionToken>
      <Expiration>{given["Expiration"]}</Expiration>
    </Credentials>
  </{action}Result>
  <ResponseMetadata><RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId></ResponseMetadata>
</{action}Response>""", kind="text/xml")


def sts_error(code, status=400):
    return text(f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
  <Type>Sender</Type><Code>{code}</Code><Message>words that may hold a token</Message></Error>
  <RequestId>ad4156e9</RequestId></ErrorResponse>""", status, "text/xml")


class Request:
    def __init__(self, handler, body):
        self.method, self.path, self.body = handler.command, handler.path, body
        self.headers = {name.lower(): value for name, value in handler.headers.items()}


class Aws:
    """`respond(request)` gives each answer; `requests` are what came."""

    def __init__(self, respond=None):
        self.respond = respond
        self.requests = []
        self.ended = threading.Event()
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                request = Request(self, body)
                stand_in.requests.append(request)
                answer = stand_in.respond(request)
                if answer == SILENCE:
                    stand_in.ended.wait()
                    answer = None
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, content = answer
                content = content if isinstance(content, bytes) else content.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
