"""Files on their way from the composer into a question.

The browser gets a signed token for each file it sent, and hands the tokens in with the question. Without the
signature, a person could name the hash of somebody else's file and have it summarised.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from assistant.errors import RequestInvalid
from assistant.frozen import Frozen
from assistant.mentions import Attachment, Person
from bot.platforms.web.session import Signer

TOKEN_SECONDS = 24 * 3600


class _Upload(Frozen):
    person_id: str
    attachment: Attachment


class UploadTokens:
    """Gives tokens out, and takes them back from the same person only."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def token(self, person: Person, attachment: Attachment) -> str:
        """Return the token for a file that this person has just sent."""
        return self._signer.sign(_Upload(person_id=person.id, attachment=attachment).model_dump_json())

    def attachments(self, person: Person, tokens: Iterable[str]) -> tuple[Attachment, ...]:
        """Return the files behind the tokens, in their order.

        Raises:
            RequestInvalid: a token is not ours, too old, or another person's.
        """
        return tuple(self._attachment(person, token) for token in tokens)

    def _attachment(self, person: Person, token: str) -> Attachment:
        text = self._signer.verified(token, max_age_seconds=TOKEN_SECONDS)
        try:
            upload = _Upload.model_validate_json(text or "")
        except ValidationError as error:
            raise RequestInvalid("upload token not ours or too old", reply="Please attach the file again.") from error
        if upload.person_id != person.id:
            raise RequestInvalid("upload token of another person", reply="Please attach the file again.")
        return upload.attachment
