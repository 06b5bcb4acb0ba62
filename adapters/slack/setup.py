"""How the settings say that Slack is to be reached: by which way in, and in one workspace or in many."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import SecretStr

from bot.config import Settings
from bot.errors import InvalidSetting

EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"


@dataclass(frozen=True, kw_only=True)
class Client:
    """What names our app to Slack when it is installed in many workspaces."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How Slack is reached.

    ``app_token`` is there for Socket Mode, otherwise ``signing_secret`` for HTTP. ``bot_token`` is that of the one
    workspace, ``client`` is there for many; both may be. ``public_origin`` is our address as Slack sees it.
    """

    api_url: str
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    bot_token: str | None = field(default=None, repr=False)
    client: Client | None = None
    public_origin: str | None = None

    @property
    def socket_mode(self) -> bool:
        """Whether Slack's events come over a connection that we open."""
        return self.app_token is not None


def read_setup(settings: Settings) -> Setup | None:
    """Give how Slack is reached, or nothing where it is not.

    Raises:
        InvalidSetting: a setting is there without those that it needs.
    """
    bot_token, app_token = _text(settings.slack_bot_token), _text(settings.slack_app_token)
    signing_secret, client_secret = _text(settings.slack_signing_secret), _text(settings.slack_client_secret)
    if not any((bot_token, app_token, signing_secret, settings.slack_client_id, client_secret)):
        return None
    if bool(settings.slack_client_id) != bool(client_secret):
        raise InvalidSetting("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together: set both, or neither.")
    if not bot_token and not client_secret:
        raise InvalidSetting(
            "Slack needs SLACK_BOT_TOKEN for one workspace, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for many."
        )
    if not app_token and not signing_secret:
        raise InvalidSetting("Slack needs SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP.")
    if bot_token and not bot_token.startswith("xoxb-"):
        raise InvalidSetting("SLACK_BOT_TOKEN begins with xoxb-; it stands under OAuth & Permissions of the Slack app.")
    if app_token and not app_token.startswith("xapp-"):
        raise InvalidSetting("SLACK_APP_TOKEN begins with xapp-; it stands under Basic Information of the Slack app.")
    client_id = settings.slack_client_id
    return Setup(
        api_url=str(settings.slack_api_url),
        app_token=app_token,
        signing_secret=signing_secret,
        bot_token=bot_token,
        client=Client(id=client_id, secret=client_secret) if client_id and client_secret else None,
        public_origin=settings.public_origin,
    )


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() or None if secret else None
