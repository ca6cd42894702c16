"""An issuer of tokens: keys, a signer, and a real HTTP server for its key set."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Longer than a run of the suite, as parameters of tests are created when it begins.
AN_HOUR = 3600
ISSUER, AUDIENCE = "https://issuer.example", "chat"


class Key:
    """A key pair, whose public half is a member of the issuer's key set."""

    def __init__(self, kid: str, algorithm: str = "ES256", **fields: Any) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.private: Any
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=fields.pop("bits", 2048))
        # The public key names the operations of the signer as its `key_ops`.
        shown = jwt.get_algorithm_by_name(algorithm).to_jwk(self.private.public_key(), as_dict=True)
        self.public = {**shown, "kid": kid, "use": "sig", "alg": algorithm, **fields}

    def sign(self, claims: dict[str, Any] | None = None, **headers: Any) -> str:
        """Return a valid token with these claims and headers changed; None removes an entry."""
        return sign(self.private, self.algorithm, claims, **{"kid": self.kid, **headers})


def sign(key: Any, algorithm: str, claims: dict[str, Any] | None = None, **headers: Any) -> str:
    body = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "exp": time.time() + AN_HOUR,
        "scope": "read",
        **(claims or {}),
    }
    body = {name: value for name, value in body.items() if value is not None}
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.encode(body, key, algorithm, headers=headers)


class KeyServer:
    """A server of a key set; tests replace `answer` to make it misbehave."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.hits = 0
        self.answer: Callable[[http.server.BaseHTTPRequestHandler], None] = self.show

    def show(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.send(request, json.dumps({"keys": [key.public for key in self.keys]}).encode())

    @staticmethod
    def send(
        request: http.server.BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str
    ) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        with contextlib.suppress(OSError):  # the reader may have stopped
            request.wfile.write(body)

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve over loopback until the block ends, and yield the key set's URL."""
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.hits += 1
                owner.answer(self)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
            )
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/keys"
            finally:
                server.shutdown()
                thread.join()
