"""The commands as Discord lists them: names, options, limits. What they do is the desk's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from adapters.discord import completing
from adapters.discord.answers import Asked
from adapters.discord.options import Options

if TYPE_CHECKING:
    from adapters.discord.tasks import Tasks

Command = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu

PROMPT_LIMIT = 4000
SEED_LIMIT = 4_294_967_295
RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")
DIMENSIONS = {"Square": "1:1", "Portrait": "2:3", "Landscape": "3:2"}

Mode = Literal["fast", "relax", "turbo"]
Dimensions = Literal["Square", "Portrait", "Landscape"]
Status = Literal["waiting", "under way", "done", "failed", "cancelled"]
Switch = Literal["on", "off"]
Typed = Range[str, 1, PROMPT_LIMIT]
Picture = discord.Attachment


def all_commands(tasks: Tasks) -> list[Command]:
    """Give every command, ready to be added to a tree: usable in servers, threads and direct messages."""
    return [_everywhere(command) for command in (*_making(tasks), *_looking(tasks), *_menus(tasks))]


def _everywhere(command: Command) -> Command:
    command.allowed_contexts = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
    command.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
    return command


def _making(tasks: Tasks) -> list[Command]:
    """Give the commands that make something."""

    @app_commands.command(description="Paint four pictures")
    @app_commands.describe(
        prompt="What you would like to see; parameters such as --ar 3:2 work too",
        aspect="Width to height, such as 3:2",
        mode="How soon it is to be worked on",
        seed="The same number and prompt give the same pictures",
        stylize="How much of a style of its own, 0 to 1000",
        chaos="How different the four are, 0 to 100",
        no="What is not to be in the pictures, parted by commas",
        reference="A picture to start from",
    )
    async def imagine(
        asked: Asked,
        prompt: Typed,
        aspect: Range[str, 1, 20] | None = None,
        mode: Mode | None = None,
        seed: Range[int, 0, SEED_LIMIT] | None = None,
        stylize: Range[int, 0, 1000] | None = None,
        chaos: Range[int, 0, 100] | None = None,
        no: Range[str, 1, 1000] | None = None,
        reference: Picture | None = None,
    ) -> None:
        options = Options(aspect=aspect, mode=mode, seed=seed, stylize=stylize, chaos=chaos, no=no)
        await tasks.imagine(asked, prompt, options, reference)

    @imagine.autocomplete("prompt")
    async def prompts(asked: Asked, typed: str) -> list[Choice[str]]:
        return await completing.prompts_for(tasks.service, tasks.desk.requester(asked), typed)

    @imagine.autocomplete("aspect")
    async def ratios(_: Asked, typed: str) -> list[Choice[str]]:
        return completing.values_for(typed, RATIOS)

    @app_commands.command(description="Get four prompts for a picture")
    @app_commands.describe(image="The picture", url="The address of a picture, in place of a file")
    async def describe(asked: Asked, image: Picture | None = None, url: Range[str, 1, 2000] | None = None) -> None:
        await tasks.describe(asked, image, url)

    @app_commands.command(description="Mix two to five pictures into new ones")
    @app_commands.describe(
        image1="The first picture",
        image2="The second picture",
        image3="The third picture",
        image4="The fourth picture",
        image5="The fifth picture",
        dimensions="The shape of the new pictures",
        prompt="Words that guide the mix",
    )
    async def blend(
        asked: Asked,
        image1: Picture,
        image2: Picture,
        image3: Picture | None = None,
        image4: Picture | None = None,
        image5: Picture | None = None,
        dimensions: Dimensions | None = None,
        prompt: Typed | None = None,
    ) -> None:
        images = [image for image in (image1, image2, image3, image4, image5) if image is not None]
        await tasks.blend(asked, images, DIMENSIONS.get(dimensions or ""), prompt or "")

    return [imagine, describe, blend]


def _looking(tasks: Tasks) -> list[Command]:
    """Give the commands that show or change what is there."""

    @app_commands.command(description="See what everybody here is making")
    @app_commands.describe(member="Only what this person asked for", status="Only what stands like this")
    async def jobs(asked: Asked, member: discord.User | None = None, status: Status | None = None) -> None:
        await tasks.jobs(asked, member, status)

    @app_commands.command(description="See one job")
    @app_commands.describe(id="The job; the line under its post names it")
    async def job(asked: Asked, id: Range[str, 1, 100]) -> None:  # noqa: A002 - the option's name on Discord
        await tasks.job(asked, id)

    @job.autocomplete("id")
    async def own(asked: Asked, typed: str) -> list[Choice[str]]:
        return await completing.jobs_for(tasks.service, tasks.desk.requester(asked), typed)

    @app_commands.command(description="Stop your latest job, or the one that you name")
    @app_commands.describe(which="Which one; your latest if left out")
    @app_commands.rename(which="job")
    async def cancel(asked: Asked, which: Range[str, 1, 100] | None = None) -> None:
        await tasks.cancel(asked, which)

    @cancel.autocomplete("which")
    async def running(asked: Asked, typed: str) -> list[Choice[str]]:
        return await completing.jobs_for(tasks.service, tasks.desk.requester(asked), typed, live=True)

    @app_commands.command(description="Choose whether a V button asks for an edited prompt first")
    @app_commands.describe(prompt="on: you edit the prompt first; off: variations start at once")
    async def remix(asked: Asked, prompt: Switch) -> None:
        await tasks.remix(asked, wanted=prompt == "on")

    @app_commands.command(description="See what you can do here")
    async def help(asked: Asked) -> None:  # noqa: A001 - the command's name on Discord
        await tasks.help(asked)

    return [jobs, job, cancel, remix, help]


def _menus(tasks: Tasks) -> list[Command]:
    """Give the commands of a message's menu."""

    async def describe(asked: Asked, message: discord.Message) -> None:
        await tasks.describe_message(asked, message)

    async def blend(asked: Asked, message: discord.Message) -> None:
        await tasks.blend_message(asked, message)

    async def use(asked: Asked, message: discord.Message) -> None:
        await tasks.use_message(asked, message)

    return [
        app_commands.ContextMenu(name="Describe picture", callback=describe),
        app_commands.ContextMenu(name="Blend pictures", callback=blend),
        app_commands.ContextMenu(name="Use as reference", callback=use),
    ]
