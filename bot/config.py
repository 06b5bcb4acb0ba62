"""Settings: read once from the environment and ``imaginebot.toml``, validated, secrets masked.

In the file a setting has its own name in lower case (``public_url = "https://studio.example"``); the environment wins.
Secrets may stand in files of their own, see ``bot.credentials``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, get_args
from urllib.parse import unquote, urlsplit

from platformdirs import user_data_path
from pydantic import (
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WebsocketUrl,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot import crash, credentials, expected
from bot.errors import InvalidSetting
from bot.hosts import is_host, is_loopback, origin_of, without_brackets

SETTINGS_FILE = "imaginebot.toml"

POSTGRESQL = ("postgresql://", "postgres://")
"""How the address of a PostgreSQL database begins."""

SQLITE: Final = "sqlite:///"
"""How the address of an SQLite database begins; the path of its file follows."""

REMOTE_URL = "https://api.midjourney.com"
"""The image service's public address, from the contract."""

_OWN_PREFIXES: Final = ("IMAGINEBOT_", "MIDJOURNEY_")
"""A variable of the environment that begins like this is meant for us, so a misspelt one is refused."""

_STORE: Final = re.compile(r"(?:s3|file)://.", re.IGNORECASE)

_SHARDS: Final = re.compile(r"([0-9]{1,5}(?:,[0-9]{1,5})*)/([0-9]{1,5})")

_WEBSOCKET: Final = TypeAdapter(WebsocketUrl)

_GATEWAY: Final = "an address such as wss://gateway.discord.gg, with no ? and no # in it"


class _LowerCaseToml(TomlConfigSettingsSource):
    """The settings file, in which names are in lower case."""

    def __call__(self) -> dict[str, Any]:
        values = {name.upper(): value for name, value in super().__call__().items()}
        if any(_is_secret(name, value) for name, value in values.items()):
            credentials.need_private(Path(SETTINGS_FILE).absolute(), SETTINGS_FILE)
        files = credentials.of_variables(secret_names(), values)
        return {name: value for name, value in values.items() if name not in secret_file_names()} | files


