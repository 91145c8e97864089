"""Gather a meeting's decisions: what was voted on, what was called decided, and what was proposed and accepted.

Each matter is listed once; a vote says more than a word in passing, and a word more than a nod. What only resembles a
decision is in extract_unsure.py.
"""

from collections.abc import Sequence

from workers.jobs.meeting_summary.extract_accepted import find_accepted
from workers.jobs.meeting_summary.extract_motions import find_motions, outcome_of
from workers.jobs.meeting_summary.extract_settled import Settled, find_settled
from workers.jobs.meeting_summary.extract_units import Unit


def find_decisions(sentences: Sequence[Unit]) -> list[Settled]:
    """Return the decisions in spoken order, none where nothing was worded so that it can be shown."""
    voted = frozenset(number for number, unit in enumerate(sentences) if outcome_of(unit) is not None)
    found = find_motions(sentences)
    for source in (find_settled(sentences, votes=voted), find_accepted(sentences)):
        taken = {number for entry in found for number in entry.proof}
        found += [entry for entry in source if not taken & {*entry.proof}]
    return sorted(found, key=lambda entry: entry.best)
