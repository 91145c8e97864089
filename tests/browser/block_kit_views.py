"""Draw Slack's forms and the Home tab as a page, close enough to Slack's own look to judge them by (block_kit.py)."""

from __future__ import annotations

import html
from typing import Any

from tests.browser.block_kit import STYLE, Block, UnknownBlock, draw_block, mrkdwn

VIEW_STYLE = """
.view { border: 1px solid #ddd; border-radius: 8px; padding: 14px 24px 20px; width: 480px; }
.home { border: 0; width: 640px; } .view > * { margin-bottom: 14px; } hr { border: 0; border-top: 1px solid #ddd; }
h1 { font-size: 22px; margin: 4px 0 14px; } h2 { font-size: 18px; margin: 18px 0 4px; }
.row { display: flex; justify-content: space-between; gap: 16px; align-items: flex-start; }
label { display: block; font-weight: 700; } label small { font-weight: 400; color: #616061; }
.box { border: 1px solid #aaa; border-radius: 4px; padding: 6px 10px; min-height: 22px; white-space: pre-wrap;
  margin-top: 4px; } .tall { min-height: 88px; } .empty { color: #8b8b8b; } .hint { color: #616061; font-size: 13px; }
.end { justify-content: flex-end; }
"""


def draw_view(view: Block) -> str:
    """Return the page of a modal or a Home tab."""
    body = "".join(map(_block, view["blocks"]))
    if view["type"] == "home":
        shown = f'<div class="view home">{body}</div>'
    else:
        buttons = "".join(
            f'<span class="button {style}">{html.escape(view[name]["text"])}</span>'
            for name, style in (("close", ""), ("submit", "primary"))
            if name in view
        )
        title = f"<h1>{html.escape(view['title']['text'])}</h1>"
        shown = f'<div class="view">{title}{body}<div class="buttons end">{buttons}</div></div>'
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}{VIEW_STYLE}</style>{shown}"


def _block(block: Block) -> str:
    match block["type"]:
        case "header":
            return f"<h2>{html.escape(block['text']['text'])}</h2>"
        case "section":
            text = block["text"]["text"]
            words = mrkdwn(text) if block["text"]["type"] == "mrkdwn" else html.escape(text).replace("\n", "<br>")
            beside = _element(block["accessory"]) if "accessory" in block else ""
            return f'<div class="row"><div>{words}</div>{beside}</div>'
        case "input":
            more = " <small>(optional)</small>" if block.get("optional") else ""
            hint = f'<div class="hint">{html.escape(block["hint"]["text"])}</div>' if "hint" in block else ""
            label = f"<label>{html.escape(block['label']['text'])}{more}</label>"
            return f"<div>{label}{_element(block['element'])}{hint}</div>"
    return draw_block(block)


def _element(element: Block) -> str:
    match element["type"]:
        case "button":
            return f'<span class="button {element.get("style", "")}">{html.escape(element["text"]["text"])}</span>'
        case "plain_text_input":
            tall = "tall" if element.get("multiline") else ""
            return f'<div class="box {tall}">{html.escape(element.get("initial_value", ""))}</div>'
        case "file_input":
            return '<div class="box empty">Upload or drop files</div>'
        case "static_select":
            return _chosen([element["initial_option"]] if "initial_option" in element else [])
        case "multi_static_select":
            return _chosen(element.get("initial_options") or [])
        case "checkboxes":
            ticked = {one["value"] for one in element.get("initial_options") or ()}
            lines = (f"{'☑' if one['value'] in ticked else '☐'} {_text(one)}" for one in element["options"])
            return "".join(f"<div>{line}</div>" for line in lines)
        case "users_select" | "multi_users_select":
            names = ", ".join(element.get("initial_users") or ())
            return f'<div class="box">{html.escape(names) or _EMPTY} ▾</div>'
    raise UnknownBlock(str(element["type"]))


_EMPTY = '<span class="empty">Choose …</span>'


def _chosen(options: list[Any]) -> str:
    return f'<div class="box">{", ".join(map(_text, options)) or _EMPTY} ▾</div>'


def _text(option: Block) -> str:
    return html.escape(option["text"]["text"])
