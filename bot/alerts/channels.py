"""Which channel an alert is answered in, and as whom: the file that STEWARD_ALERT_ROUTES names.

An alert has no asker. The operator names a person (a service account of theirs in the directory) whose rights the
inspection has, and what everyone in the channel may read; the first route whose labels fit takes the alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from assistant.errors import SettingsInvalid
from assistant.frozen import Frozen
from assistant.mentions import LOCAL_TENANT, Audience, ConversationKey, Platform


class AlertRoute(Frozen):
    """One channel that takes alerts."""

    platform: Platform
    tenant: str = LOCAL_TENANT  # Slack team, Teams tenant
    channel: str = ""  # the platform's id; on the web page alerts go to the person
    person: str = Field(min_length=1)  # the directory's id, with a role that may inspect logs
    groups: tuple[str, ...] = ()  # what everyone in the channel may read
    labels: dict[str, str] = Field(default_factory=dict)  # an alert must have them all; empty: every alert
    target: dict[str, Any] = Field(default_factory=dict)  # the platform's own address, where needed

    @model_validator(mode="after")
    def _has_a_place(self) -> AlertRoute:
        if self.platform is Platform.TEAMS and not self.target:
            raise ValueError("Teams needs `target`: the conversation reference of the channel")
        if self.platform is not Platform.WEB and not self.channel:
            raise ValueError("name the channel")
        return self

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Return whether an alert with these labels belongs here."""
        return all(labels.get(name) == value for name, value in self.labels.items())

    @property
    def audience(self) -> Audience:
        """Who will read the answer."""
        return Audience.ASKER if self.platform is Platform.WEB else Audience.CHANNEL

    def conversation(self, key: str) -> ConversationKey:
        """Return the thread of one alert."""
        channel = self.person if self.platform is Platform.WEB else self.channel
        return ConversationKey(platform=self.platform, tenant=self.tenant, channel=channel, thread=key[:255])

    @property
    def reply_target(self) -> dict[str, Any]:
        """Return where the answer is posted: a new message of the channel."""
        if self.platform is Platform.SLACK:
            place = {"team": self.tenant, "enterprise": None, "channel": self.channel, "thread_ts": None}
            return {**place, "user": self.person, **self.target}
        return self.target


class AlertRoutes(Frozen):
    """All routes, tried in order."""

    routes: tuple[AlertRoute, ...] = Field(min_length=1)

    def of(self, labels: Mapping[str, str]) -> AlertRoute | None:
        """Return the first route that fits, or None: then nobody wants the alert inspected."""
        return next((route for route in self.routes if route.fits(labels)), None)


def load_alert_routes(path: Path | None) -> AlertRoutes:
    """Return the routes of the file.

    Raises:
        SettingsInvalid: there is none, or it says what can't be.
    """
    if path is None:
        raise SettingsInvalid("STEWARD_ALERT_SECRET is set without STEWARD_ALERT_ROUTES, which says where alerts go.")
    try:
        return AlertRoutes.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsInvalid(f"{path} (STEWARD_ALERT_ROUTES) can't be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise SettingsInvalid(f"{path} (STEWARD_ALERT_ROUTES): {place}: {first['msg']}") from error
