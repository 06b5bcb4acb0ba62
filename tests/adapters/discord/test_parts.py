"""The small parts by themselves: wording, options, shards, names, faults, completion."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.completing import values_for
from adapters.discord.components import CUSTOM_ID_LIMIT, PRESS, TEMPLATE, Knob
from adapters.discord.faults import is_dead_token, is_too_large, outcome_unknown, translated
from adapters.discord.options import Options, joined
from adapters.discord.outbox import nonce_of
from adapters.discord.permissions import lacking, need
from adapters.discord.places import MessageName, guild_of, workspace_of
from adapters.discord.sharding import Shards
from adapters.discord.wishes import Named, Origin, Wish
from adapters.discord.wording import escaped, hides_something, quoted, shortened
from bot.errors import InvalidPrompt, NotAllowed, PlatformUnavailable, PostGone
from bot.jobs.model import JobType
from bot.storage.identifiers import new_button_id


@given(st.text(), st.integers(min_value=5, max_value=300))
def test_escaped_text_keeps_its_limit_and_lets_no_mark_through(text: str, limit: int) -> None:
    made = escaped(text, limit)
    assert len(made) <= limit
    bare = made.replace("\\\\", "")
    for position, sign in enumerate(bare):
        if sign in "*_`~|[]#<>" and "http" not in bare:
            assert bare[position - 1] == "\\"


def test_an_address_stays_one() -> None:
    assert escaped("see https://example.org/a_b*c?d=1 _now_", 200) == "see https://example.org/a_b*c?d=1 \\_now\\_"


def test_code_holds_no_mark_that_could_end_it() -> None:
    assert quoted("--no `a`  ``b``", 50) == "`--no ˋaˋ ˋˋbˋˋ`"
    assert quoted(" ", 50) == ""


def test_a_cut_is_seen() -> None:
    assert shortened("a lighthouse", 8) == "a light…"


@pytest.mark.parametrize(("text", "hidden"), [("||a||", True), ("a || b", False), ("a ||b|| c", True), ("||||", False)])
def test_spoiler_marks_are_seen(text: str, *, hidden: bool) -> None:
    assert hides_something(text) is hidden


def test_options_join_the_prompt_in_a_fixed_order() -> None:
    options = Options(aspect="3:2", mode="fast", seed=0, stylize=5, chaos=0, no="cats, dogs")
    assert joined(" a ship ", options) == "a ship --ar 3:2 --fast --seed 0 --s 5 --c 0 --no cats, dogs"
    assert joined("a ship", Options()) == "a ship"


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("a --ar 1:1", Options(aspect="3:2")),
        ("a --seed 4", Options(seed=5)),
        ("a --relax", Options(mode="turbo")),
        ("a --stylize 3", Options(stylize=4)),
        ("a --no cats", Options(no="dogs")),
    ],
)
def test_an_option_that_says_something_else_is_refused_and_both_are_named(prompt: str, options: Options) -> None:
    with pytest.raises(InvalidPrompt, match="Please leave out one of them") as raised:
        joined(prompt, options)
    assert prompt.removeprefix("a ").split()[-1] in str(raised.value)


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("a --ar 3:2", Options(aspect="3:2")),
        ("a --turbo", Options(mode="turbo")),
        ("a --stylize 4", Options(stylize=4)),
    ],
)
def test_an_option_that_says_the_same_is_said_once(prompt: str, options: Options) -> None:
    assert joined(prompt, options) == prompt


def test_shards_are_read() -> None:
    assert Shards.read("0,1/4") == Shards(ids=(0, 1), count=4)
    assert Shards.read("1,0,1/2").arguments() == {"shard_ids": [0, 1], "shard_count": 2}


def test_the_name_of_a_message_is_the_end_of_its_address() -> None:
    name = MessageName(guild="@me", channel=2, message=3)
    assert MessageName.read(str(name)) == name
    assert name.url == "https://discord.com/channels/@me/2/3"


def test_a_conversation_outside_a_server_is_a_workspace_of_its_own() -> None:
    assert workspace_of(5, 7) == "5"
    assert workspace_of(None, 7) == "dm:7"
    assert (guild_of("5"), guild_of("dm:7")) == ("5", "@me")


def test_a_nonce_is_the_same_each_time_and_short_enough() -> None:
    job_id = str(uuid4())
    assert nonce_of(job_id) == nonce_of(job_id)
    assert len(nonce_of(job_id)) <= 25
    assert nonce_of(job_id) != nonce_of(job_id, "m")


def test_every_button_id_fits_the_pattern() -> None:
    for _ in range(200):
        knob = Knob(PRESS, new_button_id(1_700_000_000_000), label="U1")
        found = TEMPLATE.fullmatch(knob.custom_id)
        assert found is not None
        assert len(knob.custom_id) <= CUSTOM_ID_LIMIT
    with pytest.raises(ValueError, match="at most 100"):
        Knob(PRESS, "a" * 100)


def test_permissions_are_told_by_the_names_of_discords_settings() -> None:
    granted = discord.Permissions(send_messages=True, view_channel=True, embed_links=True)
    assert lacking(granted) == ("Attach Files", "Read Message History")
    with pytest.raises(NotAllowed, match="allow me Attach Files and Read Message History here"):
        need(granted)
    granted.update(attach_files=True, read_message_history=True)
    need(granted)
    assert lacking(granted, thread=True) == ("Send Messages in Threads",)
    assert lacking(discord.Permissions.none(), by_bot=False) == ("Attach Files",)


def _http_error(code: int, status: int, **headers: str) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="", headers=headers)
    return discord.HTTPException(response, {"code": code, "message": "no"})


@pytest.mark.parametrize("code", [10003, 10004, 10008, 50001, 50007, 50013])
def test_what_is_gone_or_closed_ends_the_post(code: int) -> None:
    assert isinstance(translated(_http_error(code, 403)), PostGone)


def test_what_passes_is_worth_another_try() -> None:
    patience = translated(discord.RateLimited(7.0))
    assert isinstance(patience, PlatformUnavailable)
    assert patience.retry_after == 7.0
    named = translated(_http_error(0, 429, **{"Retry-After": "3"}))
    assert isinstance(named, PlatformUnavailable)
    assert named.retry_after == 3.0
    edits = translated(_http_error(30046, 429))
    assert isinstance(edits, PlatformUnavailable)
    assert edits.retry_after is not None
    for error in (aiohttp.ClientConnectionError(), TimeoutError(), _http_error(0, 502)):
        assert isinstance(translated(error), PlatformUnavailable)


def test_what_a_failed_call_says_about_its_effect() -> None:
    assert outcome_unknown(TimeoutError())
    assert outcome_unknown(_http_error(0, 503))
    assert not outcome_unknown(_http_error(10062, 404))
    assert is_too_large(_http_error(40005, 413))
    assert is_dead_token(_http_error(50027, 401))
    assert not is_dead_token(_http_error(10008, 404))


def test_what_is_typed_is_always_among_the_values_on_offer() -> None:
    assert [choice.value for choice in values_for("16", ("1:1", "16:9"))] == ["16", "16:9"]
    assert [choice.value for choice in values_for("", ("1:1", "16:9"))] == ["1:1", "16:9"]


def test_a_wish_is_read_back_as_it_was_written() -> None:
    picture = Named(origin=Origin.DISCORD, value="https://example.org/a.png", name="a.png", size=3, spoiler=True)
    wish = Wish(type=JobType.DESCRIBE, user_id="1", user_name="Ann", pictures=(picture,))
    assert Wish.from_json(wish.to_json()) == wish
    assert wish.spoiler
