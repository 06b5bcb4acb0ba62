"""The page in a real browser: what a person sees, types, and hears read out."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from bot.app import Tuning, running
from bot.config import read_settings
from bot.jobs.model import JobFilter
from tests.adapters.conformance.states import Stage
from tests.adapters.web.desk import Desk, a_post, a_view, desk_in, png, served
from tests.adapters.web.page.visit import TIME_LIMIT_MS, come_in, hold, painting, send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_half_a_command_is_completed_by_the_keyboard(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    await box.press_sequentially("/im")
    option = page.get_by_role("option", name="/imagine")
    await expect(option).to_have_attribute("aria-selected", "true")
    await expect(box).to_have_attribute("aria-activedescendant", await option.get_attribute("id") or "")
    await box.press("Enter")
    await expect(box).to_have_value("/imagine ")
    await box.press_sequentially("a cat --a")
    await expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    await box.press("ArrowDown")
    await box.press("Tab")
    await expect(box).to_have_value("/imagine a cat --ar ")
    await box.press("Escape")
    await expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


async def test_a_mistake_is_pointed_out_before_sending_and_mended_by_a_click(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    # A sign beyond the basic plane counts as one character there and as two here.
    await box.fill("/imagine a 🎨 cat --ar 3x2")
    await page.get_by_role("button", name="Fix").first.click()
    await expect(box).to_have_value("/imagine a 🎨 cat --ar 3:2")
    await expect(page.get_by_role("button", name="Fix")).to_have_count(0)


async def test_a_parameter_whose_value_is_being_chosen_is_not_complained_about(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    remarks = page.locator("#issues > li")
    await box.press_sequentially("/imagine a cat --ar16:9 --v ")
    await expect(page.get_by_role("option").first).to_contain_text("model version")
    await expect(remarks).to_contain_text(["is read as --ar 16:9"])
    await expect(remarks).to_have_count(1)
    await box.press_sequentially("99")
    await expect(remarks).to_have_count(2)


async def test_remarks_know_of_the_pictures_that_are_attached(page: Page, tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(png())
    box = page.get_by_role("textbox", name="Message #general")
    remarks = page.locator("#issues > li")
    await box.fill("/imagine a cat --iw 2")
    await expect(remarks).to_contain_text(["weighs a picture"])
    await page.set_input_files("#files", tmp_path / "one.png")
    await expect(remarks).to_have_count(0)
    await page.get_by_role("button", name="Remove one.png").click()
    await expect(remarks).to_contain_text(["weighs a picture"])
    await box.fill("/blend --chaos 10 --ar 3:2")
    await expect(remarks).to_contain_text(["Please leave out --c"])
    await page.get_by_role("button", name="Fix").click()
    await expect(box).to_have_value("/blend  --ar 3:2")
    await expect(remarks).to_have_count(0)


async def test_nothing_typed_is_lost_on_an_error_or_a_reload(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    await send(page, "/imagien a cat")
    await expect(page.get_by_role("alert")).to_contain_text("Did you mean /imagine?")
    await expect(page.get_by_role("alert")).to_contain_text("Only you can see this")
    await expect(box).to_have_value("/imagien a cat")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(box).to_be_focused()
    await page.reload()
    await expect(box).to_have_value("/imagien a cat")


async def test_earlier_prompts_come_back_by_arrow_up(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    for prompt in ("a first thing", "a second thing"):
        await send(page, f"/imagine {prompt}")
        await expect(box).to_have_value("")
    await page.reload()
    await box.press("ArrowUp")
    await expect(box).to_have_value("/imagine a second thing")
    await box.press("ArrowUp")
    await expect(box).to_have_value("/imagine a first thing")
    await box.press("ArrowDown")
    await box.press("ArrowDown")
    await expect(box).to_have_value("")


async def test_earlier_prompts_come_after_a_call_that_failed(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    await send(page, "/imagine a first thing")
    await expect(box).to_have_value("")
    await page.reload()
    async with page.expect_event("requestfailed"):
        await page.route("**/history", lambda route: route.abort(), times=1)
        await box.press("ArrowUp")
    await box.press("ArrowUp")
    await expect(box).to_have_value("/imagine a first thing")


async def test_an_example_of_the_empty_page_fills_the_composer(page: Page) -> None:
    await page.get_by_role("button", name="A lighthouse at dusk").click()
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value(
        "/imagine a lighthouse at dusk --ar 3:2"
    )
    await send(page, "hello")
    await expect(page.get_by_role("heading", name="What shall we paint?")).to_be_hidden()


async def test_progress_moves_nothing_and_takes_no_focus(desk: Desk, page: Page) -> None:
    reference = await desk.adapter.post(a_post(), painting(0, 1))
    await desk.adapter.post(a_post("other"), a_view(post_id="other", job_id="other-job"))
    below = page.locator("li.post").nth(1)
    button = below.get_by_role("button", name="U3", exact=True)
    await button.focus()
    await page.locator("#scroll").evaluate("region => region.scrollTop = 0")
    place = await below.bounding_box()
    for step in range(1, 11):
        await desk.adapter.edit(a_post(reference=reference), painting(step * 10, step + 1))
    await expect(page.get_by_role("progressbar", name="Progress of imagine")).to_have_attribute("value", "100")
    assert await below.bounding_box() == place
    await expect(button).to_be_focused()


async def test_an_open_dialog_and_what_is_typed_there_outlive_a_change(desk: Desk, page: Page) -> None:
    reference = await desk.adapter.post(a_post(), a_view(revision=1))
    await page.get_by_role("button", name="V3", exact=True).click()
    prompt = page.get_by_role("textbox", name="Prompt")
    await expect(prompt).to_have_value("a lighthouse at dusk --ar 3:2")
    await expect(prompt).to_be_focused()
    await prompt.fill("with a storm")
    first, *rest = a_view().buttons
    pressed = a_view(revision=2, buttons=(replace(first, pressed_by="Grace"), *rest))
    await desk.adapter.edit(a_post(reference=reference), pressed)
    await expect(page.locator("li.post")).to_contain_text("U1 by Grace")
    await expect(prompt).to_have_value("with a storm")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_role("button", name="V3", exact=True)).to_be_focused()


async def test_an_edited_prompt_that_is_refused_stays_in_its_dialog(desk: Desk, page: Page) -> None:
    await desk.adapter.post(a_post(), a_view())
    await page.get_by_role("button", name="V3", exact=True).click()
    prompt = page.get_by_role("textbox", name="Prompt")
    await prompt.fill("with a storm")
    await prompt.press("Enter")
    # The view on this desk is made up, so its buttons lead nowhere.
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("button")
    await expect(prompt).to_have_value("with a storm")


async def test_the_lightbox_is_walked_by_arrows_and_gives_the_focus_back(desk: Desk, page: Page) -> None:
    await desk.adapter.post(a_post(), a_view())
    link = page.get_by_role("link", name="A lighthouse at dusk, grid of four")
    await link.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("The grid")
    for title in ("Picture 1 of 4", "Picture 2 of 4"):
        await page.keyboard.press("ArrowRight")
        await expect(dialog).to_contain_text(title)
    await expect(dialog.get_by_role("img", name="Picture 2 of a lighthouse")).to_be_visible()
    download = dialog.get_by_role("link", name="Download")
    await expect(download).to_have_attribute("download", "a-lighthouse-at-dusk-2-00000a.png")
    for _ in range(3):
        await page.keyboard.press("ArrowLeft")
    await expect(dialog).to_contain_text("Picture 4 of 4")
    for _ in range(20):
        await page.keyboard.press("Tab")
        assert await dialog.evaluate(
            "dialog => dialog.contains(document.activeElement) || document.activeElement === document.body"
        )
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(link).to_be_focused()


async def test_the_lightbox_shows_no_other_picture_while_one_is_on_its_way(desk: Desk, page: Page) -> None:
    go_on = asyncio.Event()

    async def give(route: Route) -> None:
        if f"/pictures/{'2' * 64}" in route.request.url:
            await go_on.wait()
        await route.fulfill(body=png(), content_type="image/png")

    await page.route("**/pictures/**", give)
    await desk.adapter.post(a_post(), a_view())
    await page.locator("[data-open]").click()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#lightbox-picture")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog")).to_contain_text("Picture 2 of 4")
    await expect(page.locator("#lightbox-picture")).to_be_hidden()
    go_on.set()
    await expect(page.locator("#lightbox-picture")).to_be_visible()


async def test_a_press_in_the_lightbox_is_seen_and_heard_there_and_then_leads_to_its_post(
    desk: Desk, page: Page
) -> None:
    stage = Stage(app=desk.app, conversation=a_post().conversation)
    grid = await stage.done(await stage.imagine())
    reference = await desk.adapter.post(*await stage.shown(grid))
    await page.locator("[data-open]").click()
    dialog = page.get_by_role("dialog")
    await page.keyboard.press("ArrowRight")
    upscale = dialog.get_by_role("button", name="U1", exact=True)
    asked, go_on = await hold(page, "**/buttons/*")
    await upscale.dblclick()
    async with asyncio.timeout(TIME_LIMIT_MS / 1000):
        await asked.wait()
    await expect(upscale).to_contain_class("busy")
    go_on.set()
    await expect(upscale).not_to_contain_class("busy")
    await expect(dialog.locator("[aria-live]").last).to_contain_text("asked for")
    await expect(upscale).to_be_focused()
    post, view = await stage.shown(grid)
    await desk.adapter.edit(replace(post, reference=reference), view)
    await expect(upscale).to_contain_class("pressed")
    await expect(upscale).to_have_attribute("title", re.compile("Pressed by"))
    (made, _) = (await desk.app.service.list(JobFilter())).views
    await desk.adapter.post(*await stage.shown(await desk.app.service.get(made.job_id)))
    await upscale.click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("li.post").last).to_be_focused()


async def test_a_link_to_an_old_message_loads_it_and_there_is_a_way_back(desk: Desk, page: Page, url: str) -> None:
    reference = await desk.adapter.post(a_post(), a_view())
    member, _ = await desk.chat.join("Grace")
    for number in range(80):
        await desk.chat.say("general", member, f"line {number}", f"key-{number}")
    await page.goto("about:blank")
    await page.goto(f"{url}/c/general#m-{reference}")
    await expect(page.locator(f"#m-{reference}")).to_be_in_viewport()
    await expect(page.get_by_text("line 79")).to_have_count(0)
    await page.get_by_role("button", name="Latest messages").click()
    await expect(page.get_by_text("line 79")).to_be_in_viewport()


async def test_older_messages_come_when_one_scrolls_up_and_the_place_is_kept(desk: Desk, page: Page, url: str) -> None:
    member, _ = await desk.chat.join("Grace")
    for number in range(70):
        await desk.chat.say("general", member, f"line {number}", f"key-{number}")
    await page.goto(f"{url}/c/general")
    await expect(page.get_by_text("line 69")).to_be_in_viewport()
    await expect(page.get_by_text("line 39", exact=True)).to_have_count(0)
    await page.locator("#scroll").evaluate("region => region.scrollTop = 0")
    await expect(page.get_by_text("line 39", exact=True)).to_have_count(1)
    await expect(page.get_by_text("line 40", exact=True)).to_be_in_viewport()


async def test_pictures_are_attached_dropped_and_removed(page: Page, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(png())
    await page.set_input_files("#files", [tmp_path / "one.png", tmp_path / "two.png"])
    shown = page.get_by_role("list", name="Attached pictures").get_by_role("listitem")
    await expect(shown).to_have_count(2)
    await page.get_by_role("button", name="Remove one.png").click()
    await expect(shown).to_have_count(1)
    await page.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File(["words"], "notes.txt", { type: "text/plain" }));
            dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    await expect(page.get_by_role("alert")).to_contain_text("notes.txt is not a picture")
    await send(page, "/describe")
    await expect(shown).to_have_count(0)
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("")


async def test_a_file_that_only_says_to_be_a_picture_is_refused_at_once(page: Page, tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(png())
    (tmp_path / "notes.png").write_bytes(b"words")
    await page.set_input_files("#files", [tmp_path / "notes.png", tmp_path / "good.png"])
    await expect(page.get_by_role("alert")).to_contain_text("notes.png cannot be read")
    shown = page.get_by_role("list", name="Attached pictures").get_by_role("img")
    await expect(shown).to_have_count(1)
    await expect(shown).to_have_attribute("alt", "good.png")
    await expect(page.get_by_role("alert")).to_have_count(1)


async def test_words_that_are_copied_with_a_picture_of_them_are_pasted_as_words(page: Page) -> None:
    shown = page.get_by_role("list", name="Attached pictures").get_by_role("listitem")
    picture = [*png()]
    paste = """([words, content]) => {
        const data = new DataTransfer();
        if (words) data.setData("text/plain", words);
        data.items.add(new File([new Uint8Array(content)], "image.png", { type: "image/png" }));
        const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        return document.getElementById("text").dispatchEvent(event);
    }"""
    assert await page.evaluate(paste, ["a cell of a table", picture]), "the browser is to paste the words"
    await expect(shown).to_have_count(0)
    for words in ("", "image.png", "/home/ada/image.png"):
        assert not await page.evaluate(paste, [words, picture])
    await expect(shown).to_have_count(3)


async def test_a_picture_attached_while_a_message_is_on_its_way_waits_for_the_next(page: Page, tmp_path: Path) -> None:
    for name in ("first.png", "second.png"):
        (tmp_path / name).write_bytes(png())
    arrived, go_on = await hold(page, "**/c/general/messages")
    attached = page.get_by_role("list", name="Attached pictures").get_by_role("img")
    await page.locator("#files").set_input_files(tmp_path / "first.png")
    await page.get_by_role("textbox", name="Message #general").fill("/describe")
    await page.keyboard.press("Enter")
    async with asyncio.timeout(TIME_LIMIT_MS / 1000):
        await arrived.wait()
    await page.locator("#files").set_input_files(tmp_path / "second.png")
    await expect(attached).to_have_count(2)
    go_on.set()
    await expect(attached).to_have_count(1)
    await expect(attached).to_have_attribute("alt", "second.png")


async def test_the_way_to_the_latest_messages_never_lies_on_what_one_types(desk: Desk, page: Page, url: str) -> None:
    for number in range(8):
        await desk.adapter.post(a_post(f"p-{number}", job_id=f"j-{number}"), a_view(job_id=f"j-{number}"))
    await page.goto(url)
    box = page.get_by_role("textbox", name="Message #general")
    for _ in range(2):
        await box.fill("/imagine")
        await box.press("Escape")
        await box.press("Enter")
    await expect(page.get_by_role("alert").first).to_be_visible()
    await box.fill("/imagine a cat\nby the sea\nin the rain")
    await page.locator("#scroll").evaluate("scroll => { scroll.scrollTop = 400; }")
    latest = page.get_by_role("button", name="Latest messages")
    for width in (360, 1200):
        await page.set_viewport_size({"width": width, "height": 800})
        button, composer = await latest.bounding_box(), await page.locator("#composer").bounding_box()
        assert button is not None
        assert composer is not None
        assert button["y"] + button["height"] <= composer["y"]


async def test_somebody_else_sees_it_at_once_but_cannot_cancel_it(
    page: Page, browser: Browser, url: str, desk: Desk
) -> None:
    other = await browser.new_page(reduced_motion="reduce")
    await come_in(other, url, "Grace")
    await send(page, "Good morning")
    await expect(other.get_by_role("article", name="Message by Ada")).to_contain_text("Good morning")
    await expect(other.locator("#announcer")).to_have_text("Ada: Good morning")
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("")
    (view,) = (await desk.app.service.list(JobFilter())).views
    await desk.adapter.post(a_post(job_id=view.job_id), view)
    await expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    await expect(other.locator("li.post")).to_be_visible()
    await expect(other.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    await page.get_by_role("link", name="studio").click()
    await send(other, "Are you there?")
    await expect(page.get_by_role("link", name="general (new messages)")).to_be_visible()
    await other.context.close()


async def test_the_page_recovers_by_itself_when_the_program_comes_back(browser: Browser, tmp_path: Path) -> None:
    page = await browser.new_page()
    async with desk_in(tmp_path) as desk, served(desk) as url:
        await come_in(page, url, "Ada")
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…", timeout=TIME_LIMIT_MS)
    await page.get_by_role("textbox", name="Message #general").fill("typed meanwhile")
    async with desk_in(tmp_path) as desk:
        member, _ = await desk.chat.join("Grace")
        await desk.chat.say("general", member, "said meanwhile", "key")
        async with served(desk, port=int(url.rsplit(":", 1)[1])):
            await expect(page.get_by_text("said meanwhile", exact=True)).to_be_visible(timeout=TIME_LIMIT_MS)
            await expect(page.get_by_role("status")).to_have_text("")
            await page.get_by_role("textbox", name="Message #general").press("Enter")
            await expect(page.get_by_text("typed meanwhile", exact=True)).to_be_visible()
            await page.context.close()


async def test_on_a_narrow_screen_the_side_bar_is_a_drawer_and_nothing_sticks_out(desk: Desk, page: Page) -> None:
    await desk.adapter.post(a_post(), a_view(prompt="x" * 300, seed=4_294_967_295))
    await page.set_viewport_size({"width": 360, "height": 700})
    widths = "[document.documentElement.scrollWidth, find('scroll').scrollWidth - find('scroll').clientWidth]"
    assert await page.evaluate(f"(() => {{ const find = id => document.getElementById(id); return {widths}; }})()") == [
        360,
        0,
    ]
    await expect(page.get_by_role("link", name="studio")).to_be_hidden()
    await page.get_by_role("button", name="Open the side bar").click()
    await expect(page.get_by_role("button", name="Close the side bar")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="studio")).to_be_hidden()
    await page.get_by_role("button", name="Open the side bar").click()
    await page.get_by_role("link", name="studio").click()
    await expect(page.get_by_role("heading", name="studio")).to_be_visible()


async def test_the_list_of_jobs_works_by_the_keyboard_and_leads_to_the_message(
    desk: Desk, page: Page, url: str
) -> None:
    await send(page, "/imagine a lighthouse")
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("")
    (view,) = (await desk.app.service.list(JobFilter())).views
    reference = await desk.adapter.post(a_post(job_id=view.job_id), view)
    await page.goto(f"{url}/jobs")
    await page.get_by_role("link", name="a lighthouse").press("Enter")
    await expect(page.locator(f"#m-{reference}")).to_be_focused()
    await page.goto(f"{url}/jobs")
    await page.get_by_role("button", name="Cancel: Imagine, a lighthouse").press("Enter")
    await expect(page.get_by_text("Cancelled by Ada")).to_be_visible()


async def test_the_whole_program_paints_and_a_pressed_button_tells_by_whom(browser: Browser, tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path / "data", http_port=0)
    painter = {"painter": "tests.fakes.tiny_painter:TinyPainter", "painter_options": {"folder": str(tmp_path)}}
    page = await browser.new_page()
    async with running(settings, tuning=Tuning(engine={**painter, "workers": 1})) as app:
        await come_in(page, app.url, "Ada")
        await send(page, "/imagine a lighthouse at dusk --ar 3:2")
        upscale = page.get_by_role("button", name="U2", exact=True)
        await upscale.click(timeout=TIME_LIMIT_MS)
        await expect(page.get_by_role("article", name="Upscale of picture 2 by Ada")).to_be_visible(
            timeout=TIME_LIMIT_MS
        )
        await expect(page.locator("li.post").first).to_contain_text("U2 by Ada")
        await expect(page.locator("li.post").nth(1)).to_contain_text("Done in", timeout=TIME_LIMIT_MS)
        await upscale.click()
        await expect(page.locator("li.post").nth(1)).to_be_focused()
        assert await page.locator("li.post").count() == 2
        await page.context.close()
