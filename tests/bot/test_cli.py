"""The command: what it prints, how it ends, and one sentence where it cannot start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import admin, cli
from bot.app import own_folder, upgrade_database
from bot.config import setting_names
from bot.errors import InvalidSetting
from bot.serving import bind
from tests.bot.jobs.studio import Person, World
from tests.fakes.image_service import SettableClock


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is not there yet, with nothing set."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")  # for a child process
    monkeypatch.setattr(admin.out, "width", 200)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "studio"


def command(*arguments: object) -> tuple[int, str]:
    """Run the command in this process, and give its exit code and what it prints."""
    runner = CliRunner()
    result = runner.invoke(cli.cli, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def child(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run the command as ``imaginebot`` does, and give the one sentence that it fails with."""
    before, sys.argv = sys.argv, ["imaginebot", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = before
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith("imaginebot: ")
    return line.removeprefix("imaginebot: ")


def newer(folder: Path) -> None:
    asyncio.run(upgrade_database(folder / "imaginebot.db"))
    with contextlib.closing(sqlite3.connect(folder / "imaginebot.db")) as connection, connection:
        connection.execute("UPDATE schema_migrations SET version = version + 99 WHERE owner = 'bot'")


def test_doctor_looks_at_everything_and_is_content(folder: Path) -> None:
    code, text = command("doctor", "--data", folder, "--port", 0)
    assert code == 0
    for name in ("Python", "SQLite", "Data folder", "Database", "Port", "Image service", "Webhooks"):
        assert name in text


def test_doctor_says_what_to_do_and_fails_where_something_is_amiss(folder: Path) -> None:
    folder.write_text("in the way")
    code, text = command("doctor", "--data", folder, "--port", 0)
    assert code == 1
    assert "--data" in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_a_terminal_has_no_sign_for_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    assert child("keys", "create", "caf\u00e9", "--data", folder).returncode == 0
    found = child("keys", "list", "--data", folder)
    assert (found.returncode, found.stderr) == (0, "")
    assert "ib_" in found.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("jobs",), ("db", "upgrade")])
