"""Draw a Chart block as SVG: lines over shared x labels, with marks for deploys and first bad moments.

The words of `Chart.alt` go with it for people who can't see it; the figures stand in a table below it, and beside
the drawing as data for static/chart.js, which shows them at the pointer and switches series on and off.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from assistant.replies import Chart, Series
from bot.platforms.web.markup import element

WIDTH, HEIGHT = 680, 240  # units of the drawing; it scales with the page
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 44, 30
MAX_TICKS = 6
MARK_WIDTH, MARK_HEIGHT, MARK_ROWS = 130, 14, 3  # the room that a mark's words take
COLOURS = 5  # --line-1 to --line-5 in steward.css


def render_chart(chart: Chart) -> Markup:
    """Return the chart as a figure; without a single finite value, its words alone."""
    values = [value for series in chart.series for value in series.values if math.isfinite(value)]
    if not values or not chart.x:
        return element(
            "figure", element("figcaption", element("strong", chart.title), " ", chart.alt), class_="chart"
        )
    drawn = [value for series in chart.series if not series.is_background for value in series.values]
    seen = [value for value in drawn if math.isfinite(value)] or values
    top = nice_ceiling(max(seen))
    bottom = min(0.0, min(seen))
    drawing = element(
        "svg",
        _ground(),
        _grid(bottom, top),
        _labels(chart.x),
        [_line(series, len(chart.x), bottom, top, number) for number, series in enumerate(chart.series)],
        _marks(chart),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        tabindex=0,
        aria_label=chart.alt,
    )
    unit = element("small", f" in {chart.unit}") if chart.unit else None
    caption = element("figcaption", element("span", element("strong", chart.title), unit), _legend(chart))
    plot = element("div", drawing, class_="plot")
    words = element("p", chart.alt, class_="chart-alt")
    return element("figure", caption, plot, words, _figures(chart), class_="chart", data_chart=_data(chart))


def nice_ceiling(value: float) -> float:
    """Return the least of 1, 2, 2.5, 5, 10 times a power of ten that is not below the value; at least 1e-9."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= value or factor == 10)


def short_label(text: str) -> str:
    """Return an ISO time as hours and minutes (its day when it is midnight); other labels as they are."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text if len(text) <= 12 else text[:11] + "…"
    return f"{at:%d %b}" if (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"


def _x(index: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (index / (count - 1) if count > 1 else 0.5)


def _y(value: float, bottom: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - bottom) / ((top - bottom) or 1.0))


def _grid(bottom: float, top: float) -> list[Markup]:
    lines = []
    for step in range(5):
        value = bottom + (top - bottom) * step / 4
        height = round(_y(value, bottom, top), 1)
        text = f"{value:,.4g}"
        lines.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=height, y2=height, class_="grid"))
        lines.append(element("text", text, x=LEFT - 8, y=height + 4, text_anchor="end", class_="tick"))
    return lines


def _labels(labels: Sequence[str]) -> list[Markup]:
    every = max(1, math.ceil(len(labels) / MAX_TICKS))
    return [
        element("text", short_label(label), x=round(_x(index, len(labels)), 1), y=HEIGHT - 8, text_anchor="middle")
        for index, label in enumerate(labels)
        if index % every == 0
    ]


def _line(series: Series, count: int, bottom: float, top: float, number: int) -> Markup:
    path, pen_down = [], False
    for index, value in enumerate(series.values[:count]):
        if not math.isfinite(value):
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{_x(index, count):.1f} {_y(value, bottom, top):.1f}")
        pen_down = True
    off = "display: none" if series.is_background else None
    return element("path", d=" ".join(path), class_=f"line line-{number % COLOURS + 1}", style=off)


def _marks(chart: Chart) -> list[Markup]:
    marks: list[Markup] = []
    taken: list[tuple[int, float, float]] = []  # row, and from where to where words stand in it
    for label, text in chart.marks:
        if label not in chart.x:
            continue
        x = round(_x(chart.x.index(label), len(chart.x)), 1)
        # Words of a mark that stands left of near ones go to the left, away from theirs.
        is_left_of_near = x > MARK_WIDTH and any(0 < begin - x < MARK_WIDTH for _, begin, _ in taken)
        anchor = "end" if x > WIDTH * 0.7 or is_left_of_near else "start"
        begin, end = (x - MARK_WIDTH, x) if anchor == "end" else (x, x + MARK_WIDTH)
        busy = {row for row, other_begin, other_end in taken if begin < other_end and other_begin < end}
        row = next((row for row in range(MARK_ROWS) if row not in busy), MARK_ROWS - 1)
        taken.append((row, begin, end))
        marks.append(element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="mark"))
        marks.append(
            element(
                "text", text, x=x + (-5 if anchor == "end" else 5), y=TOP - 8 - row * MARK_HEIGHT, text_anchor=anchor
            )
        )
    return marks


def _legend(chart: Chart) -> Markup:
    names = [
        element(
            "button",
            element("i", class_=f"key line-{number % COLOURS + 1}"),
            series.name,
            type="button",
            aria_pressed="false" if series.is_background else "true",
            title=f"Show or hide {series.name}",
        )
        for number, series in enumerate(chart.series)
    ]
    return element("span", names, class_="legend")


def _ground() -> Markup:
    """Return what the pointer meets where no line is."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    return element("rect", x=LEFT, y=TOP, width=width, height=height, class_="ground")


def _figures(chart: Chart) -> Markup:
    """Return the values as a table, folded: a drawing can't be read out or copied."""
    head = element("tr", [element("th", name, scope="col") for name in ("", *(one.name for one in chart.series))])
    rows = [
        element(
            "tr",
            element("th", label.replace("T", " ").removesuffix("+00:00"), scope="row"),
            [element("td", _value(series.values, step)) for series in chart.series],
        )
        for step, label in enumerate(chart.x)
    ]
    table = element("table", element("thead", head), element("tbody", rows))
    label = f"Figures of {chart.title}"
    scrolled = element("div", table, class_="table", tabindex=0, role="region", aria_label=label)
    return element("details", element("summary", "Figures"), scrolled, class_="figures-of")


def _value(values: Sequence[float], step: int) -> str:
    return f"{values[step]:,.6g}" if step < len(values) and math.isfinite(values[step]) else "–"


def _data(chart: Chart) -> str:
    """Return what chart.js needs: the values and the measures of the drawing."""
    series = [
        {"name": one.name, "values": [value if math.isfinite(value) else None for value in one.values]}
        for one in chart.series
    ]
    measures = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return json.dumps({"x": chart.x, "series": series, "marks": chart.marks, "colours": COLOURS, **measures})
