"""Pictures of charts, for platforms that show images: Slack's uploads, Teams' cards, a web page's download.

    pictures = ChartPictures(settings.steward_data / "matplotlib")   # once a platform
    picture = await pictures.draw(chart)                             # None: nothing to draw, or it could not be drawn
    if picture is not None:
        ...  # picture.png, picture.alt, picture.name, picture.key

Each is drawn by a child of its own that ends with it (bot/charts/drawing.py): the bot stays light, and a chart that
takes matplotlib too long costs the picture and not the answer. A platform always has the chart's words to fall
back on, so `draw` never raises. The last few are kept, because a message is rendered more than once.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog

from assistant.replies import Chart

log = structlog.get_logger()

DRAWING_SECONDS = 15.0  # one takes 0.7 s of processor on a busy machine, and far more on its very first run
AT_ONCE = 1  # more would take the processor from answers
KEPT = 16
MEDIA_TYPE = "image/png"


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as an image. `alt` says in words what it shows and must travel with it."""

    png: bytes
    alt: str
    title: str
    key: str  # the same for the same chart, in every process: 16 hexadecimal digits

    @property
    def name(self) -> str:
        """Return a file name: letters, digits and dashes."""
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:40]
        return f"{words or 'chart'}-{self.key[:6]}.png"


class ChartPictures:
    """Draws charts in children, one after the other."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where matplotlib keeps its list of fonts; it is made when the first chart is drawn."""
        self._folder = folder
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._kept: dict[str, Picture] = {}

    async def draw(self, chart: Chart) -> Picture | None:
        """Return the chart's picture, or None when only its words can be shown."""
        key = key_of(chart)
        async with self._turn:
            if key in self._kept:
                return self._kept[key]
            png = await self._draw(chart, key)
            if png is None:
                return None
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = Picture(png=png, alt=chart.alt, title=chart.title, key=key)
            return self._kept[key]

    async def _draw(self, chart: Chart, key: str) -> bytes | None:
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.charts.drawing",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=self.environment,
            )
        except OSError as error:
            log.warning("chart.not_drawn", chart=key, error=type(error).__name__)
            return None
        try:
            async with asyncio.timeout(DRAWING_SECONDS):
                png, _ = await child.communicate(_json(chart))
        except TimeoutError:
            log.warning("chart.not_drawn", chart=key, error="took too long")
            return None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0 or not png:
            log.warning("chart.not_drawn", chart=key, error=f"exit code {child.returncode}")
            return None
        return png

    @property
    def environment(self) -> dict[str, str]:
        """What the child gets to see: none of the bot's settings, hence none of its secrets."""
        path = os.pathsep.join(entry or "." for entry in sys.path)
        return {"PATH": os.defpath, "PYTHONPATH": path, "MPLCONFIGDIR": str(self._folder), "MPLBACKEND": "agg"}


def key_of(chart: Chart) -> str:
    """Return what names this chart's picture, the same in every process."""
    return hashlib.sha256(_json(chart)).hexdigest()[:16]


def _json(chart: Chart) -> bytes:
    return json.dumps(chart.model_dump()).encode()  # pydantic's own writes a gap (NaN) as null, which is no number
