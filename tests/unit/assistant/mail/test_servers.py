"""Addresses of mail servers in the settings."""

from __future__ import annotations

import pytest

from assistant.errors import SettingsInvalid
from assistant.mail.servers import read_server
from assistant.settings import load_settings


def test_an_address_says_place_and_encryption() -> None:
    server = read_server("imap+starttls://mail.example.com", "imap")

    assert (server.host, server.port, server.security) == ("mail.example.com", 143, "starttls")
    assert read_server("smtps://mail.example.com:2465", "smtp").port == 2465


@pytest.mark.parametrize(
    "url",
    ["imap://mail.example.com", "imap://10.0.0.8", "smtps://mail.example.com", "mail.example.com", "imaps://x:port"],
)
def test_an_address_that_is_wrong_or_would_send_passwords_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalid):
        read_server(url, "imap")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"email_channels": "imap"}, "EMAIL_IMAP_URL"),
        ({"email_channels": "graph"}, "EMAIL_MICROSOFT_CLIENT_ID"),
        ({"email_channels": "gmail"}, "EMAIL_GOOGLE_CLIENT_ID"),
        ({"email_channels": "pop3"}, "pop3"),
        ({"email_channels": "imap", "email_imap_url": "imap://mail.example.com"}, "in the clear"),
    ],
)
def test_a_channel_without_what_it_needs_is_told_at_start_up(values: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsInvalid, match=named):
        load_settings({}, **values)
