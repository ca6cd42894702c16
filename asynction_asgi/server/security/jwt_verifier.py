"""`JWTVerifier`: tokens (RFC 7519) verified as RFC 8725 asks, by PyJWT of the extra ``[jwt]``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .jwks import ASYMMETRIC, IssuerKeys, KeySet, check_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import jwt

__all__ = ["JWTVerifier"]

# Octets that a secret must have at least (RFC 7518, 3.2).
_SYMMETRIC = {"HS256": 32, "HS384": 48, "HS512": 64}
_LONGEST = 16 * 1024


class JWTVerifier:
    """Verifies bearer tokens; give it in place of a security function.

    A token is accepted when its algorithm is one of `algorithms`, its signature is right, it has
    not expired, and issuer and audience are those expected. ``exp`` is required: it bounds the
    session. The claims become the ``token_info``, and ``scope``, ``scopes`` or ``scp`` the scopes.

    Args:
        issuer: What ``iss`` must be, or one of several. Required with `jwks`.
        audience: What ``aud`` must contain, or one of several. Required with `jwks`. Without it, a
            token that names an audience is refused.
        jwks: The issuer's keys: an https URL (http for loopback addresses), or a key set itself.
        secret: A key shared with the issuer, in place of `jwks`; as long as the hash, or longer.
        algorithms: The only ones accepted, whatever a token says: ``("HS256",)`` with a secret, all
            signatures by public key with `jwks`.
        leeway: Seconds by which clocks may differ.
        lifetime: Seconds after which the keys are fetched anew.
        cooldown: Least seconds between two fetches for the sake of unknown key ids.
        timeout: Seconds that one fetch may take.

    Raises:
        ValueError: an argument is missing, or contradicts another.
        ModuleNotFoundError: PyJWT is not installed.
    """

    def __init__(
        self,
        *,
        issuer: str | Sequence[str] | None = None,
        audience: str | Sequence[str] | None = None,
        jwks: str | Mapping[str, Any] | None = None,
        secret: str | bytes | None = None,
        algorithms: Sequence[str] | None = None,
        leeway: float = 10.0,
        lifetime: float = 600.0,
        cooldown: float = 30.0,
        timeout: float = 5.0,
    ) -> None:
        if (jwks is None) == (secret is None):
            raise ValueError("give either jwks or a secret")
        if jwks is not None and not (issuer and audience):
            raise ValueError("jwks needs issuer and audience: its keys sign tokens for others too")
        if not 0 <= leeway < math.inf:
            raise ValueError("leeway must be a number of seconds, zero or more")
        self.algorithms = tuple(algorithms or (("HS256",) if secret is not None else ASYMMETRIC))
        _check_algorithms(self.algorithms, ASYMMETRIC if secret is None else _SYMMETRIC)
        self._secret = secret.encode() if isinstance(secret, str) else secret
        if self._secret is not None:
            shortest = max(_SYMMETRIC[one] for one in self.algorithms)
            if len(self._secret) < shortest:
                raise ValueError(
                    f"a secret for {', '.join(self.algorithms)} must have {shortest} bytes or more"
                )
        self._keys: IssuerKeys | None = None
        self._key_set: KeySet | None = None
        if isinstance(jwks, str):
            check_url(jwks)
            self._keys = IssuerKeys(jwks, lifetime=lifetime, cooldown=cooldown, timeout=timeout)
        elif jwks is not None:
            self._key_set = KeySet(jwks)
        self.leeway = float(leeway)
        self._jwt = _import_jwt()
        self._issuer = [issuer] if isinstance(issuer, str) else issuer and list(issuer)
        self._audience = [audience] if isinstance(audience, str) else audience and list(audience)

    async def __call__(self, token: str) -> Mapping[str, Any] | None:
        """The token's claims; None when it is not accepted.

        Raises:
            RefusedError: ``unavailable``: the issuer's keys can't be had.
        """
        if len(token) > _LONGEST:
            return None
        try:
            header = self._jwt.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in self.algorithms:
                return None
            key = await self._key(kid, algorithm)
            return None if key is None else self._claims(token, key)
        except (self._jwt.PyJWTError, ValueError):
            return None

    async def _key(self, kid: str | None, algorithm: str) -> jwt.PyJWK | bytes | None:
        if self._secret is not None:
            return self._secret
        if self._keys is not None:
            return await self._keys.find(kid, algorithm)
        assert self._key_set is not None, "there is a secret, a URL or a set"  # noqa: S101 -- by construction
        return self._key_set.find(kid, algorithm)

    def _claims(self, token: str, key: jwt.PyJWK | bytes) -> Mapping[str, Any] | None:
        claims = self._jwt.decode(
            token,
            key,
            algorithms=self.algorithms,
            issuer=self._issuer,
            audience=self._audience,
            leeway=self.leeway,
            options={"require": ["exp"], "enforce_minimum_key_length": True},
        )
        expires = claims["exp"]
        # RFC 7519, 2: NumericDate is a JSON number; PyJWT would read a text too.
        return claims if isinstance(expires, int | float) and not isinstance(expires, bool) else None

    def __repr__(self) -> str:
        return f"<JWTVerifier {', '.join(self.algorithms)}>"


def _check_algorithms(algorithms: Sequence[str], known: Mapping[str, Any]) -> None:
    unknown = [one for one in algorithms if one not in known]
    if unknown:
        raise ValueError(f"algorithms must be among {', '.join(known)}, not {', '.join(unknown)}")


def _import_jwt() -> Any:
    try:
        import jwt  # noqa: PLC0415 -- an extra
    except ModuleNotFoundError:
        raise ModuleNotFoundError("verifying tokens needs PyJWT: pip install 'asynction-asgi[jwt]'") from None
    return jwt
