"""The same bot on simcord, somebody else's Discord in memory: where two models of Discord agree, it is more likely so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import simcord
from pydantic import SecretStr

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.gateway import client_for
from bot.jobs.publisher import Publisher, PublisherSettings
from tests.adapters.conformance.studio import app_in
from tests.fakes.discord.messages import walk


def _texts(message: Any) -> str:
    return "\n".join(each["content"] for each in walk(message.components) if each["type"] == 10)


async def test_commands_answers_buttons_and_changes_work_there_too(tmp_path: Path) -> None:
    async with app_in(tmp_path, discord_token=SecretStr("a-token")) as app:
        adapter = DiscordAdapter(app)
        await adapter.migrate()
        publisher = Publisher(app.store, [adapter], app.bells, settings=PublisherSettings())
        client = client_for(app.settings)
        adapter.send_by(client).seat(client)
        async with simcord.run(client, shard_count=1) as env:
            guild = env.create_guild("Studio")
            channel = guild.create_text_channel("general")
            ann = guild.add_member(env.create_user("Ann"))

            answer = await ann.slash(channel, "imagine", prompt="a lighthouse", aspect="3:2")
            assert answer.response is not None
            assert not answer.response.ephemeral
            assert "**a lighthouse** `--ar 3:2`" in _texts(answer.response)
            offered = await ann.autocomplete(channel, "imagine", "prompt", "light")
            assert [each["value"] for each in offered] == ["a lighthouse --ar 3:2"]

            (cancel,) = (each for each in walk(answer.response.components) if each.get("label") == "Cancel")
            pressed = await ann.click(answer.response, custom_id=cancel["custom_id"])
            assert pressed.acknowledged
            with env.time_context():
                await publisher.publish(adapter)
            assert "Cancelled by Ann" in _texts(answer.response)

            listed = await ann.slash(channel, "jobs")
            assert listed.ephemeral
            assert listed.response is not None
            assert "a lighthouse" in _texts(listed.response)
            refused = await ann.slash(channel, "cancel")
            assert refused.response is not None
            assert "Nothing of yours is under way" in refused.response.content
