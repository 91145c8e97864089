"""Link an inspection that an alert started back to the alert, and to the runbook that the alert's rule names."""

from __future__ import annotations

from assistant.jobs import JobResult
from assistant.replies import Link, Links
from workers.jobs.log_inspection.request import AlertOrigin


def with_alert(result: JobResult, alert: AlertOrigin | None) -> JobResult:
    """Return the result with the links behind its first block; as it is where there are none."""
    if alert is None:
        return result
    links = (("The alert", alert.url, alert.title), ("Its runbook", alert.runbook_url, ""))
    items = tuple(Link(label=label, url=url, note=note) for label, url, note in links if url)
    if not items:
        return result
    first, *others = result.reply.blocks
    blocks = (first, Links(title="Where this came from", items=items), *others)
    return result.model_copy(update={"reply": result.reply.model_copy(update={"blocks": blocks})})
