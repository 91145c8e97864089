"""The app package, and the command that makes it and checks the connection."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from assistant.errors import SettingsInvalid
from assistant.settings import Settings, load_settings
from bot.platforms.teams.command import examine
from bot.platforms.teams.icons import color_icon, outline_icon
from bot.platforms.teams.package import build_package, manifest
from tests.peers.teams_bot import TeamsBot, teams_settings
from tests.peers.teams_peer import APP_ID, TeamsPeer

READY = {"app_id": APP_ID, "app_type": "MultiTenant", "public_url": "https://steward.example.com/"}


def test_the_package_holds_a_manifest_and_both_icons() -> None:
    packed = build_package(load_settings({}, **READY), name="Ada")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        made = json.loads(archive.read("manifest.json"))
        named = {made["icons"]["color"], made["icons"]["outline"]}

        assert archive.testzip() is None
        assert named < set(archive.namelist())
    assert made["name"]["short"] == "Ada"
    assert made["bots"][0]["botId"] == made["id"] == APP_ID
    assert made["validDomains"] == ["steward.example.com"]
    assert packed == build_package(load_settings({}, **READY), name="Ada")


def test_texts_of_the_manifest_fit_the_schema() -> None:
    made = manifest(load_settings({}, **READY), name="A name that is far too long for a Teams app, by half")
    commands = made["bots"][0]["commandLists"][0]["commands"] + made["composeExtensions"][0]["commands"]

    assert len(made["name"]["short"]) <= 30
    assert len(made["description"]["short"]) <= 80
    assert len(made["description"]["full"]) <= 4_000
    assert len(made["bots"][0]["commandLists"][0]["commands"]) <= 10
    assert all(len(one["title"]) <= 32 and len(one["description"]) <= 128 for one in commands)
    assert made["version"].count(".") == 2


def test_reading_threads_is_asked_for_only_when_wanted() -> None:
    modest = manifest(load_settings({}, **READY))
    curious = manifest(load_settings({}, **READY), reads_threads=True)

    assert "authorization" not in modest
    assert curious["authorization"]["permissions"]["resourceSpecific"][0]["type"] == "Application"


@pytest.mark.parametrize(
    "fields",
    [
        {"app_id": None},
        {"app_id": "not-a-guid"},
        {"public_url": None},
        {"public_url": "http://steward.example.com"},
    ],
)
def test_there_is_no_package_without_an_id_and_an_address(fields: dict[str, str | None]) -> None:
    with pytest.raises(SettingsInvalid):
        manifest(load_settings({}, **{**READY, **fields}))


@pytest.mark.parametrize(("draw", "size"), [(color_icon, 192), (outline_icon, 32)])
def test_icons_are_png_of_the_size_teams_wants(draw: Callable[[], bytes], size: int) -> None:
    icon = draw()
    width, height, depth, color = struct.unpack(">IIBB", icon[16:26])
    start = icon.index(b"IDAT") + 4
    pixels = zlib.decompress(icon[start : icon.index(b"IEND") - 8])

    assert icon.startswith(b"\x89PNG\r\n\x1a\n")
    assert (width, height, depth, color) == (size, size, 8, 6)
    assert len(pixels) == size * (size * 4 + 1)


def test_the_outline_is_white_on_nothing() -> None:
    icon = outline_icon()
    pixels = zlib.decompress(icon[icon.index(b"IDAT") + 4 : icon.index(b"IEND") - 8])
    rows = [pixels[row * 129 + 1 : (row + 1) * 129] for row in range(32)]
    seen = [row[column * 4 : column * 4 + 4] for row in rows for column in range(32)]

    assert any(pixel[3] == 255 for pixel in seen)
    assert seen[0][3] == 0
    assert all(pixel[:3] == b"\xff\xff\xff" for pixel in seen if pixel[3])


async def checks(settings: Settings, http: httpx.AsyncClient) -> dict[str, bool]:
    return {check.subject: check.is_fine async for check in examine(settings, http)}


async def test_the_doctor_sees_a_bot_that_works(bot: TeamsBot) -> None:
    class Both(httpx.AsyncBaseTransport):
        """What goes to the public address reaches the bot, the rest the peer."""

        def __init__(self) -> None:
            self.bot, self.out = httpx.ASGITransport(app=bot.app), httpx.AsyncHTTPTransport()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            chosen = self.bot if request.url.host == "steward.example.com" else self.out
            return await chosen.handle_async_request(request)

    async with httpx.AsyncClient(transport=Both()) as http:
        seen = await checks(bot.settings, http)

    assert seen == {"registration": True, "public address": True, "signing keys": True, "login": True}


async def test_the_doctor_names_what_is_wrong(embedded_settings: Settings, peer: TeamsPeer) -> None:
    peer.keys_are_up = False
    settings = teams_settings(embedded_settings, peer, app_password="wrong", public_url="http://intranet")
    async with httpx.AsyncClient() as http:
        seen = await checks(settings, http)

    assert seen == {"registration": True, "public address": False, "signing keys": False, "login": False}


def test_the_command_writes_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.platforms.teams.command import main

    monkeypatch.setenv("APP_ID", APP_ID)
    monkeypatch.setenv("APP_TYPE", "MultiTenant")
    monkeypatch.setenv("PUBLIC_URL", "https://steward.example.com")

    assert main(["package", str(tmp_path / "steward.zip")]) == 0
    assert zipfile.is_zipfile(tmp_path / "steward.zip")
    assert main(["package", str(tmp_path / "no" / "folder.zip")]) == 1