def test_what_cannot_be_printed_for_lack_of_space_is_said_in_one_sentence(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    said = "imaginebot: There is no space left where this is to be written. Free some, and try again.\n"
    assert (ended.returncode, ended.stderr) == (1, said)


def test_db_upgrade_names_what_it_did_and_then_has_nothing_to_do(folder: Path) -> None:
    code, text = command("db", "upgrade", "--data", folder)
    assert (code, "Applied bot 0001 jobs." in text, "Applied web 0001 chat." in text) == (0, True, True)
    assert command("db", "upgrade", "--data", folder) == (0, "The database is up to date.\n")


def test_db_upgrade_of_a_newer_database_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer(folder)
    assert "written by a newer imaginebot (bot schema " in refused(capsys, "db", "upgrade", "--data", folder)


def test_db_upgrade_beside_a_running_program_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with own_folder(folder):
        assert "Another imaginebot is running on" in refused(capsys, "db", "upgrade", "--data", folder)


def test_db_backup_and_restore_say_what_they_did(tmp_path: Path, folder: Path) -> None:
    asyncio.run(upgrade_database(folder / "imaginebot.db"))
    file = tmp_path / "backup.tar"
    with own_folder(folder):  # the program runs
        code, printed = command("db", "backup", file, "--data", folder)
    assert (code, printed.startswith(f"{file} holds 0 jobs and 0 pictures")) == (0, True)
    code, printed = command("db", "restore", file, "--data", tmp_path / "other")
    assert (code, printed) == (0, f"0 jobs and 0 pictures are back in {tmp_path / 'other'}.\n")
    assert (tmp_path / "other" / "imaginebot.db").exists()


def test_db_restore_beside_a_running_program_is_refused(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with own_folder(folder):
        assert "Another imaginebot" in refused(capsys, "db", "restore", tmp_path / "backup.tar", "--data", folder)


def test_jobs_of_a_studio_that_has_none(folder: Path) -> None:
    code, text = command("jobs", "--data", folder)
    assert (code, "There are no jobs in" in text) == (0, True)
    asyncio.run(upgrade_database(folder / "imaginebot.db"))
    assert command("jobs", "--data", folder) == (0, "There are no jobs yet.\n")


def test_jobs_lists_the_newest_first_as_they_were_typed(folder: Path) -> None:
    folder.mkdir()

    ben = Person("[Ben]")

    async def make() -> None:
        async with World(folder, SettableClock()).studio() as studio:
            await studio.service.imagine(Person("Anna").does(), "a [red] bird [/] --ar 3:2")
            (second,) = await studio.service.imagine(ben.does(), "a cat")
            await studio.service.cancel(ben.does(), second.id)

    asyncio.run(make())
    code, text = command("jobs", "--data", folder)
    assert code == 0
    lines = text.splitlines()
    assert "a [red] bird [/] --ar 3:2" in lines[2]
    assert "Next in the queue" in lines[2]
    assert "[Ben]" in lines[1]
    assert "Cancelled by [Ben]" in lines[1]
    assert len(command("jobs", "--data", folder, "--limit", 1)[1].splitlines()) == 2


def test_jobs_works_while_the_program_runs(folder: Path) -> None:
    folder.mkdir()

    async def look() -> str:
        async with World(folder, SettableClock()).studio() as studio:
            await studio.service.imagine(Person("Anna").does(), "a bird")
            return (await asyncio.to_thread(child, "jobs", "--data", folder)).stdout

    assert "a bird" in asyncio.run(look())


def test_jobs_of_a_damaged_database_is_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir()
    (folder / "imaginebot.db").write_bytes(b"a letter to my aunt" * 100)
    assert "is damaged" in refused(capsys, "jobs", "--data", folder)


@pytest.mark.parametrize("name", ["run", "demo"])
def test_a_busy_port_is_one_sentence(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        extra = ["--no-open"] if name == "demo" else []
        said = refused(capsys, name, "--data", folder, "--port", port, *extra)
    assert said == (
        f"Cannot listen on 127.0.0.1 port {port} (address already in use). "
        "Stop what uses it, or choose another port with --port."
    )


def test_a_busy_data_folder_is_one_sentence(folder: Path) -> None:
    with own_folder(folder):
        ended = child("run", "--data", folder, "--port", 0)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"imaginebot: Another imaginebot is running on {folder}. Stop it first, or name another folder with --data."
    )


def test_a_newer_database_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer(folder)
    assert "written by a newer imaginebot" in refused(capsys, "run", "--data", folder, "--port", 0)


def test_an_unknown_setting_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIDJOURNEY_TOKN", "secret-token")
    said = refused(capsys, "run", "--data", folder, "--port", 0)
    assert said == "There is no setting MIDJOURNEY_TOKN. Did you mean MIDJOURNEY_TOKEN?"


def test_the_page_without_a_login_is_not_served_to_the_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGINEBOT_HTTP_HOST", "0.0.0.0")
    with pytest.raises(InvalidSetting, match="IMAGINEBOT_WEB=false"):
        command("run", "--data", folder, "--port", 0)


def test_a_path_with_brackets_is_printed_as_it_is(tmp_path: Path, folder: Path) -> None:
    odd = tmp_path / "[red]x"
    code, text = command("jobs", "--data", odd)
    assert (code, str(odd) in text) == (0, True)


def test_engine_paint_writes_a_picture_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "circles.png"
    code, text = command("engine", "paint", "circles --ar 14:1 --seed 5", "--out", out)
    assert (code, out.exists()) == (0, True)
    assert str(out) in text
    assert "seed 5" in text


def test_no_command_gives_the_help() -> None:
    code, text = command()
    assert code in {0, 2}
    for name in ("demo", "run", "engine", "doctor", "db", "jobs"):
        assert name in text


async def test_a_second_signal_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    exits: list[int] = []
    again = asyncio.Event()

    def leave(code: int) -> None:
        exits.append(code)
        again.set()

    monkeypatch.setattr("bot.cli.os._exit", leave)
    stop = cli._stop_signal()
    try:
        async with asyncio.timeout(30):
            os.kill(os.getpid(), signal.SIGTERM)
            await stop.wait()
            assert exits == []
            os.kill(os.getpid(), signal.SIGTERM)
            await again.wait()
        assert exits == [1]
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_within_five_seconds_with_nothing_lost(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "--data", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("imaginebot is ready at http://127.0.0.1:")
        assert "embedded engine" in process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, "Stopping" in out, "Traceback" in err) == (0, True, False)
    with own_folder(folder):
        pass
