"""Parse Markdown: the body is the file's own text, and the sections are where its headings cut it.

Front matter (YAML between `---` lines) and HTML comments are left out of what is searched. Links keep their words
and addresses as written.
"""

from __future__ import annotations

import re
from dataclasses import replace

import yaml
from markdown_it import MarkdownIt

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument, Section
from ingest.parsers.body import BodyBuilder, drop_title, tidy
from ingest.parsers.metadata import pairs_in_lines, read_metadata
from ingest.parsers.plain import decode

PARSER = "markdown/1"
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_INLINE_MARKS = re.compile(r"(\*\*|__|\*|`|~~)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_ANCHOR = re.compile(r"\s*\{#[\w-]+\}\s*$|<a [^>]*>|</a>")
LONGEST_MARKDOWN_LINE = 100_000  # longer lines are data, not prose; the parser would take minutes over them
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_MARKDOWN.core.ruler.disable("inline")  # blocks and headings are all that is needed here


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the document's sections.

    Raises:
        DocumentUnreadable: the bytes are no text, or hold nothing but front matter and comments.
    """
    text = decode(data, name)
    front, text, warnings = _front_matter(text)
    text = _COMMENT.sub("", text)
    if not text.strip():
        raise DocumentUnreadable(f"{name}: blank", reply=f"“{name}” is empty.")
    body, sections, first_heading = _sections(text)
    if not sections:
        raise DocumentUnreadable(f"{name}: headings only", reply=f"“{name}” holds headings and no text under them.")
    metadata = read_metadata(front or pairs_in_lines(line[:300] for line in text[:4000].splitlines()[:14]))
    title = metadata.title or first_heading or _title_from(name)
    return ParsedDocument(
        title=title,
        body=body,
        sections=tuple(replace(s, heading_path=drop_title(s.heading_path, title)) for s in sections),
        parser=PARSER,
        media_type="text/markdown",
        language=metadata.language,
        **{**metadata.of_document(), "warnings": (*warnings, *metadata.warnings)},
    )


def _front_matter(text: str) -> tuple[dict[str, object], str, tuple[str, ...]]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text, ()
    rest = text[match.end() :]
    try:
        values = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError) as error:
        first = str(error).splitlines()[0]
        return {}, rest, (f"its front matter isn't YAML and was left out ({first})",)
    if not isinstance(values, dict):
        return {}, rest if values is None else text, ()
    return {str(key): value for key, value in values.items()}, rest, ()


def _sections(text: str) -> tuple[str, tuple[Section, ...], str]:
    """Return the body, its sections, and the first heading when it stands above all text."""
    builder, first_heading, seen_text = BodyBuilder(), "", False
    lines = text.split("\n")
    if max(map(len, lines)) > LONGEST_MARKDOWN_LINE:
        for paragraph in re.split(r"\n\s*\n", text):
            builder.block(paragraph)
        return *builder.finish(), ""
    tokens = _MARKDOWN.parse(text)
    for place, token in enumerate(tokens):
        if token.level != 0 or token.map is None:
            continue
        if token.type == "heading_open":
            words = _plain(tokens[place + 1].content)
            if not seen_text and not first_heading:
                first_heading = words
            builder.heading(int(token.tag[1]), words)
        elif token.nesting >= 0 and token.type != "hr":
            seen_text = True
            builder.block("\n".join(lines[token.map[0] : token.map[1]]))
    return *builder.finish(), first_heading


def _plain(heading: str) -> str:
    """Return a heading's words without the marks of emphasis, code, links and anchors."""
    words = _LINK.sub(r"\1", _ANCHOR.sub("", heading))
    return tidy(_INLINE_MARKS.sub(r"\2", words)).rstrip("#").strip()


def _title_from(name: str) -> str:
    return re.sub(r"\.\w+$", "", name).replace("_", " ").replace("-", " ").strip() or name
