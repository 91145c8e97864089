"""Markdown to HTML that is safe to show: no raw HTML, no links, no images, whoever wrote the text.

A model (or a document it read) could otherwise smuggle an address into an answer and have a reader's browser
call it. `[n]` references become buttons, and passages to highlight become `<mark>`; nothing else is added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from bot.platforms.web.markup import element

MARK_START, MARK_END = "\ue000", "\ue001"  # private use: stand in the text while Markdown is parsed
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": False, "typographer": False}).enable(
    ["table", "strikethrough"]
)
_MARKDOWN.disable(["link", "image", "autolink", "reference", "html_block", "html_inline", "entity"])
_TAG = re.compile(r"(<[^>]*>)")
_REFERENCE = re.compile(r"\[(\d{1,3})\]")
_UNREFERENCED = ("<code", "<pre")


def render_markdown(text: str) -> Markup:
    """Return the Markdown as HTML; links and images stay as the text they were written in."""
    clean = text.replace(MARK_START, "").replace(MARK_END, "")
    return _rendered(clean)


def render_answer(text: str, numbers: Container[int], *, label: Callable[[int], str]) -> Markup:
    """Return an answer's Markdown as HTML, each `[n]` with n in `numbers` as a button that opens source n.

    `label` says in words what button n opens, for people who hear the page. `[n]` inside code stays text.
    """
    return _referenced(render_markdown(text), numbers, label)


def render_line(text: str, numbers: Container[int], *, label: Callable[[int], str]) -> Markup:
    """Return plain text as HTML, with the buttons of `render_answer`."""
    return _referenced(escape(text), numbers, label)


def _referenced(html: Markup, numbers: Container[int], label: Callable[[int], str]) -> Markup:
    def button(match: re.Match[str]) -> str:
        number = int(match[1])
        if number not in numbers:
            return match[0]
        return element(
            "button",
            str(number),
            type="button",
            class_="cite",
            data_act="cite",
            data_n=number,
            aria_label=label(number),
            title=label(number),
        )

    return _each_text(html, lambda part: _REFERENCE.sub(button, part))


def render_highlighted(body: str, span: tuple[int, int] | None) -> Markup:
    """Return a document's Markdown as HTML with `body[start:end]` in `<mark>`; a span may cross blocks.

    The first mark has the id "passage", so that the page can scroll to it. No span: nothing is marked.
    """
    text = body.replace(MARK_START, " ").replace(MARK_END, " ")  # one character for one: offsets stay true
    if span is not None:
        text = _with_marks(text, *span)
    return _marked(_rendered(text))


def _rendered(text: str) -> Markup:
    return Markup(_MARKDOWN.render(text))  # noqa: S704  raw HTML is off: markdown-it escapes what it is given


def _each_text(html: Markup, change: Callable[[str], str]) -> Markup:
    """Apply `change` to the text between tags, leaving out code. Text is escaped already, so `<` starts a tag."""
    parts, inside_code = [], 0
    for part in _TAG.split(html):
        if part.startswith("<"):
            if part.startswith(_UNREFERENCED):
                inside_code += 1
            elif part.startswith(("</code", "</pre")):
                inside_code -= 1
            parts.append(part)
        else:
            parts.append(part if inside_code else change(part))
    return Markup("".join(parts))  # noqa: S704  made of escaped parts


_BLOCK_OPENING = re.compile(r"(?:[ \t\n]|[-*+][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|>|\|)*")
_BLOCK_CLOSING = re.compile(r"[ \t\n|]*\Z")


def _with_marks(text: str, start: int, end: int) -> str:
    """Put the two marks around the span, past what opens a block, so that a list stays a list."""
    start, end = max(0, start), min(len(text), end)
    opening = _BLOCK_OPENING.match(text, start, end)
    inner_start = opening.end() if opening else start
    closing = _BLOCK_CLOSING.search(text[inner_start:end])
    inner_end = inner_start + closing.start() if closing else end
    if inner_end <= inner_start:
        return text
    return f"{text[:inner_start]}{MARK_START}{text[inner_start:inner_end]}{MARK_END}{text[inner_end:]}"


def _marked(html: Markup) -> Markup:
    """Turn the two marks into one `<mark>` per stretch of text, so that tags stay properly nested."""
    parts: list[str] = []
    inside, first = False, True
    for part in _TAG.split(html):
        if part.startswith("<"):
            for sign in (MARK_START, MARK_END):  # a mark that fell into a tag still switches
                if sign in part:
                    inside = sign == MARK_START
            parts.append(part.replace(MARK_START, "").replace(MARK_END, ""))
            continue
        for piece in re.split(f"([{MARK_START}{MARK_END}])", part):
            if piece in (MARK_START, MARK_END):
                inside = piece == MARK_START
            elif inside and piece.strip():
                parts.append(f'<mark id="passage">{piece}</mark>' if first else f"<mark>{piece}</mark>")
                first = False
            else:
                parts.append(piece)
    return Markup("".join(parts))  # noqa: S704  made of escaped parts


def quote_span(body: str, quote: str, within: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return where the quote stands in the body, looking first inside `within` (the chunk); else `within`.

    Case and runs of white space are ignored, as when the quote was checked.
    """
    words = quote.split()
    if words:
        pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
        areas = ([within] if within else []) + [(0, len(body))]
        for start, end in areas:
            if found := pattern.search(body, start, end):
                return found.span()
    return within


def escaped_lines(lines: tuple[str, ...]) -> Markup:
    """Return preformatted lines, escaped, one under another."""
    return escape("\n".join(lines))
