"""A page that shows everything we show in Slack roughly as Slack does, to be looked at.

``python -m tests.adapters.slack.preview FILE`` writes it.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import Any

from tests.adapters.slack.views import everything

STYLE = """
body { font: 15px/1.45 Lato, system-ui, sans-serif; background: #f4f4f4; margin: 24px; color: #1d1c1d }
main { columns: 480px; column-gap: 24px }
article { background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 12px 16px; margin: 0 0 20px;
  break-inside: avoid; overflow-wrap: anywhere }
h2 { font-size: 12px; color: #888; margin: 0 0 8px; font-weight: normal }
.section { display: flex; gap: 12px; margin: 6px 0 } .section > :first-child { flex: 1; white-space: pre-wrap }
.header { font-size: 18px; font-weight: 900; margin: 8px 0 } .context { font-size: 13px; color: #616061; margin: 4px 0 }
.context span { margin-right: 10px; white-space: pre-wrap } .actions { margin: 8px 0 }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 3px 10px; margin: 0 6px 6px 0;
  font-size: 13px; font-weight: bold } .primary { background: #007a5a; color: #fff } .danger { color: #e01e5a; border-color: #e01e5a }
.image { background: linear-gradient(135deg, #9bb, #358); color: #fff; height: 150px; border-radius: 6px; padding: 8px; font-size: 12px }
.thumb { width: 70px; height: 70px; border-radius: 6px; background: linear-gradient(135deg, #9bb, #358) }
.input { margin: 10px 0 } .input b { display: block; font-size: 14px } .box { border: 1px solid #bbb; border-radius: 4px;
  padding: 6px; color: #888; white-space: pre-wrap } .hint { font-size: 12px; color: #777 } hr { border: 0; border-top: 1px solid #ddd }
code { color: #e01e5a; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 0 3px }
.mention { color: #1264a3; background: #e8f5fa } a { color: #1264a3 }
"""


def text(value: dict[str, Any]) -> str:
    """Render a text, with Slack's formatting where it has any."""
    raw = value["text"]
    if value["type"] != "mrkdwn":
        return html.escape(raw)
    raw = re.sub(r"<@(\w+)>", r'<span class="mention">@\1</span>', raw)
    raw = re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', raw)
    raw = re.sub(r"`([^`]+)`", r"<code>\1</code>", raw)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*", r"<b>\1</b>", raw)


def element(value: dict[str, Any]) -> str:
    """Render something to press or to fill in."""
    match value["type"]:
        case "button":
            return f'<span class="button {value.get("style", "")}">{text(value["text"])}</span>'
        case "overflow":
            return '<span class="button">⋯ ' + " / ".join(text(each["text"]) for each in value["options"]) + "</span>"
        case "image":
            return f'<div class="thumb" title="{html.escape(value["alt_text"])}"></div>'
        case "checkboxes":
            return "<br>".join(f"☐ {text(option['text'])}" for option in value["options"])
        case "static_select":
            chosen = value.get("initial_option") or {"text": {"type": "plain_text", "text": "Choose…"}}
            return f'<div class="box">{text(chosen["text"])} ▾</div>'
        case _:
            return f'<div class="box">{html.escape(value.get("initial_value") or value["type"])}</div>'


def block(value: dict[str, Any]) -> str:
    """Render a block."""
    match value["type"]:
        case "section":
            beside = element(value["accessory"]) if "accessory" in value else ""
            return f'<div class="section"><div>{text(value["text"])}</div>{beside}</div>'
        case "header":
            return f'<div class="header">{text(value["text"])}</div>'
        case "context":
            return (
                '<div class="context">' + "".join(f"<span>{text(each)}</span>" for each in value["elements"]) + "</div>"
            )
        case "actions":
            return '<div class="actions">' + "".join(map(element, value["elements"])) + "</div>"
        case "image":
            return f'<div class="image">{html.escape(value["alt_text"])}</div>'
        case "input":
            hint = f'<div class="hint">{text(value["hint"])}</div>' if "hint" in value else ""
            return f'<div class="input"><b>{text(value["label"])}</b>{element(value["element"])}{hint}</div>'
        case "divider":
            return "<hr>"
        case _:
            return f"<pre>{html.escape(str(value))}</pre>"


def page() -> str:
    """Render everything."""
    shown = []
    for name, value in everything().items():
        body = "".join(map(block, value["blocks"])) if "blocks" in value else html.escape(value["text"])
        title = f" · {text(value['title'])}" if "title" in value else ""
        shown.append(f"<article><h2>{name}{title}</h2>{body}</article>")
    return f"<!doctype html><meta charset=utf-8><title>Slack</title><style>{STYLE}</style><main>{''.join(shown)}</main>"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
