"""`steward mail`: connect a person's mailbox from a terminal, see who has one, forget it.

steward mail connect PERSON [--user NAME] [--password-file FILE]   asks for the password otherwise
steward mail check PERSON        sign in with what is kept
steward mail list [--json]       who connected what
steward mail disconnect PERSON   forget account and secrets
steward mail rotate              encrypt kept accounts again with the newest of STEWARD_SECRET_KEYS

Microsoft 365 and Gmail are connected by their owner's consent, on the web page under Settings.
"""

from __future__ import annotations

import argparse
import json
from getpass import getpass
from pathlib import Path

from assistant import exit_codes
from assistant.errors import NothingFound, RequestInvalid
from assistant.mail.sign_in import check_account
from assistant.mail_desk import MailDesk
from assistant.mentions import LOCAL_TENANT, Person
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.mail_store import MailStore
from assistant.storage.people_store import PeopleStore


def main(argv: list[str]) -> int:
    """Run one `steward mail` command and return its exit code."""
    arguments = _parser().parse_args(argv)
    settings = load_settings(steward_data=arguments.data)
    engine = open_engine(settings.database, pool_size=1)
    try:
        return _run(arguments, settings, MailStore(engine, settings), PeopleStore(engine))
    finally:
        engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="steward mail", description="Connect people's mailboxes, and forget them.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    commands = parser.add_subparsers(dest="command", required=True)
    connect = commands.add_parser("connect", help="try a log-in and keep it, encrypted")
    connect.add_argument("--user", default="", help="name for the log-in, where it isn't the address")
    connect.add_argument("--password-file", type=Path, metavar="FILE", help="file with the password")
    check = commands.add_parser("check", help="sign in with what is kept")
    disconnect = commands.add_parser("disconnect", help="forget account and secrets")
    for command in (connect, check, disconnect):
        command.add_argument("person", metavar="PERSON", help="id, address or name in the directory")
    commands.add_parser("list", help="who connected what").add_argument("--json", action="store_true")
    commands.add_parser("rotate", help="encrypt kept accounts again with the newest of STEWARD_SECRET_KEYS")
    return parser


def _run(arguments: argparse.Namespace, settings: Settings, store: MailStore, people: PeopleStore) -> int:
    desk = MailDesk(settings, store)
    match arguments.command:
        case "list":
            _list(store, as_json=arguments.json)
        case "rotate":
            print(f"{store.rotate()} accounts encrypted with the newest key.")
        case "connect":
            person = _person(people, arguments.person)
            desk.connect_by_password(
                LOCAL_TENANT, person, password=_password(arguments.password_file), user=arguments.user
            )
            print(f"Connected: {desk.standing(LOCAL_TENANT, person)}.")
        case "check":
            person = _person(people, arguments.person)
            account = store.account(LOCAL_TENANT, person.id)
            if account is None:
                raise NothingFound("no account", reply=f"{person.name} has connected no mailbox.")
            check_account(settings, account)
            print(f"{account.described}: the log-in works.")
        case "disconnect":
            gone = desk.disconnect(LOCAL_TENANT, _person(people, arguments.person))
            print("Forgotten." if gone else "There was nothing to forget.")
    return exit_codes.SUCCESS


def _list(store: MailStore, *, as_json: bool) -> None:
    found = store.connected()
    if as_json:
        rows = [
            {"tenant": one.tenant, "person": one.person_id, "channel": one.channel, "address": one.address}
            for one in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for one in found:
        print(f"{one.tenant}  {one.person_id}  {one.channel:<5}  {one.address}  since {one.created_at:%Y-%m-%d}")
    if not found:
        print("Nobody has connected a mailbox.")


def _person(people: PeopleStore, wanted: str) -> Person:
    found = people.find(LOCAL_TENANT, wanted)
    if not found:
        raise NothingFound(f"nobody is called {wanted}", reply=f"The directory knows nobody called {wanted}.")
    if len(found) > 1:
        raise RequestInvalid("several people", reply=f"Several people fit {wanted}: give the id or the address.")
    return found[0]


def _password(file: Path | None) -> str:
    if file is None:
        return getpass("Password of the mailbox: ")
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise RequestInvalid(f"{file}: {error}", reply=f"{file} can't be read: {error.strerror}.") from error
