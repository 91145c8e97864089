"""Find earlier e-mails in a mailbox that IMAP reaches: in the inbox and, where it has one, the archive.

Nothing is marked as read, and nothing is kept: what is found lives as long as the job that looks.
"""

from __future__ import annotations

from email import policy
from typing import Any

from imap_tools import AND

from assistant.mail.imap import ImapLogin, open_mailbox
from assistant.mail.imap_folders import ARCHIVE, existing_folder
from assistant.mail.port import MailQuery

MOST_FOUND = 12
MOST_BYTES = 5_000_000  # of one message


class ImapSearch:
    """Looks into one person's mailbox."""

    def __init__(self, login: ImapLogin) -> None:
        self._login = login

    def search(self, query: MailQuery) -> list[bytes]:
        """Return the messages of that sender with these words in the subject, else in the text; newest last."""
        with open_mailbox(self._login) as box:
            archive = existing_folder(box, ARCHIVE)
            folders = ["INBOX", *([archive] if archive else [])]
            for place in ("subject", "text") if query.words else ("subject",):
                found = [data for folder in folders for data in _in_folder(box, folder, query, place)]
                if found:
                    return found[-MOST_FOUND:]
        return []


def _in_folder(box: Any, folder: str, query: MailQuery, place: str) -> list[bytes]:
    box.folder.set(folder, readonly=True)
    words = list(query.words) or None
    criteria = AND(
        from_=query.sender,
        size_lt=MOST_BYTES,
        subject=words if place == "subject" else None,
        text=words if place == "text" else None,
    )
    uids = box.uids(criteria, charset="US-ASCII" if str(criteria).isascii() else "UTF-8")[-MOST_FOUND:]
    if not uids:
        return []
    return [one.obj.as_bytes(policy=policy.SMTP) for one in box.fetch(AND(uid=uids), mark_seen=False)]
