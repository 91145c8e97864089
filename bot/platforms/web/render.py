"""A Reply as HTML: every neutral block in the page's words.

Pure: values in, markup out. Buttons carry `data-act`; static/steward.js sends them to events.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from markupsafe import Markup

from assistant.minutes.kept import NAME_SPEAKERS
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
from bot.drafts import DOWNLOAD
from bot.platforms.web.chart import render_chart
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import Attribute, Child, element, join
from bot.platforms.web.safe_markdown import escaped_lines, render_answer, render_line
from bot.surroundings import ACTION as SURROUNDINGS

_OWN_ACTIONS = frozenset(
    {"stop", "retry", "feedback", "receipt"}
)  # the page shows these by itself, beside every answer
_DRAFT_WORDS: Mapping[str, str] = {
    "draft": "not sent",
    "saved": "saved in your Drafts, not sent",
    "sent": "sent",
    "unknown": "perhaps sent, please check",
    "discarded": "discarded, not sent",
}
_OPEN_PLACEHOLDER = r"\[\[[^\[\]\n]+\]\]"
_NOTICE_ICONS: Mapping[str, str] = {"info": "info", "warning": "warning", "refusal": "info", "error": "warning"}


def citations_of(reply: Reply) -> dict[int, Citation]:
    """Return the reply's citations by their number."""
    return {item.number: item for block in reply.blocks if isinstance(block, Citations) for item in block.items}


def files_of(reply: Reply) -> dict[str, FileOffer]:
    """Return the files the reply offers, by the hash of their bytes."""
    return {block.blob: block for block in reply.blocks if isinstance(block, FileOffer)}


def drafts_of(reply: Reply) -> dict[str, Draft]:
    """Return the reply's drafts by id."""
    return {block.draft_id: block for block in reply.blocks if isinstance(block, Draft)}


def render_reply(reply: Reply, job_id: UUID) -> Markup:
    """Return all blocks of the reply; a reply without blocks shows its text."""
    numbers = citations_of(reply)
    blocks: tuple[Block, ...] = reply.blocks or (Paragraph(markdown=reply.text),)
    return join(_render_block(block, job_id, numbers) for block in blocks)


def render_partial(text: str) -> Markup:
    """Return an answer that is still growing; its references become buttons when it is complete."""
    closed = text + "**" if text.count("**") % 2 else text
    return element("div", render_answer(closed, (), label=str), class_="prose growing")


