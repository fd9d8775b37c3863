"""A stand-in for an identity provider: keys that can be changed, and a JWKS address that can misbehave.

Order of use: `with Issuer() as issuer`, issuer.token(email=...), issuer.behave("slow"). Everything is on loopback.
"""

import base64
import http.server
import json
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .patience import PATIENCE_S

AUDIENCE = "vitrine-tests"


def _number(value, size=None):
    size = size or (value.bit_length() + 7) // 8
    return base64.urlsafe_b64encode(value.to_bytes(size, "big")).rstrip(b"=").decode()


class Key:
    """A private key and its public JWK."""

    def __init__(self, kid, algorithm="RS256"):
        self.kid, self.algorithm = kid, algorithm
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            numbers = self.private.public_key().public_numbers()
            self.jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            numbers = self.private.public_key().public_numbers()
            self.jwk = {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
        self.jwk.update(kid=kid, use="sig", alg=algorithm)


class Issuer:
    def __init__(self):
        self.keys = [Key("first"), Key("curve", "ES256")]
        self.asked = 0
        self.behaviour = "good"
        self.done = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.server.shutdown()
        self.server.server_close()

    def settings(self, **more):
        """What Vitrine has to be told to trust this issuer."""
        return {"JWT_ISSUER_URL": self.url + "/", "JWT_JWKS_URL": self.url + "/keys", "JWT_AUDIENCE": AUDIENCE,
                "JWT_JWKS_PRIVATE": "on", "JWT_JWKS_REFRESH": "1", **more}

    def behave(self, how):
        self.behaviour = how

    def rotate(self, kid):
        """Only one new key from now on."""
        self.keys = [Key(kid)]

    def answer(self, handler):
        body = json.dumps({"keys": [{"kty": "oct", "k": "AAAA"}, 7] + [key.jwk for key in self.keys]}).encode()
        status, headers = 200, {}
        if self.behaviour == "slow":
            self.done.wait(PATIENCE_S)  # longer than anybody waits for it
        elif self.behaviour == "error":
            status, body = 500, b"{}"
        elif self.behaviour == "garbage":
            body = b"\xff\xfe<html>" * 10
        elif self.behaviour == "empty":
            body = b'{"keys": []}'
        elif self.behaviour == "huge":
            body = b'{"keys": [' + b'{"kty": "oct"},' * 100_000 + b"7]}"
        elif self.behaviour == "redirect":
            status, headers = 302, {"Location": self.url + "/elsewhere"}
            if handler.path == "/elsewhere":
                status, headers = 200, {}
        try:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            pass  # it has seen enough

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.url + "/", "aud": AUDIENCE, "sub": "someone", "iat": now, "exp": now + 600}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key=0, headers=None, **changes):
        key = self.keys[key] if isinstance(key, int) else key
        return jwt.encode(self.claims(**changes), key.private, algorithm=key.algorithm,
                          headers={"kid": key.kid, **(headers or {})})
