"""Where somebody's clock stands, by what the directory says of them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from assistant.time_zones import zone_named, zone_of_profile


@pytest.mark.parametrize(
    ("profile", "zone"),
    [
        ({"time_zone": "Asia/Tokyo", "office": "Berlin"}, "Asia/Tokyo"),
        ({"office": "Lisbon office"}, "Europe/Lisbon"),
        ({"time_zone": "Nowhere/Land", "office": "New York"}, "America/New_York"),
    ],
)
def test_a_profile_names_its_zone_or_its_office(profile: dict[str, Any], zone: str) -> None:
    assert str(zone_of_profile(profile)) == zone


@pytest.mark.parametrize("profile", [{}, {"office": "Remote"}, {"time_zone": 7}])
def test_where_nothing_is_known_it_is_utc(profile: dict[str, Any]) -> None:
    assert zone_of_profile(profile) is UTC


@pytest.mark.parametrize("name", ["", None, "../../etc/passwd", "/etc/localtime", "Europe", "No\x00pe", "x" * 9000])
def test_what_is_no_zone_is_none(name: str | None) -> None:
    assert zone_named(name) is None
