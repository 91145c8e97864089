"""Draw Slack messages as a page, close enough to Slack's own look to judge a message by.

It knows the blocks that Steward sends and no others: an unknown one is an error, so that a new block is looked at
before people see it. Slack's client differs in fonts and details; what is bold, linked, quoted or a button does not.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt

Block = Mapping[str, Any]
EMOJI = {
    "information_source": "ℹ️",
    "warning": "⚠️",
    "x": "❌",
    "grey_question": "❔",
    "paperclip": "\x04",
    "pencil2": "✏️",
    "hourglass_flowing_sand": "⏳",
    "no_entry_sign": "🚫",
    "mag": "🔍",
}
# Drawn here: a machine without an emoji font would show boxes.
_TASK_MARKS = {"complete": "✓", "in_progress": "◌", "pending": "·", "error": "✗"}
THUMB = '<svg viewBox="0 0 20 20"><path d="M3 9h3v8H3zM6 10l3-7c2 0 3 1 2 5h5l-1 9H6"/></svg>'
CLIP = '<svg viewBox="0 0 20 20"><path d="M14 6v8a4 4 0 0 1-8 0V5a3 3 0 0 1 6 0v8a1 1 0 0 1-3 0V7"/></svg>'
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
STYLE = """
body { margin: 0; padding: 18px 20px 22px; background: #fff; color: #1d1c1d;
  font: 15px/1.467 "Noto Sans", "DejaVu Sans", Lato, Arial, sans-serif; width: 700px; }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 9px; margin-bottom: 18px; }
.avatar { width: 36px; height: 36px; border-radius: 8px; background: #1f3a4d; color: #fff; display: grid;
  place-items: center; font-weight: 700; }
