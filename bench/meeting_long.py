"""An invented meeting of any length, the same every time: for measuring time and memory, not quality."""

from __future__ import annotations

import random

WORDS_A_MINUTE = 167  # 60,000 words in six hours
_PEOPLE = ("Anna Lund", "Ben Sand", "Chloe Marsh", "Dai Rhys")
_OPENINGS = ("We looked at", "I think we should keep", "The team has finished", "Nobody has checked", "We could move")
_THINGS = ("the roof", "the ticket machine", "the parking plan", "the winter timetable", "the supplier contract",
           "the training course", "the safety report", "the new website", "the budget line", "the staff survey")  # fmt: skip  # noqa: E501
_ENDINGS = ("because the last review asked for it", "before the summer starts", "and costs went up by {n} percent",
            "although {n} people wrote to us about it", "so that the {n} stations get the same service")  # fmt: skip
_RARE = ("We have decided to keep {thing} as it is.", "I'll send the figures on {thing} by Friday.",
         "Who is going to pay for {thing}?", "I don't know, that is still open.")  # fmt: skip
RARE_SHARE = 0.01


def long_meeting(*, words: int) -> str:
    """Return a transcript of about so many words as WebVTT with speakers."""
    rng = random.Random(words)
    cues, spoken, number = ["WEBVTT", ""], 0, 0
    while spoken < words:
        if rng.random() < RARE_SHARE:
            line = rng.choice(_RARE).format(thing=rng.choice(_THINGS))
        else:
            ending = rng.choice(_ENDINGS).format(n=rng.randrange(2, 99))
            line = f"{rng.choice(_OPENINGS)} {rng.choice(_THINGS)} with {rng.choice(_THINGS)} {ending}."
        start, spoken, number = spoken * 60 / WORDS_A_MINUTE, spoken + len(line.split()), number + 1
        end = spoken * 60 / WORDS_A_MINUTE
        cues += [str(number), f"{_clock(start)} --> {_clock(end)}", f"<v {rng.choice(_PEOPLE)}>{line}</v>", ""]
    return "\n".join(cues)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:06.3f}"
