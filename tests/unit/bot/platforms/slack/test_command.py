"""The command line: printing the manifest, and the doctor's lines."""

from __future__ import annotations

import json

import pytest

from bot.platforms.slack.command import main


def test_the_command_prints_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--url", "https://bot.example.test/"]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert printed["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.test/slack/events"


def test_the_doctor_of_a_slack_that_is_not_connected_has_nothing_to_complain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 0
    assert "neither SLACK_BOT_TOKEN nor SLACK_CLIENT_ID is set" in capsys.readouterr().out
