"""A short chaos run: real processes, a worker killed, a chat that fails, and nothing lost or said twice."""

from __future__ import annotations

import json

import pytest

from bench.chaos import main


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_when_processes_die(capfd: pytest.CaptureFixture[str]) -> None:
    status = main(["--n", "40", "--broker", "embedded", "--pace", "0.3", "--seed", "3"])
    verdict = json.loads(capfd.readouterr().out.strip().splitlines()[-1])

    assert (verdict["lost"], verdict["doubled"]) == (0, 0)
    assert verdict["poison_told"] == verdict["poison"] >= 1
    assert status == 0
