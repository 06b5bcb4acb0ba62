"""The ``imaginebot`` command."""

from __future__ import annotations

import asyncio
import errno
import io
import logging
import os
import secrets
import signal
import sys
import time
import webbrowser
from collections.abc import Coroutine
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.admin import Data, keys_cli, out, webhooks_cli
from bot.config import Settings, read_settings
from bot.db import db_cli
from bot.errors import ImaginebotError, InvalidSetting
from bot.exposure import need_closed_doors
from bot.garbage import spared
from bot.logs import set_up_logs
from bot.privacy import closed_to_others, make_folder

if TYPE_CHECKING:
    from bot.app import App, Tuning
    from bot.engine import EngineSettings

cli = typer.Typer(
    help="An image studio inside the chat that a team already uses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
engine_cli = typer.Typer(help="The embedded engine, by itself.", invoke_without_command=True)
cli.add_typer(engine_cli, name="engine")
cli.add_typer(db_cli, name="db")
cli.add_typer(keys_cli, name="keys")
cli.add_typer(webhooks_cli, name="webhooks")

err = Console(stderr=True, highlight=False, soft_wrap=True)

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")]
McpPort = Annotated[int | None, typer.Option(min=0, max=65535, help="The port of MCP; 0 takes a free one.")]

ENGINE_PORT = 8090

COMMANDS = "imaginebot.commands"
"""The group of entry points under which adapters bring commands of their own; each leads to a ``typer.Typer`` in a
module that is quick to import."""


def main() -> None:
    """Run the command; an error that the admin can mend is one sentence and exit code 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal or a file that is not in UTF-8 lacks some of our signs
    try:
        for point in sorted(entry_points(group=COMMANDS), key=lambda point: point.name):
            cli.add_typer(point.load(), name=point.name)
        cli()
    except ImaginebotError as error:
        _give_up(str(error))
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        sys.stdout = None  # so that nobody writes at the end what is left in it
        _give_up("There is no space left where this is to be written. Free some, and try again.")


def _give_up(why: str) -> NoReturn:
    err.print(f"[red]imaginebot:[/red] {escape(why)}", markup=True)
    raise SystemExit(1) from None


@cli.command()
def demo(
    port: Port = None,
    mcp_port: McpPort = None,
    data: Data = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    latency: Annotated[
        float, typer.Option(min=0, max=600, metavar="SECONDS", help="Make the engine slower, to watch it work.")
    ] = 0.0,
) -> None:
    """Open an image studio in the browser, painted by the embedded engine. Needs no account."""
    from bot.app import Tuning

    given = read_settings(data_dir=data, http_port=port, mcp_port=mcp_port, demo=True)
    settings = given.model_copy(update={"token": None})
    set_up_logs(logging.WARNING)
    _run(_serve(settings, Tuning(engine={"latency": latency}), open_browser=not no_open))


@cli.command()
def run(port: Port = None, mcp_port: McpPort = None, data: Data = None) -> None:
    """Run the bot by its settings: environment and imaginebot.toml."""
    from bot.app import Tuning

    settings = read_settings(data_dir=data, http_port=port, mcp_port=mcp_port)
    set_up_logs(secrets=settings.secrets)
    _run(_serve(settings, Tuning(), open_browser=False))


@engine_cli.callback()
def engine(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on, on loopback.")] = ENGINE_PORT,
    data: Data = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Jobs at a time.")] = 3,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="A private address that webhooks and pictures may go to; can be repeated."),
    ] = None,
    fail_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of jobs that fail.")] = 0.0,
    latency: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Seconds added to each job.")] = 0.0,
    drop_webhooks: Annotated[float, typer.Option(min=0, max=1, help="Share of webhooks that are not sent.")] = 0.0,
    duplicate_webhooks: Annotated[float, typer.Option(min=0, max=1, help="Share that is sent twice.")] = 0.0,
    shuffle_webhooks: Annotated[float, typer.Option(min=0, max=1, help="Share that comes out of order.")] = 0.0,
    expire_after: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="When ended jobs and their pictures are gone.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Makes faults and seeds the same at each run.")] = None,
    painter: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FACTORY", help="What paints, in place of the painter that comes along."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Painting processes; as many as processors if left out.")
    ] = None,
) -> None:
    """Serve the embedded engine over HTTP. The key is MIDJOURNEY_TOKEN, or one drawn and printed at start."""
    if context.invoked_subcommand is not None:
        return
    from bot.engine import EngineSettings
    from bot.engine.settings import DEFAULT_PAINTER

    settings = read_settings(data_dir=data)
    set_up_logs(logging.WARNING)
    token = settings.token.get_secret_value() if settings.token else secrets.token_urlsafe(24)
    origins = frozenset(allow_origin or [f"http://127.0.0.1:{settings.http_port}"])
    _run(
        _serve_engine(
            EngineSettings(
                folder=settings.data_dir / "engine",
                token=token,
                webhook_secret=settings.webhook_secret.get_secret_value() if settings.webhook_secret else "",
                concurrency=concurrency,
                picture_origins=origins,
                webhook_origins=origins,
                fail_rate=fail_rate,
                latency=latency,
                drop_webhooks=drop_webhooks,
                duplicate_webhooks=duplicate_webhooks,
                shuffle_webhooks=shuffle_webhooks,
                expire_after=expire_after or None,
                seed=seed,
                workers=workers,
                painter=painter or DEFAULT_PAINTER,
            ),
            port,
            drawn=settings.token is None,
        )
    )


@engine_cli.command()
def paint(
    prompt: Annotated[str, typer.Argument(help="What to paint; parameters such as --ar 3:2 go inside the quotes.")],
    out_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write the picture.", dir_okay=False)
    ] = None,
    grid: Annotated[bool, typer.Option("--grid", help="Paint all four, as one WebP.")] = False,
) -> None:
    """Paint one prompt into a file, with no server and no account."""
    from bot.engine.single import paint as paint_one

    began = time.perf_counter()
    written = asyncio.run(paint_one(prompt, out_file, whole_grid=grid))
    took = time.perf_counter() - began
    out.print(
        f"{escape(str(written.path))}  [dim]{written.width} × {written.height}, seed {written.seed}, {took:.1f} s[/dim]"
    )


@cli.command()
def mcp(
    stdio: Annotated[bool, typer.Option("--stdio", help="Speak MCP over stdin and stdout.")] = False,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Where the bot runs.")] = None,
) -> None:
    """Serve the studio's tools to a desktop client, as a bridge to the bot that runs. The key is IMAGINEBOT_API_KEY."""
    points = list(entry_points(group="imaginebot.stdio", name="mcp"))
    if not stdio or not points:
        raise InvalidSetting(
            "Desktop clients start this as: imaginebot mcp --stdio. Over HTTP, MCP is served by the running bot itself."
        )
    settings = read_settings(api_url=url)
    set_up_logs(logging.WARNING, secrets=settings.secrets)
    _run(points[0].load()(settings))


@cli.command()
def doctor(port: Port = None, mcp_port: McpPort = None, data: Data = None) -> None:
    """Check everything that the program needs, and say what to do about what is amiss."""
    set_up_logs(logging.CRITICAL)
    settings = read_settings(data_dir=data, http_port=port, mcp_port=mcp_port)
    with closed_to_others():
        good = asyncio.run(_examine(settings))
    if not good:
        raise typer.Exit(1)


@cli.command()
def jobs(
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 25,
) -> None:
    """List the newest jobs; works while the bot runs."""
    asyncio.run(_list_jobs(read_settings(data_dir=data), limit))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        with closed_to_others():
            asyncio.run(work)
    except* ImaginebotError as group:
        _raise_first(group)


def _raise_first(group: BaseExceptionGroup[ImaginebotError]) -> NoReturn:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    raise first from None


def _stop_signal() -> asyncio.Event:
    """Give an event that the first SIGINT or SIGTERM sets; a second one ends the process at once."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


async def _serve(settings: Settings, tuning: Tuning, *, open_browser: bool) -> None:
    from bot.app import running
    from bot.systemd import watched

    need_closed_doors(settings)
    stop = _stop_signal()
    async with spared(running(settings, tuning=tuning)) as app:
        painter = "the embedded engine" if settings.embedded else str(settings.base_url)
        out.print(f"imaginebot is ready at [bold]{app.url}[/bold]")
        kept = escape(str(settings.data_dir))
        out.print(f"[dim]Pictures by {escape(painter)}; everything is kept in {kept}. Ctrl-C stops.[/dim]")
        for name, address in app.addresses.items():
            out.print(f"[dim]{escape(name)} is served at {escape(address)}, with an API key.[/dim]")
        if settings.demo and (settings.rest or app.addresses):
            await _make_demo_key(app)
        if open_browser:
            await asyncio.to_thread(webbrowser.open, app.url)
        async with watched(f"Serving {app.url}, pictures by {painter}"):
            await stop.wait()
        out.print("[dim]Stopping…[/dim]")


async def _make_demo_key(app: App) -> None:
    """Make a key for this run and say how to use it; its jobs show in the chat too."""
    made = await app.keys.replace("demo", channel="web:local:general" if app.settings.web else None)
    body = '{"prompt": "a lighthouse at dusk"}'
    if "MCP" in app.addresses:
        out.print("[dim]For agents, with a key for this run:[/dim]")
        header = f"Authorization: Bearer {made.key}"
        out.print(
            f"claude mcp add --transport http imaginebot {app.addresses['MCP']} --header '{header}'", markup=False
        )
    if not app.settings.rest:
        return
    out.print("[dim]For programs, with a key for this run (docs at /docs):[/dim]")
    out.print(f"curl {app.url}/v1/imagine -H 'Authorization: Bearer {made.key}' --json '{body}'", markup=False)


async def _serve_engine(settings: EngineSettings, port: int, *, drawn: bool) -> None:
    from bot.engine import run_engine

    make_folder(settings.folder.parent)
    stop = _stop_signal()
    async with spared(run_engine(settings, port=port)) as server:
        out.print(f"The engine is ready at [bold]{server.url}[/bold]")
        if drawn:
            out.print(f"[dim]MIDJOURNEY_TOKEN is not set, so the key is drawn:[/dim] {settings.token}")
        await stop.wait()


async def _examine(settings: Settings) -> bool:
    from bot.doctor import Verdict, examine

    marks = {Verdict.GOOD: "[green]✓[/green]", Verdict.NOTE: "[yellow]![/yellow]", Verdict.BAD: "[red]✗[/red]"}
    good = True
    async for finding in examine(settings):
        good = good and finding.verdict is not Verdict.BAD
        out.print(f"{marks[finding.verdict]} [bold]{finding.name}[/bold]: {escape(finding.seen)}")
        if finding.advice:
            out.print(f"  [dim]{escape(finding.advice)}[/dim]")
    return good


async def _list_jobs(settings: Settings, limit: int) -> None:
    from bot.jobs.model import JobFilter
    from bot.jobs.views import view_in
    from bot.storage.database import Database
    from bot.storage.store import Store

    if settings.postgresql is None and not settings.database_path.exists():
        out.print(f"There are no jobs in {escape(str(settings.data_dir))} yet.")
        return
    async with await Database.open_read_only(settings.database) as database, Store(database).unit() as unit:
        views = [await view_in(unit, job) for job in await unit.list_jobs(JobFilter(), before=None, limit=limit)]
    table = Table("when", "who", "what", "prompt", "state", box=None, header_style="dim")
    for view in views:
        when = view.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(when, *map(escape, (view.requester.name, view.title, view.prompt, view.error or view.state)))
    out.print(table if views else "There are no jobs yet.")
