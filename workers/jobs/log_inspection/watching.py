"""Watch this: look again at what a thread is about, and speak up only when something changed.

What counts as a change is coarse on purpose: the cause, the service, whether there is trouble at all, and error
messages that were not there before. Counts and times move at every look, and a watch that reports them is soon muted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.errors import NothingFound, NotPermitted, RequestInvalid, StewardError
from assistant.jobs import Job, JobResult
from assistant.replies import Action, Actions, Notice, Paragraph, Reply
from assistant.storage.watch_store import Watch
from assistant.watch_words import WatchWords
from workers.by_rules import receipt_by_rules
from workers.context import JobContext
from workers.jobs.log_inspection.request import InspectionOptions

VERSION = "log_watch@rules-1"
LOOK = timedelta(minutes=30)  # of log time at each check: enough to tell trouble from one bad minute
COMPARED_MESSAGES = 20
ERROR_LEVELS = ("ERROR", "FATAL")
NO_TROUBLE = "no trouble"


def answer_watch_words(job: Job, context: JobContext, words: WatchWords) -> JobResult:
    """Start or end the watch of the job's thread.

    Raises:
        NothingFound: there is no inspection in this thread to look at again.
        RequestInvalid: it was about a file, or there are too many watches.
        NotPermitted: nothing can be watched from here.
    """
    if context.watches is None:
        raise NotPermitted("no watches in this process", reply="I can't watch anything from here.")
    if words.stop:
        ended = context.watches.stop(job.conversation_id)
        return _said(context, "I stopped watching." if ended else "I wasn't watching anything in this thread.")
    last = context.watches.last_inspection(job)
    if last is None:
        raise NothingFound(
            f"conversation {job.conversation_id} has no inspection",
            reply="There is no inspection in this thread to watch. Ask about the logs first, then say “watch this”.",
        )
    asked, result = last
    if asked.attachments:
        raise RequestInvalid(
            "watch of a file", reply="That was about a file, which won't change. I watch log sources."
        )
    mention = asked.model_copy(update={"asker": job.mention.asker, "reply_target": job.mention.reply_target})
    before = context.watches.last_of(job.conversation_id) if words.goes_on else None
    every, lasts = (before.every, before.lasts) if before else (words.every, words.lasts)
    watch_id = context.watches.start(job, mention, every=every, lasts=lasts, seen=_seen(result, since=None))
    until = context.today.astimezone(UTC) + lasts
    text = (
        f"I look again every {_minutes(every)} until {until:%Y-%m-%d %H:%M} UTC, and speak up here only when "
        "something changes, or when I stop. Say “stop watching” to end it."
    )
    return _said(context, text, watch_id=watch_id)


def options_of_check(options: InspectionOptions, *, now: datetime) -> InspectionOptions:
    """Return the options of a check: the newest part of the logs, whatever time the question named."""
    return options.model_copy(update={"since": now - LOOK, "until": now})


def reported(job: Job, context: JobContext, options: InspectionOptions, result: JobResult) -> JobResult:
    """Return the result of a check; when it saw a change, it gets its message in the watch's thread first."""
    watch = context.watches.get(options.watch_id) if context.watches is not None and options.watch_id else None
    if watch is None or context.watches is None:
        return _with_watch_button(result) if _can_be_watched(job, context, result) else result
    seen = _seen(result.result, since=options.since)
    change = what_changed(watch.seen, seen)
    ends = _ends(watch, seen) if options.is_last_look else ""
    if not change and not ends and not context.watches.is_announced(job.id):
        return result
    is_told = bool(change) or not ends
    change = " ".join(filter(None, (change or ("" if ends else "Something changed in what I watch here."), ends)))
    context.watches.announce(watch, job.id, seen, Reply(text=change, final=False))
    context.report("watching", change)
    # Where the trouble is over, or is as it was, the report would tell the old story once more.
    is_brief = not is_told or (seen["trouble"] == NO_TROUBLE and not seen["unread"])
    text = change if is_brief else f"{change} {result.reply.text}"
    report = () if is_brief else result.reply.blocks
    button = _button("watch_on", "Go on watching", watch.id) if ends else _stop_button(watch.id)
    blocks = (Paragraph(markdown=f"**{change}**"), *report, button)
    said = result.reply.model_copy(update={"text": text, "blocks": blocks})
    return result.model_copy(update={"answer": text, "reply": said})


