"""Draw a Chart block as a PNG: lines over time, a legend, the unit, and marks for deploys and first bad moments.

This is the program `python -m bot.charts.drawing`: a chart's JSON on standard input, the picture on standard output.
matplotlib is imported here and nowhere else, and only in that child (bot/charts/pictures.py), so that a bot that
has drawn a chart is no heavier than before. The picture must look right on light and dark pages: hence a white card
with dark lettering, whatever surrounds it.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from assistant.replies import Chart, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES, DOTS_PER_INCH = 7.2, 160  # 1152 pixels: a chat shows a third of them, and all when it is opened
PANEL_INCHES, SMALL_PANEL_INCHES, GAP_INCHES = 2.5, 1.1, 0.3
TITLE_INCHES, LEGEND_ROW_INCHES, MARK_ROW_INCHES, FOOT_INCHES = 0.5, 0.22, 0.19, 0.46
LEFT, RIGHT = 0.085, 0.97  # of the width: where the lines begin and end
LETTER_INCHES = 0.075  # a generous letter of a mark's or a legend's text
LEGEND_KEY_INCHES = 0.5
MAX_NAME_CHARS = 26
MAX_SERIES, MAX_MARKS, MAX_MARK_CHARS = 8, 6, 48
FEW_POINTS = 12  # so few are shown as dots too
DWARFS = 5.0  # a line that peaks higher than the next by this factor gets a panel of its own
# In an order that colour-blind readers tell apart; each at least 4.5 : 1 against white.
COLOURS = ("#0d6659", "#b4540a", "#3b5bb5", "#94308c", "#5b6700", "#b3261e", "#1d6f9c", "#6b5a4b")
INK, PALE, GRID, MARK = "#1d1c1d", "#616061", "#e3e3e3", "#b3261e"


class NothingToDraw(ValueError):
    """The chart holds no finite value."""


@dataclass(frozen=True, slots=True)
class _Mark:
    at: float  # in the units of the x axis
    share: float  # of the width, 0 left to 1 right
    text: str

    @property
    def is_right(self) -> bool:
        return self.share > 0.6  # its words stand to the left of it

    @property
    def span(self) -> tuple[float, float]:
        """From where to where its words reach, as shares of the width."""
        width = len(self.text) * LETTER_INCHES / (WIDTH_INCHES * (RIGHT - LEFT))
        return (self.share - width, self.share) if self.is_right else (self.share, self.share + width)


def draw(chart: Chart) -> bytes:
    """Return the chart as a PNG that carries its title and its words (`alt`) in its metadata.

    Raises:
        NothingToDraw: there is no finite value, or no x.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [one for one in chart.series if any(map(math.isfinite, one.values))][:MAX_SERIES]
    if not shown or not chart.x:
        raise NothingToDraw(f"{len(chart.series)} series over {len(chart.x)} labels")
    # Names come from documents and logs: a dollar sign in them begins no formula.
    mpl.rcParams.update({"text.parse_math": False, "font.family": ["DejaVu Sans"], "font.size": 9.5})
    times = _times(chart.x)
    places = _places(chart.x, times)
    panels = _panels(shown)
    marks = _marks(chart, places)
    rows = _rows(marks)

    heights = [PANEL_INCHES, SMALL_PANEL_INCHES][: len(panels)]
    columns = _legend_columns(shown)
    legend_rows = math.ceil(len(shown) / columns) if len(shown) > 1 else 0
    head = TITLE_INCHES + LEGEND_ROW_INCHES * legend_rows + MARK_ROW_INCHES * (max(rows) + 1 if rows else 0)
    height = head + sum(heights) + GAP_INCHES * (len(panels) - 1) + FOOT_INCHES
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    gap = GAP_INCHES / (sum(heights) / len(heights))
    figure.subplots_adjust(LEFT, FOOT_INCHES / height, RIGHT, 1 - head / height, hspace=gap)
    for panel, axis in zip(panels, axes, strict=True):
        _draw_lines(axis, {number: shown[number] for number in panel}, places)
    if times:
        _label_times(axes[-1], times)
    else:
        _label_words(axes[-1], chart.x)
    _draw_marks(axes, marks, rows)
    _draw_title(figure, chart, height)
    if legend_rows:
        _draw_legend(figure, axes, shown, columns, height)
    picture = io.BytesIO()
    words = {"Title": chart.title, "Description": chart.alt, "Software": None}
    figure.savefig(picture, format="png", metadata=words)
    return picture.getvalue()


