"""`steward admin`: the few things an operator does by hand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cryptography.fernet import Fernet

from assistant import exit_codes
from assistant.mentions import LOCAL_TENANT
from assistant.observability import configure_logging
from assistant.people_file import read_people
from assistant.settings import example_env, load_settings
from assistant.storage.database import open_engine
from assistant.storage.draft_store import AuditEntry, DraftStore
from assistant.storage.migrate import current_revision, downgrade, latest_revision, migrate
from assistant.storage.people_store import PeopleStore


def main(argv: list[str]) -> int:
    """Run one of migrate, downgrade, people, drafts, example-env, new-key."""
    parser = argparse.ArgumentParser(prog="steward admin", description="What an operator does by hand.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("migrate", help="bring the database to the newest revision")
    back = actions.add_parser("downgrade", help="take the database back to an older revision")
    back.add_argument("revision")
    people = actions.add_parser("people", help="list people, or import them from a TOML file")
    people.add_argument("what", choices=["list", "import"])
    people.add_argument("file", nargs="?", type=Path)
    people.add_argument("--json", action="store_true")
    drafts = actions.add_parser(
        "drafts", help="the audit log of e-mail drafts: who ordered what, and what came of it"
    )
    drafts.add_argument("--person", metavar="ID", help="of one person alone")
    drafts.add_argument("--limit", type=int, default=50)
    drafts.add_argument("--json", action="store_true")
    actions.add_parser("example-env", help="print deploy/example.env")
    actions.add_parser("new-key", help="print a new key for STEWARD_SECRET_KEYS")
    arguments = parser.parse_args(argv)
    if arguments.action == "example-env":
        print(example_env(), end="")
        return exit_codes.SUCCESS
    if arguments.action == "new-key":
        print(Fernet.generate_key().decode())
        return exit_codes.SUCCESS
    return _with_database(arguments, parser)


def _with_database(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    settings = load_settings(steward_data=arguments.data)
    configure_logging(settings.log_level, settings.log_format)
    engine = open_engine(settings.database)
    if arguments.action == "downgrade":
        downgrade(engine, arguments.revision)
    else:
        migrate(engine)
    if arguments.action in ("migrate", "downgrade"):
        print(f"The database is at {current_revision(engine) or 'no revision'}; newest: {latest_revision()}.")
    elif arguments.action == "drafts":
        _list_orders(DraftStore(engine).recent_orders(arguments.limit, person_id=arguments.person), arguments.json)
    elif arguments.what == "import":
        if arguments.file is None:
            parser.error("people import needs a FILE")
        found = read_people(arguments.file)
        PeopleStore(engine).upsert_all(LOCAL_TENANT, found)
        print(f"{len(found)} people are in the directory.")
    else:
        _list_people(PeopleStore(engine), as_json=arguments.json)
    return exit_codes.SUCCESS


def _list_orders(entries: Sequence[AuditEntry], as_json: bool) -> None:
    """Print one order a line, newest first; the hash is that of the content which was approved."""
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], default=str, ensure_ascii=False))
        return
    for one in entries:
        what = f"{one.action} {one.draft_id} revision {one.revision}"
        print(f"{one.created_at:%Y-%m-%d %H:%M:%S}  {one.person_id:<20} {what:<38} {one.state:<9} {one.content_hash}")


def _list_people(store: PeopleStore, *, as_json: bool) -> None:
    everybody = store.everybody(LOCAL_TENANT)
    if as_json:
        print(json.dumps([person.model_dump(mode="json") for person in everybody], ensure_ascii=False))
        return
    for person in everybody:
        print(f"{person.id:<20} {person.name:<24} {person.role:<9} {', '.join(person.groups)}")
