"""Requests that another site makes a browser send are refused; our own and Slack's pass."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from bot.platforms.web.guard import Guard


def client(*, loopback_only: bool = True, public_url: str | None = None) -> TestClient:
    app = FastAPI()

    @app.post("/sign-out")
    @app.post("/slack/events")
    @app.get("/")
    def answer() -> str:
        return "done"

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    app.add_middleware(Guard, public_url=public_url, loopback_only=loopback_only, unguarded=("/slack/",))
    return TestClient(app, base_url="http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://127.0.0.1:8080"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),  # no browser: it carries nobody's cookie
    ],
)
def test_a_post_counts_only_from_our_own_page(headers: dict[str, str], status: int) -> None:
    assert client().post("/sign-out", headers=headers).status_code == status


def test_slack_is_left_to_its_signature() -> None:
    assert client().post("/slack/events", headers={"Origin": "https://evil.example"}).status_code == 200


def test_a_name_that_was_pointed_at_this_machine_is_refused_in_the_demo() -> None:
    rebound = {"Host": "evil.example:8080"}

    assert client().get("/", headers=rebound).status_code == 403
    assert client(loopback_only=False).get("/", headers=rebound).status_code == 200


def test_behind_a_proxy_the_public_address_is_ours() -> None:
    headers = {"Origin": "https://steward.example", "Host": "10.0.0.7"}
    assert (
        client(loopback_only=False, public_url="https://steward.example")
        .post("/sign-out", headers=headers)
        .status_code
        == 200
    )


def test_a_live_connection_from_another_site_is_refused() -> None:
    with client().websocket_connect("/live", headers={"Origin": "http://127.0.0.1:8080", "Host": "127.0.0.1:8080"}):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect("/live", headers={"Origin": "https://evil.example", "Host": "127.0.0.1:8080"}),
    ):
        pass


def test_browsers_are_told_to_load_nothing_from_elsewhere() -> None:
    headers = client().get("/").headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