# ------------------------------------------------------------------ where things stand
def _panels(shown: Sequence[Series]) -> list[list[int]]:
    """Return which lines stand together, by number; one that dwarfs, and would flatten, the others stands below."""
    numbers = list(range(len(shown)))
    first, *rest = sorted(numbers, key=lambda number: _peak(shown[number]), reverse=True)
    if not rest or _peak(shown[rest[0]]) == 0 or _peak(shown[first]) < DWARFS * _peak(shown[rest[0]]):
        return [numbers]
    return [sorted(rest), [first]]


def _peak(series: Series) -> float:
    return max(abs(value) for value in series.values if math.isfinite(value))


def _times(labels: Sequence[str]) -> list[datetime]:
    """Return the labels as times in UTC; nothing when one of them is no time, or they don't ascend."""
    try:
        times = [datetime.fromisoformat(label) for label in labels]
    except ValueError:
        return []
    aware = [one.astimezone(UTC) if one.tzinfo else one.replace(tzinfo=UTC) for one in times]
    return aware if all(before < after for before, after in pairwise(aware)) else []


def _places(labels: Sequence[str], times: Sequence[datetime]) -> list[float]:
    from matplotlib.dates import date2num

    return [float(date2num(one)) for one in times] if times else [float(at) for at in range(len(labels))]


def _marks(chart: Chart, places: Sequence[float]) -> list[_Mark]:
    """Return the marks from left to right, those of one moment as one."""
    together: dict[float, list[str]] = {}
    for label, text in chart.marks:
        if label in chart.x and text not in together.setdefault(places[chart.x.index(label)], []):
            together[places[chart.x.index(label)]].append(text)
    width = (places[-1] - places[0]) or 1.0
    marks = [
        _Mark(at, (at - places[0]) / width, _shortened(" · ".join(together[at]), MAX_MARK_CHARS))
        for at in sorted(together)
    ]
    return marks[:MAX_MARKS]


def _rows(marks: Sequence[_Mark]) -> list[int]:
    """Return for each mark the lowest row in which its words run into nobody else's.

    Words to the right of their mark are placed from the right, the others from the left: so no mark's line, on its
    way up to its words, goes through another's.
    """
    rows: dict[int, int] = {}
    numbers = range(len(marks))
    outwards = [*reversed([n for n in numbers if not marks[n].is_right]), *(n for n in numbers if marks[n].is_right)]
    for number in outwards:
        start, end = marks[number].span
        taken = {row for other, row in rows.items() if marks[other].span[1] > start and end > marks[other].span[0]}
        rows[number] = next(row for row in range(len(marks)) if row not in taken)
    return [rows[number] for number in numbers]


def _legend_columns(shown: Sequence[Series]) -> int:
    """Return how many names stand beside each other."""
    widest = min(MAX_NAME_CHARS, max(len(one.name) for one in shown)) * LETTER_INCHES + LEGEND_KEY_INCHES
    return max(1, min(len(shown), int(WIDTH_INCHES * (RIGHT - LEFT) / widest)))


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


