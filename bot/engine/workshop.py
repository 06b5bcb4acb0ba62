"""The worker processes, and who works on what.

Tasks wait in one heap; whichever worker is free takes the most urgent. A worker that dies is replaced and its task is
tried once more. A task whose caller is cancelled is stopped at the painter's next checkpoint, and where that does not
come soon enough the worker is killed: a cancel stops the work, always.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bot.errors import ImaginebotError, InvalidSetting

_log = logging.getLogger(__name__)

STOP_SECONDS = 0.18
"""How long a worker may take to let go of a task; the engine promises 200 ms."""

ATTEMPTS = 2
"""How often a task is tried whose worker dies."""

_START_SECONDS = 60.0
_RESTART_SECONDS = 1.0
"""Between two attempts to start a worker that dies before it is ready."""

_LINE_LIMIT = 16 * 1024 * 1024

_LOST = "The picture could not be painted: the painter broke down twice over it. Please try something else."

Message = Mapping[str, Any]
Priority = tuple[int, ...]
OnProgress = Callable[[float], None]


class TaskFailed(ImaginebotError):
    """A task could not be carried out; ``code`` and the text are for the person who asked."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the machine-readable code and the sentence."""
        super().__init__(message)
        self.code = code


@dataclass(order=True)
class _Ticket:
    """A task that waits for a worker or has one. Its caller has gone where ``outcome`` is done."""

    priority: Priority
    number: int
    task: Message = field(compare=False)
    on_progress: OnProgress = field(compare=False)
    outcome: asyncio.Future[Message] = field(compare=False)
    worker: _Worker | None = field(default=None, compare=False)
    deaths: int = field(default=0, compare=False)
    released: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


