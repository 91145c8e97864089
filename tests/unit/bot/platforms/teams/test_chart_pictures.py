"""The picture of a chart in a card: an address that only we can make, and that ends."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from assistant.replies import Chart, Paragraph, Reply, Series
from bot.platforms.teams import chart_pictures
from tests.factories import make_result
from tests.peers.teams_bot import PERSONAL, TeamsBot, payload

CHART = Chart(
    title="Errors", alt="Errors rose from 2 to 90.", x=("a", "b"), series=(Series(name="n", values=(2, 90)),)
)


async def image_of_an_answer(bot: TeamsBot) -> dict[str, Any]:
    await bot.send(payload("personal_message"))
    await bot.until(bot.peer.shown)
    reply = Reply(text="Look.", blocks=(Paragraph(markdown="Look."), CHART))
    bot.work(lambda job: make_result("Look.", reply=reply))
    await bot.until(lambda: not bot.behind())
    [card] = [
        one["attachments"][0]["content"] for one in (m.body for m in bot.peer.shown(PERSONAL)) if "attachments" in one
    ]
    [image] = [element for element in card["body"] if element["type"] == "Image"]
    return dict(image)


async def test_a_cards_image_is_the_drawn_chart_with_its_words(bot: TeamsBot) -> None:
    image = await image_of_an_answer(bot)
    picture = await bot.http.get(urlsplit(image["url"]).path)

    assert image["altText"] == "Errors rose from 2 to 90."
    assert image["url"].startswith("https://steward.example.com/teams/charts/")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")


async def test_an_address_that_is_not_ours_or_has_ended_shows_nothing(
    bot: TeamsBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = urlsplit((await image_of_an_answer(bot))["url"]).path
    changed = await bot.http.get(path[:-3] + "abc")
    invented = await bot.http.get("/teams/charts/WyIxIiwwXQ.aaaa.bbbb")
    monkeypatch.setattr(chart_pictures, "LINK_SECONDS", -1)
    late = await bot.http.get(path)

    assert [one.status_code for one in (changed, invented, late)] == [404, 404, 404]
