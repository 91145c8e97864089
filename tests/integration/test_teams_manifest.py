"""The app package's manifest before Microsoft's own validator."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.settings import load_settings
from bot.platforms.teams.package import manifest
from tests.peers.teams_peer import APP_ID

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"
SCRIPT = ROOT / "tests" / "peers" / "validate_manifest.cjs"
READY = {"app_id": APP_ID, "app_type": "MultiTenant", "public_url": "https://steward.example.com"}

pytestmark = pytest.mark.playground


@pytest.fixture(autouse=True)
def _needs_the_validator(missing: Callable[[str, object], None]) -> None:
    if shutil.which("node") is None or not (MODULES / "@microsoft" / "app-manifest").exists():
        missing("@microsoft/app-manifest", "run `make test-playground`")


def problems(made: dict[str, Any]) -> list[str]:
    command = ["node", str(SCRIPT), str(MODULES)]
    judged = subprocess.run(command, input=json.dumps(made), capture_output=True, text=True, check=True, timeout=60)
    return list(json.loads(judged.stdout))


@pytest.mark.parametrize("reads_threads", [False, True])
def test_the_manifest_is_valid(reads_threads: bool) -> None:
    assert problems(manifest(load_settings({}, **READY), reads_threads=reads_threads)) == []


def test_the_validator_sees_what_is_wrong() -> None:
    made = manifest(load_settings({}, **READY))
    made["description"]["short"] = "x" * 81

    assert any("short" in problem for problem in problems(made))
