"""What Steward says back, in neutral blocks that every platform can render.

Workers write a Reply into the job's row; bot/platforms/<name>/render.py turns it into that platform's message.
Add fields with a default, never rename one: replies are stored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from assistant.frozen import Stored


class Citation(Stored):
    """One quoted passage an answer leans on. `number` is what `[1]` in the text refers to."""

    number: int = Field(ge=1)
    chunk_id: str
    document_id: str
    document: str  # the document's path within its source, as ingested
    title: str
    section: str = ""  # heading path, " › " between levels
    page: int | None = None
    version: str | None = None
    effective_from: str | None = None  # ISO date
    url: str | None = None
    quote: str = Field(min_length=1, max_length=1200)  # verbatim from the chunk
    before: tuple[str, ...] = ()  # lines around the quote, where no document can be opened to show them: logs
    after: tuple[str, ...] = ()


class Paragraph(Stored):
    """Markdown text: bold, italic, lists, inline code and `[n]` references; no raw HTML, no links of the model's."""

    type: Literal["paragraph"] = "paragraph"
    markdown: str


class Notice(Stored):
    """A label or a warning, e.g. "extractive, no language model"."""

    type: Literal["notice"] = "notice"
    level: Literal["info", "warning", "refusal", "error"] = "info"
    text: str


class Citations(Stored):
    """The numbered sources under an answer."""

    type: Literal["citations"] = "citations"
    items: tuple[Citation, ...]


class Table(Stored):
    """Rows of plain text; every row has as many cells as there are columns."""

    type: Literal["table"] = "table"
    title: str = ""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Checklist(Stored):
    """Items with an optional owner and due, as in minutes."""

    type: Literal["checklist"] = "checklist"
    title: str
    items: tuple[str, ...]


class Excerpt(Stored):
    """Preformatted lines: log lines, a quoted passage, a table that must keep its columns."""

    type: Literal["excerpt"] = "excerpt"
    title: str = ""
    lines: tuple[str, ...]
    language: str = "text"


class Series(Stored):
    """One line of a chart: y values over the chart's x labels."""

    name: str
    values: tuple[float, ...]
    is_background: bool = False  # there to compare with: shown where a reader can switch it on, else faintly


class Chart(Stored):
    """A chart over time; `alt` says in words what it shows, for platforms and readers without pictures."""

    type: Literal["chart"] = "chart"
    title: str
    alt: str
    x: tuple[str, ...]  # ISO times or labels
    series: tuple[Series, ...]
    unit: str = ""
    marks: tuple[tuple[str, str], ...] = ()  # (x label, text): deploys, first bad moment


class Draft(Stored):
    """One revision of an e-mail draft, shown for review; the draft itself is in assistant/storage/draft_store.py."""

    type: Literal["draft"] = "draft"
    draft_id: str
    revision: int
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str
    body: str
    placeholders: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    status: str = "draft"  # assistant/mail/draft.py lists them
    facts: tuple[
        tuple[str, int], ...
    ] = ()  # as written in the body, with its citation's number; 0: the asker's words


class FileOffer(Stored):
    """A file the asker can download: its bytes are in the blob store."""

    type: Literal["file"] = "file"
    name: str
    media_type: str
    blob: str  # sha256
    size_bytes: int


class Link(Stored):
    """Something of another system's that Steward made or found: a ticket, a page."""

    label: str
    url: str = Field(pattern=r"^https?://[^\s<>|]+$")
    note: str = ""


class Links(Stored):
    """A short list of links; their addresses come from a system of the company's, never from a model or a text."""

    type: Literal["links"] = "links"
    title: str
    items: tuple[Link, ...]


class Action(Stored):
    """A button: `name` is handled by the platform (stop, retry, feedback, share, export …), `value` travels back."""

    name: str
    label: str
    value: dict[str, Any] = Field(default_factory=dict)
    style: Literal["default", "primary", "danger"] = "default"
    ask_first: str = ""  # what a platform asks before it lets the press through; empty: nothing


class Actions(Stored):
    """A row of buttons."""

    type: Literal["actions"] = "actions"
    items: tuple[Action, ...]


Block = Annotated[
    Paragraph | Notice | Citations | Table | Checklist | Excerpt | Chart | Draft | FileOffer | Links | Actions,
    Field(discriminator="type"),
]


class Reply(Stored):
    """One message to the asker. `text` is the plain-text fallback and the notification line."""

    schema_version: int = 1
    text: str
    blocks: tuple[Block, ...] = ()
    final: bool = True  # False: a placeholder or progress; the final one replaces it
    step: str = ""  # of progress: the step under way, for platforms that list them; "" while none has begun
    wants_feedback: bool = False  # thumbs are shown under it
