"""`steward slack manifest | doctor | rotate`: make the app's manifest, and tell what is wrong with its settings.

The doctor asks Slack itself: token, scopes, signing secret and socket, each with what to do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from assistant import exit_codes
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.slack_store import SlackStore
from bot.platforms.slack.doctor import examine
from bot.platforms.slack.doctor_inside import Finding
from bot.platforms.slack.manifest import differences, make_manifest


def main(argv: list[str]) -> int:
    """Run `steward slack`."""
    parser = argparse.ArgumentParser(prog="steward slack", description="Connect Slack, and find out what is wrong.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    commands = parser.add_subparsers(dest="command", required=True)
    manifest = commands.add_parser("manifest", help="print the app's manifest for Slack's “create an app” page")
    manifest.add_argument("--url", help="where people reach this server (PUBLIC_URL)")
    manifest.add_argument("--socket-mode", action="store_true", help="for a server that nobody can reach")
    doctor = commands.add_parser("doctor", help="check token, scopes, secret and socket with Slack")
    doctor.add_argument(
        "--manifest", type=Path, metavar="FILE", help="the app's manifest as Slack shows it: checked as well"
    )
    commands.add_parser("rotate", help="encrypt kept tokens again with the newest of STEWARD_SECRET_KEYS")
    arguments = parser.parse_args(argv)
    settings = load_settings(steward_data=arguments.data)
    match arguments.command:
        case "manifest":
            url = arguments.url or settings.public_url or "https://steward.example.com"
            made = make_manifest(url, socket_mode=arguments.socket_mode)
            print(json.dumps(made, indent=2, ensure_ascii=False))
            return exit_codes.SUCCESS
        case "rotate":
            engine = open_engine(settings.database)
            print(f"{SlackStore(engine, settings).rotate()} installations encrypted with the newest key.")
            engine.dispose()
            return exit_codes.SUCCESS
    findings = asyncio.run(examine(settings))
    if arguments.manifest is not None:
        findings += app_findings(arguments.manifest, settings)
    for finding in findings:
        print(f"{finding.state:<4}  {finding.subject:<14}  {finding.text}")
    failed = any(finding.state == "fail" for finding in findings)
    return exit_codes.FAILURE if failed else exit_codes.SUCCESS


def app_findings(file: Path, settings: Settings) -> list[Finding]:
    """Return how the app at Slack differs from what this server needs, by its manifest in JSON."""
    try:
        at_slack = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        return [Finding("manifest", "fail", f"{file}: {error}; copy it from App Manifest › JSON")]
    wanted = make_manifest(settings.base_url, socket_mode=settings.slack_app_token is not None)
    rotates = settings.slack_client_id is not None  # a token from the settings must not end
    found = differences(at_slack, wanted, may_rotate=rotates)
    if not found:
        return [Finding("manifest", "ok", "the app is as this server needs it")]
    return [Finding("manifest", "fail", one) for one in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
