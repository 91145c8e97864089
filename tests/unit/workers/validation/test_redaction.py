from __future__ import annotations

import pytest

from workers.validation.redaction import HIDDEN, redact_secrets


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-" + "1234567890-abcdefgh",
        "sk-" + "proj-abcdefghijklmnop1234",
        "ghp_" + "a" * 30,
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "eyJ" + "hbGciOiJIUzI1.eyJzdWIiOiIx.c2lnbmF0dXJl",
    ],
)
def test_keys_and_tokens_are_hidden(secret: str) -> None:
    assert redact_secrets(f"use {secret} here") == f"use {HIDDEN} here"


def test_a_written_out_password_is_hidden() -> None:
    assert redact_secrets("wifi password: Blue42!horse") == f"wifi password: {HIDDEN}"
    assert redact_secrets("https://user:pa55@host/x") == f"https://{HIDDEN}@host/x"


@pytest.mark.parametrize(
    "text",
    [
        "Passwords have at least 14 characters.",
        "Password: ask the help desk",
        "Form HR-12-US",
        "sk-etch",
        "EUR 1,200",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact_secrets(text) == text