# ------------------------------------------------------------------ ink
def _draw_lines(axis: Axes, panel: Mapping[int, Series], places: Sequence[float]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    finite = [value for one in panel.values() for value in one.values if math.isfinite(value)]
    for number, series in panel.items():
        colour = COLOURS[number]
        values = [value if math.isfinite(value) else math.nan for value in series.values[: len(places)]]
        at = places[: len(values)]
        dots = "o" if len(at) <= FEW_POINTS else None
        axis.plot(at, values, color=colour, linewidth=1.9, marker=dots, markersize=3.5, gid=str(number))
        if len(panel) == 1:
            axis.fill_between(at, values, color=colour, alpha=0.1, linewidth=0)
    axis.margins(x=0.008)
    if min(finite) >= 0:
        axis.set_ylim(0, max(finite) * 1.08 or 1.0)
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=all(value.is_integer() for value in finite)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axis.grid(axis="y", color=GRID, linewidth=0.9)
    axis.set_axisbelow(True)
    axis.tick_params(length=0, colors=PALE, labelsize=9)
    for name, spine in axis.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color("#9a9a9a")


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size or (letter != "k" and abs(value) >= size):
            return f"{value / size:g}{letter}"
    return f"{value:,g}"


def _label_times(axis: Axes, times: Sequence[datetime]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7, tz=UTC)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC, show_offset=False))
    first, last = times[0], times[-1]
    day = f"{first:%d %b %Y}" if first.date() == last.date() else f"{first:%d %b} – {last:%d %b %Y}"
    _under(axis, f"{day}, UTC")


def _label_words(axis: Axes, labels: Sequence[str]) -> None:
    every = max(1, math.ceil(len(labels) / 8))
    ticks = list(range(0, len(labels), every))
    axis.set_xticks(ticks, [_shortened(labels[at], 14) for at in ticks])


def _under(axis: Axes, text: str) -> None:
    axis.annotate(
        text,
        xy=(1, 0),
        xytext=(0, -28),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        color=PALE,
        fontsize=8.5,
    )


def _draw_marks(axes: Sequence[Axes], marks: Sequence[_Mark], rows: Sequence[int]) -> None:
    for mark, row in zip(marks, rows, strict=True):
        for axis in axes:
            top = 1 + (row + 0.7) * MARK_ROW_INCHES / PANEL_INCHES if axis is axes[0] else 1
            axis.axvline(mark.at, ymax=top, clip_on=False, color=MARK, linewidth=1.1, linestyle=(0, (4, 3)))
        axes[0].annotate(
            mark.text,
            xy=(mark.at, 1),
            xytext=(-4 if mark.is_right else 4, 4 + row * MARK_ROW_INCHES * 72),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if mark.is_right else "left",
            color=MARK,
            fontsize=8.5,
        )


def _draw_title(figure: Figure, chart: Chart, height: float) -> None:
    """The title, and beside it what the values are."""
    title = figure.text(
        LEFT - 0.05, 1 - 0.16 / height, _shortened(chart.title, 60), va="top", color=INK, fontsize=12, weight="bold"
    )
    if chart.unit:
        beside = title.get_window_extent().x1 / figure.bbox.width + 0.012
        unit = _shortened(chart.unit, 40)
        figure.text(beside, 1 - 0.185 / height, f"in {unit}", va="top", color=PALE, fontsize=9.5)


def _draw_legend(figure: Figure, axes: Sequence[Axes], shown: Sequence[Series], columns: int, height: float) -> None:
    lines = {line.get_gid(): line for axis in axes for line in axis.get_lines()}
    figure.legend(
        [lines[str(number)] for number in range(len(shown))],
        [_shortened(one.name, MAX_NAME_CHARS) for one in shown],
        loc="upper left",
        bbox_to_anchor=(LEFT - 0.058, 1 - 0.37 / height),
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.2,
        handletextpad=0.5,
        columnspacing=1.4,
        borderpad=0.2,
    )


def main() -> int:
    """Read a chart, write its picture; 1 when there is nothing to draw."""
    chart = Chart.model_validate_json(sys.stdin.buffer.read())
    try:
        picture = draw(chart)
    except NothingToDraw:
        return 1
    sys.stdout.buffer.write(picture)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
