"""Settings: every one by environment and file, everything else refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.config import Settings, read_settings, setting_names
from bot.errors import InvalidSetting
from bot.hosts import is_loopback, origin_of
from tests.bot.strangers import bound_by_modes

EVERY = {
    "MIDJOURNEY_TOKEN": "a-token",
    "MIDJOURNEY_BASE_URL": "https://images.example",
    "MIDJOURNEY_WEBHOOK_SECRET": "a-secret",
    "MIDJOURNEY_CONCURRENCY": "12",
    "PUBLIC_URL": "https://studio.example/",
    "DATABASE_URL": "sqlite:////var/lib/imaginebot/jobs.db",
    "IMAGINEBOT_DATA_DIR": "/var/lib/imaginebot",
    "IMAGINEBOT_BLOBS": "s3://bucket/pictures",
    "IMAGINEBOT_HTTP_HOST": "0.0.0.0",
    "IMAGINEBOT_HTTP_PORT": "9000",
    "IMAGINEBOT_WEB": "false",
    "IMAGINEBOT_MCP": "false",
    "IMAGINEBOT_MCP_PORT": "9190",
    "IMAGINEBOT_API_URL": "https://studio.example/",
    "IMAGINEBOT_API_KEY": "a-key",
    "IMAGINEBOT_REST": "false",
    "IMAGINEBOT_API_CALLS_PER_MINUTE": "60",
    "DISCORD_TOKEN": "a-discord-token",
    "IMAGINEBOT_DISCORD_API_URL": "http://127.0.0.1:7000/api/v10",
    "IMAGINEBOT_DISCORD_GATEWAY_URL": "ws://127.0.0.1:7000/gateway",
    "IMAGINEBOT_DISCORD_SHARDS": "0,1/4",
    "IMAGINEBOT_DISCORD_REACTIONS": "false",
    "SLACK_BOT_TOKEN": "a-slack-bot-token",
    "SLACK_APP_TOKEN": "a-slack-app-token",
    "SLACK_SIGNING_SECRET": "a-slack-signing-secret",
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "a-slack-client-secret",
    "IMAGINEBOT_SLACK_API_URL": "http://127.0.0.1:7001/api/",
    "IMAGINEBOT_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2",
    "IMAGINEBOT_METRICS_READERS": "10.1.0.0/16",
    "IMAGINEBOT_WEBHOOK_ORIGINS": "http://127.0.0.1:9999",
    "IMAGINEBOT_MAX_JOBS_PER_COMMAND": "4",
    "IMAGINEBOT_MAX_JOBS_PER_PERSON": "20",
    "IMAGINEBOT_BLOCKED_WORDS": "red barn, , grass",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*setting_names(), "DEMO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def write_settings(text: str) -> None:
    """Write the file of settings as one that only its owner reads."""
    Path("imaginebot.toml").write_text(text)
    Path("imaginebot.toml").chmod(0o600)


def check(settings: Settings) -> None:
    assert settings.token is not None
    assert settings.token.get_secret_value() == "a-token"
    assert str(settings.base_url) == "https://images.example/"
    assert settings.webhook_secret is not None
    assert settings.webhook_secret.get_secret_value() == "a-secret"
    assert settings.concurrency == 12
    assert settings.public_origin == "https://studio.example"
    assert settings.database_path == Path("/var/lib/imaginebot/jobs.db")
    assert settings.data_dir == Path("/var/lib/imaginebot")
    assert settings.blobs == "s3://bucket/pictures"
    assert (settings.http_host, settings.http_port, settings.web) == ("0.0.0.0", 9000, False)
    assert (settings.mcp, settings.mcp_port, settings.rest, settings.api_calls_per_minute) == (False, 9190, False, 60)
    assert settings.api_key is not None
    assert (str(settings.api_url), settings.api_key.get_secret_value()) == ("https://studio.example/", "a-key")
    assert (str(settings.discord_api_url), settings.discord_gateway_url, settings.discord_shards) == (
        "http://127.0.0.1:7000/api/v10",
        "ws://127.0.0.1:7000/gateway",
        "0,1/4",
    )
    assert settings.discord_reactions is False
    assert (settings.slack_client_id, str(settings.slack_api_url)) == ("1.2", "http://127.0.0.1:7001/api/")
    assert set(settings.secrets) == {
        "a-token",
        "a-secret",
        "a-key",
        "a-discord-token",
        "a-slack-bot-token",
        "a-slack-app-token",
        "a-slack-signing-secret",
        "a-slack-client-secret",
    }
    assert settings.trusted_proxies == ("10.0.0.1", "10.0.0.2")
    assert settings.metrics_readers == ("10.1.0.0/16",)
    assert settings.webhook_origins == ("http://127.0.0.1:9999",)
    assert (settings.max_jobs_per_command, settings.max_jobs_per_person) == (4, 20)
    assert settings.blocked_words == ("red barn", "grass")
    assert settings.embedded is False
    assert settings.demo is False


def test_every_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(EVERY) == set(setting_names())
    for name, value in EVERY.items():
        monkeypatch.setenv(name, value)
    check(read_settings())


def test_every_setting_is_read_from_the_file() -> None:
    lines = [f'{name.lower()} = "{value}"' for name, value in EVERY.items()]
    write_settings("\n".join(lines))
    check(read_settings())


def test_the_file_takes_numbers_truths_and_lists_as_they_are() -> None:
    Path("imaginebot.toml").write_text(
        'imaginebot_http_port = 9000\nimaginebot_web = false\nimaginebot_blocked_words = ["red barn", "grass"]\n'
    )
    settings = read_settings()
    assert (settings.http_port, settings.web, settings.blocked_words) == (9000, False, ("red barn", "grass"))


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("imaginebot.toml").write_text("imaginebot_http_port = 1\nmidjourney_concurrency = 7\n")
    assert read_settings().http_port == 1
    monkeypatch.setenv("IMAGINEBOT_HTTP_PORT", "2")
    assert read_settings().http_port == 2
    assert read_settings(http_port=3).http_port == 3
    assert read_settings(http_port=None).http_port == 2
    assert read_settings(http_port=3).concurrency == 7


def test_nothing_set_is_a_studio_of_its_own_on_loopback() -> None:
    settings = read_settings()
    assert settings.embedded
    assert settings.on_loopback
    assert settings.database_path == settings.data_dir / "imaginebot.db"
    assert (settings.http_port, settings.concurrency, settings.public_origin) == (8080, 3, None)


def test_an_empty_variable_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "")
    monkeypatch.setenv("PUBLIC_URL", "")
    assert read_settings().embedded
    assert read_settings().public_url is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MIDJOURNEY_BASE_URL", "images.example", "https://api.midjourney.com"),
        ("PUBLIC_URL", "ftp://studio.example", "https://studio.example"),
        ("IMAGINEBOT_HTTP_PORT", "eighty", "a whole number from 0 to 65535"),
        ("IMAGINEBOT_HTTP_PORT", "65536", "a whole number from 0 to 65535"),
        ("MIDJOURNEY_CONCURRENCY", "0", "from 1 to 1000"),
        ("IMAGINEBOT_WEB", "perhaps", "true or false"),
        ("IMAGINEBOT_MAX_JOBS_PER_COMMAND", "41", "a whole number from 1 to 40."),
        ("IMAGINEBOT_MAX_JOBS_PER_PERSON", "0", "a whole number from 1."),
        ("IMAGINEBOT_MAX_JOBS_PER_PERSON", "x", "a whole number from 1."),
        ("IMAGINEBOT_API_CALLS_PER_MINUTE", "1000001", "a whole number from 1 to 1000000."),
        ("IMAGINEBOT_SLACK_API_URL", "x", "an address such as https://slack.com/api,"),
        ("IMAGINEBOT_DISCORD_API_URL", "x", "an address such as https://discord.com/api/v10,"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db", "postgresql://"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///"),
        ("DATABASE_URL", "sqlite:////tmp", "the path of a file"),
        ("DATABASE_URL", "sqlite:///~", "the path of a file"),
        *(
            ("IMAGINEBOT_DISCORD_GATEWAY_URL", text, "an address such as wss://gateway.discord.gg, with no ?")
            for text in (
                "gateway.discord.gg",
                "https://gateway.discord.gg",
                "wss://",
                "ws://host:99999",
                "wss://h/?v=9",
            )
        ),
        *(
            ("IMAGINEBOT_DISCORD_SHARDS", text, "numbers from 0 and how many shards there are in all, such as 0,1/4.")
            for text in ("4", "4/4", "a/b", "1,/2", "/3", "0/0", "-1/2", "٠/٢")
        ),
        ("IMAGINEBOT_HTTP_HOST", ".", "such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT."),
        ("IMAGINEBOT_BLOBS", "gs://nobucket", "a folder, or s3://bucket/prefix."),
        ("IMAGINEBOT_BLOBS", "http://127.0.0.1/pictures", "a folder, or s3://bucket/prefix."),
        ("IMAGINEBOT_BLOBS", "s3://", "a folder, or s3://bucket/prefix."),
        ("IMAGINEBOT_HTTP_HOST", "127.0.0.1:8080", "such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT."),
        ("IMAGINEBOT_HTTP_HOST", "[::1]:8080", "such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT."),
        ("IMAGINEBOT_HTTP_HOST", "http://localhost", "such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT."),
        ("IMAGINEBOT_HTTP_HOST", "studio..example", "such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT."),
        ("IMAGINEBOT_HTTP_HOST", " ", "such as 127.0.0.1; the port is set by IMAGINEBOT_HTTP_PORT."),
    ],
)
@pytest.mark.parametrize("by_file", [False, True])
def test_a_malformed_setting_is_refused_by_name_with_what_is_expected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str, *, by_file: bool
) -> None:
    if by_file:
        write_settings(f'{name.lower()} = "{value}"\n')
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as refused:
        read_settings()
    assert str(refused.value).startswith(f"{name} is not as it should be. Expected: ")
    assert expected in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MIDJOURNEY_TOKN", "Did you mean MIDJOURNEY_TOKEN?"),
        ("imaginebot_http_prot", "Did you mean IMAGINEBOT_HTTP_PORT?"),
        ("IMAGINEBOT_XYZZY_PLUGH_QUUX", ""),
    ],
)
@pytest.mark.parametrize("by_file", [False, True])
def test_an_unknown_setting_is_refused_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch, name: str, hint: str, *, by_file: bool
) -> None:
    if by_file:
        Path("imaginebot.toml").write_text(f'{name.lower()} = "x"\n')
    else:
        monkeypatch.setenv(name, "x")
    with pytest.raises(InvalidSetting) as refused:
        read_settings()
    said = f"There is no setting {name.upper()}. {hint}"
    assert str(refused.value).lower().startswith(said.lower())
    assert (refused.value.args[0].split()[4] == name.lower() + ".") is by_file  # in the file names are in lower case


def test_variables_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "anything")
    monkeypatch.setenv("TOKEN", "anything")
    monkeypatch.setenv("WEB", "anything")
    settings = read_settings()
    assert (settings.demo, settings.web, settings.token) == (False, True, None)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("demo = true", "There is no setting demo. "),
        ("token = 'x'", "There is no setting token. Did you mean midjourney_token, discord_token, "),
        ("web = true", "There is no setting web. Did you mean imaginebot_web?"),
        ("[section]\nkey = 1", "There is no setting section. The file has no sections: "),
    ],
)
def test_what_is_no_setting_is_refused_in_the_file_with_what_may_be_meant(text: str, hint: str) -> None:
    Path("imaginebot.toml").write_text(text)
    with pytest.raises(InvalidSetting) as refused:
        read_settings()
    assert str(refused.value).startswith(hint)
    assert "IMAGINEBOT" not in str(refused.value)


WORDS = (
    "true or false",
    "a whole number from ",
    "an address such as http",
    "the path of a folder",
    "a text in quotes",
    "texts parted by commas, or a list of them",
)


@pytest.mark.parametrize("name", setting_names())
def test_what_a_setting_expects_is_said_in_our_words_whatever_its_type(name: str) -> None:
    write_settings(f"{name.lower()} = [[]]\n")  # which no setting takes
    with pytest.raises(InvalidSetting) as refused:
        read_settings()
    said = str(refused.value).removeprefix(f"{name} is not as it should be. Expected: ")
    assert said.startswith(WORDS)


ADDRESSES = (
    "MIDJOURNEY_BASE_URL",
    "PUBLIC_URL",
    "IMAGINEBOT_API_URL",
    "IMAGINEBOT_DISCORD_API_URL",
    "IMAGINEBOT_SLACK_API_URL",
)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("ending", ["?", "?key=1", "/path?key=1", "#", "#top"])
def test_an_address_that_paths_are_put_behind_ends_with_its_own(
    monkeypatch: pytest.MonkeyPatch, name: str, ending: str
) -> None:
    monkeypatch.setenv(name, f"https://studio.example{ending}")
    with pytest.raises(
        InvalidSetting, match=f"{name} is not as it should be. Expected: an address such as .* no # in it"
    ):
        read_settings()


@pytest.mark.parametrize("truth", ["true", "false"])
def test_a_truth_is_no_number(truth: str) -> None:
    write_settings(f"midjourney_concurrency = {truth}\n")
    with pytest.raises(InvalidSetting, match=r"Expected: a whole number from 1 to 1000\."):
        read_settings()


@pytest.mark.parametrize("value", ["5", "true", "[5]"])
def test_a_list_of_something_else_than_texts_is_refused_in_our_words(value: str) -> None:
    write_settings(f"imaginebot_blocked_words = {value}\n")
    with pytest.raises(InvalidSetting, match=r"Expected: texts parted by commas, or a list of them\."):
        read_settings()


def test_a_file_that_cannot_be_read_is_named() -> None:
    Path("imaginebot.toml").write_text("this is = = no toml")
    with pytest.raises(InvalidSetting, match=r"imaginebot\.toml cannot be read"):
        read_settings()


def test_a_folder_that_the_user_may_not_enter_holds_no_settings(tmp_path: Path) -> None:
    Path("imaginebot.toml").write_text("imaginebot_http_port = 1\n")
    tmp_path.chmod(0o000)
    try:
        with bound_by_modes():
            assert read_settings().http_port == 8080
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_the_user_may_not_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    Path("imaginebot.toml").write_text("imaginebot_http_port = 1\n")
    Path("imaginebot.toml").chmod(0o000)
    tmp_path.chmod(0o755)
    with (
        bound_by_modes(),
        pytest.raises(InvalidSetting, match=r"imaginebot\.toml cannot be read \(permission denied\)\. Check its owner"),
    ):
        read_settings()


@pytest.mark.parametrize("name", ["IMAGINEBOT_DATA_DIR", "IMAGINEBOT_BLOBS", "MIDJOURNEY_TOKEN_FILE"])
def test_a_home_folder_that_nobody_has_is_a_sentence(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "~nouser/x")
    with pytest.raises(InvalidSetting, match=f"{name}: the home folder in ~nouser/x is not known"):
        read_settings()


def test_a_user_without_a_home_is_asked_for_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_123)  # whom no machine knows
    with pytest.raises(InvalidSetting, match=r"no home folder\. Name one .* IMAGINEBOT_DATA_DIR"):
        read_settings()
    assert read_settings(data_dir=Path("/srv/studio")).data_dir == Path("/srv/studio")


def test_only_the_demo_command_sets_demo() -> None:
    assert read_settings(demo=True).demo is True


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EVERY.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    for text in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.token}"):
        assert "a-token" not in text
        assert "a-secret" not in text


def test_a_home_folder_in_the_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    Path("imaginebot.toml").write_text(
        'imaginebot_data_dir = "~/studio"\ndatabase_url = "sqlite:///~/jobs.db"\nimaginebot_blobs = "~/pictures"\n'
    )
    settings = read_settings()
    assert settings.data_dir == Path("/home/anna/studio")
    assert settings.database == Path("/home/anna/jobs.db")
    assert settings.blobs == "/home/anna/pictures"


def test_a_home_folder_that_nobody_knows_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///~nobody-here/jobs.db")
    with pytest.raises(InvalidSetting, match=r"^DATABASE_URL: the home folder in ~nobody-here/jobs.db is not known"):
        read_settings()


def test_shards_may_be_written_with_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGINEBOT_DISCORD_SHARDS", "0, 1 / 4")
    assert read_settings().discord_shards == "0,1/4"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("[::1]", "::1"),
        ("LOCALHOST", "localhost"),
        ("localhost.", "localhost"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("bot.studio.example", "bot.studio.example"),
    ],
)
def test_a_host_is_read_as_it_is_meant(monkeypatch: pytest.MonkeyPatch, given: str, host: str) -> None:
    monkeypatch.setenv("IMAGINEBOT_HTTP_HOST", given)
    assert read_settings().http_host == host


@pytest.mark.parametrize(
    ("host", "own"),
    [
        *((host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST", "localhost.")),
        *((host, False) for host in ("0.0.0.0", "10.0.0.1", "studio.example", "")),
    ],
)
def test_loopback_is_known(host: str, *, own: bool) -> None:
    assert is_loopback(host) is own


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.midjourney.com", "https://api.midjourney.com"),
        ("http://127.0.0.1:8090/", "http://127.0.0.1:8090"),
        ("http://[::1]:8090/v1/jobs?x=1", "http://[::1]:8090"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin
