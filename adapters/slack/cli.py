"""``imaginebot slack``: what is needed to set the app up in Slack."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.slack.manifest import EXAMPLE_URL, manifest, yaml
from bot.config import read_settings

cli = typer.Typer(help="The app in Slack.", no_args_is_help=True)


@cli.callback()
def slack() -> None:
    """Help to set the app up in Slack."""


@cli.command("manifest")
def show_manifest(
    http: Annotated[
        bool, typer.Option("--http/--socket-mode", help="Whether Slack sends its events over HTTP.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Your address as Slack sees it; by default PUBLIC_URL. For HTTP only.")
    ] = None,
    many: Annotated[bool, typer.Option("--many", help="For an app that many workspaces install.")] = False,
) -> None:
    """Print the manifest to make the Slack app from, with your address filled in."""
    address = url or read_settings().public_origin or EXAMPLE_URL
    typer.echo(yaml(manifest(http=http, many=many, url=address)), nl=False)
