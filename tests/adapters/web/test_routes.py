"""The page's addresses, over the real job service and a real database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from adapters.web.adapter import WebAdapter
from adapters.web.site import Site
from bot.errors import InvalidPicture, PlatformUnavailable
from bot.images import MAX_BYTES, PictureFetcher
from bot.jobs.model import JobFilter, JobStatus, Source
from bot.jobs.view import JobView
from tests.adapters.web.desk import KEY, Desk, a_post, a_view, form, png

TIME_LIMIT_SECONDS = 10


@pytest.fixture
async def ada(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.member("Ada") as client:
        yield client


async def _jobs(desk: Desk) -> tuple[JobView, ...]:
    return (await desk.app.service.list(JobFilter())).views


async def _bodies(desk: Desk, channel: str = "general") -> list[str]:
    return [message.body for message in (await desk.chat.before(channel, before=None, limit=100)).messages]


async def _shown(desk: Desk) -> list[str]:
    """Post every job that has no message yet, as the publisher would, and give the references."""
    views = reversed(await _jobs(desk))
    return [await desk.adapter.post(a_post(f"post-{view.job_id}", job_id=view.job_id), view) for view in views]


# Who is there


async def test_somebody_new_is_asked_for_a_name_once_and_led_on(desk: Desk) -> None:
    async with desk.visitor() as visitor:
        first = await visitor.get("/c/studio?m=4")
        assert (first.status_code, first.headers["location"]) == (303, "/welcome?next=%2Fc%2Fstudio%3Fm%3D4")
        given = await visitor.post("/welcome", data={"name": " Ada  Lovelace ", "next": "/c/studio"})
        assert given.headers["location"] == "/c/studio"
        cookie = given.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()
        assert "Ada Lovelace" in (await visitor.get("/c/studio")).text
        assert (await visitor.get("/")).headers["location"] == "/c/general"


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
async def test_a_name_that_will_not_do_is_asked_for_again_and_kept(desk: Desk, name: str) -> None:
    async with desk.visitor() as visitor:
        answer = await visitor.post("/welcome", data={"name": name, "next": "/"})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    if name.strip():
        assert f'value="{name}"' in answer.text


async def test_a_name_can_be_changed_and_the_person_stays(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    changed = await ada.post("/welcome", data={"name": "Grace", "next": "/c/general"})
    assert "set-cookie" not in changed.headers
    await ada.post("/c/general/messages", **form("/imagine a dog", "another-key"))
    people = await desk.app.service.requesters("web", "local")
    assert [person.name for person in people] == ["Grace"]


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "\x80", "a; b", "../../etc", "' OR 1=1 --"])
async def test_a_bad_cookie_is_nobody(desk: Desk, cookie: str) -> None:
    async with desk.visitor() as visitor:
        header = f"imaginebot_member={cookie}".encode("latin-1")
        page = await visitor.get("/c/general", headers=[(b"cookie", header), (b"origin", b"http://127.0.0.1:8080")])
        assert page.status_code == 303
        script = await visitor.post("/c/general/messages", headers=[(b"cookie", header)], **form("hello"))
        assert script.status_code == 401
    assert await _bodies(desk) == []


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/ /x"]
)
async def test_the_way_on_never_leads_elsewhere(desk: Desk, address: str) -> None:
    async with desk.visitor() as visitor:
        answer = await visitor.post("/welcome", data={"name": "Ada", "next": address})
    assert answer.headers["location"] == "/"


# Talking


async def test_what_is_said_is_seen_by_everybody(desk: Desk, ada: httpx.AsyncClient) -> None:
    assert (await ada.post("/c/general/messages", **form("hello <b>there</b>"))).json() == {"notices": [], "goto": None}
    async with desk.member("Grace") as grace:
        page = (await grace.get("/c/general", headers={"Accept": "text/html"})).text
    assert "hello &lt;b&gt;there&lt;/b&gt;" in page
    assert "Message by Ada" in page


async def test_the_same_key_twice_is_one_message_and_one_job(desk: Desk, ada: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await ada.post("/c/general/messages", **form("hello"))).status_code == 200
        assert (await ada.post("/c/general/messages", **form("/imagine a cat", "key-of-a-job"))).status_code == 200
    assert await _bodies(desk) == ["hello"]
    assert len(await _jobs(desk)) == 1


async def test_a_key_belongs_to_its_person(desk: Desk, ada: httpx.AsyncClient) -> None:
    async with desk.member("Grace") as grace:
        await ada.post("/c/general/messages", **form("from Ada"))
        await grace.post("/c/general/messages", **form("from Grace"))
    assert await _bodies(desk) == ["from Ada", "from Grace"]


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "bad key!", "ключключключ"])
async def test_a_request_without_a_proper_key_does_nothing(desk: Desk, ada: httpx.AsyncClient, key: str) -> None:
    for text in ("hello", "/imagine a cat"):
        answer = await ada.post("/c/general/messages", **form(text, key))
        assert answer.status_code == 400
        assert "load it again" in answer.json()["notices"][0]
    assert await _bodies(desk) == []
    assert await _jobs(desk) == ()


async def test_a_text_of_ten_thousand_letters_is_refused_with_a_sentence(desk: Desk, ada: httpx.AsyncClient) -> None:
    for text in ("x" * 10_000, "/imagine " + "x" * 10_000):
        answer = await ada.post("/c/general/messages", **form(text))
        assert answer.status_code == 400
        assert "Only you can see this" in answer.json()["notices"][0]
    assert await _jobs(desk) == ()


async def test_a_form_that_cannot_be_read_is_refused_with_a_sentence(ada: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await ada.post("/c/general/messages", content=b"--y\r\nnonsense", headers=headers)
    assert answer.status_code == 400
    assert "load the page again" in answer.json()["notices"][0]


# Commands


async def test_imagine_makes_a_job_of_the_person_in_the_channel(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/studio/messages", **form("/imagine a lighthouse at dusk --ar 3:2"))
    (view,) = await _jobs(desk)
    assert (view.prompt, view.requester.name) == ("a lighthouse at dusk --ar 3:2", "Ada")
    assert (await desk.app.service.get(view.job_id)).conversation.channel == "studio"


async def test_a_prompt_of_millions_of_characters_is_called_too_long(desk: Desk, ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/c/general/messages", **form(f"/imagine {'a cat ' * 600_000}", pictures=1))
    assert answer.status_code == 400
    assert "That is too long" in answer.json()["notices"][0]
    assert "Please type 4,000 characters at the most." in answer.json()["notices"][0]
    assert await _jobs(desk) == ()


async def test_imagine_with_a_picture_starts_from_it(desk: Desk, ada: httpx.AsyncClient) -> None:
    assert (await ada.post("/c/general/messages", **form("/imagine a cat", pictures=1))).status_code == 200
    (view,) = await _jobs(desk)
    assert len(view.inputs) == 1


async def test_describe_and_blend_take_uploaded_pictures(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/describe", pictures=1))
    await ada.post("/c/general/messages", **form("/blend a mood", "another-key", pictures=3))
    blend, describe = await _jobs(desk)
    assert (describe.type, len(describe.inputs)) == ("describe", 1)
    assert (blend.type, len(blend.inputs), blend.prompt) == ("blend", 3, "a mood")


async def test_an_address_that_leads_inside_is_refused_with_a_sentence(desk: Desk, ada: httpx.AsyncClient) -> None:
    for text in ("/describe http://127.0.0.1:8080/secret.png", "/blend http://127.0.0.1/1.png http://localhost/2.png"):
        answer = await ada.post("/c/general/messages", **form(text))
        assert answer.status_code == 400, answer.text
        assert "That picture cannot be used" in answer.json()["notices"][0]
    assert await _jobs(desk) == ()


@pytest.mark.parametrize(
    ("kind", "gone"),
    [("describe", ["http://127.0.0.1/1.png"]), ("blend", ["http://127.0.0.1/1.png", "http://localhost/2.png"])],
)
async def test_a_repetition_is_answered_even_where_the_pictures_can_no_longer_be_had(
    desk: Desk, ada: httpx.AsyncClient, kind: str, gone: list[str]
) -> None:
    assert (await ada.post("/c/general/messages", **form(f"/{kind}", pictures=len(gone)))).is_success
    again = await ada.post("/c/general/messages", **form(f"/{kind} {' '.join(gone)}"))
    assert again.json() == {"notices": [], "goto": None}
    assert len(await _jobs(desk)) == 1


async def test_a_repetition_waits_for_what_it_repeats_and_is_not_refused_meanwhile(
    desk: Desk, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching, go_on, queued = asyncio.Event(), asyncio.Event(), asyncio.Event()
    lock_of = Site.turn

    async def fetch(*_: object) -> bytes:
        if fetching.is_set():
            raise InvalidPicture("That site does not give the picture.")
        fetching.set()
        await go_on.wait()
        return png()

    def turn(site: Site, key: str) -> asyncio.Lock:
        lock = lock_of(site, key)
        if lock.locked():
            queued.set()
        return lock

    monkeypatch.setattr(PictureFetcher, "fetch", fetch)
    monkeypatch.setattr(Site, "turn", turn)
    async with asyncio.timeout(TIME_LIMIT_SECONDS), asyncio.TaskGroup() as tasks:
        first, second = (form("/describe https://pictures.test/barn.png") for _ in range(2))
        tries = [tasks.create_task(ada.post("/c/general/messages", **first))]
        await fetching.wait()
        tries.append(tasks.create_task(ada.post("/c/general/messages", **second)))
        waiting = tasks.create_task(queued.wait())
        await asyncio.wait({tries[1], waiting}, return_when=asyncio.FIRST_COMPLETED)
        queued.set()
        go_on.set()
    assert [each.result().json() for each in tries] == [{"notices": [], "goto": None}] * 2
    assert len(await _jobs(desk)) == 1


async def test_a_picture_that_is_none_is_refused_and_makes_no_job(desk: Desk, ada: httpx.AsyncClient) -> None:
    for content in (b"not a picture", b"", png()[:60]):
        files = [("pictures", ("a.png", content, "image/png"))]
        answer = await ada.post("/c/general/messages", data={"text": "/describe", "key": KEY}, files=files)
        assert answer.status_code == 400
        assert "That picture cannot be used" in answer.json()["notices"][0]
    assert await _jobs(desk) == ()


async def test_a_picture_that_is_too_large_is_refused_with_the_limit(desk: Desk, ada: httpx.AsyncClient) -> None:
    files = [("pictures", ("holiday.png", b"x" * (MAX_BYTES + 1), "image/png"))]
    answer = await ada.post("/c/general/messages", data={"text": "/describe", "key": KEY}, files=files)
    assert "holiday.png is larger than 20 MB" in answer.json()["notices"][0]


async def test_of_several_pictures_the_one_that_cannot_be_used_is_named(desk: Desk, ada: httpx.AsyncClient) -> None:
    names = {"good.png": png(), "torn.png": png()[:60]}
    files = [("pictures", (name, content, "image/png")) for name, content in names.items()]
    answer = await ada.post("/c/general/messages", data={"text": "/blend", "key": KEY}, files=files)
    assert "torn.png: This picture is" in answer.json()["notices"][0]
    inside, outside = "http://10.0.0.1/a.png", "http://10.0.0.2/b.png"
    answer = await ada.post("/c/general/messages", **form(f"/blend {inside} {outside}"))
    assert f"{inside}: That address is not on the public internet" in answer.json()["notices"][0]
    assert await _jobs(desk) == ()


async def test_six_pictures_are_refused_with_the_limit(desk: Desk, ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/c/general/messages", **form("/blend", pictures=6))
    assert answer.status_code == 400
    assert "at most 5" in answer.json()["notices"][0]


async def test_a_wrong_command_is_answered_to_the_sender_alone(desk: Desk, ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/c/general/messages", **form("/imagien a cat"))
    assert answer.status_code == 400
    assert "Did you mean /imagine?" in answer.json()["notices"][0]
    assert await _bodies(desk) == []


async def test_help_and_jobs_answer_the_sender_alone(desk: Desk, ada: httpx.AsyncClient) -> None:
    answer = (await ada.post("/c/general/messages", **form("/help"))).json()
    assert all(f"/{name}" in answer["notices"][0] for name in ("imagine", "describe", "blend", "jobs", "cancel"))
    assert (await ada.post("/c/general/messages", **form("/jobs"))).json()["goto"] == "/jobs"
    assert await _bodies(desk) == []


async def test_cancel_stops_ones_latest_job_and_then_all(desk: Desk, ada: httpx.AsyncClient) -> None:
    async with desk.member("Grace") as grace:
        await grace.post("/c/general/messages", **form("/imagine hers"))
        for number in range(3):
            await ada.post("/c/general/messages", **form(f"/imagine {number}", f"key-{number}-key"))
        first = await ada.post("/c/general/messages", **form("/cancel", "key-cancel-1"))
        assert "latest job" in first.json()["notices"][0]
        assert [view.prompt for view in await _jobs(desk) if view.status.ended] == ["2"]
        await ada.post("/c/general/messages", **form("/cancel all", "key-cancel-2"))
        assert sorted(view.prompt for view in await _jobs(desk) if view.status.ended) == ["0", "1", "2"]
        nothing = await ada.post("/c/general/messages", **form("/cancel", "key-cancel-3"))
        assert "Nothing of yours is under way" in nothing.json()["notices"][0]


async def test_cancel_says_which_jobs_are_being_stopped(desk: Desk, ada: httpx.AsyncClient) -> None:
    for number in range(5):
        await ada.post("/c/general/messages", **form(f"/imagine {number}", f"key-{number}-key"))
    oldest = (await _jobs(desk))[-1]
    for command, sentence in (
        (f"/cancel {oldest.job_id}", "That job is being stopped."),
        ("/cancel", "Your latest job is being stopped."),
        ("/cancel all", "3 of your jobs are being stopped."),
    ):
        answer = await ada.post("/c/general/messages", **form(command, f"key-{sentence.split()[0]}-cancel"))
        assert sentence in answer.json()["notices"][0]
    await ada.post("/c/general/messages", **form("/imagine only one", "key-only-one"))
    answer = await ada.post("/c/general/messages", **form("/cancel all", "key-cancel-all"))
    assert "One job of yours is being stopped." in answer.json()["notices"][0]


async def test_jobs_that_end_before_they_can_be_stopped_are_not_said_to_be_stopped(
    desk: Desk, ada: httpx.AsyncClient
) -> None:
    for number in range(2):
        await ada.post("/c/general/messages", **form(f"/imagine {number}", f"key-{number}-key"))
    jobs = [await desk.app.service.get(view.job_id) for view in await _jobs(desk)]
    for job in jobs:
        chosen = Source(requester=job.requester, conversation=job.conversation, key=f"{job.requester.user_id}:{KEY}")
        await desk.app.service.settle_on(chosen, [job.id for job in jobs])
        await desk.app.service.cancel(replace(chosen, key=f"other {job.id}"), job.id)
    answer = await ada.post("/c/general/messages", **form("/cancel all"))
    assert answer.status_code == 409
    assert "have ended by themselves" in answer.json()["notices"][0]


@pytest.mark.parametrize("command", ["/cancel", "/cancel all"])
async def test_a_repeated_cancel_stops_nothing_more(desk: Desk, ada: httpx.AsyncClient, command: str) -> None:
    await ada.post("/c/general/messages", **form("/imagine first"))
    if command == "/cancel":
        await ada.post("/c/general/messages", **form("/imagine second", "key-second"))
    answers = [await ada.post("/c/general/messages", **form(command, "key-cancel"))]
    await ada.post("/c/general/messages", **form("/imagine later", "key-later"))
    answers += [await ada.post("/c/general/messages", **form(command, "key-cancel")) for _ in range(2)]
    assert len({answer.text for answer in answers}) == 1
    assert len([view for view in await _jobs(desk) if view.status.ended]) == 1
    assert (await _jobs(desk))[0].prompt == "later"
    assert not (await _jobs(desk))[0].status.ended


async def test_a_repeated_cancel_that_found_nothing_leaves_what_came_later(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/cancel", "key-cancel"))
    await ada.post("/c/general/messages", **form("/imagine later"))
    again = await ada.post("/c/general/messages", **form("/cancel", "key-cancel"))
    assert "Nothing of yours is under way" in again.json()["notices"][0]
    assert not (await _jobs(desk))[0].status.ended


async def test_somebody_elses_job_cannot_be_cancelled(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    (view,) = await _jobs(desk)
    async with desk.member("Grace") as grace:
        answer = await grace.post("/c/general/messages", **form(f"/cancel {view.job_id}"))
        assert answer.status_code == 403
        assert "Only Ada" in answer.json()["notices"][0]
        listed = (await grace.get("/jobs")).text
    assert "/cancel" not in listed
    assert not (await _jobs(desk))[0].status.ended


# Posts and presses


async def test_a_press_of_cancel_stops_the_job_once(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    (button,) = (await _jobs(desk))[0].buttons
    for _ in range(2):
        answer = await ada.post(f"/c/general/buttons/{button.id}", data={"key": "key-of-the-press"})
        assert answer.status_code == 200
    (view,) = await _jobs(desk)
    assert view.status is JobStatus.CANCELLED
    assert view.state == "Cancelled by Ada"


async def test_a_second_retry_leads_to_the_job_that_is_there(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    await ada.post("/c/general/messages", **form("/cancel", "key-cancel-1"))
    (retry,) = (await _jobs(desk))[0].buttons
    first = await ada.post(f"/c/general/buttons/{retry.id}", data={"key": "key-retry-1"})
    again = await ada.post(f"/c/general/buttons/{retry.id}", data={"key": "key-retry-1"})
    assert (first.json()["goto"], again.json()["goto"]) == (None, None), "its message is still to come"
    await _shown(desk)
    second = await ada.post(f"/c/general/buttons/{retry.id}", data={"key": "key-retry-2"})
    newest = (await _jobs(desk))[0]
    assert second.json()["goto"] == f"/j/{newest.job_id}"
    assert len(await _jobs(desk)) == 2


async def test_a_prompt_that_was_emptied_in_the_dialog_is_refused(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    (button,) = (await _jobs(desk))[0].buttons
    for prompt in ("", "  "):
        answer = await ada.post(f"/c/general/buttons/{button.id}", data={"key": KEY, "prompt": prompt})
        assert answer.status_code == 400
        assert "no words left" in answer.json()["notices"][0]
    assert (await _jobs(desk))[0].status is JobStatus.PENDING


async def test_an_unknown_button_says_so(ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/c/general/buttons/nothing", data={"key": KEY})
    assert answer.status_code == 404
    assert "Only you can see this" in answer.json()["notices"][0]


async def test_a_post_appears_and_is_edited_in_place(desk: Desk, ada: httpx.AsyncClient) -> None:
    reference = await desk.adapter.post(a_post(), a_view(revision=1, state="Waiting"))
    await desk.adapter.edit(a_post(reference=reference), a_view(revision=2, state="Done in 4 s"))
    assert await desk.adapter.post(a_post(), a_view(revision=2)) == reference
    page = (await ada.get("/c/general")).text
    assert page.count('<li class="message post"') == 1
    assert f'id="m-{reference}"' in page
    assert "Done in 4 s" in page


async def test_before_its_start_the_page_asks_for_patience(desk: Desk) -> None:
    early = WebAdapter(desk.app)
    with pytest.raises(PlatformUnavailable):
        await early.post(a_post(), a_view())
    transport = httpx.ASGITransport(app=Starlette(routes=list(early.routes)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as visitor:
        answer = await visitor.get("/c/general")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


# Finding one's way


async def test_a_channel_that_is_not_there_is_not_looked_for_on_the_page_that_says_so(ada: httpx.AsyncClient) -> None:
    page = (await ada.get("/c/nowhere", headers={"Accept": "text/html"})).text
    assert "There is no such channel" in page
    assert "on the left" not in page


@pytest.mark.parametrize(
    "path",
    [
        *("/c/nowhere", "/c/%00", "/c/" + "x" * 300),
        *("/m/999", "/m/" + "9" * 20, "/m/" + "9" * 5000, "/m/x", "/m/-1"),
        *("/j/nothing", "/j/%27"),
    ],
)
async def test_a_place_that_is_not_there_is_a_page_with_a_way_back(ada: httpx.AsyncClient, path: str) -> None:
    answer = await ada.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert 'href="/"' in answer.text
    assert "Traceback" not in answer.text


async def test_an_old_message_is_reached_by_its_job_and_by_its_number(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    (reference,) = await _shown(desk)
    for number in range(50):
        await ada.post("/c/general/messages", **form(f"line {number}", f"key-of-{number}"))
    (view,) = await _jobs(desk)
    assert f'id="m-{reference}"' not in (await ada.get("/c/general")).text
    for path in (f"/j/{view.job_id}", f"/m/{reference}"):
        assert (await ada.get(path)).headers["location"] == f"/c/general?m={reference}#m-{reference}"
    page = (await ada.get(f"/c/general?m={reference}")).text
    assert f'id="m-{reference}"' in page
    assert re.search(r'id="newer">', page), "there is a way on to newer messages"


async def test_older_and_newer_messages_come_page_by_page(desk: Desk, ada: httpx.AsyncClient) -> None:
    for number in range(70):
        await ada.post("/c/general/messages", **form(f"line {number}.", f"key-of-{number}"))
    page = (await ada.get("/c/general")).text
    assert "line 40." in page
    assert "line 39." not in page
    first = int(re.findall(r'data-id="(\d+)"', page)[0])
    older = (await ada.get(f"/c/general/messages?before={first}")).json()
    assert (older["older"], older["newer"]) == (True, True)
    assert "line 39." in older["html"]
    assert "line 40." not in older["html"]
    for odd in ("before=x", "after=-1", "around=99999999999999999999", "around=999"):
        assert "line 69." in (await ada.get(f"/c/general/messages?{odd}")).json()["html"]


async def test_a_channel_is_made_and_led_to(desk: Desk, ada: httpx.AsyncClient) -> None:
    assert (await ada.post("/channels", data={"name": "Big Posters"})).json() == {"goto": "/c/big-posters"}
    assert "#</span>big-posters" in (await ada.get("/c/big-posters")).text
    refused = await ada.post("/channels", data={"name": "a/b"})
    assert refused.status_code == 400
    plain = await ada.post("/channels", data={"name": "Žluť"}, headers={"Accept": "text/html"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/c/%C5%BElu%C5%A5")
    assert (await ada.get(plain.headers["location"])).status_code == 200


async def test_one_finds_ones_own_prompts_again(ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    await ada.post("/c/general/messages", **form("/imagine a dog", "another-key"))
    assert (await ada.get("/history")).json() == ["/imagine a dog", "/imagine a cat"]


async def test_advice_is_given_while_one_types(ada: httpx.AsyncClient) -> None:
    advice = (await ada.post("/advice", data={"text": "/imagine a cat --ar 3x2", "cursor": "23"})).json()
    assert any(issue["replacement"] == "3:2" or "3:2" in (issue["replacement"] or "") for issue in advice["issues"])
    for text, cursor in (("/", "1"), ("/im", "x"), ("x" * 20_000, "9"), ("/imagine 🎨 --", "99999")):
        assert (await ada.post("/advice", data={"text": text, "cursor": cursor})).status_code == 200


# The team's jobs


async def test_the_list_of_jobs_is_narrowed_by_person_and_status(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a lighthouse"))
    await ada.post("/c/general/messages", **form("/imagine a windmill", "another-key"))
    await ada.post("/c/general/messages", **form("/cancel", "key-cancel-1"))
    async with desk.member("Grace") as grace:
        await grace.post("/c/general/messages", **form("/imagine a harbour"))
        everything = (await grace.get("/jobs")).text
    person = next(each for each in await desk.app.service.requesters("web", "local") if each.name == "Ada")
    assert all(words in everything for words in ("a lighthouse", "a windmill", "a harbour"))
    hers = (await ada.get(f"/jobs?person={person.user_id}&status=queued")).text
    assert "a lighthouse" in hers
    assert "a windmill" not in hers
    assert "a harbour" not in hers
    assert "a windmill" in (await ada.get("/jobs?status=cancelled")).text
    for odd in ("?status=nonsense", "?person=%27", "?before=nonsense", "?status=&person=&before="):
        assert (await ada.get(f"/jobs{odd}")).status_code == 200


async def test_older_jobs_come_page_by_page(desk: Desk, ada: httpx.AsyncClient) -> None:
    for number in range(45):
        await ada.post("/c/general/messages", **form(f"/imagine number {number}.", f"key-of-{number}"))
    await ada.post("/c/general/messages", **form("/cancel all", "key-cancel-1"))
    seen: list[str] = []
    address = "/jobs?status=cancelled"
    while address:
        page = (await ada.get(address)).text
        seen += re.findall(r'row-prompt" dir="auto">([^<]*)<', page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        address = more[1].replace("&amp;", "&") if more else ""
    assert seen == [f"number {number}." for number in reversed(range(45))]


async def test_in_the_list_the_parameters_of_an_arabic_prompt_keep_their_direction(ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine منارة عند الغسق --ar 2:3"))
    page = (await ada.get("/jobs?status=queued")).text
    assert 'dir="auto">منارة عند الغسق <span class="tail">--ar 2:3</span></span>' in page


async def test_ones_own_job_is_cancelled_from_the_list(desk: Desk, ada: httpx.AsyncClient) -> None:
    await ada.post("/c/general/messages", **form("/imagine a cat"))
    page = (await ada.get("/jobs?status=queued")).text
    action = re.search(r'action="(/jobs/[^"]+/cancel)"', page)
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert action is not None
    assert key is not None
    data = {"key": key[1], "back": "/jobs?status=queued"}
    answer = await ada.post(action[1], data=data, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?status=queued")
    assert (await _jobs(desk))[0].status is JobStatus.CANCELLED
    late = await ada.post(action[1], data=data | {"key": "another-key"}, headers={"Accept": "text/html"})
    assert late.status_code == 409
    assert "nothing to cancel" in late.text