.person .avatar { background: #d9a441; }
.who { font-weight: 800; } .who small { font-weight: 400; color: #616061; margin-left: 6px; font-size: 12px; }
.who b { font-size: 10px; background: #e8e8e8; color: #616061; border-radius: 3px; padding: 1px 4px;
  margin-left: 5px; }
.message > div > * { margin: 0 0 8px; } .message > div > :last-child { margin-bottom: 0; }
p, ul, ol { margin: 0 0 8px; } ul, ol { padding-left: 26px; } li > p { margin: 0; }
a { color: #1264a3; text-decoration: none; }
blockquote { margin: 4px 0 0; padding-left: 12px; border-left: 4px solid #ddd; }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 1px 4px; font-size: 12px;
  color: #c01343; }
pre { margin: 0; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; font-size: 12px;
  line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; font-family: "DejaVu Sans Mono", monospace; }
.context { color: #616061; font-size: 13px; }
table { border-collapse: collapse; font-size: 13px; } td { border: 1px solid #ddd; padding: 5px 9px;
  vertical-align: top; overflow-wrap: break-word; min-width: 44px; }
tr:first-child td { font-weight: 700; background: #f8f8f8; }
.plan { color: #616061; font-size: 13px; } .plan ul { list-style: none; margin: 4px 0 0; padding-left: 16px; }
.buttons { display: flex; gap: 8px; flex-wrap: wrap; }
.button { border: 1px solid #bbb; border-radius: 8px; padding: 5px 12px; font-weight: 700; font-size: 13px; }
.primary { background: #007a5a; color: #fff; border-color: #007a5a; }
.danger { color: #e01e5a; border-color: #e01e5a; }
.thumbs { display: flex; gap: 14px; } .down { transform: rotate(180deg); }
svg { width: 17px; height: 17px; fill: none; stroke: #616061; stroke-width: 1.6; vertical-align: -3px; }
.file { color: #616061; font-size: 13px; } .file img { display: block; width: 460px; border: 1px solid #ddd;
  border-radius: 8px; margin-top: 4px; }
"""


class UnknownBlock(ValueError):
    """A block that this page can't draw."""


def draw_page(
    person: str, question: str, thread: Sequence[Mapping[str, Any]], pictures: Mapping[str, bytes] | None = None
) -> str:
    """Return the page: the question, and the bot's messages below it. `pictures` are files by id."""
    asked = _message(person, "person", [f"<p>{html.escape(question)}</p>"])
    said = [_message("Steward", "app", _body(message, pictures or {})) for message in thread]
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{asked}{''.join(said)}"


def _message(name: str, kind: str, body: Sequence[str]) -> str:
    badge = "<b>APP</b>" if kind == "app" else ""
    who = f'<div class="who">{html.escape(name)}{badge}<small>10:24</small></div>'
    return f'<div class="message {kind}"><div class="avatar">{name[0]}</div><div>{who}{"".join(body)}</div></div>'


def _body(message: Mapping[str, Any], pictures: Mapping[str, bytes]) -> list[str]:
    files = [_file(one, pictures) for one in message.get("files") or ()]
    shown = [*([] if is_plan_shown(message) else message.get("plan") or ()), *(message.get("blocks") or ())]
    blocks = [draw_block(one) for one in shown]
    return [*(blocks or [f"<p>{mrkdwn(message.get('text') or '')}</p>"] if not files else []), *files]


def is_plan_shown(message: Mapping[str, Any]) -> bool:
    """Return whether the blocks of a stream hold its plan already, as they do while it lives."""
    return any(block["type"] == "plan" for block in message.get("blocks") or ())


def _file(file: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    name = html.escape(str(file.get("title") or file["name"]))
    data = pictures.get(str(file["id"]))
    if data is None or not data.startswith(b"\x89PNG"):
        return f'<div class="file">{CLIP} {name}</div>'
    alt = html.escape(str(file.get("alt_txt") or ""), quote=True)
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return f'<div class="file">{name}<img alt="{alt}" src="{source}"></div>'


def draw_block(block: Block) -> str:
    """Return one block as HTML.

    Raises:
        UnknownBlock: Steward sends none of this type.
    """
    match block["type"]:
        case "markdown":
            return f"<div>{MARKDOWN.render(block['text'])}</div>"
        case "section":
            return f"<div>{mrkdwn(block['text']['text'])}</div>"
        case "context":
            return f'<div class="context">{" ".join(mrkdwn(one["text"]) for one in block["elements"])}</div>'
        case "rich_text":
            return "".join(_preformatted(one) for one in block["elements"])
        case "table":
            rows = ("".join(f"<td>{html.escape(cell['text'])}</td>" for cell in row) for row in block["rows"])
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
        case "plan":
            tasks = "".join(
                f"<li>{_TASK_MARKS[one['status']]} {html.escape(one['title'])}</li>" for one in block["tasks"]
            )
            is_over = all(one["status"] == "complete" for one in block["tasks"])
            opened = "" if is_over else f"<ul>{tasks}</ul>"  # Slack folds a plan that is done
            return f'<div class="plan">{"▸" if is_over else "▾"} {html.escape(block["title"])}{opened}</div>'
        case "divider":
            return "<hr>"
        case "actions":
            return f'<div class="buttons">{"".join(map(_button, block["elements"]))}</div>'
        case "context_actions":
            return f'<div class="thumbs" aria-label="feedback buttons">{THUMB}<span class="down">{THUMB}</span></div>'
    raise UnknownBlock(str(block["type"]))


def _preformatted(element: Block) -> str:
    if element["type"] != "rich_text_preformatted":
        raise UnknownBlock(str(element["type"]))
    return f"<pre>{html.escape(''.join(one['text'] for one in element['elements']))}</pre>"


def _button(element: Block) -> str:
    return f'<span class="button {element.get("style", "")}">{html.escape(element["text"]["text"])}</span>'


def mrkdwn(text: str) -> str:
    """Return Slack's own markup as HTML: bold, italic, code, links, quoted lines, emoji."""
    safe = html.escape(html.unescape(re.sub(r"<([^<>|]+)\|([^<>]*)>", "\x01\\1\x02\\2\x03", text)), quote=True)
    linked = re.sub("\x01([^\x02]*)\x02([^\x03]*)\x03", r'<a href="\1">\2</a>', safe)
    styled = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", linked)
    styled = re.sub(r"(?<![\w/])_([^_\n]+)_(?!\w)", r"<i>\1</i>", styled)
    styled = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", styled)
    styled = re.sub(r":([a-z0-9_]+):", lambda match: EMOJI.get(match.group(1), match.group(0)), styled)
    return "".join(map(_line, styled.replace("\u2060", "").split("\n"))).replace("\x04", CLIP)


def _line(line: str) -> str:
    if line.startswith("&gt;"):
        return f"<blockquote>{line[4:].strip()}</blockquote>"
    return f"<div>{line or '&nbsp;'}</div>"
