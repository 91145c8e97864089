"""Read the policy answer that an e-mail is to be about, and keep of it what its asker may still read.

The file says which passages were quoted. What may be said is decided here and now: a passage that these groups
can't read (any more), or that doesn't hold the quote, is left out, and one that isn't open to the whole company is
marked, so that it stays behind when the e-mail goes outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from assistant.access import readable_groups
from assistant.errors import RequestInvalid
from assistant.jobs import Job
from assistant.knowledge.chunks import Chunk
from assistant.mail.about import ABOUT_TYPE, AboutAnswer
from assistant.mentions import Attachment
from assistant.replies import Citation
from workers.context import JobContext
from workers.jobs.email_draft.policies import PolicyQuote, quote_of
from workers.validation.injection import is_order, strip_invisible


@dataclass(frozen=True, slots=True)
class About:
    """What the e-mail is about."""

    topic: str  # the question, as a subject
    quotes: Sequence[PolicyQuote]
    withdrawn: int  # quotes that the asker may not read any more, or that are gone


def split_about(attachments: Sequence[Attachment]) -> tuple[Attachment | None, tuple[Attachment, ...]]:
    """Return the answer among the files, if there is one, and the asker's own files."""
    found = next((one for one in attachments if one.media_type == ABOUT_TYPE), None)
    return found, tuple(one for one in attachments if one.media_type != ABOUT_TYPE)


def read_about(job: Job, context: JobContext, file: Attachment) -> About:
    """Return what the answer says, as far as whoever drafts may read it.

    Raises:
        RequestInvalid: the file is no answer of ours.
    """
    try:
        answer = AboutAnswer.model_validate_json(context.files.read(file))
    except ValidationError as error:
        raise RequestInvalid(f"{file.name}: no answer", reply=f"I can't read {file.name} as an answer.") from error
    cited = {(one.chunk_id, one.quote): one for claim in answer.claims for one in claim.citations}
    groups = readable_groups(job.mention)
    quotes = [_quote(context, citation, groups) for citation in cited.values()]
    kept = [one for one in quotes if one is not None]
    return About(" ".join(answer.question.split()).rstrip(" ?!."), kept, len(quotes) - len(kept))


def _quote(context: JobContext, citation: Citation, groups: tuple[str, ...]) -> PolicyQuote | None:
    chunk = _chunk(context, citation, groups)
    text = strip_invisible(citation.quote)
    if chunk is None or is_order(text) or _plain(text) not in _plain(strip_invisible(chunk.text)):
        return None
    return quote_of(chunk, text)


def _chunk(context: JobContext, citation: Citation, groups: tuple[str, ...]) -> Chunk | None:
    try:
        near = context.knowledge.read(citation.document_id, groups=groups, around_chunk=citation.chunk_id)
    except ValueError:  # not a document's id: the answer quoted something else
        return None
    return next((one for one in near if str(one.id) == citation.chunk_id), None)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