class _Worker:
    """One process, the socket to it, and the ticket that it has."""

    def __init__(
        self, process: subprocess.Popen[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.ticket: _Ticket | None = None
        self._reader = reader
        self._writer = writer

    @classmethod
    async def spawn(cls) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours, limit=_LINE_LIMIT)
            # Only now, with nothing to wait for any more: whoever is cut off while waiting would leave it to nobody.
            try:
                process = _start(theirs)
            except OSError:
                writer.close()
                raise
        return cls(process, reader, writer)

    def send(self, message: Message) -> None:
        # Never drained: a message is a few kilobytes, and there is one task at a time.
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> Message | None:
        """Give the next message, or None where the process has ended or talks nonsense."""
        try:
            line = await self._reader.readline()
            message: Message | None = json.loads(line) if line else None
        except (ValueError, OSError):
            return None
        return message

    def kill(self) -> None:
        # Nothing is lost by it: files are written by rename, and the engine knows what has to be done again.
        self.process.kill()

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.kill()
        self._writer.close()
        await asyncio.to_thread(self.process.wait)


class Workshop:
    """A fixed number of worker processes for one painter.

    ``preview_scales`` are the painter's, known once ``start`` has returned.
    """

    def __init__(self, *, painter: str, options: Mapping[str, Any], workers: int) -> None:
        """Start nothing yet; ``painter`` is "module:factory"."""
        self.preview_scales: tuple[float, ...] = ()
        self._setup = {"painter": painter, "options": dict(options)}
        self._count = workers
        self._numbers = itertools.count(1)
        self._waiting: list[_Ticket] = []
        self._workers: list[_Worker] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._closing = False

    @property
    def process_ids(self) -> list[int]:
        """The workers that are ready or at work."""
        return [worker.process.pid for worker in self._workers]

    async def start(self) -> None:
        """Start the workers and wait for the first.

        Raises:
            InvalidSetting: the painter cannot be loaded.
        """
        ready: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._keepers = [asyncio.create_task(self._keep(ready)) for _ in range(self._count)]
        try:
            async with asyncio.timeout(_START_SECONDS):
                painter = await ready
        except BaseException as error:
            await self.close()
            if isinstance(error, TimeoutError):
                raise InvalidSetting(f"The painter {self._setup['painter']} takes too long to start.") from error
            raise
        self.preview_scales = tuple(painter["preview_scales"])

    def wind_down(self) -> None:
        """Expect to be closed: a worker that has to be ended is not replaced any more, which is no news."""
        self._closing = True

    async def close(self) -> None:
        """End the workers and wait until they are gone. Callers that still wait are cancelled."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        for ticket in self._waiting:
            ticket.outcome.cancel()
        self._waiting = []

    async def run(self, task: Message, *, priority: Priority, on_progress: OnProgress) -> Message:
        """Have a task carried out and give its answer; a lower ``priority`` comes first.

        A caller that is cancelled gets its ``CancelledError`` once the work has stopped.

        Raises:
            TaskFailed: the task failed, or its worker died twice.
        """
        ticket = _Ticket(
            priority=priority,
            number=next(self._numbers),
            task=task,
            on_progress=on_progress,
            outcome=asyncio.get_running_loop().create_future(),
        )
        heapq.heappush(self._waiting, ticket)
        self._assign()
        try:
            return await ticket.outcome
        except asyncio.CancelledError:
            await self._stop(ticket)
            raise

    async def _stop(self, ticket: _Ticket) -> None:
        """Wait until nobody works on ``ticket`` any more; its outcome is cancelled already."""
        worker = ticket.worker
        if worker is None:
            return
        worker.send({"stop": ticket.number})
        asyncio.get_running_loop().call_later(STOP_SECONDS, self._kill_if_still_at, worker, ticket)
        await ticket.released.wait()

    def _kill_if_still_at(self, worker: _Worker, ticket: _Ticket) -> None:
        if worker.ticket is ticket:
            if not self._closing:
                _log.warning("the painting worker %s did not stop in time and is replaced", worker.process.pid)
            worker.kill()

    def _assign(self) -> None:
        """Give waiting tickets to free workers, the most urgent first."""
        free = [worker for worker in self._workers if worker.ticket is None]
        while free and self._waiting:
            ticket = heapq.heappop(self._waiting)
            if ticket.outcome.done():
                continue
            worker = free.pop()
            worker.ticket, ticket.worker = ticket, worker
            worker.send({"task": ticket.number, **ticket.task})

    async def _keep(self, ready: asyncio.Future[Message]) -> None:
        """Keep one worker going: whenever it ends, start another."""
        while not self._closing:
            worker = await _Worker.spawn()
            try:
                greeted = await self._greet(worker, ready)
                if greeted:
                    await self._listen(worker)
            finally:
                if worker in self._workers:
                    self._workers.remove(worker)
                await worker.end()
                self._mourn(worker)
            if not self._closing:
                _log.warning("the painting worker %s ended (%s)", worker.process.pid, worker.process.returncode)
            if not greeted:
                await asyncio.sleep(_RESTART_SECONDS)

    async def _greet(self, worker: _Worker, ready: asyncio.Future[Message]) -> bool:
        """Introduce the painter; False where the worker cannot load it."""
        worker.send(self._setup)
        greeting = await worker.receive()
        if greeting is not None and "ready" in greeting:
            if not ready.done():
                ready.set_result(greeting["ready"])
            self._workers.append(worker)
            self._assign()
            return True
        trace = greeting["broken"] if greeting is not None else "the worker ended"
        _log.error("the painter %s cannot be loaded: %s", self._setup["painter"], trace)
        if not ready.done():
            ready.set_exception(InvalidSetting(f"The painter {self._setup['painter']} cannot be loaded; see the log."))
        return False

    async def _listen(self, worker: _Worker) -> None:
        """Take the worker's messages until it ends."""
        while (message := await worker.receive()) is not None:
            ticket = worker.ticket
            if ticket is None or message["task"] != ticket.number:
                continue
            if "progress" in message:
                if not ticket.outcome.done():
                    ticket.on_progress(message["progress"])
                continue
            worker.ticket = None
            _settle(ticket, message)
            self._assign()

    def _mourn(self, worker: _Worker) -> None:
        """Put the ticket of a worker that has ended back into the heap, or give it up."""
        ticket, worker.ticket = worker.ticket, None
        if ticket is None:
            return
        ticket.worker = None
        ticket.deaths += 1
        if ticket.outcome.done():
            ticket.released.set()
        elif ticket.deaths < ATTEMPTS:
            heapq.heappush(self._waiting, ticket)
            self._assign()
        else:
            ticket.outcome.set_exception(TaskFailed("worker_died", _LOST))


def _settle(ticket: _Ticket, message: Message) -> None:
    ticket.worker = None
    ticket.released.set()
    if ticket.outcome.done():
        return
    if "done" in message:
        ticket.outcome.set_result(message["done"])
        return
    failure = message.get("failed", {"code": "engine_error", "message": _LOST})
    if "trace" in failure:
        _log.error("a task of the painter failed: %s", failure["trace"])
    ticket.outcome.set_exception(TaskFailed(failure["code"], failure["message"]))


def _start(theirs: socket.socket) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C on the terminal away from it; it ends when its standard input does.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "bot.engine.worker"],
        stdin=theirs.fileno(),
        stdout=theirs.fileno(),
        start_new_session=True,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """Give the workers our import path, and one thread each for arithmetic: there is one worker for each processor."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
