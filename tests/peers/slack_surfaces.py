"""What the stand-in for Slack has beside messages: modals and Home, suggested prompts, reactions, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.peers.slack_judge import Refused, judge_blocks

Answer = dict[str, Any]


class SurfaceMethods:
    """Mixed into the stand-in, in whose channels files are shared."""

    url: str
    tokens: set[str]
    file_tokens: set[str]
    messages: dict[str, list[dict[str, Any]]]
    numbers: Iterator[int]

    def __init__(self) -> None:
        self.views: list[Answer] = []
        self.prompts: list[Answer] = []
        self.uploads: list[Answer] = []
        self.pending: dict[str, Answer] = {}  # files with an address, not yet shared

    def on_assistant_threads_set_suggested_prompts(self, arguments: Answer) -> Answer:
        prompts = arguments["prompts"]
        if not 1 <= len(prompts) <= 4 or any(set(one) != {"title", "message"} for one in prompts):
            raise Refused("invalid_prompts")
        self.prompts.append(arguments)
        return {}

    def on_reactions_add(self, _: Answer) -> Answer:
        return {}

    def on_views_open(self, arguments: Answer) -> Answer:
        if not arguments.get("trigger_id"):
            raise Refused("invalid_trigger_id")
        return self._view(arguments, "modal")

    def on_views_publish(self, arguments: Answer) -> Answer:
        return self._view(arguments, "home")

    def _view(self, arguments: Answer, kind: str) -> Answer:
        view = arguments["view"]
        if view["type"] != kind or len(json.dumps(view.get("private_metadata", ""))) > 3_002:
            raise Refused("invalid_view")
        for name in ("title", "submit", "close") if kind == "modal" else ():
            if name in view and not 1 <= len(view[name]["text"]) <= 24:
                raise Refused(f"invalid_{name}")
        judge_blocks(view["blocks"], most=100)
        self.views.append(arguments)
        return {"view": {"id": f"V{len(self.views)}", **view}}

    def on_files_info(self, arguments: Answer) -> Answer:
        if not self.tokens & self.file_tokens:
            raise Refused("missing_scope")
        return {"file": {"id": arguments["file"]}}

    def on_files_get_upload_url_external(self, arguments: Answer) -> Answer:
        if int(arguments["length"]) <= 0:
            raise Refused("invalid_length")
        if len(arguments.get("alt_txt") or "") > 1_000:
            raise Refused("alt_txt_too_large")
        file_id = f"F{next(self.numbers)}"
        self.pending[file_id] = {"id": file_id, "name": arguments["filename"], "alt_txt": arguments.get("alt_txt")}
        return {"upload_url": f"{self.url}/upload/{file_id}", "file_id": file_id}

    def on_files_complete_upload_external(self, arguments: Answer) -> Answer:
        files = arguments["files"]
        files = json.loads(files) if isinstance(files, str) else files
        sent = {one["id"] for one in self.uploads if "bytes" in one}
        if not {one["id"] for one in files} <= sent & set(self.pending):
            raise Refused("file_not_found")
        self.uploads.append({"complete": files, **arguments})
        if channel := arguments.get("channel_id"):
            shared = [{**self.pending.pop(one["id"]), "title": one.get("title")} for one in files]
            message = {**self.said_by_bot(), "text": "", "files": shared}
            thread = {"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {}
            self.messages.setdefault(channel, []).append({**message, **thread})
        return {"files": files}

    def said_by_bot(self) -> dict[str, Any]:
        """Return a new message of the bot's without words."""
        raise NotImplementedError
