"""Our stand-in for Slack with somebody else's memory: messages, threads and files are kept by `emulate` from npm.

emulate (0.12.2, pinned) is a Slack of independent authorship: whether a message is really updated in place, found in
its thread or shared as a file is its word, not ours. The stand-in stays in front and does what emulate lacks: it
judges blocks, checks tokens, injects faults, answers GET requests, and serves streams, the assistant's methods,
users with fixed ids, modals and sockets. docs/connect-slack.md lists the gaps.

Channels have ids of their own there: the first use of one of ours makes one there, and answers speak of ours.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.peers.slack_judge import Refused, judge_message
from tests.peers.slack_peer import BOT_ID, BOT_USER, Answer, SlackPeer

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "node_modules" / "emulate"  # npm install --no-save emulate@0.12.2 puts it there
START_SECONDS = 30


def why_missing() -> str | None:
    """Return what is not installed, or None."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    return None if (PACKAGE / "package.json").exists() else "run `npm install --no-save emulate@0.12.2`"


@contextlib.contextmanager
def emulate() -> Iterator[str]:
    """Run emulate's Slack and return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(__file__).with_name("emulate_slack.mjs")
    with subprocess.Popen(
        ["node", str(program), str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


class EmulatePeer(SlackPeer):
    """A workspace whose messages emulate keeps."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._http = httpx.Client(base_url=f"{address}/api/", headers={"Authorization": "Bearer xoxb-of-emulate"})
        self._there: dict[str, str] = {}  # our channel: theirs
        self._mine = str(self._ask("auth.test", {})["user_id"])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # -------------------------------------------------------------- for tests
    def said(self, channel: str, thread: str | None = None) -> list[dict[str, Any]]:
        """Return the bot's messages as emulate has them, with the streams that only we have."""
        found = [*super().said(channel, thread), *self._kept(channel)]
        return sorted(
            (one for one in found if thread in (None, one.get("thread_ts"))), key=lambda one: str(one["ts"])
        )

    def delete_all(self) -> None:
        """Delete what the bot has said."""
        super().delete_all()
        for channel in self._there:
            for message in self._kept(channel):
                self._ask("chat.delete", {"channel": self._there[channel], "ts": message["ts"]})

    # -------------------------------------------------------------- what emulate keeps
    def on_chat_post_message(self, arguments: Answer) -> Answer:
        judge_message(arguments)
        if arguments.get("unfurl_links") in (None, "1", "true", True):
            raise Refused("peer_wants_unfurl_links_off")
        channel = arguments["channel"]
        names = ("text", "blocks", "metadata", "thread_ts")
        said = {name: arguments[name] for name in names if arguments.get(name)}
        answer = self._ask("chat.postMessage", {"channel": self._channel(channel), **said})
        self.standing.pop((channel, str(arguments.get("thread_ts"))), None)
        return {"channel": channel, "ts": answer["ts"], "message": self._ours(answer["message"])}

    def on_chat_update(self, arguments: Answer) -> Answer:
        if arguments["ts"] in self.streams:
            return super().on_chat_update(arguments)
        judge_message(arguments)
        names = ("ts", "text", "blocks", "metadata")
        said = {name: arguments[name] for name in names if arguments.get(name) is not None}
        answer = self._ask("chat.update", {"channel": self._channel(arguments["channel"]), **said})
        return {"channel": arguments["channel"], "ts": answer["ts"]}

    def on_conversations_history(self, arguments: Answer) -> Answer:
        ours = [one for one in self.messages.get(arguments["channel"], []) if "thread_ts" not in one]
        theirs = [one for one in self._kept(arguments["channel"]) if "thread_ts" not in one]
        return self._page(sorted([*ours, *theirs], key=lambda one: str(one["ts"]), reverse=True), arguments)

    def on_conversations_replies(self, arguments: Answer) -> Answer:
        ts, channel = arguments["ts"], arguments["channel"]
        ours = [one for one in self.messages.get(channel, []) if ts in (one["ts"], one.get("thread_ts"))]
        answer = self._ask("conversations.replies", {"channel": self._channel(channel), "ts": ts})
        found = [*ours, *map(self._ours, answer["messages"])]
        if not found:
            raise Refused("thread_not_found")
        return self._page(sorted(found, key=lambda one: str(one["ts"])), arguments)

    def on_files_get_upload_url_external(self, arguments: Answer) -> Answer:
        answer = self._ask("files.getUploadURLExternal", dict(arguments))
        # emulate reads alt_text where Slack's argument is alt_txt: the words are kept here.
        self.pending[answer["file_id"]] = {"alt_txt": arguments.get("alt_txt")}
        return {"upload_url": f"{self.url}/upload/{answer['file_id']}", "file_id": answer["file_id"]}

    def on_files_complete_upload_external(self, arguments: Answer) -> Answer:
        for upload in self.uploads:
            if "bytes" in upload and upload["id"] in self.pending:
                self._http.post(f"../upload/v1/{upload['id']}", content=upload["bytes"]).raise_for_status()
        theirs = {**arguments, "channel_id": self._channel(arguments["channel_id"])}
        answer = self._ask("files.completeUploadExternal", theirs)
        self.uploads.append({"complete": answer["files"], **arguments})
        return {"files": answer["files"]}

    # -------------------------------------------------------------- speaking with emulate
    def _ask(self, method: str, arguments: Answer) -> Answer:
        answer: Answer = self._http.post(method, json=arguments).raise_for_status().json()
        if not answer.pop("ok"):
            raise Refused(str(answer["error"]))
        return answer

    def _channel(self, channel: str) -> str:
        if channel not in self._there:
            name = f"c-{channel.lower()}-{id(self)}"[:80]
            self._there[channel] = str(self._ask("conversations.create", {"name": name})["channel"]["id"])
        return self._there[channel]

    def _kept(self, channel: str) -> list[dict[str, Any]]:
        if channel not in self._there:
            return []
        there = {"channel": self._there[channel], "limit": 1_000}
        top = self._ask("conversations.history", there)["messages"]
        threads = {str(one.get("thread_ts")) for _, one in self.calls if one.get("thread_ts")}
        replies = [
            message
            for thread in threads
            for message in self._ask("conversations.replies", {**there, "ts": thread})["messages"]
        ]
        found = {one["ts"]: self._ours(one) for one in [*top, *replies]}
        return [
            one for one in found.values() if one["user"] == BOT_USER and one.get("subtype") in (None, "file_share")
        ]

    def _ours(self, message: dict[str, Any]) -> dict[str, Any]:
        files = [
            {**one, "alt_txt": self.pending.get(one["id"], {}).get("alt_txt")} for one in message.get("files") or ()
        ]
        mine = {"user": BOT_USER, "bot_id": BOT_ID} if message["user"] == self._mine else {}
        return {**message, **mine, **({"files": files} if files else {})}
