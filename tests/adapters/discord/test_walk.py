"""What a team does with the bot, one thing after the other, on real discord.py."""

from __future__ import annotations

from tests.adapters.discord.scene import Scene, done, until


async def test_imagine_upscale_vary_reroll(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="a lighthouse", aspect="3:2", seed=7)
    assert answer.kind == "message"
    grid = await done(answer.message)
    print(grid.text, list(grid.buttons), grid.pictures)
    answer = await scene.ben.press(grid, "U2")
    assert answer.kind == "message"
    upscale = await done(answer.message)
    print(upscale.text, list(upscale.buttons), upscale.pictures)
    answer = await scene.ben.press(grid, "V3")
    assert answer.modal is not None
    print(answer.modal)
    answer = await scene.ben.submits(answer.modal, prompt="a red lighthouse --ar 3:2")
    varied = await done(answer.message)
    print(varied.text)
    answer = await scene.ann.press(grid, "Reroll")
    print((await done(answer.message)).text)
    await until(lambda: "U2" in grid.text)
    print(grid.text, grid.edits)
    for request in scene.world.requests:
        print(request.method, request.path[:90], request.status)