class _Environment(EnvSettingsSource):
    """The environment, without what is no setting: a variable DEMO belongs to some other program."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name.upper() in setting_names()}


class _SecretFiles(EnvSettingsSource):
    """The files that the environment names, and those that the service manager hands over."""

    def __call__(self) -> dict[str, Any]:
        variables = {name.upper(): value for name, value in os.environ.items()}
        folder = variables.get(credentials.FOLDER)
        handed = credentials.of_folder(secret_names(), Path(folder)) if folder else {}
        return handed | credentials.of_variables(secret_names(), variables)


class Settings(BaseSettings):
    """Everything that can be set. Each field is the setting of the same name as its alias.

    ``demo`` is no setting: the ``demo`` command sets it.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, case_sensitive=False, toml_file=SETTINGS_FILE, env_ignore_empty=True
    )

    token: SecretStr | None = Field(None, validation_alias="MIDJOURNEY_TOKEN")
    """The key of the image service; without one the embedded engine paints."""
    base_url: HttpUrl = Field(HttpUrl(REMOTE_URL), validation_alias="MIDJOURNEY_BASE_URL")
    """Where the image service is."""
    webhook_secret: SecretStr | None = Field(None, validation_alias="MIDJOURNEY_WEBHOOK_SECRET")
    """The secret that the image service signs its webhooks with."""
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(3, validation_alias="MIDJOURNEY_CONCURRENCY")
    """How many jobs the account takes at a time."""
    public_url: HttpUrl | None = Field(None, validation_alias="PUBLIC_URL", examples=["https://studio.example"])
    """Our own address as the internet sees it, for webhooks and reference pictures."""
    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    """``sqlite:///path`` or ``postgresql://…``; by default ``imaginebot.db`` in the data folder."""
    data_dir: Path = Field(default_factory=lambda: _own_folder(), validation_alias="IMAGINEBOT_DATA_DIR")
    """The folder for the database and the pictures."""
    blobs: str | None = Field(None, validation_alias="IMAGINEBOT_BLOBS")
    """Where pictures are kept; by default ``pictures`` in the data folder."""
    http_host: str = Field("127.0.0.1", validation_alias="IMAGINEBOT_HTTP_HOST")
    """The address to listen on."""
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(8080, validation_alias="IMAGINEBOT_HTTP_PORT")
    """The port to listen on; 0 takes a free one."""
    web: bool = Field(default=True, validation_alias="IMAGINEBOT_WEB")
    """Whether the chat page is served."""
    mcp: bool = Field(default=True, validation_alias="IMAGINEBOT_MCP")
    """Whether agents can reach the studio over MCP, with an API key."""
    mcp_port: Annotated[int, Field(ge=0, le=65535)] = Field(9090, validation_alias="IMAGINEBOT_MCP_PORT")
    """The port that MCP is served on; 0 takes a free one."""
    api_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8080"), validation_alias="IMAGINEBOT_API_URL")
    """Where the bot runs that ``imaginebot mcp --stdio`` is a bridge to."""
    api_key: SecretStr | None = Field(None, validation_alias="IMAGINEBOT_API_KEY")
    """The API key that ``imaginebot mcp --stdio`` uses."""
    rest: bool = Field(default=True, validation_alias="IMAGINEBOT_REST")
    """Whether the REST interface is served; it needs API keys."""
    api_calls_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        600, validation_alias="IMAGINEBOT_API_CALLS_PER_MINUTE"
    )
    """How many calls a minute one API key may make."""
    discord_token: SecretStr | None = Field(None, validation_alias="DISCORD_TOKEN")
    """The token of the Discord bot; with one the bot is on Discord."""
    discord_api_url: HttpUrl = Field(
        HttpUrl("https://discord.com/api/v10"), validation_alias="IMAGINEBOT_DISCORD_API_URL"
    )
    """Where Discord's REST interface is, for proxies and tests."""
    discord_gateway_url: str | None = Field(None, validation_alias="IMAGINEBOT_DISCORD_GATEWAY_URL")
    """Where Discord's gateway is (wss://…), for proxies and tests; by default Discord says it."""
    discord_shards: str | None = Field(None, validation_alias="IMAGINEBOT_DISCORD_SHARDS")
    """Which shards this process runs, of how many: ``0,1/4``; by default all, as many as Discord advises."""
    discord_reactions: bool = Field(default=True, validation_alias="IMAGINEBOT_DISCORD_REACTIONS")
    """Whether reactions under posts do something on Discord."""
    slack_bot_token: SecretStr | None = Field(None, validation_alias="SLACK_BOT_TOKEN")
    """The token of the Slack app in its one workspace (xoxb-…)."""
    slack_app_token: SecretStr | None = Field(None, validation_alias="SLACK_APP_TOKEN")
    """The token for Slack's Socket Mode (xapp-…)."""
    slack_signing_secret: SecretStr | None = Field(None, validation_alias="SLACK_SIGNING_SECRET")
    """The secret that Slack signs its requests with, where they come over HTTP."""
    slack_client_id: str | None = Field(None, validation_alias="SLACK_CLIENT_ID")
    """The Slack app's client id, for installing it in many workspaces."""
    slack_client_secret: SecretStr | None = Field(None, validation_alias="SLACK_CLIENT_SECRET")
    """The Slack app's client secret, for installing it in many workspaces."""
    slack_api_url: HttpUrl = Field(HttpUrl("https://slack.com/api/"), validation_alias="IMAGINEBOT_SLACK_API_URL")
    """Where Slack's Web API is, for proxies and tests."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="IMAGINEBOT_TRUSTED_PROXIES")
    """Addresses or networks of proxies whose word on scheme and client counts, parted by commas."""
    metrics_readers: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="IMAGINEBOT_METRICS_READERS")
    """Addresses or networks that may read ``/metrics`` beside this machine, parted by commas."""
    webhook_origins: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="IMAGINEBOT_WEBHOOK_ORIGINS")
    """Private addresses that webhooks of programs may go to (http://10.0.0.5:9000), parted by commas."""
    max_jobs_per_command: Annotated[int, Field(ge=1, le=40)] = Field(
        10, validation_alias="IMAGINEBOT_MAX_JOBS_PER_COMMAND"
    )
    """How many jobs permutations and ``--repeat`` may lead to."""
    max_jobs_per_person: Annotated[int, Field(ge=1)] = Field(200, validation_alias="IMAGINEBOT_MAX_JOBS_PER_PERSON")
    """How many jobs one person may have waiting or under way."""
    blocked_words: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="IMAGINEBOT_BLOCKED_WORDS")
    """Words and phrases that no prompt may hold, parted by commas; whole words only."""
    demo: bool = Field(default=False, validation_alias="demo", exclude=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation is int:  # which Python would take for 1 or 0
            raise ValueError(expected.expected(field))
        return value

    @field_validator("*")
    @classmethod
    def _nothing_behind_the_path(cls, value: object, info: ValidationInfo) -> object:
        # Paths are put behind each of these addresses.
        if isinstance(value, HttpUrl) and {"?", "#"} & set(str(value)):
            raise ValueError(expected.expected(cls.model_fields[info.field_name or ""]))
        return value

    @field_validator("trusted_proxies", "metrics_readers")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ip_network(text, strict=False)
            except ValueError as error:
                raise ValueError("addresses or networks, such as 10.0.0.2 or 10.0.0.0/8") from error
        return value

    @field_validator("webhook_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(origin_of(text) for text in value)
        except ValidationError as error:
            raise ValueError("addresses such as http://10.0.0.5:9000, parted by commas") from error

    @field_validator("blocked_words", "trusted_proxies", "metrics_readers", "webhook_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        return credentials.at_home(value, "IMAGINEBOT_DATA_DIR")

    @field_validator("blobs")
    @classmethod
    def _place_of_pictures(cls, value: str | None) -> str | None:
        if value is None or _STORE.match(value):
            return value
        if "://" in value or not value:
            raise ValueError("a folder, or s3://bucket/prefix")
        return str(credentials.at_home(Path(value), "IMAGINEBOT_BLOBS"))

    @field_validator("http_host")
    @classmethod
    def _host(cls, value: str) -> str:
        host = without_brackets(value.strip()).lower().removesuffix(".")
        if not is_host(host):
            raise ValueError(
                "an address or a name of this machine, such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT"
            )
        return host

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None or value.startswith(POSTGRESQL):
            return value
        file = credentials.at_home(Path(value.removeprefix(SQLITE)), "DATABASE_URL")
        # By os.path, which takes what it may not look at for no folder, where pathlib raises.
        if not value.startswith(SQLITE) or os.path.isdir(file):  # noqa: PTH112
            raise ValueError(
                "sqlite:/// with the path of a file, for example sqlite:////var/lib/imaginebot/imaginebot.db,"
                " or postgresql://user:password@host/database"
            )
        return f"{SQLITE}{file}"

    @field_validator("discord_gateway_url")
    @classmethod
    def _gateway(cls, value: str | None) -> str | None:
        try:
            address = None if value is None else _WEBSOCKET.validate_python(value)
        except ValidationError:
            raise ValueError(_GATEWAY) from None
        if address is not None and {"?", "#"} & set(str(address)):  # what the connection asks for is put behind it
            raise ValueError(_GATEWAY)
        return value

    @field_validator("discord_shards")
    @classmethod
    def _shards(cls, value: str | None) -> str | None:
        if value is None:
            return None
        shards = value.replace(" ", "")
        found = _SHARDS.fullmatch(shards)
        if not found or max(map(int, found[1].split(","))) >= int(found[2]):
            raise ValueError("numbers from 0 and how many shards there are in all, such as 0,1/4")
        return shards

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then files with a secret each, then the file of settings."""
        file = Path(SETTINGS_FILE) if _is_there(Path(SETTINGS_FILE)) else None
        return init_settings, _Environment(settings_cls), _SecretFiles(settings_cls), _LowerCaseToml(settings_cls, file)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is set, so that logs can mask it."""
        values = (getattr(self, name) for name in type(self).model_fields)
        password = urlsplit(self.postgresql or "").password
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr)) + (
            (unquote(password), password) if password else ()
        )

    @property
    def embedded(self) -> bool:
        """Whether the embedded engine paints."""
        return self.token is None

    @property
    def postgresql(self) -> str | None:
        """The address of the PostgreSQL database, absent where the database is SQLite's."""
        return self.database_url if self.database_url and self.database_url.startswith(POSTGRESQL) else None

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        if self.database_url is None or self.postgresql is not None:
            return self.data_dir / "imaginebot.db"
        return Path(self.database_url.removeprefix(SQLITE))

    @property
    def database(self) -> Path | str:
        """Where the database is: the SQLite file, or the address of the PostgreSQL database."""
        return self.postgresql or self.database_path

    @property
    def public_origin(self) -> str | None:
        """``public_url`` without a slash at its end."""
        return str(self.public_url).rstrip("/") if self.public_url else None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach us."""
        return is_loopback(self.http_host)


def read_settings(**given: Any) -> Settings:
    """Read the settings; ``given`` (by field) comes from the command line and wins.

    Raises:
        InvalidSetting: one is unknown or malformed; the text names it and says what is expected.
    """
    _refuse_unknown(os.environ)
    crash.check()
    aliases = {name: str(field.validation_alias or name) for name, field in Settings.model_fields.items()}
    arguments = {aliases[name]: value for name, value in given.items() if value is not None}
    try:
        return Settings(**arguments)
    except ValidationError as error:
        raise InvalidSetting(expected.sentence(error.errors()[0], _fields())) from None
    except ValueError as error:
        raise InvalidSetting(f"{SETTINGS_FILE} cannot be read: {error}.") from None
    except OSError as error:
        raise InvalidSetting(
            f"{Path(SETTINGS_FILE).absolute()} cannot be read ({(error.strerror or str(error)).lower()}). "
            "Check its owner, or start in another folder."
        ) from None


def setting_names() -> tuple[str, ...]:
    """Give the names of all settings."""
    return tuple(_fields())


def secret_names() -> tuple[str, ...]:
    """Give the names of the settings that hold secrets, an address with a password among them."""
    fields = Settings.model_fields.items()
    secret = [name for name, field in fields if SecretStr in (field.annotation, *get_args(field.annotation))]
    return tuple(str(Settings.model_fields[name].validation_alias) for name in (*secret, "database_url"))


def secret_file_names() -> tuple[str, ...]:
    """Give the names of the variables that name a secret's file."""
    return tuple(name + credentials.FILE_ENDING for name in secret_names())


def _fields() -> dict[str, FieldInfo]:
    return {str(field.validation_alias): field for name, field in Settings.model_fields.items() if name != "demo"}


def _is_there(file: Path) -> bool:
    """Look for the file of settings. Whoever may not enter the current folder has none in it."""
    try:
        return file.is_file()
    except PermissionError:
        return False


def _own_folder() -> Path:
    """Give the folder that is the user's own for this program.

    Raises:
        InvalidSetting: the user has no home folder.
    """
    try:
        return user_data_path("imaginebot")
    except RuntimeError:
        raise InvalidSetting("This user has no home folder. Name one for the studio by IMAGINEBOT_DATA_DIR.") from None


def _is_secret(name: str, value: object) -> bool:
    # The address of a database is none where it holds no password.
    return name in secret_names() and (name != "DATABASE_URL" or "@" in str(value))


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {*setting_names(), *secret_file_names(), crash.VARIABLE}
    for name in environment:
        if name.upper().startswith(_OWN_PREFIXES) and name.upper() not in known:
            raise InvalidSetting(expected.unknown(name.upper(), setting_names()))
