"""The alert rules speak of metrics that exist, and say what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from assistant.settings import Settings
from bot.main import make_app

RULES = yaml.safe_load((Path(__file__).parents[3] / "deploy" / "alerts.yml").read_text())
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]


async def exported(settings: Settings) -> set[str]:
    """Return the names that /metrics may have samples of."""
    transport = httpx.ASGITransport(app=make_app(settings, ()))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        text = (await client.get("/metrics")).text
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    parts = {f"{name}_{part}" for name, kind in kinds.items() if kind == "histogram" for part in ("bucket", "count")}
    return {name for name, kind in kinds.items() if kind != "histogram"} | parts


async def test_every_metric_in_a_rule_is_exported(embedded_settings: Settings) -> None:
    known = await exported(embedded_settings)
    used = {name for alert in ALERTS for name in re.findall(r"\bsteward_\w+", alert["expr"])}

    assert used
    assert used - known == set()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_says_how_bad_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "warning")
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["annotations"]["what_to_do"].endswith((".", "?"))
