"""Speaks to providers: what they say about themselves, their keys, and whom they vouch for (OpenID Connect Core 1.0).

Errors, all `Refusal`: 502 `provider_unreachable` for one that does not answer, 502 `provider_wrong` for one that answers what a
provider must not. The log says more than the person at the browser is told.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet

from meetinghouse.db.clock import Clock
from meetinghouse.identity.model import Begun, Claims, Metadata, Provider
from meetinghouse.identity.settings import IdentitySettings
from meetinghouse.security import outbound
from meetinghouse.security.keyring import content_digest
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret

_WELL_KNOWN = "/.well-known/openid-configuration"
# Signatures that need a secret prove nothing to us, since the provider's clients know it; `none` proves nothing to anybody.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
# A provider rolls a few keys; more of them would only make each start of a sign-in dear.
_MOST_KEYS = 100
_NETWORKS_KEY = "identity.networks"
_EXAMPLE = "https://login.example.org"

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class _Tokens(msgspec.Struct, frozen=True):
    """What a token endpoint answers, as far as it is asked for."""

    id_token: str
    access_token: str = ""


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


@dataclass(frozen=True)
class _Known:
    """What was read from a provider, and when."""

    metadata: Metadata
    keys: KeySet
    read_at: float


class Providers:
    """Every provider that this process has spoken to."""

    def __init__(self, clock: Clock, settings: IdentitySettings) -> None:
        """Nothing is asked before somebody signs in."""
        self._clock = clock
        self._settings = settings
        self._known: dict[str, _Known] = {}

    def check_issuer(self, issuer: str) -> str:
        """Whether a provider may be named so.

        Raises:
            Refusal: 422 `invalid_url`.

        """
        return outbound.check_url(issuer.strip(), self._settings.networks, _EXAMPLE)

    async def look(self, issuer: str) -> Metadata:
        """What the provider says about itself now, its keys read as well.

        Raises:
            Refusal: 502.

        """
        return (await self._read(issuer)).metadata

    async def authorization_url(self, begun: Begun, redirect_uri: str, state: str, login_hint: str) -> str:
        """Where the browser goes to sign in: authorization code with PKCE (RFC 7636).

        Raises:
            Refusal: 502.

        """
        metadata = (await self._fresh(begun.issuer)).metadata
        challenge = base64.urlsafe_b64encode(content_digest(begun.verifier.encode())).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "scope": "openid email profile",
            "client_id": begun.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if login_hint:
            query["login_hint"] = login_hint
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def redeem(
        self,
        provider: Provider,
        secret: Secret | None,
        begun: Begun,
        code: str,
        answered_by: str | None,
        redirect_uri: str,
    ) -> Claims:
        """Whom the provider vouches for by `code`. `answered_by` is the issuer that the answer names (RFC 9207), if it does.

        Raises:
            Refusal: 502.

        """
        known = await self._fresh(provider.issuer)
        metadata = known.metadata
        if (answered_by or metadata.issuer) != metadata.issuer or (
            answered_by is None and metadata.authorization_response_iss_parameter_supported
        ):
            raise self._wrong(provider.issuer, "the answer names another issuer, or none")
        tokens = await self._exchange(provider, secret, begun, code, redirect_uri, metadata)
        claims = await self._claims(provider, begun, tokens.id_token, known)
        if "email" not in claims and metadata.userinfo_endpoint and tokens.access_token:
            claims = {
                **await self._userinfo(provider, metadata.userinfo_endpoint, tokens.access_token, claims),
                **claims,
            }
        email = claims.get("email")
        return Claims(
            issuer=provider.issuer,
            subject=claims["sub"],
            email=email if isinstance(email, str) else None,
            is_email_verified=claims.get("email_verified") in {True, "true"},
            name=str(claims.get("name") or ""),
            everything=claims,
        )

    async def _exchange(
        self, provider: Provider, secret: Secret | None, begun: Begun, code: str, redirect_uri: str, metadata: Metadata
    ) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": begun.verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        methods = metadata.token_endpoint_auth_methods_supported
        if secret is not None and ("client_secret_basic" in methods or "client_secret_post" not in methods):
            # RFC 6749 §2.3.1: both parts are encoded as in a form before they are joined.
            pair = f"{quote(provider.client_id, safe='')}:{quote(secret.reveal(), safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = provider.client_id
            if secret is not None:
                form["client_secret"] = secret.reveal()
        answer = await self._ask("POST", metadata.token_endpoint, headers, urlencode(form).encode())
        if not answer.is_success:
            raise self._wrong(provider.issuer, f"the token endpoint answered {answer.status}")
        return self._read_as(_Tokens, answer.body, provider.issuer)

    async def _claims(self, provider: Provider, begun: Begun, token: str, known: _Known) -> dict[str, Any]:
        """The claims of an ID token once everything about it is right (Core §3.1.3.7)."""
        try:
            try:
                claims = jwt.decode(token, known.keys, algorithms=_ALGORITHMS).claims
            except InvalidKeyIdError:
                # The provider has new keys; how often a token can make us look is bounded.
                if self._clock.monotonic() - known.read_at < self._settings.keys_again_seconds:
                    raise
                claims = jwt.decode(token, (await self._read(provider.issuer)).keys, algorithms=_ALGORITHMS).claims
            wanted = jwt.JWTClaimsRegistry(
                now=int(self._clock.now().timestamp()),
                leeway=self._settings.clock_skew_seconds,
                iss={"essential": True, "value": provider.issuer},
                aud={"essential": True, "value": provider.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
            )
            wanted.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise self._wrong(provider.issuer, f"its ID token is not right ({type(error).__name__}: {error})") from None
        # For several parties at once it names the one that asked for it; others may have brought about the rest.
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else provider.client_id) != provider.client_id:
            raise self._wrong(provider.issuer, "its ID token is for somebody else (azp)")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), begun.nonce.encode()):
            raise self._wrong(provider.issuer, "its ID token is for another sign-in (nonce)")
        if not claims["sub"]:
            raise self._wrong(provider.issuer, "its ID token names nobody (sub)")
        return dict(claims)

    async def _userinfo(self, provider: Provider, url: str, token: str, claims: dict[str, Any]) -> dict[str, Any]:
        """What the provider tells beside the ID token (Core §5.3)."""
        answer = await self._ask("GET", url, {"authorization": f"Bearer {token}", "accept": "application/json"})
        if not answer.is_success:
            return {}
        more = self._read_as(dict[str, Any], answer.body, provider.issuer)
        if more.get("sub") != claims["sub"]:
            raise self._wrong(provider.issuer, "its user info is about somebody else")
        return more

    async def _fresh(self, issuer: str) -> _Known:
        known = self._known.get(issuer)
        if known is None or self._clock.monotonic() - known.read_at > self._settings.keys_seconds:
            known = await self._read(issuer)
        return known

    async def _read(self, issuer: str) -> _Known:
        """What a provider says about itself, and its keys (Discovery 1.0)."""
        metadata = await self._document(Metadata, issuer.rstrip("/") + _WELL_KNOWN, issuer)
        if metadata.issuer != issuer:
            raise self._wrong(
                issuer, f"it calls itself {metadata.issuer[:200]}, which must be the issuer to the letter"
            )
        try:
            outbound.check_url(metadata.authorization_endpoint, self._settings.networks, _EXAMPLE)
        except Refusal as refusal:
            raise self._wrong(issuer, f"its authorization endpoint cannot be opened: {refusal.detail}") from None
        keys = _importable((await self._document(_Keys, metadata.jwks_uri, issuer)).keys)
        known = self._known[issuer] = _Known(metadata, keys, self._clock.monotonic())
        return known

    async def _document(self, kind: type[T], url: str, issuer: str) -> T:
        answer = await self._ask("GET", url, {"accept": "application/json"})
        if not answer.is_success:
            raise self._unreachable(f"{url[:200]} answered {answer.status}")
        return self._read_as(kind, answer.body, issuer)

    async def _ask(self, method: str, url: str, headers: dict[str, str], content: bytes = b"") -> outbound.Answer:
        try:
            outbound.check_url(url, self._settings.networks, _EXAMPLE)
            return await outbound.ask(
                method,
                url,
                headers=headers,
                content=content,
                networks=self._settings.networks,
                networks_key=_NETWORKS_KEY,
                timeout=self._settings.timeout_seconds,
                most_bytes=self._settings.answer_bytes,
            )
        except (outbound.OutboundError, Refusal) as error:
            raise self._unreachable(error.detail if isinstance(error, Refusal) else str(error)) from None

    def _read_as(self, kind: type[T], body: bytes, issuer: str) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._wrong(issuer, f"it answers what cannot be read: {error}") from None

    def _unreachable(self, reason: str) -> Refusal:
        _log.warning("provider_unreachable", reason=reason)
        return Refusal(502, "provider_unreachable", f"The organisation's sign-in cannot be reached. {reason}")

    def _wrong(self, issuer: str, reason: str) -> Refusal:
        _log.warning("provider_wrong", issuer=issuer, reason=reason)
        return Refusal(502, "provider_wrong", f"The organisation's sign-in answered wrongly: {reason}.")


def _importable(keys: list[dict[str, Any]]) -> KeySet:
    """Those keys that we can use; a provider may have others for others."""
    found = []
    for key in keys[:_MOST_KEYS]:
        if key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig":
            try:
                found.append(JWKRegistry.import_key(key))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    return KeySet(found)
