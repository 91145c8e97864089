"""Parse HTML: the main content as Markdown, the metadata of its head; navigation and scripts left out."""

from __future__ import annotations

import re
from dataclasses import replace

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString, PageElement

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument, Section
from ingest.parsers.body import BodyBuilder, drop_title, table_markdown, tidy
from ingest.parsers.metadata import pairs_in_lines, read_metadata

PARSER = "html/1"
# What a page repeats on every page, by element and by the names that wikis and intranets give it.
_NOISE_TAGS = ("script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "svg", "iframe")
_NOISE_SELECTORS = (
    "[role=navigation]", "[role=banner]", "[role=contentinfo]", "[hidden]", "[aria-hidden=true]", ".breadcrumb",
    ".breadcrumbs", "#breadcrumb-section", ".page-metadata", "#attachments", ".pageSection.group", ".toc", "#toc",
    ".cookie-banner", ".skip-link",
)  # fmt: skip
_MAIN_SELECTORS = ("#main-content", "main", "article", "[role=main]", "#content", "body")
_BLOCKS = {"p", "div", "section", "article", "blockquote", "pre", "ul", "ol", "dl", "table", "figure", "details"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the page's content.

    Raises:
        DocumentUnreadable: it holds no text.
    """
    soup = BeautifulSoup(data, "lxml")
    metadata = read_metadata({**_head(soup), **pairs_in_lines(_first_lines(soup))})
    main = next((found for selector in _MAIN_SELECTORS if (found := soup.select_one(selector)) is not None), soup)
    title = metadata.title or _title(soup, main, name)
    _drop_noise(soup)
    builder = BodyBuilder()
    _Writer(builder).children(main)
    body, sections = builder.finish()
    if not sections:
        raise DocumentUnreadable(f"{name}: the HTML holds no text", reply=f"“{name}” holds no text I can read.")
    return ParsedDocument(
        title=title,
        body=body,
        sections=tuple(_without_title(section, title) for section in sections),
        parser=PARSER,
        media_type="text/html",
        language=metadata.language or _language(soup),
        **metadata.of_document(),
    )


def _without_title(section: Section, title: str) -> Section:
    return replace(section, heading_path=drop_title(section.heading_path, title))


def _head(soup: BeautifulSoup) -> dict[str, object]:
    pairs: dict[str, object] = {}
    for tag in soup.find_all("meta"):
        label, value = tag.get("name") or tag.get("property"), tag.get("content")
        if isinstance(label, str) and isinstance(value, str):
            pairs.setdefault(label, value)
    canonical = soup.select_one("link[rel=canonical]")
    if canonical is not None:
        pairs.setdefault("canonical", str(canonical.get("href") or ""))
    return pairs


def _first_lines(soup: BeautifulSoup) -> list[str]:
    return soup.get_text("\n").splitlines()[:40]


def _title(soup: BeautifulSoup, main: Tag, name: str) -> str:
    heading = soup.select_one("#title-heading") or main.find("h1")
    if isinstance(heading, Tag) and heading.get_text(strip=True):
        return tidy(heading.get_text(" "))
    if soup.title and soup.title.get_text(strip=True):
        return tidy(soup.title.get_text())
    return re.sub(r"\.\w+$", "", name)


def _language(soup: BeautifulSoup) -> str | None:
    html = soup.find("html")
    return str(html.get("lang")) if isinstance(html, Tag) and html.get("lang") else None


def _drop_noise(soup: BeautifulSoup) -> None:
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_NOISE_TAGS):
        tag.decompose()
    for selector in _NOISE_SELECTORS:
        for tag in soup.select(selector):
            tag.decompose()


class _Writer:
    """Walks the tree in reading order; loose text between blocks becomes a paragraph of its own."""

    def __init__(self, builder: BodyBuilder) -> None:
        self._builder = builder

    def children(self, parent: Tag) -> None:
        loose: list[str] = []
        for child in parent.children:
            if isinstance(child, NavigableString):
                loose.append(str(child))
            elif isinstance(child, Tag) and not self._is_block(child):
                loose.append(_inline(child))
            elif isinstance(child, Tag):
                self._flush(loose)
                self._tag(child)
        self._flush(loose)

    def _is_block(self, tag: Tag) -> bool:
        return tag.name in _BLOCKS or tag.name in _HEADINGS or tag.find([*_BLOCKS, *_HEADINGS]) is not None

    def _flush(self, loose: list[str]) -> None:
        self._builder.block(tidy("".join(loose)))
        loose.clear()

    def _tag(self, tag: Tag) -> None:
        if tag.name in _HEADINGS:
            self._builder.heading(_HEADINGS[tag.name], tag.get_text(" "))
        elif tag.name in ("ul", "ol"):
            self._builder.block("\n".join(_list_lines(tag, 0)))
        elif tag.name == "dl":
            self._builder.block("\n".join(_definition_lines(tag)))
        elif tag.name == "table":
            self._table(tag)
        elif tag.name == "pre":
            self._builder.block("```\n" + tag.get_text().strip("\n") + "\n```")
        elif tag.name == "p":
            self._builder.block(tidy(_inline(tag)))
        else:
            self.children(tag)

    def _table(self, table: Tag) -> None:
        caption = table.find("caption")
        if isinstance(caption, Tag):
            self._builder.block(tidy(caption.get_text(" ")))
        self._builder.block(table_markdown(_rows(table)))


def _inline(tag: Tag) -> str:
    if tag.name == "br":
        return "\n"
    if tag.name == "img":
        return str(tag.get("alt") or "")
    return "".join(_text(child) for child in tag.children)


def _text(node: PageElement) -> str:
    if isinstance(node, Tag):
        return _inline(node)
    return str(node) if isinstance(node, NavigableString) else ""


def _rows(table: Tag) -> list[list[str]]:
    """Return the table's cells row by row; a cell over several rows or columns stands in each of them."""
    rows: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}  # column → rows still covered, text
    for row in table.find_all("tr"):
        if row.find_parent("table") is not table:
            continue
        cells: list[str] = []
        for cell in row.find_all(["td", "th"], recursive=False):
            _fill(cells, pending)
            text = tidy(cell.get_text(" "))
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            for _ in range(across):
                if down > 1:
                    pending[len(cells)] = (down - 1, text)
                cells.append(text)
        _fill(cells, pending)
        rows.append(cells)
    return rows


def _fill(cells: list[str], pending: dict[int, tuple[int, str]]) -> None:
    while len(cells) in pending:
        left, text = pending.pop(len(cells))
        if left > 1:
            pending[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(int(value), 50) if value.isdigit() and int(value) > 0 else 1


def _list_lines(tag: Tag, depth: int) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(tag.find_all("li", recursive=False), start=1):
        nested = item.find_all(["ul", "ol"])
        text = tidy("".join(_text(child) for child in item.children if child not in nested))
        mark = f"{number}." if tag.name == "ol" else "-"
        lines.append(f"{'  ' * depth}{mark} {text}")
        for child in nested:
            if child.find_parent(["ul", "ol"]) is tag:
                lines.extend(_list_lines(child, depth + 1))
    return lines


def _definition_lines(tag: Tag) -> list[str]:
    lines: list[str] = []
    for child in tag.find_all(["dt", "dd"]):
        text = tidy(child.get_text(" "))
        lines.append(f"**{text}**" if child.name == "dt" else f": {text}")
    return lines
