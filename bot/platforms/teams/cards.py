"""Adaptive Cards up to version 1.5: what Markdown can't show (tables, charts) and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.replies import Action, Chart, Table
from bot.platforms.teams.text import shorten

Json = dict[str, Any]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
CARD_VERSION = "1.5"  # the newest that Teams shows everywhere
CELL_CHARS = 200
TABLE_ROWS = 30
TABLE_COLUMNS = 8
CHART_POINTS = 60
CHART_SERIES = 6
BUTTONS_AT_MOST = 6  # Teams shows no more at the top level of a card
LABEL_CHARS = 40
WIDE = ("Table", "Chart.Line", "Image")
_STYLES = {"primary": "positive", "danger": "destructive"}


def card(body: Sequence[Json], actions: Sequence[Json] = ()) -> Json:
    """Return the attachment that shows these elements."""
    content: Json = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": CARD_VERSION,
        "body": list(body),
    }
    if any(element["type"] in WIDE for element in body):
        content["msteams"] = {"width": "Full"}
    if actions:
        content["actions"] = list(actions)
    return {"contentType": CARD_TYPE, "content": content}


def text_block(text: str, **fields: Any) -> Json:
    """Return a paragraph of a card."""
    # A card's text is Markdown too: taking "](" apart is what keeps it from being a link of somebody else's.
    return {"type": "TextBlock", "text": text.replace("](", "] ("), "wrap": True, **fields}


def table(block: Table, at_most: int = TABLE_ROWS) -> list[Json]:
    """Return the table's elements: its title, at most so many rows, and how many are left out."""
    columns = block.columns[:TABLE_COLUMNS]
    rows = [_row(columns, header=True), *(_row(row[:TABLE_COLUMNS]) for row in block.rows[:at_most])]
    elements = [text_block(shorten(block.title, CELL_CHARS), weight="Bolder")] if block.title else []
    elements.append(
        {
            "type": "Table",
            "columns": [{"width": 1} for _ in columns],
            "firstRowAsHeaders": True,
            "showGridLines": True,
            "rows": rows,
        }
    )
    missing = [
        f"{len(block.rows) - at_most} more rows" if len(block.rows) > at_most else "",
        f"{len(block.columns) - TABLE_COLUMNS} more columns" if len(block.columns) > TABLE_COLUMNS else "",
    ]
    if any(missing):
        elements.append(text_block(f"… and {' and '.join(filter(None, missing))}", isSubtle=True, size="Small"))
    return elements


def chart(block: Chart, picture_url: str | None = None) -> list[Json]:
    """Return the chart's picture with its words; without an address for it, a chart that some clients draw."""
    words = text_block(shorten(block.alt, 1_000))
    marks = [text_block(f"{shorten(x, 40)}: {shorten(text, 120)}", size="Small") for x, text in block.marks[:8]]
    title = text_block(shorten(block.title, CELL_CHARS), weight="Bolder")
    if picture_url is None:
        return [title, _drawing(block), words, *marks]
    image = {"type": "Image", "url": picture_url, "altText": shorten(block.alt, 1_000), "size": "Stretch"}
    return [title, {**image, "msteams": {"allowExpand": True}}, words, *marks]


def buttons(actions: Sequence[Action], key: str) -> list[Json]:
    """Return the buttons; each carries the job's id, and clients without Execute send a message instead."""
    return [button(action.name, action.label, {**action.value, "job_id": key}, action.style) for action in actions]


def button(name: str, label: str, value: Json, style: str = "default") -> Json:
    """Return one button that comes back as adaptiveCard/action with `name` as its verb."""
    data = {"steward": name, **value}
    shown: Json = {"title": shorten(label, LABEL_CHARS) or name}
    if style in _STYLES:
        shown["style"] = _STYLES[style]
    return {
        "type": "Action.Execute",
        "verb": name,
        "data": data,
        **shown,
        "fallback": {"type": "Action.Submit", "data": data, **shown},
    }


def _drawing(block: Chart) -> Json:
    step = max(1, -(-len(block.x) // CHART_POINTS))
    lines = [
        {
            "legend": shorten(series.name, LABEL_CHARS),
            "values": [{"x": x, "y": y} for x, y in zip(block.x[::step], series.values[::step], strict=False)],
        }
        for series in block.series[:CHART_SERIES]
    ]
    return {
        "type": "Chart.Line",
        "title": shorten(block.title, 120),
        "xAxisTitle": "",
        "yAxisTitle": shorten(block.unit, LABEL_CHARS),
        "data": lines,
        "fallback": "drop",
    }


def _row(cells: Sequence[str], *, header: bool = False) -> Json:
    weight = {"weight": "Bolder"} if header else {}
    return {
        "type": "TableRow",
        "cells": [
            {"type": "TableCell", "items": [text_block(shorten(cell, CELL_CHARS), **weight)]} for cell in cells
        ],
    }
