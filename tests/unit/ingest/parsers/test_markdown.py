"""Markdown keeps its own words; headings cut it, front matter describes it, comments are gone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import DocumentUnreadable
from ingest.parsers import markdown, media_type_of, parse_document

PAGE = """---
title: Parking
version: "2.1"
effective_from: 2026-03-01
regions: [DE, PT]
---
# Parking

Ask at **reception**. <!-- reviewed by nobody -->

## Rates {#rates}

| Floor | Rate |
|---|---|
| B1 | 40 |

### `B2` and *below*

```
# not a heading
```
"""


def test_sections_follow_headings_and_the_title_is_not_repeated() -> None:
    document = markdown.parse(PAGE.encode(), "parking.md")

    sections = {s.heading_path: document.body[s.start_char : s.end_char] for s in document.sections}
    assert sections == {
        (): "Ask at **reception**.",
        ("Rates",): "| Floor | Rate |\n|---|---|\n| B1 | 40 |",
        ("Rates", "B2 and below"): "```\n# not a heading\n```",
    }
    assert (document.title, document.version_label, document.regions) == ("Parking", "2.1", ("DE", "PT"))
    assert document.effective_from == date(2026, 3, 1)


def test_broken_front_matter_is_a_warning_and_the_text_is_kept() -> None:
    document = markdown.parse(b"---\ntitle: [unclosed\n---\nThe text.\n", "x.md")

    assert document.body == "The text.\n"
    assert "front matter" in document.warnings[0]


@given(st.text(max_size=400))
def test_any_text_is_parsed_or_refused_with_a_sentence(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    refusal = None
    try:
        document = parse_document(data, "note.md")
    except DocumentUnreadable as error:
        refusal = error.reply

    assert "note.md" in refusal if refusal else document.sections
    assert refusal or all(document.body[s.start_char : s.end_char].strip() for s in document.sections)


def test_ten_megabytes_on_one_line_are_one_block() -> None:
    document = markdown.parse(b"word " * 2_000_000, "long.md")

    assert len(document.sections) == 1
    assert len(document.body) > 9_000_000


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"%PDF-1.4 x", "policy.docx", "application/pdf"),
        (b"<!DOCTYPE html><p>x", "page.txt", "text/html"),
        (b"From: a@x\nTo: b@x\nSubject: s\n\nx", "note.txt", "message/rfc822"),
        (b"a;b\n1;2", "t.csv", "text/csv"),
        (b"plain words", "README", "text/plain"),
        (b"# Title\n\nwords", "README", "text/markdown"),
    ],
)
def test_content_decides_what_a_file_is(data: bytes, name: str, expected: str) -> None:
    assert media_type_of(data, name) == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"\x89PNG\r\n\x1a\n0000", "picture"), (b"PK\x03\x04broken", "damaged")],
)
def test_what_is_not_read_says_what_it_is(data: bytes, words: str) -> None:
    with pytest.raises(DocumentUnreadable) as raised:
        parse_document(data, "thing")

    assert words in raised.value.reply
