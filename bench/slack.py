"""How fast a mention is acknowledged and its placeholder stands, against a bare Bolt app that only posts one.

Both run in processes of their own on uvicorn, one after the other, against the same stand-in for Slack's Web API
(tests/peers/slack_peer.py, in this process). Acknowledged: the event's HTTP answer. Placeholder: chat.postMessage
has come to the stand-in. Events are signed and sent at a fixed rate, from a fixed number of people,
each of whom has asked once before.

    steward bench slack [--rates 1,50] [--seconds 10]

The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from assistant.settings import child_environment
from tests.peers.serving import Running
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, SlackPeer

PEOPLE = 40
READY_SECONDS = 30.0
GOAL_RATIO, GOAL_MS = 1.5, 300.0  # placeholder p95 against bare Bolt, and by itself at 50 events/s

BARE = """
import sys
import uvicorn
from fastapi import FastAPI, Request
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

bolt = AsyncApp(client=AsyncWebClient(token=sys.argv[2], base_url=sys.argv[3]), signing_secret=sys.argv[4])
handler = AsyncSlackRequestHandler(bolt)
app = FastAPI()

@bolt.event("app_mention")
async def mentioned(event, client):
    metadata = {"event_type": "bare", "event_payload": {"key": event["ts"]}}
    await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="Working on it ...",
                                  metadata=metadata, unfurl_links=False, unfurl_media=False)

@app.post("/slack/events")
async def events(request: Request):
    return await handler.handle(request)

@app.get("/healthz")
async def healthz():
    return {}

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
"""


class Timed(SlackPeer):
    """A stand-in that notes when the placeholder of a thread came."""

    def __init__(self) -> None:
        super().__init__()
        self.posted_at: dict[str, float] = {}

    def on_chat_post_message(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Note the time, and post."""
        self.posted_at.setdefault(str(arguments.get("thread_ts")), time.perf_counter())
        return super().on_chat_post_message(arguments)


def main(argv: list[str] | None = None) -> int:
    """Measure and print; 0 when the goals are met."""
    parser = argparse.ArgumentParser(
        prog="steward bench slack", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--rates", default="1,50", help="events a second, comma-separated")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each rate is held")
    arguments = parser.parse_args(argv)
    found = measure([float(rate) for rate in arguments.rates.split(",")], arguments.seconds, {})
    met = all(_goal(found, rate) for rate in found["steward"])
    _print(found)
    verdict = "met" if met else "missed"
    print(f"goal: placeholder p95 within {GOAL_RATIO} × bare Bolt, and under {GOAL_MS:.0f} ms: {verdict}")
    print(json.dumps({"runs": found, "goals_met": met}))
    return 0 if met else 1


def measure(rates: Sequence[float], seconds: float, settings: Mapping[str, str]) -> dict[str, Any]:
    """Return what both took at each rate, with these settings for Steward's bot (its database, its broker)."""
    peer = Timed()
    with Running(peer.app()) as server, tempfile.TemporaryDirectory() as folder:
        peer.url = server.url
        return {name: _measure(name, peer, Path(folder), rates, seconds, settings) for name in ("bare", "steward")}


def _measure(
    name: str, peer: Timed, folder: Path, rates: Sequence[float], seconds: float, settings: Mapping[str, str]
) -> dict[str, Any]:
    port = _free_port()
    api = f"{peer.url}/api/"
    environment = child_environment(
        STEWARD_DATA=str(folder / name),
        SLACK_BOT_TOKEN=TOKEN,
        SLACK_SIGNING_SECRET=SECRET,
        SLACK_API_URL=api,
        PORT=str(port),
        LOG_LEVEL="error",
        PER_PERSON_PER_MINUTE="100000",
        PER_TENANT_PER_MINUTE="100000",
        **settings,
    )
    if name == "bare":
        command = [sys.executable, "-c", BARE, str(port), TOKEN, api, SECRET]
        environment.pop("SLACK_BOT_TOKEN")
    else:
        command = [sys.executable, "-m", "assistant.commands", "bot"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        return asyncio.run(_drive(f"http://127.0.0.1:{port}", name, peer, rates, seconds))
    finally:
        process.terminate()
        process.wait(20)


async def _drive(url: str, name: str, peer: Timed, rates: Sequence[float], seconds: float) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=httpx.Limits(max_connections=200)) as client:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                if (await client.get("/healthz")).status_code == 200:
                    break
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
        await _hold(client, f"{name}-warm", 20.0, PEOPLE / 20.0, peer)  # each person once: who they are is known
        return {f"{rate:g}/s": await _hold(client, f"{name}-{rate:g}", rate, seconds, peer) for rate in rates}


async def _hold(client: httpx.AsyncClient, name: str, rate: float, seconds: float, peer: Timed) -> dict[str, Any]:
    began = time.perf_counter()
    tasks = []
    for number in range(max(1, int(rate * seconds))):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(_ask(client, f"{name}.{number}", number, peer)))
    results = await asyncio.gather(*tasks)
    acknowledged = [one[0] for one in results if one]
    placed = [one[1] for one in results if one and one[1] is not None]
    return {
        "events": len(tasks),
        "failed": len(tasks) - len(placed),
        "acknowledged_ms": _percentiles(acknowledged),
        "placeholder_ms": _percentiles(placed),
    }


async def _ask(client: httpx.AsyncClient, ts: str, number: int, peer: Timed) -> tuple[float, float | None] | None:
    body = payload("app_mention", ts=ts, user=f"U{number % PEOPLE:04d}", outer={"event_id": f"Ev{ts}"})
    request = signed(json.dumps(body).encode())
    began = time.perf_counter()
    response = await client.post("/slack/events", **request)
    acknowledged = time.perf_counter()
    if response.status_code != 200:
        return None
    for _ in range(2_000):
        if ts in peer.posted_at:
            break
        await asyncio.sleep(0.01)  # the time itself is noted by the stand-in
    posted = peer.posted_at.get(ts)
    return (acknowledged - began) * 1000, None if posted is None else (posted - began) * 1000


def _percentiles(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"p50": values[0] if values else 0.0, "p95": values[0] if values else 0.0, "p99": 0.0}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)}


def _goal(found: dict[str, Any], rate: str) -> bool:
    own, bare = found["steward"][rate], found["bare"][rate]
    p95 = own["placeholder_ms"]["p95"]
    return not own["failed"] and p95 <= GOAL_RATIO * bare["placeholder_ms"]["p95"] and p95 <= GOAL_MS


def _print(found: dict[str, Any]) -> None:
    print(f"{'':8} {'rate':>6} {'events':>7} {'failed':>7}   {'acknowledged ms (p50/p95/p99)':<32} placeholder ms")
    for name, rates in found.items():
        for rate, run in rates.items():
            spans = [
                "{p50:.1f} / {p95:.1f} / {p99:.1f}".format(**run[key])
                for key in ("acknowledged_ms", "placeholder_ms")
            ]
            print(f"{name:8} {rate:>6} {run['events']:>7} {run['failed']:>7}   {spans[0]:<32} {spans[1]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
