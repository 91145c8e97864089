"""What is known of the lines of a block: found by arrays here, in one compiled pass by scanner.py."""

from typing import NamedTuple

import numpy as np

from workers.logs.learned import Codes, Learned
from workers.logs.line_bytes import LineBytes, Marks, Positions, Words
from workers.logs.line_times import NO_TIME
from workers.logs.signatures import fingerprints
from workers.logs.timestamps import Clock


class Looked(NamedTuple):
    """Something of each line of a block."""

    signatures: Words  # refined where a value decides
    is_refined: Marks
    codes: Codes
    seconds: Positions  # since 1970; NO_TIME where none was found
    by_arrays: Marks  # whose times were not looked for


def looked_by_arrays(learned: Learned, block: LineBytes, _clock: Clock) -> Looked | None:
    """Look at a block without its times; None where its lines can't be told apart."""
    signatures = fingerprints(block)
    if len(signatures) != block.count:
        return None
    refined, codes = learned.codes_of(block, signatures)
    none = np.full(len(codes), NO_TIME, np.int64)
    return Looked(refined, refined != signatures, codes, none, np.ones(len(codes), np.bool_))
