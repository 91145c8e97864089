"""Which mailbox of an account serves as Drafts or as Sent.

The flag decides (SPECIAL-USE, RFC 6154), whatever the mailbox is called: people rename it, and it is created in their
language. Only where no mailbox has the flag do names count; where no name fits either, the mailbox is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from imap_tools.imap_utf7 import utf7_decode

_LISTED = re.compile(r'\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) "?(?P<name>[^"]+)"?$')


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split(", "))


@dataclass(frozen=True, slots=True)
class FolderUse:
    """What a mailbox is for: its flag, and the names it goes by where servers know no flags (case aside)."""

    flag: str
    name: str  # what it is called when we have to make it
    names: frozenset[str]


DRAFTS = FolderUse(
    r"\Drafts",
    "Drafts",
    _names(
        "drafts, draft, entwürfe, entwurf, brouillons, borradores, rascunhos, bozze, concepten, utkast, kladder, "
        "luonnokset, koncepty, wersje robocze, черновики, 下書き, 草稿"
    ),
)
SENT = FolderUse(
    r"\Sent",
    "Sent",
    _names(
        "sent, sent items, sent messages, sent mail, gesendet, gesendete elemente, gesendete objekte, envoyés, "
        "messages envoyés, éléments envoyés, enviados, elementos enviados, mensagens enviadas, itens enviados, "
        "posta inviata, verzonden, verzonden items, skickat, sendt, отправленные"
    ),
)


ARCHIVE = FolderUse(r"\Archive", "Archive", _names("archive, archiv, archives, archivo, arquivo, all mail"))


def capabilities(box: Any) -> frozenset[str]:
    """Return what the server can do; servers tell more once they know who asks."""
    _, answer = box.client.capability()
    return frozenset(answer[-1].decode("ascii", "replace").upper().split())


def existing_folder(box: Any, use: FolderUse) -> str | None:
    """Return the mailbox that serves this use, or None when there is none."""
    folders = box.folder.list()
    flagged = [one.name for one in folders if _has(one.flags, use.flag)]
    if not flagged and "SPECIAL-USE" in capabilities(box):  # such servers may keep the flags out of a plain LIST
        flagged = _flagged(box, use.flag)
    if flagged:
        return str(min(flagged, key=len))
    named = [
        one.name
        for one in folders
        if not _has(one.flags, r"\Noselect") and one.name.rsplit(one.delim, 1)[-1].casefold() in use.names
    ]
    return str(min(named, key=len)) if named else None


def folder_for(box: Any, use: FolderUse) -> str:
    """Return the mailbox that serves this use; it is made, and subscribed to, where there is none."""
    found = existing_folder(box, use)
    if found is not None:
        return found
    inbox = next((one for one in box.folder.list() if one.name.upper() == "INBOX"), None)
    # Some servers allow mailboxes below INBOX only, and say so by refusing the plain name.
    *plain, last = [use.name, *([f"INBOX{inbox.delim}{use.name}"] if inbox and inbox.delim else [])]
    made = next((name for name in plain if box.client.create(name)[0] == "OK"), None)
    if made is None:
        box.folder.create(last)
    box.folder.subscribe(made or last, True)
    return made or last


def _flagged(box: Any, flag: str) -> list[str]:
    """Ask for the mailboxes with a special use alone (RFC 6154, section 2), which plain LIST may leave out."""
    status, answers = box.client.list('(SPECIAL-USE) ""', '"*"')
    if status != "OK":
        return []
    found = [_LISTED.match(utf7_decode(one)) for one in answers if isinstance(one, bytes)]
    return [one["name"] for one in found if one and _has(tuple(one["flags"].split()), flag)]


def _has(flags: tuple[str, ...], flag: str) -> bool:
    return any(one.casefold() == flag.casefold() for one in flags)
