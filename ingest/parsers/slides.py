"""Parse slides (pptx): each slide a section under its title, tables and speaker notes included."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pptx
from pptx.exc import PackageNotFoundError

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument
from ingest.parsers.body import BodyBuilder, table_markdown, tidy

PARSER = "pptx/1"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the slides' text; a slide is a page.

    Raises:
        DocumentUnreadable: it is damaged, locked by a password, or holds no text.
    """
    try:
        deck = pptx.Presentation(io.BytesIO(data))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DocumentUnreadable(
            f"{name}: not a readable pptx ({error})",
            reply=f"“{name}” is damaged or locked by a password. Save it again as a plain .pptx.",
        ) from error
    builder, first_title = BodyBuilder(), ""
    for number, slide in enumerate(deck.slides, start=1):
        builder.page(number)
        title = tidy(slide.shapes.title.text_frame.text) if slide.shapes.title is not None else ""
        first_title = first_title or title
        builder.heading(2, title or f"Slide {number}")
        for shape in slide.shapes:
            if shape != slide.shapes.title:
                _write(shape, builder)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            builder.block(slide.notes_slide.notes_text_frame.text)
    body, sections = builder.finish()
    if not sections:
        raise DocumentUnreadable(f"{name}: no text", reply=f"“{name}” holds no text I can read.")
    return ParsedDocument(
        title=(deck.core_properties.title or "").strip() or first_title or re.sub(r"\.\w+$", "", name),
        body=body,
        sections=sections,
        parser=PARSER,
        media_type=MEDIA_TYPE,
        version_label=(deck.core_properties.version or "").strip() or None,
        owner=(deck.core_properties.author or "").strip() or None,
    )


def _write(shape: Any, builder: BodyBuilder) -> None:
    if getattr(shape, "has_table", False) and shape.has_table:
        builder.block(table_markdown([[cell.text for cell in row.cells] for row in shape.table.rows]))
    elif getattr(shape, "shapes", None) is not None:  # a group
        for inner in shape.shapes:
            _write(inner, builder)
    elif shape.has_text_frame:
        lines = [
            f"{'  ' * paragraph.level}- {tidy(paragraph.text)}"
            for paragraph in shape.text_frame.paragraphs
            if paragraph.text.strip()
        ]
        builder.block("\n".join(lines) if len(lines) > 1 else lines[0][2:] if lines else "")
