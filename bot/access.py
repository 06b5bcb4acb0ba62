"""The door for programs: which call carries a key that is accepted. REST and MCP share it."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from bot.errors import NotAuthenticated
from bot.hosts import is_loopback
from bot.keys import ApiKey, Keys

_NO_KEY = "Send the API key in the header Authorization: Bearer <key>. The command imaginebot keys create makes one."
_WRONG_KEY = "This API key is not accepted. It may have been revoked."
_IN_CLEAR = (
    "API keys are not taken over plain HTTP from other machines. Use https; the admin names the proxy that "
    "ends it in IMAGINEBOT_TRUSTED_PROXIES."
)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip")


async def api_key_of(call: HTTPConnection, keys: Keys, *, proxied: bool = False) -> ApiKey:
    """Give the key that ``call`` carries.

    A key that crosses a network in the clear is not accepted: the call comes over https, which a trusted proxy vouches
    for, or from this very machine. ``proxied`` says that proxies are named as trusted, so that the server has already
    worked out scheme and client from what they forward; otherwise a call that was forwarded counts as one from afar.

    Raises:
        NotAuthenticated: there is none, or not one of ours, or it came in the clear.
    """
    if not _is_private(call, proxied=proxied):
        raise NotAuthenticated(_IN_CLEAR)
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise NotAuthenticated(_NO_KEY)
    found = await keys.authenticate(key.strip())
    if found is None:
        raise NotAuthenticated(_WRONG_KEY)
    return found


def _is_private(call: HTTPConnection, *, proxied: bool) -> bool:
    if call.scope["scheme"] == "https":
        return True
    if not proxied and any(name in call.headers for name in _FORWARDED):
        return False
    return call.client is not None and is_loopback(call.client.host)
