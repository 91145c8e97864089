"""From a firing alert to the answer in its channel: webhook in, logs read, the cause and a way back out."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from assistant.mentions import Platform
from assistant.replies import Links
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.main import make_app
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from tests.twins.jobs import make_context
from workers.jobs.log_inspection.run import run

PAYLOADS = Path(__file__).parents[1] / "payloads" / "alerts"
SECRET = "a-long-secret"
FIRED = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TARGETS = {
    Platform.SLACK: {"channel": "C-ops"},
    Platform.TEAMS: {
        "channel": "19:ops",
        "target": {"service_url": "https://teams.example", "conversation": "19:ops"},
    },
}
WAYS_BACK = {
    "alertmanager": ["http://prometheus.example:9090/graph"],
    "grafana": ["https://grafana.example/d/shop?orgId=1&viewPanel=4", "https://wiki.example/runbooks/checkout"],
    "pagerduty": ["https://acme.pagerduty.example/incidents/Q2AIXW2ZIBCI6P"],
}


def write_logs(folder: Path) -> None:
    """An hour and a half of checkout, whose pool is exhausted from five minutes before the alert."""
    lines = []
    for second in range(0, 90 * 60, 5):
        at = FIRED - timedelta(minutes=75) + timedelta(seconds=second)
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ} INFO checkout order {second} accepted")
        if at >= FIRED - timedelta(minutes=5):
            lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ} ERROR checkout connection pool exhausted, {second} waiting")
    folder.mkdir()
    (folder / "checkout.log").write_text("\n".join(lines) + "\n")


def with_alerts(settings: Settings, tmp_path: Path, platform: Platform) -> Settings:
    write_logs(tmp_path / "logs")
    route = {"platform": platform.value, "tenant": "T1", "person": "U-bot", **TARGETS[platform]}
    (tmp_path / "routes.yaml").write_text(yaml.safe_dump({"routes": [route]}))
    values = {"steward_alert_secret": SECRET, "steward_alert_routes": tmp_path / "routes.yaml"}
    folders = {"steward_log_folders": str(tmp_path / "logs")}
    return Settings.model_validate({**settings.model_dump(), **values, **folders})


@pytest.mark.parametrize("platform", [Platform.SLACK, Platform.TEAMS])
@pytest.mark.parametrize("provider", sorted(WAYS_BACK))
def test_an_alert_is_answered_in_its_channel_with_the_cause_and_a_way_back(
    embedded_settings: Settings, tmp_path: Path, provider: str, platform: Platform
) -> None:
    settings = with_alerts(embedded_settings, tmp_path, platform)
    engine = open_engine(settings.database)
    PeopleStore(engine).upsert_all("T1", [PersonProfile(id="U-bot", name="Alerts", role="engineer")])
    jobs = JobStore(engine, settings)
    body = (PAYLOADS / f"{provider}.json").read_bytes()
    signature = "v1=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"authorization": f"Bearer {SECRET}", "x-pagerduty-signature": signature}

    taken = TestClient(make_app(settings, entries=())).post(f"/alerts/{provider}", content=body, headers=headers)
    job = jobs.claim(["logs"], owner="test")
    assert job is not None
    context = replace(make_context(settings=settings), today=FIRED + timedelta(minutes=15))
    result = run(job, context)
    assert jobs.finish(job, result)
    said = next(one for one in OutboxStore(engine).due([platform.value], limit=9) if one.job_id == job.id)
    engine.dispose()

    assert taken.status_code == 202
    assert dict(said.target).items() >= (TARGETS[platform].get("target") or {"channel": "C-ops"}).items()
    assert "Connection pool exhausted in checkout" in said.reply.text
    links = [link.url for block in said.reply.blocks if isinstance(block, Links) for link in block.items]
    assert links == WAYS_BACK[provider]
    shown = json.dumps(
        [message.blocks for message in slack.render(said.reply, "k")]
        if platform is Platform.SLACK
        else teams.render(said.reply, "k")
    )
    assert all(link in shown.replace("&amp;", "&") for link in links)
