"""From a Reply's neutral blocks to Block Kit messages, within Slack's limits.

Limits are those of slack_sdk's models where they have one; the others come from Slack's reference pages: 50 blocks
a message, one table a message. The 12,000 characters of a markdown block count for the whole message
(bolt-js #2509), so a longer answer becomes several messages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from assistant.mail.shown import facts_line
from assistant.replies import (
    Action,
    Actions,
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
from bot.platforms.slack.text import escape, link, plain, safe_markdown, shorten, split_markdown

MESSAGE_CHARS = 11_500  # of the 12,000: the rest is for what Slack counts and we don't
MESSAGE_BLOCKS = 48
SECTION_CHARS = 2_900
NOTIFICATION_CHARS = 1_500
PREFORMATTED_CHARS = 2_900
TABLE_ROWS = 100
TABLE_COLUMNS = 20
CELL_CHARS = 500
BUTTON_CHARS = 75
QUOTE_CHARS = 300
CITATIONS_QUOTED = 6  # more would bury the answer: they are named, and their words stand in the answer's own files
CITATIONS_SHOWN = 40
_ICONS = {"info": ":information_source:", "warning": ":warning:", "error": ":x:", "refusal": ":grey_question:"}
_BARS = "▁▂▃▄▅▆▇█"

SlackBlock = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message as chat.postMessage takes it; `text` is what notifications and old clients show."""

    text: str
    blocks: tuple[SlackBlock, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block and how many characters it counts for."""

    block: SlackBlock
    chars: int
    is_table: bool = False
    is_title: bool = False  # stands above the next one, on the same page


def render(reply: Reply, key: str, *, extra: Sequence[Action] = ()) -> list[SlackMessage]:
    """Return the messages that say the reply, at least one; buttons and thumbs stand under the last.

    `key` (the job's id) travels in every button.
    """
    blocks = list(reply.blocks)
    if all(isinstance(block, Actions) for block in blocks):
        blocks.insert(0, Paragraph(markdown=reply.text))
    pieces = [piece for block in blocks if not isinstance(block, Actions) for piece in _pieces(block)]
    buttons = [action for block in blocks if isinstance(block, Actions) for action in block.items] + list(extra)
    last = [_counted(block) for block in _buttons(buttons, key)]
    if reply.wants_feedback:
        last.append(_counted(_thumbs(key)))
    text = shorten(escape(reply.text), NOTIFICATION_CHARS) or "…"
    return [SlackMessage(text, tuple(piece.block for piece in page)) for page in _pages(pieces, last)]


def render_plainly(reply: Reply) -> list[SlackMessage]:
    """Return the reply as text without blocks: for a workspace that refused the blocks."""
    return [SlackMessage(piece, ()) for piece in split_markdown(escape(reply.text) or "…", MESSAGE_CHARS)]


def _pages(pieces: list[_Piece], last: list[_Piece]) -> list[list[_Piece]]:
    pages: list[list[_Piece]] = [[]]
    for piece in pieces:
        page = pages[-1]
        is_full = (
            len(page) + 1 + len(last) > MESSAGE_BLOCKS
            or sum(one.chars for one in page) + piece.chars > MESSAGE_CHARS
            or (piece.is_table and any(one.is_table for one in page))
        )
        if page and is_full:
            titles = [page.pop()] if len(page) > 1 and page[-1].is_title else []
            pages.append(titles)
        pages[-1].append(piece)
    pages[-1].extend(last)
    return pages


# ------------------------------------------------------------------ one block each
def _pieces(block: object) -> list[_Piece]:
    match block:
        case Paragraph():
            return _markdown(safe_markdown(block.markdown))
        case Notice():
            return _notice(block)
        case Citations():
            return _citations(block.items)
        case Table():
            return _table(block)
        case Checklist():
            lines = "\n".join(f"- {safe_markdown(item)}" for item in block.items)
            return _markdown(f"**{safe_markdown(block.title)}**\n\n{lines}")
        case Links():
            links = [f"{link(one.url, one.label)} {plain(shorten(one.note, 200))}" for one in block.items]
            return _titled(block.title) + [piece for line in links for piece in _context(line)]
        case Excerpt():
            return _titled(block.title) + _preformatted("\n".join(block.lines))
        case Chart():
            return _chart(block)
        case Draft():
            return _draft(block)
        case FileOffer():
            return _context(f":paperclip: *{plain(block.name)}* ({_size(block.size_bytes)})")
    return []


def _markdown(text: str) -> list[_Piece]:
    return [
        _Piece({"type": "markdown", "text": piece}, len(piece))
        for piece in split_markdown(text, MESSAGE_CHARS)
        if piece.strip()
    ]


def _section(text: str) -> _Piece:
    return _Piece({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}, len(text))


def _context(text: str) -> list[_Piece]:
    element = {"type": "mrkdwn", "text": text, "verbatim": True}
    return [_Piece({"type": "context", "elements": [element]}, len(text))]


def _notice(notice: Notice) -> list[_Piece]:
    text = plain(notice.text)
    if notice.level in ("info", "warning") and len(text) < SECTION_CHARS:
        return _context(f"{_ICONS[notice.level]} {text}")
    return _markdown(safe_markdown(notice.text))


def _citations(items: Sequence[Citation]) -> list[_Piece]:
    pieces = _titled("Sources") if items else []
    if len(items) <= CITATIONS_QUOTED:
        return pieces + [
            _section(f"{_source(item)}\n>{plain(shorten(' '.join(item.quote.split()), QUOTE_CHARS))}")
            for item in items
        ]
    named = [_source(item) for item in items[:CITATIONS_SHOWN]]
    while named:
        count = max(1, sum(length <= SECTION_CHARS for length in accumulate(len(line) + 1 for line in named)))
        pieces += _context("\n".join(named[:count]))
        named = named[count:]
    if len(items) > CITATIONS_SHOWN:
        pieces += _context(f"and {len(items) - CITATIONS_SHOWN} more")
    return pieces


def _source(item: Citation) -> str:
    """Return what a citation names: the document as a link, and where and since when it stands there."""
    where = [plain(shorten(item.section, 300))] if item.section else []
    where += [f"page {item.page}"] if item.page is not None else []
    where += [f"version {plain(shorten(item.version, 60))}"] if item.version else []
    where += [f"in force from {plain(shorten(item.effective_from, 30))}"] if item.effective_from else []
    name = link(item.url, shorten(item.title, 200))
    if len(name) > SECTION_CHARS // 2:  # an address that would crowd out the quote
        name = link(None, shorten(item.title, 200))
    return f"[{item.number}] {' · '.join([name, *where])}"


def _titled(title: str) -> list[_Piece]:
    return [replace(_section(f"*{plain(shorten(title, 300))}*"), is_title=True)] if title.strip() else []


def _preformatted(text: str) -> list[_Piece]:
    pieces = []
    lines = text.splitlines() or [""]
    while lines:
        count, chars = 0, 0
        while count < len(lines) and (not count or chars + len(lines[count]) + 1 <= PREFORMATTED_CHARS):
            chars += len(lines[count]) + 1
            count += 1
        shown = "\n".join(lines[:count])
        if len(shown) > PREFORMATTED_CHARS:  # one endless line
            shown = shown[: PREFORMATTED_CHARS - 1] + "…"
        pieces.append(_rich(shown or " "))
        lines = lines[count:]
    return pieces


def _rich(text: str) -> _Piece:
    # Nothing inside preformatted rich text is interpreted: no escaping, no mentions, no links.
    inner = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return _Piece({"type": "rich_text", "elements": [inner]}, len(text))


def _table(table: Table) -> list[_Piece]:
    columns = table.columns[:TABLE_COLUMNS]
    rows = [columns, *(row[:TABLE_COLUMNS] for row in table.rows)]
    shown: list[list[SlackBlock]] = []
    chars = 0
    for row in rows[:TABLE_ROWS]:
        cells = [shorten(cell.strip(), CELL_CHARS) or "–" for cell in row]
        chars += sum(map(len, cells))
        if shown and chars > MESSAGE_CHARS * 3 // 4:
            break
        shown.append([{"type": "raw_text", "text": cell} for cell in cells])
    left = len(rows) - len(shown)
    more = _context(f"{left} more {'row' if left == 1 else 'rows'}") if left else []
    counted = sum(len(cell["text"]) for row in shown for cell in row)
    return [*_titled(table.title), _Piece({"type": "table", "rows": shown}, counted, is_table=True), *more]


def _chart(chart: Chart) -> list[_Piece]:
    lines = [f"{one.name[:24]:<24} {_spark(one.values)} {_ends(one.values, chart.unit)}" for one in chart.series[:10]]
    if chart.x:
        lines.append(f"{_moment(chart.x[0])} … {_moment(chart.x[-1])}")
    marks = [f"{_moment(at)}  {text}" for at, text in sorted(chart.marks)[:10]]
    drawing = _preformatted("\n".join([*lines, *marks])) if chart.series else []
    return [*_titled(chart.title), *drawing, *_context(plain(shorten(chart.alt, 1_500)) or " ")]


def _moment(label: str) -> str:
    """Return an ISO time as people write it; other labels as they are."""
    try:
        return f"{datetime.fromisoformat(label):%d %b %H:%M}"
    except ValueError:
        return label


def _spark(values: Sequence[float], width: int = 48) -> str:
    if not values:
        return ""
    step = max(1, -(-len(values) // width))
    tops = [max(values[at : at + step]) for at in range(0, len(values), step)]
    low, high = min(tops), max(tops)
    span = (high - low) or 1.0
    return "".join(_BARS[int((top - low) / span * (len(_BARS) - 1))] for top in tops)


def _ends(values: Sequence[float], unit: str) -> str:
    return f"{min(values):g}–{max(values):g} {unit}".strip() if values else ""


def _draft(draft: Draft) -> list[_Piece]:
    lines = [f"*To:* {plain(', '.join(draft.to)) or '—'}"]
    lines += [f"*Cc:* {plain(', '.join(draft.cc))}"] if draft.cc else []
    lines += [f"*Bcc:* {plain(', '.join(draft.bcc))}"] if draft.bcc else []
    lines += [f"*Subject:* {plain(draft.subject)}"]
    pieces = [_section(shorten("\n".join(lines), SECTION_CHARS)), *_preformatted(draft.body)]
    if line := facts_line(draft.facts):
        pieces += _context(f":link: {plain(shorten(line, 1_500))}")
    if draft.placeholders:
        pieces += _context(f":pencil2: To fill in: {plain(shorten(', '.join(draft.placeholders), 1_000))}")
    return pieces


# ------------------------------------------------------------------ what can be pressed
def _buttons(actions: Sequence[Action], key: str) -> list[SlackBlock]:
    buttons = [_button(action, key, number) for number, action in enumerate(actions[:25])]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _button(action: Action, key: str, number: int) -> SlackBlock:
    value = json.dumps({"job": key, **action.value}, separators=(",", ":"), default=str)
    button: SlackBlock = {
        "type": "button",
        "action_id": f"steward:{action.name[:100]}:{number}",
        "text": {"type": "plain_text", "text": shorten(action.label, BUTTON_CHARS)},
        "value": value if len(value) <= 2_000 else json.dumps({"job": key}),
    }
    if action.ask_first:
        button["confirm"] = {
            "title": {"type": "plain_text", "text": shorten(action.label, 100)},
            "text": {"type": "plain_text", "text": shorten(action.ask_first, 300)},
            "confirm": {"type": "plain_text", "text": shorten(action.label, 30)},
            "deny": {"type": "plain_text", "text": "Cancel"},
        }
    return button if action.style == "default" else {**button, "style": action.style}


def _thumbs(key: str) -> SlackBlock:
    def thumb(text: str, verdict: str, label: str) -> SlackBlock:
        value = json.dumps({"job": key, "verdict": verdict})
        return {"text": {"type": "plain_text", "text": text}, "value": value, "accessibility_label": label}

    element = {
        "type": "feedback_buttons",
        "action_id": "steward:feedback",
        "positive_button": thumb("Good answer", "up", "This answer is right"),
        "negative_button": thumb("Bad answer", "down", "Something is wrong with this answer"),
    }
    return {"type": "context_actions", "elements": [element]}


def _counted(block: SlackBlock) -> _Piece:
    return _Piece(block, 0)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f} MB" if size_bytes >= 1_000_000 else f"{max(1, size_bytes // 1000)} kB"
