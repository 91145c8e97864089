"""The error tree: what can go wrong, told to three people.

    StewardError
    ├── RequestInvalid           the asker's input cannot be used as it is
    │   └── DocumentUnreadable   a file cannot be read (corrupt, locked by a password, empty, not text)
    ├── NotPermitted             the asker may not do or see this
    ├── NothingFound             looked, and there is nothing
    ├── NotBuilt                 a part of the product that does not exist yet
    ├── BudgetExceeded           steps, tokens, seconds or money ran out
    ├── Cancelled                the asker stopped the job
    ├── ModelOutputInvalid       the model's answer failed the schema or the checks
    ├── DependencyUnavailable    database, vector store, model or API cannot be reached (retryable)
    │   ├── RateLimited          it answered "later", and said when
    │   └── ModelAway            the model's provider is known to be away: nobody asked it (circuit open)
    ├── StorageFull              the disk or the quota is full
    └── SettingsInvalid          start-up only: a setting is missing or contradicts another

Programs read `code` and `retryable`; the asker hears `reply`, which is always safe to show; operators read
the message. Anything outside this tree is a bug.
"""

from __future__ import annotations

from typing import ClassVar


class StewardError(Exception):
    """The root. `str(error)` is for operators; `error.reply` is what the asker may hear."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    default_reply: ClassVar[str] = "Something went wrong on my side. The operators have the full record."

    def __init__(self, message: str, *, reply: str | None = None) -> None:
        super().__init__(message)
        self.reply: str = reply or self.default_reply

    @property
    def plain(self) -> str:
        """What a person at a terminal reads: the reply written for this case, else the operator's message."""
        return self.reply if self.reply != self.default_reply else str(self)


class RequestInvalid(StewardError):
    """The input cannot be used; `reply` says what to change."""

    code = "request_invalid"
    default_reply = "I can't use that request as it is."


class DocumentUnreadable(RequestInvalid):
    """A file cannot be read; `reply` names the reason and the way out."""

    code = "document_unreadable"
    default_reply = "I couldn't read that file."


class NotPermitted(StewardError):
    """The asker may not do or see this."""

    code = "not_permitted"
    default_reply = "You don't have access to that. Your administrator can tell you who does."


class NothingFound(StewardError):
    """We looked where we should, and nothing is there. Not the same as being unable to look."""

    code = "nothing_found"
    default_reply = "I looked and found nothing about that."


class NotBuilt(StewardError):
    """The part asked for does not exist in this version."""

    code = "not_built"
    default_reply = "That isn't built yet."


class BudgetExceeded(StewardError):
    """A budget of steps, tokens, seconds or money ran out."""

    code = "budget_exceeded"
    default_reply = "That took more than I may spend on one question. A narrower question will work better."


class Cancelled(StewardError):
    """The asker stopped the job."""

    code = "cancelled"
    default_reply = "Stopped, as you asked."


class ModelOutputInvalid(StewardError):
    """The model's output failed its schema or its checks, after the allowed repair."""

    code = "model_output_invalid"
    default_reply = "I couldn't produce an answer that passed its checks, so I won't show one."


class DependencyUnavailable(StewardError):
    """Something that Steward leans on cannot be reached."""

    code = "dependency_unavailable"
    retryable = True
    default_reply = "A system I depend on isn't answering right now. Your question is kept; please try again shortly."

    def __init__(self, message: str, *, reply: str | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, reply=reply)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(DependencyUnavailable):
    """The other side refused for certain, and said (or let us guess) when to come back."""

    code = "rate_limited"
    default_reply = "I'm being asked to slow down; your question is queued and will be answered."


class ModelAway(DependencyUnavailable):
    """The model's provider is known to be away, so it was not asked; the job waits and keeps its attempts."""

    code = "model_away"
    default_reply = "The model provider isn't answering, so I couldn't finish this in time. Please try again later."


class StorageFull(StewardError):
    """No room left on the disk or in the quota; nothing of the refused write was kept."""

    code = "storage_full"
    default_reply = "There is no storage left, so I couldn't save that. An operator has to make room first."


class SettingsInvalid(StewardError):
    """A setting is missing or contradicts another; raised at start-up only."""

    code = "settings_invalid"
    default_reply = "Steward isn't set up completely. The operators have the details."
