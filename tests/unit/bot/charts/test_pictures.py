"""Charts as pictures: what is on them, and that a bot survives whatever becomes of the child that draws."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest
from PIL import Image, ImageColor

from assistant.replies import Chart, Series
from bot.charts.drawing import COLOURS, MARK, NothingToDraw, draw
from bot.charts.pictures import ChartPictures, key_of

MINUTES = tuple(f"2026-11-24T09:{minute:02d}:00+00:00" for minute in range(0, 60, 5))


def chart(*values: tuple[float, ...], marks: tuple[tuple[str, str], ...] = (), title: str = "Errors") -> Chart:
    series = tuple(Series(name=f"service {number}", values=one) for number, one in enumerate(values))
    return Chart(title=title, alt="Errors rise at 09:30.", x=MINUTES, series=series, unit="lines", marks=marks)


def rising(step: float) -> tuple[float, ...]:
    return tuple(step * at for at in range(len(MINUTES)))


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def colours(png: bytes) -> set[object]:
    return {colour for _, colour in opened(png).convert("RGB").getcolors(1 << 24) or []}


def test_each_series_and_the_marks_are_drawn_in_their_colours() -> None:
    png = draw(chart(rising(1), rising(2), marks=((MINUTES[6], "first bad"),)))
    wanted = {ImageColor.getrgb(one) for one in (COLOURS[0], COLOURS[1], MARK)}

    assert wanted <= colours(png)
    assert ImageColor.getrgb(COLOURS[2]) not in colours(png)


def test_the_picture_carries_its_words() -> None:
    shown = opened(draw(chart(rising(1)))).info

    assert (shown["Title"], shown["Description"]) == ("Errors", "Errors rise at 09:30.")


def test_a_line_that_dwarfs_the_others_stands_by_itself() -> None:
    together, apart = draw(chart(rising(1), rising(2))), draw(chart(rising(1), rising(200)))

    assert opened(apart).height > opened(together).height


def test_marks_that_would_run_into_each_other_stand_in_rows() -> None:
    near = ((MINUTES[2], "deploy of the shop"), (MINUTES[3], "first bad moment"))
    far = ((MINUTES[0], "deploy of the shop"), (MINUTES[11], "first bad moment"))

    assert opened(draw(chart(rising(1), marks=near))).height > opened(draw(chart(rising(1), marks=far))).height


@pytest.mark.filterwarnings("ignore:Glyph")  # letters that the font lacks are shown as boxes
@pytest.mark.parametrize(
    "odd",
    [
        chart((1.0, math.nan, 3.0)),
        chart((-5.0, 5.0), title="Costs in $ and $x_{"),
        chart(rising(0)),
        Chart(title="Twins", alt="-", x=MINUTES, series=(Series(name="a", values=rising(1)),) * 2),
        Chart(title="", alt="-", x=("one",), series=(Series(name="", values=(1.0,)),)),
        Chart(title="Quarters", alt="-", x=("Q1", "Q1"), series=(Series(name="a", values=(1.0, 2.0, 3.0)),)),
        Chart(title="日本 🚀", alt="-", x=MINUTES[::-1], series=(Series(name="_hidden", values=rising(1)),)),
        chart(*(rising(step) for step in range(1, 12)), marks=tuple((one, "x" * 90) for one in MINUTES)),
    ],
)
def test_odd_charts_are_drawn_too(odd: Chart) -> None:
    assert opened(draw(odd)).width > 1_000


def test_a_chart_without_values_is_not_drawn() -> None:
    with pytest.raises(NothingToDraw):
        draw(chart((math.nan, math.inf)))


async def test_a_child_draws_and_the_picture_is_kept(tmp_path: Path) -> None:
    pictures = ChartPictures(tmp_path / "made" / "when needed")
    gap = chart((1.0, math.nan, 3.0), title="Errors & warnings")
    first = await pictures.draw(gap)

    assert first is not None
    assert opened(first.png).format == "PNG"
    assert (first.alt, first.key) == ("Errors rise at 09:30.", key_of(gap))
    assert first.name == f"errors-warnings-{key_of(gap)[:6]}.png"
    assert await pictures.draw(gap) is first


async def test_what_cant_be_drawn_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder would be")

    assert await ChartPictures(tmp_path).draw(chart((math.nan,))) is None
    assert await ChartPictures(blocked).draw(chart(rising(1))) is None


def test_the_child_sees_none_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")

    assert "xoxb-secret" not in ChartPictures(tmp_path).environment.values()
