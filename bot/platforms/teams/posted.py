"""The handle of a reply in Teams: which messages it became, as JSON that any bot process can go on from."""

from __future__ import annotations

from pydantic import Field, ValidationError

from assistant.errors import NothingFound
from assistant.frozen import Frozen
from bot.platforms.base import Handle
from bot.platforms.teams.parse import Reference


class Posted(Frozen):
    """Which messages say the reply. While `is_stream`, the first one is a stream that has not ended."""

    v: int = 1
    key: str  # the job's id
    reference: Reference
    messages: tuple[str, ...] = Field(min_length=1)  # activity ids, in the order they are read
    is_stream: bool = False


def read_posted(handle: Handle) -> Posted:
    """Read a stored handle.

    Raises:
        NothingFound: it names no message, because none could ever be posted.
    """
    try:
        return Posted.model_validate(dict(handle))
    except ValidationError as error:
        raise NothingFound("the handle is not a Teams message") from error
