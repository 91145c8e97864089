"""From a Reply's neutral blocks to Teams messages: Markdown, one card where needed, citations and the AI label.

Wire JSON is built here, by us, so that it outlives the SDK. Limits: ~28 KB a message (learn.microsoft.com, "Format
your bot messages"), ten citations with a name of 80 and an abstract of 160 characters (the schema of the client).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from assistant.mail.shown import facts_line
from assistant.replies import (
    Action,
    Actions,
    Block,
    Chart,
    Checklist,
    Citation,
    Citations,
    Draft,
    Excerpt,
    FileOffer,
    Links,
    Notice,
    Paragraph,
    Reply,
    Table,
)
from bot.platforms.teams import cards
from bot.platforms.teams.text import escape, fenced, plain, safe_markdown, shorten, size_of, split_text

MESSAGE_BYTES = 26_000  # of JSON in UTF-16; the other 2 KB are for the envelope
TEXT_BYTES = 18_000  # what the text of one message may take of it: the rest is for citations and the envelope
CARD_BYTES = 22_000
CARD_CHARS = 4_000  # of the sentence on a card of buttons
PARTS_AT_MOST = 8  # a longer answer ends with a pointer to the page
CITATIONS_AT_MOST = 10
NAME_CHARS = 80
ABSTRACT_CHARS = 160
KEYWORD_CHARS = 28
KEYWORDS_AT_MOST = 3
SUMMARY_CHARS = 200
_ESCAPED_NUMBER = re.compile(r"\\\[(\d{1,3})\\\]")
_ICONS = {"info": "ℹ️", "warning": "⚠️", "refusal": "🔎", "error": "❗"}

Json = dict[str, Any]


def render(
    reply: Reply,
    key: str,
    *,
    base_url: str | None = None,
    chart_url: Callable[[int], str] | None = None,
    extra: Sequence[Action] = (),
) -> list[Json]:
    """Return the activities that say the reply, at least one; buttons, tables and charts are on the last.

    No activity has both text and a card: some clients make two messages of one, and only the text of a message
    that is not a card has citations. `key` (the job's id) travels in every button; `base_url` is where people
    reach the web page, if they do, and `chart_url` makes the address of the picture of a chart by its number.
    """
    blocks = list(reply.blocks)
    actions = [action for block in blocks if isinstance(block, Actions) for action in block.items] + list(extra)
    if actions and all(isinstance(block, Actions | Notice) for block in blocks):
        parts = [_short_card(reply, blocks, actions, key)]
    else:
        parts = _texts(reply, blocks, key, base_url)
        attachment = _card(blocks, actions, key, chart_url)
        if attachment is not None:
            parts.append({"type": "message", "attachments": [attachment]})
            if _is_answer(reply):
                parts[-1]["entities"] = [ai_entity()]
    parts[0]["summary"] = shorten(reply.text, SUMMARY_CHARS) or "…"
    return parts


def _texts(reply: Reply, blocks: Sequence[Block], key: str, base_url: str | None) -> list[Json]:
    """Return the messages of text, each with those sources that it names; thumbs are under the last."""
    citations = [item for block in blocks if isinstance(block, Citations) for item in block.items]
    text = _text(reply, blocks, key, base_url)
    shown = [citation for citation in citations if f"[{citation.number}]" in text][:CITATIONS_AT_MOST]
    text = "\n\n".join(filter(None, [text, _other_sources(citations, shown)]))
    pieces = _bounded(split_text(text, TEXT_BYTES), base_url)
    parts = [_message(piece) for piece in pieces]
    if _is_answer(reply):
        for part, piece in zip(parts, pieces, strict=True):
            part["entities"] = [ai_entity([citation for citation in shown if f"[{citation.number}]" in piece])]
    if reply.final and reply.wants_feedback:
        parts[-1]["channelData"] = {"feedbackLoop": {"type": "default"}}
    return parts


def _is_answer(reply: Reply) -> bool:
    """Return whether a machine wrote this: a placeholder, an apology or "Stopped" is a fixed sentence."""
    return reply.final and any(not isinstance(block, Actions | Notice) for block in reply.blocks)


def _short_card(reply: Reply, blocks: Sequence[Block], actions: Sequence[Action], key: str) -> Json:
    """Return a sentence and its buttons as one card: a placeholder, an apology."""
    said = [f"{_ICONS[block.level]} {block.text}" for block in blocks if isinstance(block, Notice)]
    text = "\n\n".join(said) or reply.text.strip() or "…"
    buttons = cards.buttons(actions[: cards.BUTTONS_AT_MOST], key)
    return {"type": "message", "attachments": [cards.card([cards.text_block(text[:CARD_CHARS])], buttons)]}


def without_card(activity: Json) -> Json:
    """Return the activity as text alone: what is sent when Teams refuses a card."""
    bare = {name: value for name, value in activity.items() if name != "attachments"}
    return {**bare, "text": activity.get("text") or activity.get("summary") or "…"}


def ai_entity(citations: Sequence[Citation] = ()) -> Json:
    """Return the one schema.org Message of an activity: labelled as made by a machine, with its sources."""
    entity: Json = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    if citations:
        entity["citation"] = [_claim(citation) for citation in citations]
    return entity


def activity_bytes(activity: Json) -> int:
    """Return what the activity counts for against MESSAGE_BYTES."""
    return size_of(json.dumps(activity, ensure_ascii=False, separators=(",", ":")))


def _claim(citation: Citation) -> Json:
    appearance: Json = {
        "@type": "DigitalDocument",
        "name": shorten(citation.title, NAME_CHARS) or shorten(citation.document, NAME_CHARS) or "Source",
        "abstract": shorten(citation.quote, ABSTRACT_CHARS) or "…",
    }
    if citation.url and citation.url.startswith(("https://", "http://")) and len(citation.url) <= 2_000:
        appearance["url"] = citation.url
    said = [
        citation.section.rpartition(" › ")[2],
        f"page {citation.page}" if citation.page else "",
        f"version {citation.version}" if citation.version else "",
        f"since {citation.effective_from}" if citation.effective_from else "",
    ]
    keywords = [shorten(word, KEYWORD_CHARS) for word in said if word][:KEYWORDS_AT_MOST]
    if keywords:
        appearance["keywords"] = keywords
    return {"@type": "Claim", "position": citation.number, "appearance": appearance}


def _message(text: str) -> Json:
    return {"type": "message", "textFormat": "markdown", "text": text}


def _text(reply: Reply, blocks: Sequence[Block], key: str, base_url: str | None) -> str:
    parts = [_markdown(block, key, base_url) for block in blocks]
    said = "\n\n".join(part for part in parts if part.strip()) or safe_markdown(reply.text)
    return said if said.strip() else "…"


def _with_sources(text: str) -> str:
    """Return plain text in which the numbers of its sources stay what they are."""
    return _ESCAPED_NUMBER.sub(r"[\1]", plain(text))


def _markdown(block: Block, key: str, base_url: str | None) -> str:
    match block:
        case Paragraph():
            return safe_markdown(block.markdown)
        case Notice():
            return f"{_ICONS[block.level]} *{plain(block.text)}*"
        case Checklist():
            return "\n".join(
                [f"**{plain(block.title)}**", "", *(f"- ☐ {_with_sources(item)}" for item in block.items)]
            )
        case Links():
            lines = (f"- [{plain(one.label)}]({one.url}) {plain(one.note)}".rstrip() for one in block.items)
            return "\n".join([f"**{plain(block.title)}**", "", *lines])
        case Excerpt():
            title = [f"**{plain(block.title)}**", ""] if block.title else []
            return "\n".join([*title, fenced(block.lines, block.language)])
        case Draft():
            return _draft(block)
        case FileOffer():
            return _file(block, key, base_url)
        case Citations() | Table() | Chart() | Actions():
            return ""  # the entity's, and the card's


def _draft(draft: Draft) -> str:
    lines = [f"**To:** {plain(', '.join(draft.to)) or '—'}"]
    if draft.cc:
        lines.append(f"**Cc:** {plain(', '.join(draft.cc))}")
    if draft.bcc:
        lines.append(f"**Bcc:** {plain(', '.join(draft.bcc))}")
    lines.append(f"**Subject:** {plain(draft.subject)}")
    head = "  \n".join(lines)
    missing = [f"⚠️ *Still to fill in: {plain(', '.join(draft.placeholders))}*"] if draft.placeholders else []
    facts = [f"🔗 *{plain(line)}*"] if (line := facts_line(draft.facts)) else []
    return "\n\n".join([head, escape(draft.body), *facts, *missing])


def _file(offer: FileOffer, key: str, base_url: str | None) -> str:
    size = f"{offer.size_bytes:,} bytes"
    if base_url is None:
        return f"📎 {plain(offer.name)} ({size})"
    return f"📎 [{plain(offer.name)}]({base_url}/files/{key}/{offer.blob}) ({size})"


def _other_sources(citations: Sequence[Citation], shown: Sequence[Citation]) -> str:
    """List what the client does not show by itself: the eleventh source on, and those the text does not name."""
    rest = [citation for citation in citations if citation not in shown]
    if not rest:
        return ""
    lines = [
        f"- \\[{one.number}\\] {plain(one.title)}: “{plain(shorten(one.quote, ABSTRACT_CHARS))}”" for one in rest
    ]
    return "\n".join(["**Sources**", "", *lines])


def _bounded(pieces: list[str], base_url: str | None) -> list[str]:
    if len(pieces) <= PARTS_AT_MOST:
        return pieces
    where = f" The whole of it is at {base_url}." if base_url else ""
    return [*pieces[: PARTS_AT_MOST - 1], f"*The answer is longer than Teams shows.{where}*"]


def _card(
    blocks: Sequence[Block], actions: Sequence[Action], key: str, chart_url: Callable[[int], str] | None
) -> Json | None:
    body: list[Json] = []
    charts = [block for block in blocks if isinstance(block, Chart)]
    urls = {id(block): chart_url(number) for number, block in enumerate(charts)} if chart_url else {}
    for block in blocks:
        elements = _elements(block, CARD_BYTES - activity_bytes({"body": body}), urls.get(id(block)))
        if elements and activity_bytes({"body": [*body, *elements]}) > CARD_BYTES:
            body.append(cards.text_block("… more than Teams shows in one message", isSubtle=True, size="Small"))
            break
        body += elements
    buttons = cards.buttons(actions[: cards.BUTTONS_AT_MOST], key)
    if not body and not buttons:
        return None
    return cards.card(body, buttons)


def _elements(block: Block, left_bytes: int, picture_url: str | None) -> list[Json]:
    match block:
        case Table():
            rows = cards.TABLE_ROWS
            while rows > 1 and activity_bytes({"body": cards.table(block, rows)}) > left_bytes:
                rows = rows * 2 // 3
            return cards.table(block, rows)
        case Chart():
            return cards.chart(block, picture_url)
        case _:
            return []
