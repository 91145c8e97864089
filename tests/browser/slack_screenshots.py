"""Take the pictures of Slack's messages for docs/screenshots: `python -m tests.browser.slack_screenshots`.

It starts `steward demo` connected to the stand-in for Slack, sends signed events as the demo company's people would,
and draws what came to the stand-in (block_kit.py). Nothing in the pictures is made up but the people's questions.
"""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from tests.browser.block_kit import draw_page
from tests.browser.running import ROOT, Running, start_demo
from tests.browser.screenshots import save
from tests.browser.visits import CHROMIUM, FLAGS
from tests.peers.serving import Running as Peer
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, SlackPeer

CHANNEL = "C0PLATFORM"
ANSWER_SECONDS = 120.0
PEOPLE = {"MARA": "Mara Lindqvist", "JONAS": "Jonas Weber"}  # of the demo company; Jonas may inspect logs
MEETING = ROOT / "deploy" / "demo" / "meetings" / "2026-11-10-budget-round.teams.vtt"
QUESTIONS = {
    "answer": "How long do I have to hand in my travel expenses?",
    "refusal": "How many moons does Jupiter have?",
    "minutes": "Please write minutes of this meeting.",
    "logs": "Inspect the logs: why is checkout failing since 10:40 Berlin time?",
    "draft": "Draft an e-mail to Tom Becker that the renewal call with Redfern moves to Thursday at 10.",
    "error": "/minutes",
}
LONG = ("minutes", "logs")  # drawn smaller, to stay small files


class Slack:
    """A workspace in which two people ask in direct messages."""

    def __init__(self, peer: SlackPeer, bot: Running) -> None:
        self.peer = peer
        self._bot = bot

    def mention(self, name: str, text: str) -> str:
        """Ask in a channel and return the question's ts."""
        ts = f"17900{len(self.peer.calls):05d}.{len(name):06d}"
        changes = {"ts": ts, "event_ts": ts, "channel": CHANNEL, "user": f"U0{asker(name)}"}
        body = payload("app_mention", outer={"event_id": f"Ev{name}"}, text=f"<@U0STEWARD> {text}", **changes)
        self._send(body)
        return ts

    def ask(self, name: str, text: str, file: Path | None = None) -> str:
        """Send a direct message and return its ts."""
        ts = f"17900{len(self.peer.calls):05d}.{len(name):06d}"
        changes: dict[str, Any] = {"ts": ts, "event_ts": ts, "text": text}
        changes |= {"channel": f"D0{asker(name)}", "user": f"U0{asker(name)}"}
        kind = "message_im"
        if file is not None:
            kind = "message_file"
            self.peer.files[file.name] = file.read_bytes()
            url = f"{self.peer.url}/files/{file.name}"
            shared = payload(kind, self.peer.url)["event"]["files"][0]
            named = {"name": file.name, "title": file.name, "mimetype": "text/vtt", "size": file.stat().st_size}
            changes["files"] = [{**shared, **named, "url_private": url, "url_private_download": url}]
        self._send(payload(kind, self.peer.url, outer={"event_id": f"Ev{name}"}, **changes))
        return ts

    def _send(self, body: dict[str, Any]) -> None:
        answer = httpx.post(f"{self._bot.url}/slack/events", timeout=30, **signed(json.dumps(body).encode()))
        answer.raise_for_status()

    def said(self, ts: str) -> list[dict[str, Any]]:
        """Return what stands in the thread."""
        places = [CHANNEL, *(f"D0{person}" for person in PEOPLE)]
        return [message for place in places for message in self.peer.said(place, ts)]

    def wait(self, ts: str, is_there: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Return the thread as soon as it is as wanted."""
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            found = json.loads(json.dumps(self.said(ts)))
            if is_there(found):
                return list(found)
            time.sleep(0.02)
        raise TimeoutError(f"{ts}: {self.said(ts)}")

    def last_before_the_answer(self, ts: str) -> list[dict[str, Any]]:
        """Return what the placeholder last told of the work."""
        told: list[dict[str, Any]] = []

        def is_over(found: list[dict[str, Any]]) -> bool:
            if found and not is_final(found):
                told[:] = found
            return is_final(found)

        self.wait(ts, is_over)
        return told


def asker(name: str) -> str:
    """Return who asks for this picture."""
    return "JONAS" if name in ("logs", "progress", "stream") else "MARA"


def is_final(messages: list[dict[str, Any]]) -> bool:
    """Return whether the answer stands: no Stop button any more, and no stream that has yet to get its metadata."""
    return bool(messages) and "metadata" in messages[0] and "steward:stop" not in json.dumps(messages[0])


def has_chart(messages: list[dict[str, Any]]) -> bool:
    """Return whether the answer's picture has followed it."""
    return is_final(messages) and "files" in messages[-1]


def collect(slack: Slack) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Ask everything; return the question and the thread by the picture's name."""
    shown: dict[str, tuple[str, list[dict[str, Any]]]] = {}
    slack.wait(slack.ask("warm", "How do I report a lost laptop?"), is_final)
    for name, question in QUESTIONS.items():
        ts = slack.ask(name, question, MEETING if name == "minutes" else None)
        if name == "logs":
            shown["stream"] = (question, slack.last_before_the_answer(ts))
        shown[name] = (question, slack.wait(ts, has_chart if name == "logs" else is_final))
    in_channel = slack.mention("progress", QUESTIONS["logs"])
    shown["progress"] = (QUESTIONS["logs"], slack.last_before_the_answer(in_channel))
    return shown


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        peer = SlackPeer()
        with Peer(peer.app()) as server:
            peer.url = server.url
            for person, full_name in PEOPLE.items():
                email = f"{full_name.lower().replace(' ', '.')}@ottervale.example"
                peer.users[f"U0{person}"] = {"profile": {"email": email, "real_name": full_name}}
            settings = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": f"{peer.url}/api/"}
            running = start_demo(Path(folder), **settings)
            browser: Any = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            try:
                for name, (question, thread) in collect(Slack(peer, running)).items():
                    pictures = {one["id"]: one["bytes"] for one in peer.uploads if "bytes" in one}
                    scale = 1.0 if name in LONG else 1.5
                    page = browser.new_page(viewport={"width": 740, "height": 120}, device_scale_factor=scale)
                    page.set_content(draw_page(PEOPLE[asker(name)], question, thread, pictures))
                    save(page.screenshot(full_page=True), f"slack-{name}", colours=48)
                    page.close()
            finally:
                browser.close()
                running.stop(signal.SIGINT)


if __name__ == "__main__":
    main()
