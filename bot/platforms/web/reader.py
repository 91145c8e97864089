"""The document pane as HTML: the cited document with the quoted passage highlighted, and what it is worth.

What a person may open is decided by the store, which is asked with their groups.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from markupsafe import Markup

from assistant.errors import NothingFound, StewardError
from assistant.replies import Citation
from bot.platforms.web.buttons import tool
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import element, join
from bot.platforms.web.render import day_words
from bot.platforms.web.safe_markdown import quote_span, render_highlighted


class Passage(Protocol):
    """Where a chunk stands; assistant.knowledge.chunks.Chunk is one."""

    @property
    def version_id(self) -> UUID: ...  # noqa: D102
    @property
    def start_char(self) -> int: ...  # noqa: D102
    @property
    def end_char(self) -> int: ...  # noqa: D102


class ReadableDocument(Protocol):
    """One version of a document; assistant.storage.document_reader.DocumentView is one."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def space(self) -> str: ...  # noqa: D102
    @property
    def body(self) -> str: ...  # noqa: D102
    @property
    def version_label(self) -> str | None: ...  # noqa: D102
    @property
    def is_latest(self) -> bool: ...  # noqa: D102
    @property
    def effective_from(self) -> date | None: ...  # noqa: D102
    @property
    def owner(self) -> str | None: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102


class Documents(Protocol):
    """What the pane needs of assistant.storage.document_reader.DocumentReader."""

    def chunks(self, chunk_ids: Sequence[UUID], *, groups: Collection[str], live: bool = True) -> Sequence[Passage]:
        """Return the chunks that exist and that these groups may read; `live=False`: of old versions too."""
        ...

    def document(
        self, document_id: UUID, *, groups: Collection[str], version_id: UUID | None = None
    ) -> ReadableDocument:
        """Return the version (None: the latest). Raises NothingFound when it is gone or not for the groups."""
        ...


def open_citation(
    documents: Documents, citation: Citation, groups: Collection[str], numbers: Sequence[int]
) -> Markup:
    """Return the pane for one citation of an answer; `numbers` are all the answer's citations, for next and back.

    The version that was quoted is shown, also when a newer one has come since. Never raises StewardError: what
    can't be opened is said in the pane. Blocking: call it in a thread.
    """
    head = _head(citation, numbers)
    if citation.before or citation.after:
        return element("div", head, _place(citation), _surroundings(citation), class_="reader-inner")
    if not _is_document(citation):  # a message, a file of the question, a transcript: kept with the question alone
        place = element("p", citation.section, class_="source-details") if citation.section else None
        return element("div", head, place, _quoted(citation), class_="reader-inner")
    try:
        document, passage = _load(documents, citation, groups)
    except NothingFound:
        words = "This document isn't there any more, or you may not read it any more."
        return element("div", head, _notice("info", words), class_="reader-inner")
    except StewardError as error:
        return element("div", head, _notice("info", error.reply), _quoted(citation), class_="reader-inner")
    chunk = (passage.start_char, passage.end_char) if passage else None
    span = quote_span(document.body, citation.quote, chunk)
    missing = None
    if span is None:
        words = "The document has changed since: the quoted passage isn't in it any more."
        missing = join([_notice("warning", words), _quoted(citation)])
    body = element(
        "div", render_highlighted(document.body, span), class_="prose document", tabindex=-1, id="document-body"
    )
    return element("div", head, _facts(document, citation), _status(document), missing, body, class_="reader-inner")


def _is_document(citation: Citation) -> bool:
    """Return whether the citation is of one of the company's documents."""
    try:
        UUID(citation.chunk_id)
    except ValueError:
        return False
    return True


def _load(
    documents: Documents, citation: Citation, groups: Collection[str]
) -> tuple[ReadableDocument, Passage | None]:
    try:
        chunk_id, document_id = UUID(citation.chunk_id), UUID(citation.document_id)
    except ValueError as error:
        raise NothingFound(f"citation of {citation.document_id!r}, which is no document's id") from error
    passage = next(iter(documents.chunks([chunk_id], groups=groups, live=False)), None)
    version_id = passage.version_id if passage else None
    return documents.document(document_id, groups=groups, version_id=version_id), passage


def _head(citation: Citation, numbers: Sequence[int]) -> Markup:
    place = list(numbers).index(citation.number) if citation.number in numbers else 0
    before = numbers[place - 1] if place > 0 else None
    after = numbers[place + 1] if place + 1 < len(numbers) else None
    steps = element(
        "span",
        _step("left", "Source before", before),
        element("span", f"{place + 1} of {len(numbers)}"),
        _step("right", "Next source", after),
        class_="reader-steps",
    )
    close = tool("close", "Close the document (Esc)", "close-reader")
    title = element(
        "h2", element("span", str(citation.number), class_="number"), citation.title, id="reader-title", tabindex=-1
    )
    return element("header", element("div", steps, close, class_="reader-bar"), title)


def _step(icon_name: str, label: str, number: int | None) -> Markup:
    return tool(icon_name, label, "cite-step", data_n=number or "", disabled=number is None)


def _facts(document: ReadableDocument, citation: Citation) -> Markup:
    effective = document.effective_from.isoformat() if document.effective_from else citation.effective_from
    rows = [
        ("Section", citation.section),
        ("Page", str(citation.page) if citation.page else ""),
        ("Version", document.version_label or citation.version or ""),
        ("In force from", day_words(effective) if effective else ""),
        ("Owner", document.owner or ""),
        ("Kept in", f"{document.space} / {document.path}"),
    ]
    return element("dl", [element("div", element("dt", k), element("dd", v)) for k, v in rows if v], class_="facts")


def _place(citation: Citation) -> Markup:
    rows = [("File", citation.document), ("Place", citation.section)]
    return element("dl", [element("div", element("dt", k), element("dd", v)) for k, v in rows if v], class_="facts")


def _surroundings(citation: Citation) -> Markup:
    """Return the quoted line among those around it: a log has no document to open, its answer brings them along."""
    lines = [
        *(element("li", line) for line in citation.before),
        element("li", element("mark", citation.quote, id="passage")),
        *(element("li", line) for line in citation.after),
    ]
    return element("ol", lines, class_="surroundings", tabindex=0, aria_label="The line and those around it")


def _status(document: ReadableDocument) -> Markup | None:
    if not document.is_latest:
        return _notice("warning", "This is the version that was quoted. A newer one has come since.")
    words = {
        "superseded": "A newer document has replaced this one.",
        "draft": "This document is a draft: it isn't in force.",
    }.get(document.status)
    return _notice("warning", words) if words else None


def _notice(level: str, words: str) -> Markup:
    sign = icon("warning" if level == "warning" else "info")
    return element("p", sign, element("span", words), class_=f"notice {level}")


def _quoted(citation: Citation) -> Markup:
    return element("div", element("p", "What was quoted:"), element("blockquote", citation.quote), class_="quoted")
