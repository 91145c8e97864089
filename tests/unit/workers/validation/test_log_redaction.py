"""Secrets and personal data leave a log line only as placeholders; what an engineer needs stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from assistant.errors import SettingsInvalid
from assistant.settings import PERSONAL_KINDS, load_settings
from workers.validation.log_redaction import LogRedaction, redaction_for

ALL = PERSONAL_KINDS


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("login failed password=hunter2 for ada", "hunter2"),
        ('{"user":"ada","password":"correct horse battery"}', "correct horse"),
        ('body={\\"api_key\\":\\"k-99aa88bb77\\"}', "k-99aa88bb77"),
        ("Authorization: Basic YWRhOmxvdmVsYWNl", "YWRhOmxvdmVsYWNl"),
        ("authorization=Bearer abc.def", "abc.def"),
        ("GET /cb?access_token=ya29x8 HTTP/1.1", "ya29x8"),
        ("Cookie: sid=8f7a6b; theme=dark", "8f7a6b"),
        ("client_secret: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ("connect postgres://app:pa55@db:5432/x", "app:pa55"),
        ("stripe key sk" + "_live_abcdefghij12345", "abcdefghij12345"),
        ("slack said no to xoxb-" + "1234567890abcdef", "1234567890abcdef"),
    ],
)
def test_a_secret_is_hidden_whatever_it_is_written_in(line: str, secret: str) -> None:
    shown = LogRedaction(()).text(line)

    assert secret not in shown
    assert "[secret#1]" in shown


@pytest.mark.parametrize(
    ("line", "value", "placeholder"),
    [
        ("mail to ada.byron@mill.example bounced", "ada.byron@mill.example", "[email#1]"),
        ("mail to ops@mail.corp.local bounced", "ops@mail.corp.local", "[email#1]"),
        ("card 4111 1111 1111 1111 declined", "4111 1111 1111 1111", "[card#1]"),
        ("pan=5555555555554444 declined", "5555555555554444", "[card#1]"),
        ("refund to DE89 3704 0044 0532 0130 00 sent", "DE89 3704 0044 0532 0130 00", "[iban#1]"),
        ("sms to +49 170 1234567 queued", "+49 170 1234567", "[phone#1]"),
        ("client 198.51.100.7 closed", "198.51.100.7", "[ip#1]"),
        ("peer 2001:db8::8a2e:370:7334 reset", "2001:db8::8a2e:370:7334", "[ip#1]"),
        ('user="ada" locked', "ada", "[user#1]"),
    ],
)
def test_personal_data_is_hidden_when_it_is_to_be(line: str, value: str, placeholder: str) -> None:
    shown = LogRedaction(ALL).text(line)

    assert value not in shown
    assert placeholder in shown
    assert LogRedaction(()).text(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-04T10:00:00.123Z ERROR pay: pool exhausted, 40 of 40 connections in use after 5003 ms",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 order 4111111111111112 charged",
        "invalid token: signature mismatch",
        "password reset requested",
        "token=expired",
        "max_tokens=4096 token_type=access",
        "cart 1700000000000000000 at /srv/app/views.py:42",
        "started version 4.18.0 on 10:04:11",
    ],
)
def test_what_an_engineer_needs_stays(line: str) -> None:
    assert LogRedaction(("email", "card", "iban", "phone", "ip")).text(line) == line


def test_private_addresses_stay_where_only_public_ones_are_hidden() -> None:
    redaction = LogRedaction(("public_ip",))

    assert redaction.text("10.0.0.4 asked 8.8.8.8") == "10.0.0.4 asked [ip#1]"


def test_the_same_value_has_the_same_placeholder_and_can_be_searched_for() -> None:
    redaction = LogRedaction(ALL)

    shown = redaction.text("ada@mill.example wrote bob@mill.example, and ada@mill.example again")

    assert shown == "[email#1] wrote [email#2], and [email#1] again"
    assert redaction.restored("from [email#2]") == "from bob@mill.example"


def test_redacting_twice_changes_nothing_and_colours_go() -> None:
    redaction = LogRedaction(ALL)
    once = redaction.text("\x1b[31mERROR\x1b[0m password=hunter2 user=ada@mill.example")

    assert once == "ERROR password=[secret#1] user=[email#1]"
    assert redaction.text(once) == once


def test_every_text_of_an_object_is_hidden_but_the_fields_to_keep() -> None:
    class Found(BaseModel):
        line: str
        file: str
        reasons: tuple[str, ...]

    found = Found(line="to ada@mill.example", file="ada@mill.example.log", reasons=("secret=s3cr3t",))

    shown = LogRedaction(ALL).model(found, keep=frozenset({"file"}))

    assert (shown.line, shown.file, shown.reasons) == (
        "to [email#1]",
        "ada@mill.example.log",
        ("secret=[secret#1]",),
    )


def test_personal_data_is_shown_only_where_every_source_is_declared_clear(tmp_path: Path) -> None:
    settings = load_settings({"STEWARD_LOG_CLEAR_FOLDERS": f"{tmp_path}/test, {tmp_path}/load"})
    line = "to ada@mill.example, password=hunter2"

    clear = redaction_for(settings, [tmp_path / "test" / "a.log", tmp_path / "load"]).text(line)
    mixed = redaction_for(settings, [tmp_path / "test", tmp_path / "production"]).text(line)

    assert clear == "to ada@mill.example, password=[secret#1]"
    assert mixed == "to [email#1], password=[secret#1]"


def test_an_unknown_kind_to_hide_is_told_at_the_start() -> None:
    with pytest.raises(SettingsInvalid, match="shoe_size"):
        load_settings({"STEWARD_LOG_HIDDEN": "email,shoe_size"})
