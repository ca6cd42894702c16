"""The keys of a JSON Web Key Set (RFC 7517) that verify tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jwt

logger = get_logger()

# The type and curve of key that each algorithm needs (RFC 7518, 3.1; RFC 8037, 3.1).
ASYMMETRIC: Mapping[str, tuple[str, tuple[str, ...] | None]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", ("P-256",)),
    "ES384": ("EC", ("P-384",)),
    "ES512": ("EC", ("P-521",)),
    "EdDSA": ("OKP", ("Ed25519", "Ed448")),
}


class KeySet:
    """The usable keys of one JSON Web Key Set.

    Raises:
        ValueError: The document is not a JSON Web Key Set.
    """

    def __init__(self, document: Any) -> None:
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise ValueError("a JSON Web Key Set is an object with a list 'keys'")  # noqa: TRY004  # a ValueError for every malformed set
        self._keys = [key for key in listed if isinstance(key, dict) and _is_for_verifying(key)]
        self._built: dict[tuple[int, str], jwt.PyJWK | None] = {}

    def knows(self, kid: str) -> bool:
        """Return whether the set has a key with this id."""
        return any(key.get("kid") == kid for key in self._keys)

    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the only key that matches a token's key id and algorithm, or None."""
        fitting = [
            index
            for index, candidate in enumerate(self._keys)
            if (kid is None or candidate.get("kid") == kid) and _fits(candidate, algorithm)
        ]
        if len(fitting) != 1:
            return None
        key = (fitting[0], algorithm)
        if key not in self._built:
            self._built[key] = _build(self._keys[fitting[0]], algorithm)
        return self._built[key]


def _is_for_verifying(key: Mapping[str, Any]) -> bool:
    operations = key.get("key_ops")
    return key.get("use", "sig") == "sig" and (not isinstance(operations, list) or "verify" in operations)


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kind, curves = ASYMMETRIC[algorithm]
    return (
        key.get("kty") == kind
        and key.get("alg", algorithm) == algorithm
        and (curves is None or key.get("crv") in curves)
    )


def _build(key: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    import jwt  # noqa: PLC0415  # of the extra "jwt"

    try:
        built = jwt.PyJWK(dict(key), algorithm)
        too_short = built.Algorithm.check_key_length(built.key)
    except (jwt.PyJWTError, ValueError, TypeError):
        too_short = "it is malformed"
    if too_short:
        logger.warning("the key %r of a key set is not used: %s", key.get("kid"), too_short)
        return None
    return built
