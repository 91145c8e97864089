"""A pytest plugin: the tests' Teams bots dispatch through Microsoft's successor SDK (`make test-teams-bridge`)."""

from __future__ import annotations

import pytest

from bot.platforms.teams.bridge import BridgeTurns
from tests.peers import teams_bot


def pytest_report_header(config: pytest.Config) -> str:
    return "Teams dispatches through microsoft-teams-botbuilder"


teams_bot.SDK["make_turns"] = BridgeTurns
