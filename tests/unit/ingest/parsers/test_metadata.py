"""Labels are known in several words and languages; a date that could be two days is a warning, not a guess."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.parsers.metadata import pairs_in_lines, read_metadata


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-31", date(2026, 3, 31)),
        ("31 March 2026", date(2026, 3, 31)),
        ("March 31, 2026", date(2026, 3, 31)),
        ("31. März 2026", date(2026, 3, 31)),
        ("31.03.2026", date(2026, 3, 31)),
        ("03.04.2026", date(2026, 4, 3)),
    ],
)
def test_a_date_is_read_in_its_usual_forms(text: str, expected: date) -> None:
    assert read_metadata({"Effective from": text}).effective_from == expected


@pytest.mark.parametrize("text", ["03/04/2026", "soon", "March 2026", "2026"])
def test_a_date_that_could_be_several_days_is_a_warning(text: str) -> None:
    metadata = read_metadata({"effective_from": text})

    assert metadata.effective_from is None
    assert text in metadata.warnings[0]


def test_labels_in_one_line_are_told_apart_and_other_colons_are_left_alone() -> None:
    pairs = pairs_in_lines(["Version: 2.1 | Owner: Facilities | Regions: DE, PT", "Note: bring a key"])

    metadata = read_metadata(pairs)
    assert (metadata.version_label, metadata.owner, metadata.regions) == ("2.1", "Facilities", ("DE", "PT"))
    assert "Note" not in pairs


def test_an_owner_and_their_address_stand_together() -> None:
    assert read_metadata({"owner": "HR", "owner_email": "hr@x.test"}).owner == "HR (hr@x.test)"