def over(job: Job, context: JobContext, options: InspectionOptions) -> JobResult:
    """Say in the watch's thread that it has ended, since its owner may not inspect logs any more."""
    text = "I stopped watching this: your role may not inspect logs any more. Your administrator can change that."
    watch = context.watches.get(options.watch_id) if context.watches is not None else None
    if watch is not None and context.watches is not None:
        context.watches.announce(watch, job.id, watch.seen, Reply(text=text, final=False))
    return _said(context, text)


def could_not_look(context: JobContext, error: StewardError) -> JobResult:
    """Return what a check found that could not begin: a source or a right that is gone."""
    return _said(context, error.reply).model_copy(update={"result": {"verdict": "could_not_read"}})


def what_changed(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Return the change in a sentence; empty when nothing changed that is worth a message."""
    old, new = str(before.get("trouble", NO_TROUBLE)), str(now.get("trouble", NO_TROUBLE))
    if now.get("unread") and not before.get("unread"):
        return "I can't read these logs any more."
    if now.get("unread"):
        return ""
    if old != new:
        if new == NO_TROUBLE:
            return f"The trouble is gone from the newest logs; it was {old}."
        return f"There is trouble now: {new}." if old == NO_TROUBLE else f"The trouble is another now: {new}."
    known = set(before.get("messages", ()))
    fresh = [message for message in now.get("messages", ()) if message not in known]
    if not fresh:
        return ""
    return f"There is a new kind of error: {fresh[0]}" + (f", and {len(fresh) - 1} more." if fresh[1:] else ".")


def _seen(result: dict[str, Any], *, since: datetime | None) -> dict[str, Any]:
    """Return what of an inspection is compared. Trouble that ended before `since` is none any more."""
    unread = result.get("verdict") in ("could_not_read", "nothing_found")
    ended = result.get("window_end")
    is_over = since is not None and ended is not None and datetime.fromisoformat(str(ended)) < since
    if unread or is_over or result.get("verdict") != "cause_found":
        return {"unread": unread, "trouble": NO_TROUBLE, "messages": []}
    first = (result.get("hypotheses") or [{}])[0]
    changed = [one for one in result.get("what_changed", ()) if one.get("kind") in ("new", "spiking")]
    errors = [str(one.get("text", "")) for one in changed if one.get("level") in ERROR_LEVELS]
    service = str(result.get("root_cause_service") or "")
    return {
        "unread": False,
        "trouble": f"{str(first.get('kind', 'errors')).replace('_', ' ')} in {service}",
        "messages": errors[:COMPARED_MESSAGES],
    }


def _said(context: JobContext, text: str, *, watch_id: str = "") -> JobResult:
    blocks = (Notice(text=text), *((_stop_button(watch_id),) if watch_id else ()))
    return JobResult(
        outcome="answered",
        answer=text,
        receipt=receipt_by_rules(context, version=VERSION, checks=(), stages={}),
        reply=Reply(text=text, blocks=blocks),
    )


def _can_be_watched(job: Job, context: JobContext, result: JobResult) -> bool:
    return context.watches is not None and not job.mention.attachments and result.outcome == "answered"


def _with_watch_button(result: JobResult) -> JobResult:
    button = Actions(items=(Action(name="watch", label="Watch this"),))
    reply = result.reply.model_copy(update={"blocks": (*result.reply.blocks, button)})
    return result.model_copy(update={"reply": reply})


def _ends(watch: Watch, seen: dict[str, Any]) -> str:
    """Return that this was the last look, and how things stand."""
    stands = "I could not read these logs" if seen["unread"] else f"There is {seen['trouble']}"
    if not seen["unread"] and seen["trouble"] != NO_TROUBLE:
        stands = f"There still is trouble: {seen['trouble']}"
    return f"This was my last look; I watched until {watch.expires_at:%Y-%m-%d %H:%M} UTC, as was asked. {stands}."


def _stop_button(watch_id: str) -> Actions:
    return _button("stop_watch", "Stop watching", watch_id)


def _button(name: str, label: str, watch_id: str) -> Actions:
    return Actions(items=(Action(name=name, label=label, value={"watch": watch_id}),))


def _minutes(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} hour{'s' if minutes > 60 else ''}"
