"""The peer and a bot in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from assistant.settings import Settings
from tests.peers.teams_bot import TeamsBot, running_bot
from tests.peers.teams_peer import TeamsPeer


@pytest.fixture(scope="session")
def _running_peer() -> Iterator[TeamsPeer]:
    with TeamsPeer().running() as peer:
        yield peer


@pytest.fixture
def peer(_running_peer: TeamsPeer) -> TeamsPeer:
    _running_peer.reset()
    return _running_peer


@pytest.fixture
async def bot(embedded_settings: Settings, peer: TeamsPeer) -> AsyncIterator[TeamsBot]:
    async with running_bot(embedded_settings, peer) as bot:
        yield bot
