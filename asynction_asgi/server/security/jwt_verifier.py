"""`JWTVerifier`: verify tokens (RFC 7519) as RFC 8725 asks, by PyJWT of the extra ``[jwt]``."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ...extras import require
from ...logs import Throttle, get_logger
from ...reasons import Credential
from .identity import expiry_of
from .jwks import ASYMMETRIC, KeySet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import jwt

    from .issuer_keys import IssuerKeys

# Minimum number of bytes of a secret (RFC 7518, 3.2).
_SYMMETRIC = {"HS256": 32, "HS384": 48, "HS512": 64}
_LONGEST = 16 * 1024
# Why a token is refused, by the name of PyJWT's exception or of a class above it.
_REASONS = {
    "ImmatureSignatureError": (Credential.NOT_YET, "it is not valid yet"),
    "InvalidAudienceError": (Credential.AUDIENCE, "it is for another audience"),
    "InvalidIssuedAtError": (Credential.CLAIMS, "its iat is not a number"),
    "InvalidIssuerError": (Credential.ISSUER, "it is of another issuer"),
    "InvalidKeyError": (Credential.KEY, "the key does not fit its algorithm"),
    "InvalidSignatureError": (Credential.SIGNATURE, "its signature is wrong"),
    "InvalidSubjectError": (Credential.CLAIMS, "its sub is not a text"),
    "InvalidJTIError": (Credential.CLAIMS, "its jti is not a text"),
}
_MALFORMED = Credential.MALFORMED, "it is malformed"
_WITHOUT = {"exp": Credential.CLAIMS, "iss": Credential.ISSUER, "aud": Credential.AUDIENCE}

logger = get_logger()


class RefusedTokenError(Exception):
    """The token is not accepted.

    Attributes:
        reason: The kind of reason.
        detail: The reason in words, without anything of the token.
    """

    def __init__(self, reason: Credential, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


class JWTVerifier:
    """Verifies bearer tokens; use it in place of a security function.

    A token is accepted if its algorithm is one of `algorithms`, its signature is right, it has
    not expired, and issuer and audience are those expected. ``exp`` is required: it bounds the
    session. The claims become the ``token_info``, and ``scope``, ``scopes`` or ``scp`` the scopes.

    Args:
        issuer: What ``iss`` must be, or one of several. Required with `jwks`.
        audience: What ``aud`` must contain, or one of several. Required with `jwks`. Without it, a
            token that names an audience is refused.
        jwks: The issuer's keys: an https URL (http for loopback addresses), or a key set itself.
        secret: A key shared with the issuer, in place of `jwks`; at least as long as the hash.
        algorithms: The accepted algorithms. Defaults to ``("HS256",)`` with a secret, and to all public-key
            signatures with `jwks`.
        leeway: Seconds by which clocks may differ.
        lifetime: Seconds after which the keys are fetched again.
        cooldown: Minimum seconds between two fetches for unknown key ids.
        timeout: Seconds that one fetch may take.

    Raises:
        ValueError: An argument is missing, has a value that it can't have, or contradicts another.
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
        _check_seconds(leeway=leeway, cooldown=cooldown)
        _check_seconds(above_zero=True, lifetime=lifetime, timeout=timeout)
        if isinstance(algorithms, str):
            raise ValueError(f"algorithms takes a list: [{algorithms!r}]")  # noqa: TRY004  # as for every argument
        self.algorithms = tuple(algorithms or (("HS256",) if secret is not None else ASYMMETRIC))
        _check_algorithms(self.algorithms, ASYMMETRIC if secret is None else _SYMMETRIC)
        self._secret = secret.encode() if isinstance(secret, str) else secret
        if self._secret is not None:
            shortest = max(_SYMMETRIC[algorithm] for algorithm in self.algorithms)
            if len(self._secret) < shortest:
                raise ValueError(
                    f"a secret for {', '.join(self.algorithms)} must have {shortest} bytes or more"
                )
        self._keys: IssuerKeys | None = None
        self._key_set: KeySet | None = None
        if isinstance(jwks, str):
            from .issuer_keys import IssuerKeys, check_url  # noqa: PLC0415  # loads a client of HTTP

            check_url(jwks)
            self._keys = IssuerKeys(jwks, lifetime=lifetime, cooldown=cooldown, timeout=timeout)
        elif jwks is not None:
            self._key_set = KeySet(jwks)
        self.leeway = float(leeway)
        self._throttle = Throttle()
        self._jwt = _import_jwt()
        self._issuer = [issuer] if isinstance(issuer, str) else issuer and list(issuer)
        self._audience = [audience] if isinstance(audience, str) else audience and list(audience)

    async def __call__(self, token: str) -> Mapping[str, Any] | None:
        """Return the token's claims, or None if it is not accepted; the reason is logged at INFO.

        Raises:
            RefusedError: ``unavailable``: The issuer's keys can't be fetched.
        """
        try:
            return await self.verify(token)
        except RefusedTokenError as error:
            if (unsaid := self._throttle.admits(error.reason)) is not None:
                extra = {"reason": error.reason}
                logger.info("a token was refused: %s%s", error.detail, unsaid, extra=extra)
        return None

    async def verify(self, token: str) -> Mapping[str, Any]:
        """Return the token's claims.

        Raises:
            RefusedTokenError: It is not accepted; nothing was logged.
            RefusedError: ``unavailable``: The issuer's keys can't be fetched.
        """
        try:
            return await self._verify(token)
        except (self._jwt.PyJWTError, ValueError) as error:
            reason, detail = self._reason(error)
        raise RefusedTokenError(reason, detail)

    async def _verify(self, token: str) -> Mapping[str, Any]:
        if len(token) > _LONGEST:
            raise RefusedTokenError(Credential.MALFORMED, f"it is longer than {_LONGEST} characters")
        header = self._jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self.algorithms:
            raise RefusedTokenError(Credential.ALGORITHM, "its algorithm is not one of those accepted")
        key = await self._key(kid, algorithm)
        if key is None:
            raise RefusedTokenError(Credential.KEY, "there is no key of its algorithm and key id")
        claims = self._claims(token, key)
        self._check_expiry(claims)
        return claims

    def _check_expiry(self, claims: Mapping[str, Any]) -> None:
        """Refuse a token that has expired. PyJWT also accepts a string or a boolean as a timestamp."""
        try:
            expires = expiry_of(claims)
        except ValueError:
            expires = None
        if expires is None:
            raise RefusedTokenError(Credential.CLAIMS, "its exp is not a number")
        if (since := time.time() - expires) >= self.leeway:
            raise RefusedTokenError(Credential.EXPIRED, f"it expired {int(since)} s ago")

    def _reason(self, error: Exception) -> tuple[Credential, str]:
        """Return what PyJWT's exception says is wrong with a token, without quoting the token."""
        names = [kind.__name__ for kind in type(error).__mro__]
        reason, detail = next((_REASONS[name] for name in names if name in _REASONS), _MALFORMED)
        claim = getattr(error, "claim", None)
        if claim in _WITHOUT:
            return _WITHOUT[claim], f"it has no {claim}"
        if self._audience is None and reason is Credential.AUDIENCE:
            return reason, "it is for an audience, and none is configured"
        return reason, detail

    async def _key(self, kid: str | None, algorithm: str) -> jwt.PyJWK | bytes | None:
        if self._secret is not None:
            return self._secret
        if self._keys is not None:
            return await self._keys.find(kid, algorithm)
        assert self._key_set is not None, "there is a secret, a URL or a set"  # noqa: S101  # by construction
        return self._key_set.find(kid, algorithm)

    def _claims(self, token: str, key: jwt.PyJWK | bytes) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = self._jwt.decode(
            token,
            key,
            algorithms=self.algorithms,
            issuer=self._issuer,
            audience=self._audience,
            leeway=self.leeway,
            options={"require": ["exp"], "verify_exp": False, "enforce_minimum_key_length": True},
        )
        return claims

    def __repr__(self) -> str:
        return f"<JWTVerifier {', '.join(self.algorithms)}>"


def _check_seconds(*, above_zero: bool = False, **values: object) -> None:
    for name, value in values.items():
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not 0 <= number < math.inf or (above_zero and not number):
            least = "more than zero" if above_zero else "zero or more"
            raise ValueError(f"{name} must be a number of seconds, {least}, not {value!r}")


def _check_algorithms(algorithms: Sequence[str], known: Mapping[str, Any]) -> None:
    unknown = [algorithm for algorithm in algorithms if algorithm not in known]
    if unknown:
        raise ValueError(f"algorithms must be among {', '.join(known)}, not {', '.join(unknown)}")


def _import_jwt() -> Any:
    require("jwt", "verifying tokens", "jwt")
    import jwt  # noqa: PLC0415  # of the extra "jwt"

    return jwt
