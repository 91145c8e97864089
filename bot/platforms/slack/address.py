"""Where a message of Slack's goes or stands, as the outbox keeps it."""

from __future__ import annotations

from bot.platforms.slack.parse import Wire, Workspace


class Address(Wire):
    """Where a message goes, or where it stands once `ts` is known.

    Stored in the outbox: add, never rename. Unknown fields are ignored, because an older bot delivers beside a
    newer one while they are replaced.
    """

    team: str
    enterprise: str | None = None
    channel: str | None = None  # None: the direct messages with `user`
    thread_ts: str | None = None
    user: str = ""
    share_to: str | None = None  # a channel that the asker may share a private answer with
    share_thread: str | None = None
    handoff: str | None = None  # whom "Ask a human" calls: a user (U…) or a user group (S…)
    ts: str | None = None
    key: str = ""
    stream: bool = False  # the message is one of Slack's streams, and was alive when last heard of
    began_at: float = 0.0  # when the stream began, in seconds of the epoch
    tasks: tuple[str, ...] = ()  # the steps that the stream shows, the last of them under way

    @property
    def workspace(self) -> Workspace:
        """Whose token to use."""
        return Workspace(team=self.team, enterprise=self.enterprise)
