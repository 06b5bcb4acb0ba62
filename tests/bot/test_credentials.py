"""Secrets from files: by variable, by the service manager's folder, and never where everybody can read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Settings, read_settings, secret_file_names, secret_names, setting_names
from bot.errors import InvalidSetting


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*setting_names(), *secret_file_names(), "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def private(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o440)
    return str(path)


def shown(settings: Settings, name: str) -> str | None:
    """Give what a setting holds, by its name."""
    (field,) = (field for field, info in Settings.model_fields.items() if info.validation_alias == name)
    value = getattr(settings, field)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def example_of(name: str) -> str:
    return "sqlite:////var/lib/elsewhere.db" if name == "DATABASE_URL" else f"the value of {name}"


def test_every_secret_and_the_database_address_are_known() -> None:
    assert {"MIDJOURNEY_TOKEN", "MIDJOURNEY_WEBHOOK_SECRET", "DISCORD_TOKEN", "DATABASE_URL"} <= set(secret_names())
    assert not set(secret_file_names()) & set(setting_names())
    assert "PUBLIC_URL" not in secret_names()


@pytest.mark.parametrize("name", secret_names())
def test_a_secret_is_read_from_the_file_that_a_variable_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(f"{name}_FILE", private(tmp_path / "secret", example_of(name) + "\n"))
    assert shown(read_settings(), name) == example_of(name)


@pytest.mark.parametrize("name", secret_names())
def test_a_secret_is_read_from_the_folder_of_the_service_manager(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    private(tmp_path / "handed" / name, example_of(name))
    private(tmp_path / "handed" / "of another program", "other")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    assert shown(read_settings(), name) == example_of(name)


def test_a_secret_is_read_from_the_file_that_the_settings_name(tmp_path: Path) -> None:
    private(tmp_path / "secret", "from a file")
    Path("imaginebot.toml").write_text('midjourney_token_file = "secret"\npublic_url = "https://studio.example"\n')
    settings = read_settings()
    assert shown(settings, "MIDJOURNEY_TOKEN") == "from a file"
    assert settings.public_origin == "https://studio.example"


def test_the_environment_wins_over_a_folder_and_a_variables_file_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("MIDJOURNEY_TOKEN", "DISCORD_TOKEN"):
        private(tmp_path / "handed" / name, "handed over")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "from the environment")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", private(tmp_path / "token", "from a named file"))
    settings = read_settings()
    assert shown(settings, "MIDJOURNEY_TOKEN") == "from the environment"
    assert shown(settings, "DISCORD_TOKEN") == "from a named file"


def test_a_secret_from_a_file_is_masked_in_the_logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIDJOURNEY_TOKEN_FILE", private(tmp_path / "secret", "hunter2"))
    settings = read_settings()
    assert "hunter2" in settings.secrets
    assert "hunter2" not in repr(settings)


def test_a_secret_that_is_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "one")
    monkeypatch.setenv("MIDJOURNEY_TOKEN_FILE", private(tmp_path / "secret", "another"))
    with pytest.raises(InvalidSetting, match="MIDJOURNEY_TOKEN and MIDJOURNEY_TOKEN_FILE are both set"):
        read_settings()


def test_a_file_that_everybody_can_read_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    monkeypatch.setenv("MIDJOURNEY_TOKEN_FILE", private(file, "hunter2"))
    file.chmod(0o644)
    with pytest.raises(InvalidSetting, match=f"chmod o= {file}") as refused:
        read_settings()
    assert "hunter2" not in str(refused.value)
    file.chmod(0o640)
    assert read_settings().token is not None


def test_settings_with_a_secret_that_everybody_can_read_are_refused() -> None:
    file = Path("imaginebot.toml")
    file.write_text('midjourney_token = "hunter2"\n')
    file.chmod(0o644)
    with pytest.raises(InvalidSetting, match="everybody on this machine can read"):
        read_settings()
    file.chmod(0o600)
    assert read_settings().token is not None


@pytest.mark.parametrize("text", ['public_url = "https://studio.example"', 'database_url = "sqlite:////srv/bot.db"'])
def test_settings_without_a_secret_may_be_read_by_everybody(text: str) -> None:
    Path("imaginebot.toml").write_text(text + "\n")
    Path("imaginebot.toml").chmod(0o644)
    read_settings()


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe\x00", "it is no text")]
)
def test_a_file_without_a_secret_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        private(file, "").encode()
        file.chmod(0o600)
        file.write_bytes(content)
    monkeypatch.setenv("MIDJOURNEY_TOKEN_FILE", str(file))
    with pytest.raises(InvalidSetting, match=f"MIDJOURNEY_TOKEN_FILE: {file}.*{reason}"):
        read_settings()


@pytest.mark.parametrize("path", ["/dev/null", "/tmp"])  # noqa: S108 - looked at, not used
def test_nobody_is_told_to_close_a_device_or_a_folder(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("MIDJOURNEY_TOKEN_FILE", path)
    with pytest.raises(InvalidSetting, match=f"MIDJOURNEY_TOKEN_FILE: {path} is no file") as refused:
        read_settings()
    assert "chmod" not in str(refused.value)


def test_a_secret_can_come_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()  # as MIDJOURNEY_TOKEN_FILE=<(command) does it
    os.write(writing, b"a-token\n")
    os.close(writing)
    monkeypatch.setenv("MIDJOURNEY_TOKEN_FILE", f"/dev/fd/{reading}")
    assert shown(read_settings(), "MIDJOURNEY_TOKEN") == "a-token"
    os.close(reading)


def test_a_folder_that_cannot_be_looked_into_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", f"/{'n' * 300}")
    with pytest.raises(InvalidSetting, match=r"CREDENTIALS_DIRECTORY: .* cannot be read"):
        read_settings()


def test_a_folder_that_is_not_there_holds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "nowhere"))
    assert read_settings().token is None


def test_only_secrets_have_a_file_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGINEBOT_HTTP_PORT_FILE", "/etc/port")
    with pytest.raises(InvalidSetting, match="There is no setting IMAGINEBOT_HTTP_PORT_FILE"):
        read_settings()
