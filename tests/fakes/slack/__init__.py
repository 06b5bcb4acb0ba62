"""A small, strict Slack of our own on loopback, for any app that is written with slack_sdk or Bolt.

It keeps what it is told (workspaces, channels, messages with their metadata, files, installations) and refuses what
Slack refuses, with Slack's own error names. Point a client at ``slack.api_url``; nothing else has to be changed::

    async with fake_slack(manifest=manifest) as slack:           # or app=AppConfig(...); without either, all is allowed
        acme = slack.workspace("Acme")                           # a team, with #general and nobody in it but people
        token = slack.install(acme)                              # a bot token; slack.app_token() is the one for sockets
        ann = acme.member("Ann")                                 # in #general
        acme.general.invite_bot()                                # or acme.channel("art", private=True)

        slack.deliver_to("http://127.0.0.1:8080/slack/events")   # HTTP, signed with slack.app.signing_secret;
        await slack.sockets.connected()                          # or Socket Mode, which is what stands without it

        answer = await ann.command("/imagine", "a lighthouse")   # where=acme.general, or a Channel, or ann.dm()
        answer.acknowledged, answer.took_s, answer.text          # what came back within 3 s
        answer = await ann.press(message, "U2")                  # a button or overflow option by its label or action_id
        view = await ann.modal()                                 # the modal that the app has opened for her
        await ann.submit(view, prompt="a red lighthouse", ratio="3:2")   # by action_id or block_id; files=[File, ...]
        await ann.types(view, prompt="a red")                    # a dispatching input, as its text changes
        await ann.shortcut("imagine"); await ann.shortcut("describe", message)
        await ann.mentions("imagine a cat", thread=message)      # a message beginning with the bot's mention
        await ann.says("hello", where=ann.dm(), files=[...])     # a message; ann.uploads("red.png", content) makes files
        home = await ann.opens_home()                            # the published Home view, after app_home_opened
        ann.ephemerals                                           # what only she sees, oldest first
        message = await slack.until(lambda: acme.general.find("a lighthouse"))   # first truthy answer, on every change

Messages and views share ``texts`` (all that is read, one line each), ``labels`` (of what can be pressed), ``images``
(each with ``alt_text`` and the ``file`` or ``image_url``) and ``blocks`` as they were sent.

Trouble: ``slack.trouble("chat.update", error="cant_update_message")``, with ``done=True`` after all; ``status=503``; ``retry_after=2`` (a 429);
``lost=True`` (done, but the answer never arrives); ``cut=True`` (neither); ``hold=event`` (done when the event is set);
``delay_s=``; each with ``times=`` (1), ``team=`` and ``when=`` (a look at the arguments). ``slack.calls_of(method)`` lists
what was asked for, with its arguments and outcome. ``slack.clock.advance(seconds)`` makes triggers, response addresses,
tokens and edit windows old. ``slack.processing_s`` is how long a file is being processed (``None``: until
``file.process()``). ``slack.rates`` can be ``Rates.none()`` for long runs.

Delivery: ``answer = await slack.again(answer)`` sends the very same payload once more (the same envelope on another
connection); ``slack.event_retries_s`` is how long Slack waits before it repeats an event that was not
acknowledged (really at once, a minute and five minutes; here much less);
``await slack.sockets.refresh()``, ``slack.sockets.cut()``; ``await acme.uninstall()``, ``await slack.revoke_tokens(acme)``.
``await ann.installs(app_url)`` goes through /slack/install and /slack/oauth_redirect like a browser.
"""

from tests.fakes.slack.app import AppConfig
from tests.fakes.slack.deliveries import Answer
from tests.fakes.slack.faults import Trouble
from tests.fakes.slack.inspection import Inspection, Wrong
from tests.fakes.slack.member import Member
from tests.fakes.slack.model import Call, Channel, File, Workspace
from tests.fakes.slack.rates import Rates
from tests.fakes.slack.server import Slack, fake_slack
from tests.fakes.slack.shown import Message, View

__all__ = [
    "Answer",
    "AppConfig",
    "Call",
    "Channel",
    "File",
    "Inspection",
    "Member",
    "Message",
    "Rates",
    "Slack",
    "Trouble",
    "View",
    "Workspace",
    "Wrong",
    "fake_slack",
]
