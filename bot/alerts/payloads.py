"""What Alertmanager, Grafana and PagerDuty send, as far as an inspection needs it, and the one shape made of it.

Alertmanager's webhook (version 4) and Grafana's are nearly the same; PagerDuty's is that of its V3 webhooks. Fields
we don't use may change as they like; those we use are checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

SERVICE_LABELS = ("service", "service_name", "app", "application", "job", "deployment", "container")
MAX_TEXT_CHARS = 500
MAX_URL_CHARS = 2_000
_ADDRESS = re.compile(r"https?://[^\s<>|\"]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069<>]+")


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that began to go wrong."""

    key: str  # the same for every repetition of the same firing
    title: str
    service: str  # "" where the alert names none
    started_at: datetime
    labels: Mapping[str, str]
    summary: str = ""
    url: str = ""  # of the alert in its own system
    runbook_url: str = ""  # as whoever wrote the alert's rule gave it

    @property
    def options(self) -> dict[str, str]:
        """Where the alert stands, for the answer to link back to."""
        return {"title": self.title, "url": self.url, "runbook_url": self.runbook_url}

    @property
    def question(self) -> str:
        """What to inspect, in words: they stand in the thread."""
        about = f" Why is {self.service} failing?" if self.service else ""
        summary = f" ({self.summary})" if self.summary and self.summary != self.title else ""
        return f"Alert: {self.title}{summary}.{about}"


class _PrometheusAlert(_Wire):
    status: str = "firing"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: AwareDatetime = Field(alias="startsAt")
    fingerprint: str = ""
    generator_url: str = Field("", alias="generatorURL")  # Prometheus' graph of the rule, or Grafana's rule
    panel_url: str = Field("", alias="panelURL")  # Grafana's, as the next one
    dashboard_url: str = Field("", alias="dashboardURL")


class PrometheusPayload(_Wire):
    """Alertmanager's and Grafana's notification: a group of alerts."""

    alerts: tuple[_PrometheusAlert, ...] = Field(max_length=500)
    external_url: str = Field("", alias="externalURL")  # of the system that sends it

    def firing(self) -> list[Alert]:
        """Return the alerts that fire; those resolved need no inspection."""
        return [_of_prometheus(one, self.external_url) for one in self.alerts if one.status in ("firing", "alerting")]


class _Named(_Wire):
    summary: str = ""


class _Incident(_Wire):
    id: str
    title: str = ""
    service: _Named | None = None
    created_at: AwareDatetime
    urgency: str = ""
    html_url: str = ""


class _Event(_Wire):
    event_type: str
    data: dict[str, object]


class PagerDutyPayload(_Wire):
    """A PagerDuty V3 event."""

    event: _Event

    def firing(self) -> list[Alert]:
        """Return the incident, if the event is that it was triggered."""
        if self.event.event_type != "incident.triggered":
            return []
        incident = _Incident.model_validate(self.event.data)
        service = incident.service.summary if incident.service else ""
        return [
            Alert(
                key=f"pagerduty:{incident.id}",
                title=_plain(incident.title or "Incident"),
                service=_plain(service),
                started_at=incident.created_at.astimezone(UTC),
                labels={"service": service, "urgency": incident.urgency},
                url=_address(incident.html_url),
            )
        ]


def _of_prometheus(one: _PrometheusAlert, external_url: str) -> Alert:
    labels, annotations = one.labels, one.annotations
    service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), "")
    started_at = one.starts_at.astimezone(UTC)
    identity = one.fingerprint or "|".join(f"{name}={labels[name]}" for name in sorted(labels))
    return Alert(
        key=f"alert:{identity}:{started_at.isoformat()}",
        title=_plain(labels.get("alertname") or annotations.get("summary") or "Alert"),
        service=_plain(service),
        started_at=started_at,
        labels=labels,
        summary=_plain(annotations.get("summary") or annotations.get("description") or ""),
        url=_address(one.panel_url, one.dashboard_url, one.generator_url, external_url),
        runbook_url=_address(annotations.get("runbook_url", ""), annotations.get("runbook", "")),
    )


def _address(*given: str) -> str:
    """Return the first that is a web address, or nothing."""
    return next((one for one in given if len(one) <= MAX_URL_CHARS and _ADDRESS.fullmatch(one)), "")


def _plain(text: str) -> str:
    """Return the text as one line without what a chat service would make a link, a mention or an order of."""
    return _CONTROL.sub(" ", text).replace("@", "@\u2060").strip()[:MAX_TEXT_CHARS]
