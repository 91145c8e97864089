"""Progress is said when somebody nudges, and without a nudge at the next look."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import uuid4

import pytest

from assistant.replies import Reply
from assistant.storage.slack_store import SlackStore, UnderWay
from bot.platforms.slack.progress import Progress


class Store:
    """One running job, one step further at each look."""

    def __init__(self) -> None:
        self.job_id = uuid4()
        self.step = 0
        self.said: list[str] = []

    def under_way(self, at_most: int) -> list[UnderWay]:
        self.step += 1
        return [UnderWay(self.job_id, "T1", "policy_search", True, 1, 0, f"step {self.step}", None)]

    def say_progress(self, one: UnderWay, reply: Reply) -> bool:
        self.said.append(reply.text)
        return True


async def until_said(store: Store, count: int) -> None:
    async with asyncio.timeout(30):
        while len(store.said) < count:
            await asyncio.sleep(0.005)


async def test_a_nudge_is_worth_an_hour_of_waiting() -> None:
    store = Store()
    progress = Progress(cast("SlackStore", store), look_seconds=3600)
    progress.start()
    progress.nudge()
    await until_said(store, 1)
    progress.nudge()  # but within the pause that Slack wants, none is
    for _ in range(20):
        await asyncio.sleep(0)
    await progress.stop()

    assert len(store.said) == 1


@pytest.mark.parametrize("nudges", [0, 50])
async def test_without_or_with_nudges_it_looks_once_a_pause(nudges: int) -> None:
    store: Any = Store()
    progress = Progress(store, look_seconds=0.02)
    progress.start()
    for _ in range(nudges):
        progress.nudge()
    await until_said(store, 3)
    await progress.stop()

    assert [text.rsplit(maxsplit=1)[-1] for text in store.said[:3]] == ["1", "2", "3"]