def size_words(size_bytes: int) -> str:
    """Return a size as people say it: "512 B", "3.4 kB", "25 MB"."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{size_bytes} B"
        size /= 1000
    return f"{size:.3g} GB"


def day_words(iso_date: str) -> str:
    """Return an ISO date as people write it, "1 January 2026"; anything else as it is."""
    try:
        day = date.fromisoformat(iso_date)
    except ValueError:
        return iso_date
    return f"{day.day} {day:%B %Y}"


def source_label(citation: Citation) -> str:
    """Return what opens when the citation is pressed, in words."""
    section = f", {citation.section}" if citation.section else ""
    return f"Source {citation.number}: {citation.title}{section}"


def _with_sources(text: str, citations: Mapping[int, Citation]) -> Markup:
    return render_line(text, citations, label=lambda number: source_label(citations[number]))


def _render_block(block: Block, job_id: UUID, citations: Mapping[int, Citation]) -> Markup | None:
    match block:
        case Paragraph():
            html = render_answer(block.markdown, citations, label=lambda number: source_label(citations[number]))
            return element("div", html, class_="prose")
        case Notice():
            words = element("span", block.text)
            return element("p", icon(_NOTICE_ICONS[block.level]), words, class_=f"notice {block.level}")
        case Citations():
            return _sources(block)
        case Table():
            return _table(block)
        case Checklist():
            said = (_with_sources(item, citations) for item in block.items)
            items = [element("li", icon("box"), element("span", item)) for item in said]
            return element("section", element("h4", block.title), element("ul", items), class_="checklist")
        case Links():
            return element("section", element("h4", block.title), element("ul", _links(block)), class_="links")
        case Excerpt():
            title = element("h4", block.title) if block.title else None
            code = element("code", escaped_lines(block.lines))
            pre = element("pre", code, tabindex=0, aria_label=block.title or "Excerpt", role="region")
            return element("section", title, pre, class_="excerpt")
        case Chart():
            return render_chart(block)
        case Draft():
            return _draft(block, citations)
        case FileOffer():
            return _file(block, job_id)
        case Actions():
            buttons = [_action(item) for item in block.items if item.name not in _OWN_ACTIONS]
            return element("div", buttons, class_="actions") if buttons else None


def _sources(block: Citations) -> Markup | None:
    """Return the sources by section: citations of one section stand in one row, each with its own number."""
    if not block.items:
        return None
    sections: dict[tuple[str, str], list[Citation]] = {}
    for item in block.items:
        sections.setdefault((item.document_id, item.section), []).append(item)
    rows = [_source(items) for items in sections.values()]
    return element("section", element("h4", "Sources"), element("ol", rows), class_="sources")


def _source(items: list[Citation]) -> Markup:
    first = items[0]
    numbers = [_opener(item, str(item.number), class_="number") for item in items]
    title = element("span", first.title, class_="source-title")
    details = element("span", " · ".join(_source_details(first)), class_="source-details")
    words = _opener(first, [title, details], class_="source-words", tabindex=-1)
    return element("li", element("span", numbers, class_="numbers-of"), words, class_="source")


def _opener(item: Citation, words: Child, **attributes: Attribute) -> Markup:
    """Return a button that opens the citation in the document pane."""
    label = source_label(item)
    return element(
        "button",
        words,
        type="button",
        data_act="cite",
        data_n=item.number,
        aria_label=label,
        title=label,
        **attributes,
    )


def _source_details(item: Citation) -> list[str]:
    version = f"version {item.version}" if item.version else ""
    effective = f"in force from {day_words(item.effective_from)}" if item.effective_from else ""
    page = f"page {item.page}" if item.page else ""
    return [detail for detail in (item.section, page, version, effective) if detail]


def _links(block: Links) -> list[Markup]:
    there = {"rel": "noopener noreferrer", "target": "_blank"}
    return [element("li", element("a", one.label, href=one.url, **there), f" {one.note}") for one in block.items]


def _table(block: Table) -> Markup:
    head = element("tr", [element("th", column, scope="col") for column in block.columns])
    # On a phone each row is a card, and a cell says itself what its column is.
    named = [
        [element("td", cell, data_column=name) for name, cell in zip(block.columns, row, strict=True)]
        for row in block.rows
    ]
    rows = [element("tr", cells) for cells in named]
    caption = element("caption", block.title) if block.title else None
    table = element("table", caption, element("thead", head), element("tbody", rows))
    return element("div", table, class_="table", tabindex=0, role="region", aria_label=block.title or "Table")


def _with_facts(block: Draft, citations: Mapping[int, Citation]) -> list[Child]:
    """Return the text with each fact as a button that opens the passage it comes from; hovering shows the passage.

    What is still to be filled in is marked.
    """
    numbers = dict(block.facts)
    names = "|".join(re.escape(text) for text in sorted(numbers, key=len, reverse=True))
    parts: list[Child] = []
    marked = _OPEN_PLACEHOLDER + (rf"|(?<![^\W_])(?:{names})(?![^\W_])" if names else "")
    for part in re.split(f"({marked})", block.body):
        source = citations.get(numbers.get(part, 0))
        if part.startswith("[[") and part.endswith("]]"):
            parts.append(element("mark", part, class_="placeholder"))
        elif part not in numbers:
            parts.append(part)
        elif source is None:
            parts.append(element("span", part, class_="fact own", title="From your own words"))
        else:
            label = f"{source.title}: “{source.quote}”"
            parts.append(
                element(
                    "button", part, type="button", class_="fact", title=label, data_act="cite", data_n=source.number
                )
            )
    return parts


def _draft(block: Draft, citations: Mapping[int, Citation]) -> Markup:
    fields: list[tuple[str, str]] = [("To", ", ".join(block.to) or "nobody yet")]
    fields += [(name, ", ".join(boxes)) for name, boxes in (("Cc", block.cc), ("Bcc", block.bcc)) if boxes]
    fields.append(("Subject", block.subject))
    head = element("dl", [[element("dt", name), element("dd", value)] for name, value in fields])
    missing = None
    if block.placeholders:
        missing = element(
            "p",
            icon("warning"),
            element("span", "Still to fill in: ", ", ".join(block.placeholders)),
            class_="notice warning",
        )
    title = element("h4", icon("mail"), f"Draft, revision {block.revision}: {_DRAFT_WORDS[block.status]}")
    copy = element("button", icon("copy"), "Copy the text", type="button", class_="quiet", data_act="copy-draft")
    body = element(
        "pre",
        _with_facts(block, citations),
        class_="draft-body",
        tabindex=0,
        role="region",
        aria_label="Text of the draft",
    )
    return element("section", title, head, missing, body, copy, class_="draft", aria_label="E-mail draft")


def _file(block: FileOffer, job_id: UUID) -> Markup:
    words = element("span", element("strong", block.name), element("span", size_words(block.size_bytes)))
    return element(
        "a", icon("download"), words, href=f"/files/{job_id}/{block.blob}", download=block.name, class_="file"
    )


def _action(item: Action) -> Markup:
    style = {"primary": "primary", "danger": "danger"}.get(item.style, "quiet")
    if item.name == SURROUNDINGS:
        number = item.value.get("n", 1)
        return element("button", item.label, type="button", class_=style, data_act="cite", data_n=number)
    if item.name == NAME_SPEAKERS:
        lines = "\n".join(f"{speaker} = " for speaker in item.value.get("speakers", ()))
        return element("button", item.label, type="button", class_=style, data_act="ask-speakers", data_text=lines)
    if item.name == DOWNLOAD:
        return element(
            "a",
            icon("download"),
            item.label,
            href=f"/drafts/{item.value['draft']}.eml",
            download=True,
            class_="quiet",
        )
    data = {"data_name": item.name, "data_value": json.dumps(item.value, separators=(",", ":"))}
    if item.ask_first:
        data["data_ask"] = item.ask_first
    return element("button", item.label, type="button", class_=style, data_act="action", **data)
