"""The keys that sign sessions and encrypt tokens at rest: from the settings, or from a file made at first start.

STEWARD_SECRET_KEYS wins (newest first: the first key signs, all of them verify). Without it, a key is made once
in STEWARD_DATA, readable by its owner only, and shared by every process that uses the same folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from assistant.errors import SettingsInvalid
from assistant.settings import Settings

KEY_FILE = "secret.key"
KEY_BYTES = 32  # what Fernet wants


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys as url-safe base64 text, newest first; at least one.

    Raises:
        SettingsInvalid: STEWARD_SECRET_KEYS holds no key, or the key file cannot be written or read.
    """
    if settings.steward_secret_keys is not None:
        keys = tuple(key.strip() for key in settings.steward_secret_keys.get_secret_value().split(",") if key.strip())
        if not keys:
            raise SettingsInvalid("STEWARD_SECRET_KEYS is set but holds no key.")
        return keys
    return (_key_in(settings.steward_data / KEY_FILE),)


def derived_key(key: str, purpose: str) -> bytes:
    """Return a key of its own for one purpose, so that what signs sessions never encrypts tokens."""
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).digest()


def sealing_box(settings: Settings, purpose: str) -> MultiFernet:
    """Return what encrypts for this purpose with the newest key and decrypts with any of them.

    Raises:
        SettingsInvalid: as `secret_keys`.
    """
    keys = (derived_key(key, purpose) for key in secret_keys(settings))
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])


def _key_in(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        try:
            os.link(draft, path)  # fails when another process was first: its key is everyone's key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsInvalid(f"The key file {path} can't be made or read: {error.strerror}.") from error
