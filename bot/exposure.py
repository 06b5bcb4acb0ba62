"""Who may reach us: doors that must not stand open, or that cannot tell who knocks, and where the image service finds us."""

from __future__ import annotations

from bot.config import Settings
from bot.errors import InvalidSetting
from bot.hosts import is_loopback


def open_doors(settings: Settings) -> list[str]:
    """Give a sentence for everything that would be open to whoever comes by; the text says what to do.

    What else is served asks for something: API keys, signatures, or an address that cannot be guessed.
    """
    found = []
    if settings.web and not settings.on_loopback:
        found.append(
            f"The chat page has no login, so it is not served on {settings.http_host}. "
            "Listen on 127.0.0.1, or set IMAGINEBOT_WEB=false."
        )
    if settings.public_url is not None and not settings.embedded and settings.webhook_secret is None:
        found.append(
            "PUBLIC_URL is set, but no secret to verify webhooks with. Set MIDJOURNEY_WEBHOOK_SECRET to the secret that "
            "belongs to the key, or unset PUBLIC_URL."
        )
    return found


def need_closed_doors(settings: Settings) -> None:
    """Refuse to start where a door is open.

    Raises:
        InvalidSetting: one is; the text says what to do.
    """
    for sentence in open_doors(settings):
        raise InvalidSetting(sentence)


def address_for_service(settings: Settings, here: str) -> str | None:
    """Give our address as the image service sees it, absent where it sees none.

    ``here`` is our address on this machine, which a service on this machine can use.
    """
    if settings.embedded:
        return here
    return settings.public_origin or (here if is_loopback(settings.base_url.host or "") else None)


def webhooks_wanted(settings: Settings) -> bool:
    """Say whether the image service is asked for webhooks: only where they can be verified."""
    return settings.embedded or bool(settings.webhook_secret)
