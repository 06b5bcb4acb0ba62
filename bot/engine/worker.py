"""A worker process: it paints, puts into words and composes, one task at a time.

It talks with the engine in lines of JSON: tasks and stop orders come in on standard input, progress and outcomes go
out on standard output. Pictures pass through files. When standard input ends, the engine is gone, however it died,
and the worker ends with it at once, in the middle of a stroke if need be.

Run as ``python -m bot.engine.worker``; the first line names the painter.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from bot.engine.orders import StoredOrder
from bot.engine.painters.painter import Checkpoint, Painter, Stopped
from bot.errors import StorageUnavailable, UserError

_NICENESS = 5
"""Painting yields to everything that somebody is waiting for."""

_REPORT_SECONDS = 0.05
"""Between two reports of progress."""

_UNFORESEEN = "Something went wrong while the picture was being painted. Please try again."
_NO_SPACE = "The picture could not be stored. Please tell the admin, and try again later."

Message = dict[str, Any]


def load_painter(path: str, options: Mapping[str, Any]) -> Painter:
    """Make the painter that ``path`` ("module:factory") names."""
    module, _, name = path.partition(":")
    factory: Callable[..., Painter] = getattr(importlib.import_module(module), name)
    return factory(**options)


class Worker:
    """The two threads of a worker: one listens, one works."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Use two binary streams."""
        self._incoming = incoming
        self._outgoing = outgoing
        self._tasks: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._painter: Painter | None = None

    def run(self) -> None:
        """Work until the engine is gone."""
        setup = json.loads(self._incoming.readline() or b"{}")
        if not setup:
            return
        try:
            self._painter = load_painter(setup["painter"], setup["options"])
        except Exception:  # noqa: BLE001 - whatever it is, the engine is to know
            self._send({"broken": traceback.format_exc()})
            return
        self._send({"ready": {"name": self._painter.name, "preview_scales": list(self._painter.preview_scales)}})
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            self._work(self._tasks.get())

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._incoming:
                message = json.loads(line)
                if "stop" in message:
                    self._stopped.add(message["stop"])
                else:
                    self._tasks.put(message)
        os._exit(0)

    def _work(self, task: Message) -> None:
        number: int = task["task"]
        answer: Message = {"task": number}
        try:
            answer["done"] = self._carry_out(task, self._checkpoint(number))
        except Stopped:
            answer["stopped"] = True
        except UserError as error:
            answer["failed"] = {"code": error.code, "message": str(error)}
        except Exception as error:  # noqa: BLE001 - the top of the worker's loop; the engine logs the trace
            answer["failed"] = _failure(error)
        self._stopped.discard(number)
        self._send(answer)

    def _checkpoint(self, number: int) -> Checkpoint:
        reported = time.monotonic()

        def checkpoint(fraction: float) -> None:
            nonlocal reported
            if number in self._stopped:
                raise Stopped
            now = time.monotonic()
            if now - reported >= _REPORT_SECONDS:
                reported = now
                self._send({"task": number, "progress": fraction})

        return checkpoint

    def _carry_out(self, task: Message, checkpoint: Checkpoint) -> Message:
        assert self._painter is not None  # noqa: S101 - set before the first task is taken
        checkpoint(0.0)
        match task["do"]:
            case "paint":
                inputs = Path(task["inputs"])
                order = StoredOrder.from_json(task["order"]).for_painter(lambda name: (inputs / name).read_bytes())
                painting = self._painter.paint(order, index=task["index"], scale=task["scale"], checkpoint=checkpoint)
                write_by_rename(Path(task["to"]), painting.content)
                return {
                    "width": painting.width,
                    "height": painting.height,
                    "content_type": painting.content_type,
                }
            case "describe":
                picture = Path(task["picture"]).read_bytes()
                return {"prompts": list(self._painter.describe(picture, checkpoint=checkpoint))}
            case "compose":
                from bot.engine.grid import compose  # a worker that only describes needs no Pillow

                content, width, height = compose([Path(path).read_bytes() for path in task["pictures"]])
                checkpoint(1.0)
                write_by_rename(Path(task["to"]), content)
                return {"width": width, "height": height, "content_type": "image/webp"}
            case unknown:
                raise ValueError(f"no such task: {unknown}")

    def _send(self, message: Message) -> None:
        try:
            self._outgoing.write(json.dumps(message).encode() + b"\n")
            self._outgoing.flush()
        except OSError:
            os._exit(0)


def write_by_rename(path: Path, content: bytes) -> None:
    """Write a file that is either whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _failure(error: Exception) -> Message:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
        return {"code": StorageUnavailable.code, "message": _NO_SPACE, "trace": str(error)}
    return {"code": "engine_error", "message": _UNFORESEEN, "trace": traceback.format_exc()}


def main() -> None:
    """Run a worker over standard input and output."""
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a painter prints goes where its errors go, and not in between the answers
    with suppress(OSError):
        os.nice(_NICENESS)
    Worker(sys.stdin.buffer, outgoing).run()


if __name__ == "__main__":
    main()
