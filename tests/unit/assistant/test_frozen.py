"""What is kept is read by the version before, and what people write is held to what is known."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from assistant.frozen import Frozen
from assistant.mentions import Mention
from assistant.replies import Paragraph, Reply
from tests.factories import make_mention


class Options(Frozen):
    limit: int = 1


def test_a_question_from_a_newer_bot_is_read_without_what_is_not_known_yet() -> None:
    mention = make_mention()
    kept = mention.model_dump(mode="json")
    kept |= {"mood": "curious", "asker": kept["asker"] | {"pronouns": "they"}}

    assert Mention.model_validate(kept) == mention


def test_a_reply_from_a_newer_worker_is_shown_without_what_is_not_known_yet() -> None:
    kept = Reply(text="25 days.", blocks=(Paragraph(markdown="25 days."),)).model_dump(mode="json")
    kept["blocks"][0]["colour"] = "green"

    assert Reply.model_validate(kept).blocks == (Paragraph(markdown="25 days."),)


def test_an_option_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ValidationError):
        Options.model_validate({"limt": 5})
