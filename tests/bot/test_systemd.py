"""What systemd is told, by a socket that stands in for its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.systemd import watched

LIMIT_S = 60.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket and its address."""
    address = str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(address)
        listener.settimeout(LIMIT_S)
        yield listener, address


def heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


async def test_it_is_ready_alive_and_stopping_in_this_order(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    async with watched("all is well", variables={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000"}):
        assert heard(listener) == ["READY=1", "STATUS=all is well"]
        for _ in range(3):
            assert await asyncio.to_thread(heard, listener) == ["WATCHDOG=1"]
    rest = [heard(listener)]
    while rest[-1] == ["WATCHDOG=1"]:
        rest.append(heard(listener))
    assert rest[-1][0] == "STOPPING=1"


async def test_a_loop_that_stands_still_gives_no_sign_of_life(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    async with watched("", variables={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000"}):
        heard(listener)
        listener.settimeout(0.2)  # nothing of ours runs meanwhile
        with pytest.raises(TimeoutError):
            heard(listener)
        listener.settimeout(LIMIT_S)
        assert await asyncio.to_thread(heard, listener) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    "asked", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "2000", "WATCHDOG_PID": "1"}]
)
async def test_signs_of_life_are_given_only_where_they_are_asked_for(
    manager: tuple[socket.socket, str], asked: dict[str, str]
) -> None:
    listener, address = manager
    async with watched("", variables={"NOTIFY_SOCKET": address} | asked):
        assert heard(listener)[0] == "READY=1"
        await asyncio.sleep(0)
    assert heard(listener)[0] == "STOPPING=1"


async def test_an_address_outside_the_file_system_is_understood() -> None:
    name = f"imaginebot-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(LIMIT_S)
        async with watched("", variables={"NOTIFY_SOCKET": f"@{name}"}):
            assert heard(listener)[0] == "READY=1"


async def test_a_manager_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    async with watched("", variables={"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "1000"}) as block:
        await asyncio.sleep(0)
    assert block is None


async def test_nobody_is_told_where_nobody_asks() -> None:
    async with watched("", variables={"WATCHDOG_USEC": "1000"}):
        assert not any(task.get_name() == "watchdog" for task in asyncio.all_tasks())


def test_the_program_tells_that_it_is_ready_and_that_it_stops(
    manager: tuple[socket.socket, str], tmp_path: Path
) -> None:
    listener, address = manager
    environment = {"NOTIFY_SOCKET": address, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "bot", "run", "--data", str(tmp_path / "data"), "--port", "0", "--mcp-port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as program:
        try:
            told = heard(listener)
            assert told[0] == "READY=1"
            assert told[1].startswith("STATUS=Serving http://127.0.0.1:")
            program.send_signal(signal.SIGTERM)
            assert heard(listener)[0] == "STOPPING=1"
            assert program.wait(LIMIT_S) == 0
        finally:
            program.kill()
