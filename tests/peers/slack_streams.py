"""The agents' side of the stand-in for Slack: a thread's status, its session, and streams with their rules.

A stream takes chunks while it lives, refuses chat.update meanwhile, and nothing at all once it is over: it was
stopped, five minutes passed ("expired"), or its reader pressed Slack's Stop button. The last two leave the session
"processing", as Slack does. Nobody documents whether the tasks of a live stream are told when the thread is read:
`tells_tasks` says which of the two this workspace does.
"""

from __future__ import annotations

from typing import Any

from tests.peers.slack_judge import MARKDOWN_CHARS, Refused, judge_blocks, judge_metadata

Answer = dict[str, Any]
CHUNK_CHARS = 256  # of a task's title
SESSION_TITLE_CHARS = 200
TASK_STATES = ("pending", "in_progress", "complete", "error")
SESSION_STATES = ("active", "processing", "suspended", "closed")


class StreamMethods:
    """Mixed into the stand-in, whose messages it writes."""

    messages: dict[str, list[dict[str, Any]]]

    def __init__(self) -> None:
        self.streams: dict[str, str] = {}  # ts: streaming, stopped, expired, stopped_by_user
        self.statuses: list[Answer] = []  # all that were set
        self.standing: dict[tuple[str, str], str] = {}  # channel and thread: what its status says now
        self.sessions: dict[tuple[str, str], str] = {}  # channel and thread: the session's state
        self.tells_tasks = True

    # -------------------------------------------------------------- for tests
    def press_stop(self, ts: str) -> None:
        """Let the reader press Slack's own Stop button beside a stream."""
        self.streams[ts] = "stopped_by_user"

    def plan(self, ts: str) -> list[tuple[str, str]]:
        """Return a stream's tasks as title and state."""
        (message,) = [one for messages in self.messages.values() for one in messages if one["ts"] == ts]
        return [(task["title"], task["status"]) for block in message["plan"] for task in block["tasks"]]

    # -------------------------------------------------------------- streams
    def on_chat_start_stream(self, arguments: Answer) -> Answer:
        channel, thread = arguments["channel"], arguments.get("thread_ts")
        if not thread:
            raise Refused("missing_thread_ts")
        if not channel.startswith("D") and not (
            arguments.get("recipient_user_id") and arguments.get("recipient_team_id")
        ):
            raise Refused("missing_recipient")
        if "metadata" in arguments or "blocks" in arguments:
            raise Refused("invalid_arguments")
        message = {**self.said_by_bot(), "text": "", "thread_ts": thread, "plan": []}
        if arguments.get("task_display_mode") == "plan":
            message["plan"] = [{"type": "plan", "title": "", "tasks": []}]
        self._feed(message, arguments)
        self.messages.setdefault(channel, []).append(message)
        self.streams[message["ts"]] = "streaming"
        self.standing.pop((channel, thread), None)
        self.sessions[(channel, thread)] = "processing"
        return {"channel": channel, "ts": message["ts"]}

    def on_chat_append_stream(self, arguments: Answer) -> Answer:
        self._feed(self._streaming(arguments), arguments)
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def on_chat_stop_stream(self, arguments: Answer) -> Answer:
        message = self._streaming(arguments)
        blocks, text = arguments.get("blocks") or [], message["text"]
        judge_blocks(blocks, most=50)
        judge_metadata(arguments.get("metadata"))
        self._feed(message, arguments)
        words = [{"type": "markdown", "text": message["text"]}] if message["text"] else []
        message["blocks"] = [*words, *blocks]
        message["text"] = message["text"] or text
        if arguments.get("metadata") is not None:
            message["metadata"] = arguments["metadata"]
        if any(task["status"] == "in_progress" for plan in message["plan"] for task in plan["tasks"]):
            raise Refused("peer_would_show_an_open_task_as_failed")
        self.streams[arguments["ts"]] = "stopped"
        self.sessions[(arguments["channel"], message["thread_ts"])] = arguments.get("session_status") or "active"
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _streaming(self, arguments: Answer) -> dict[str, Any]:
        if self.streams.get(arguments["ts"]) != "streaming":
            raise Refused("message_not_in_streaming_state")
        return self.message(arguments["channel"], arguments["ts"])

    def _feed(self, message: dict[str, Any], arguments: Answer) -> None:
        text = message["text"] + (arguments.get("markdown_text") or "")
        for chunk in arguments.get("chunks") or ():
            match chunk["type"]:
                case "markdown_text":
                    text += chunk["text"]
                case "plan_update":
                    _short(chunk["title"])
                    for plan in message["plan"]:
                        plan["title"] = chunk["title"]
                case "task_update":
                    _show_task(message["plan"], chunk)
                case _:
                    raise Refused("invalid_chunks")
        if len(text) > MARKDOWN_CHARS:
            raise Refused("msg_too_long")
        message["text"] = text
        if self.tells_tasks:
            message["blocks"] = [dict(plan) for plan in message["plan"]]

    # -------------------------------------------------------------- statuses and sessions
    def on_assistant_threads_set_status(self, arguments: Answer) -> Answer:
        if len(arguments.get("loading_messages") or ()) > 10:
            raise Refused("invalid_arguments")
        self.statuses.append(arguments)
        shown = " ".join([arguments["status"], *(arguments.get("loading_messages") or ())])
        self.standing[(arguments["channel_id"], arguments["thread_ts"])] = shown
        return {}

    def on_agents_sessions_set_status(self, arguments: Answer) -> Answer:
        if arguments["status"] not in SESSION_STATES:
            raise Refused("invalid_status")
        if arguments["channel_id"] not in self.messages:
            raise Refused("channel_not_found")
        self.sessions[(arguments["channel_id"], arguments["thread_ts"])] = arguments["status"]
        return {"status": arguments["status"]}

    def on_assistant_threads_set_title(self, arguments: Answer) -> Answer:
        if not arguments.get("title") or not arguments.get("thread_ts"):
            raise Refused("invalid_arguments")
        return {}

    def on_agents_sessions_rename(self, arguments: Answer) -> Answer:
        if not 1 <= len(arguments["title"]) <= SESSION_TITLE_CHARS:
            raise Refused("invalid_title")
        if (arguments["channel_id"], arguments.get("thread_ts")) not in self.sessions:
            raise Refused("session_not_found")
        return {"title": arguments["title"]}

    # -------------------------------------------------------------- of the stand-in
    def said_by_bot(self) -> dict[str, Any]:
        """Return a new message of the bot's without words."""
        raise NotImplementedError

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        """Return one of the bot's messages."""
        raise NotImplementedError


def _short(text: str) -> None:
    if not 1 <= len(text) <= CHUNK_CHARS:
        raise Refused("invalid_chunks")


def _source(source: Any) -> dict[str, Any]:
    if not isinstance(source, dict) or set(source) != {"type", "url", "text"} or source["type"] != "url":
        raise Refused("invalid_chunks")
    if not source["url"].startswith(("http://", "https://")) or not source["text"]:
        raise Refused("invalid_chunks")
    return source


def _show_task(plans: list[dict[str, Any]], chunk: dict[str, Any]) -> None:
    _short(chunk["title"])
    if chunk["status"] not in TASK_STATES or not plans:
        raise Refused("invalid_chunks")
    card = {"type": "task_card", "task_id": chunk["id"], "title": chunk["title"], "status": chunk["status"]}
    if "sources" in chunk:
        card["sources"] = [_source(one) for one in chunk["sources"]]
    others = [one for one in plans[0]["tasks"] if one["task_id"] != chunk["id"]]
    at = next((at for at, one in enumerate(plans[0]["tasks"]) if one["task_id"] == chunk["id"]), len(others))
    plans[0]["tasks"] = [*others[:at], card, *others[at:]]
