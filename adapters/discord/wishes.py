"""What a command asks for, in a form that can be kept until it has been carried out, and the pictures that it names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import discord
from pydantic import TypeAdapter

from adapters.discord.faults import RAISED
from adapters.discord.wording import shortened
from bot.errors import InvalidPicture, PictureUnavailable
from bot.images import MAX_BYTES
from bot.jobs.model import Job, JobType, Source

if TYPE_CHECKING:
    from bot.jobs.service import JobService

PICTURE_WITHIN_S = 60.0
"""Seconds that Discord has to give a picture out; the library waits for minutes, and others wait behind it."""

_NAME_LIMIT = 40


class Origin(StrEnum):
    """Where a picture is to be had: from Discord, from an address that a person typed, or here."""

    DISCORD = "discord"
    WEB = "web"
    KEPT = "kept"


@dataclass(frozen=True, kw_only=True)
class Named:
    """A picture that a person named: its address, or its digest where it is kept here."""

    origin: Origin
    value: str
    name: str = "That picture"
    size: int = 0
    spoiler: bool = False


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A command: what it asks for, and who gave it; or, with a ``refusal``, what that person is to be told instead."""

    type: JobType
    user_id: str
    user_name: str
    prompt: str = ""
    pictures: tuple[Named, ...] = ()
    refusal: str = ""

    @property
    def spoiler(self) -> bool:
        """Whether one of its pictures was hidden by the one who sent it."""
        return any(picture.spoiler for picture in self.pictures)

    def to_json(self) -> str:
        """Write the wish so that ``from_json`` gives it back."""
        return _codec().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Wish:
        """Read what ``to_json`` wrote."""
        return _codec().validate_json(text)


@cache
def _codec() -> TypeAdapter[Wish]:
    return TypeAdapter(Wish)


class Pictures:
    """Fetch and keep the pictures that people name."""

    def __init__(self, client: discord.Client, service: JobService) -> None:
        """Fetch what is on Discord through ``client``."""
        self._client = client
        self._service = service

    async def carry_out(self, wish: Wish, source: Source) -> tuple[Job, ...]:
        """Make the jobs that a wish asks for.

        Raises:
            UserError: it cannot be as asked for.
            PictureUnavailable: a picture cannot be had at the moment.
        """
        digests = [await self._keep(picture, alone=len(wish.pictures) == 1) for picture in wish.pictures]
        match wish.type:
            case JobType.DESCRIBE:
                return (await self._service.describe(source, digests[0]),)
            case JobType.BLEND:
                return (await self._service.blend(source, digests, wish.prompt),)
            case _:
                reference = digests[0] if digests else None
                return await self._service.imagine(source, wish.prompt, reference=reference)

    async def _keep(self, picture: Named, *, alone: bool) -> str:
        try:
            return await self._kept(picture)
        except InvalidPicture as error:
            if alone:
                raise
            raise InvalidPicture(f"{shortened(picture.name, _NAME_LIMIT)}: {error}") from error

    async def _kept(self, picture: Named) -> str:
        if picture.origin is Origin.KEPT:
            return picture.value
        if picture.origin is Origin.WEB:
            return await self._service.fetch_picture(picture.value)
        if picture.size > MAX_BYTES:
            raise InvalidPicture(f"It is larger than {MAX_BYTES // 1000**2} MB. Please send a smaller one.")
        try:
            async with asyncio.timeout(PICTURE_WITHIN_S):
                content = await self._client.http.get_from_cdn(picture.value)
        except discord.NotFound as error:
            raise InvalidPicture("It is not on Discord any more. Please send it again.") from error
        except RAISED as error:
            raise PictureUnavailable("Discord does not give it out. Please try again.") from error
        return await self._service.keep_picture(content)


def attached(attachment: discord.Attachment) -> Named:
    """Name an attached file."""
    return Named(
        origin=Origin.DISCORD,
        value=attachment.url,
        name=attachment.filename,
        size=attachment.size,
        spoiler=attachment.is_spoiler(),
    )


def pictures_in(message: discord.Message) -> tuple[Named, ...]:
    """Name every picture that a message shows: its files, those in its components, and those of its links."""
    files = [attached(each) for each in message.attachments if (each.content_type or "").startswith("image/")]
    links = [
        Named(origin=Origin.DISCORD, value=picture.proxy_url, name="The picture of a link")
        for embed in message.embeds
        for picture in (embed.image, embed.thumbnail)
        if picture.proxy_url
    ]
    unique: dict[str, Named] = {}
    for named in (*files, *_media(message.components), *links):
        unique.setdefault(named.value.partition("?")[0].rpartition("/attachments/")[2], named)
    return tuple(unique.values())


def _media(components: Iterable[Any]) -> Iterator[Named]:
    for component in components:
        for item in getattr(component, "items", ()):
            media = item.media
            if (media.content_type or "image/").startswith("image/"):
                address = media.proxy_url or media.url
                # Only what Discord gives out itself is fetched without the guard for addresses that people typed.
                origin = Origin.DISCORD if media.proxy_url else Origin.WEB
                name = address.partition("?")[0].rpartition("/")[2]
                yield Named(origin=origin, value=address, name=name, spoiler=item.spoiler)
        yield from _media(getattr(component, "children", ()))
