"""What must hold between settings, each of which is fine by itself."""

from __future__ import annotations

from assistant.errors import SettingsInvalid
from assistant.job_kinds import LANES
from assistant.mail.servers import read_server
from assistant.settings.fields import PERSONAL_KINDS, Settings


def check_together(settings: Settings) -> None:
    """Refuse settings that contradict or miss each other.

    Raises:
        SettingsInvalid: which ones, and what to set or unset.
    """
    if settings.slack_bot_token and not (settings.slack_signing_secret or settings.slack_app_token):
        raise SettingsInvalid(
            "SLACK_BOT_TOKEN is set without SLACK_SIGNING_SECRET (HTTP) or SLACK_APP_TOKEN (Socket Mode). "
            "Set one of them, or unset SLACK_BOT_TOKEN."
        )
    if settings.slack_client_id and not (settings.slack_client_secret and settings.slack_signing_secret):
        raise SettingsInvalid("SLACK_CLIENT_ID needs SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET beside it.")
    loopback = settings.host in ("127.0.0.1", "::1", "localhost")
    if settings.teams_local_mode and not loopback:
        raise SettingsInvalid("TEAMS_LOCAL_MODE turns authentication off, so HOST must be loopback.")
    if settings.steward_sign_in == "demo" and not loopback:
        raise SettingsInvalid("STEWARD_SIGN_IN=demo lets anyone be anyone, so HOST must be loopback.")
    if settings.app_id and settings.app_type == "SingleTenant" and not settings.app_tenantid:
        raise SettingsInvalid("APP_TYPE=SingleTenant needs APP_TENANTID.")
    _check_lanes(settings)
    _check_mail(settings)
    unknown = {kind.strip().lower() for kind in settings.steward_log_hidden.split(",")} - {
        *PERSONAL_KINDS,
        "none",
        "",
    }
    if unknown:
        raise SettingsInvalid(
            f"STEWARD_LOG_HIDDEN names {sorted(unknown)[0]!r}; it takes {', '.join(PERSONAL_KINDS)}, or none."
        )
    if settings.qdrant_api_key and not settings.qdrant_url:
        raise SettingsInvalid("QDRANT_API_KEY is set without QDRANT_URL.")


def _check_lanes(settings: Settings) -> None:
    try:
        slots = settings.lane_slots
    except ValueError as error:
        raise SettingsInvalid("WORKER_LANE_SLOTS takes lane=number, several by commas: logs=2,summary=3.") from error
    unknown = sorted({*slots, *settings.process_lanes} - set(LANES))
    if unknown or any(number < 1 for number in slots.values()):
        raise SettingsInvalid(
            f"WORKER_LANE_SLOTS and WORKER_PROCESS_LANES take these lanes: {', '.join(LANES)}. "
            + (f"There is no lane {unknown[0]}." if unknown else "A lane needs at least one slot.")
        )


def _check_mail(settings: Settings) -> None:
    named = {part.strip().lower() for part in settings.email_channels.split(",") if part.strip()}
    if unknown := sorted(named - {"imap", "graph", "gmail"}):
        raise SettingsInvalid(f"EMAIL_CHANNELS takes imap, graph, gmail; there is no {unknown[0]}.")
    if settings.email_imap_url:
        read_server(settings.email_imap_url, "imap")
    if settings.email_smtp_url:
        read_server(settings.email_smtp_url, "smtp")
    provider = settings.email_imap_sign_in if "imap" in named else ""
    if "imap" in named and not settings.email_imap_url:
        raise SettingsInvalid("EMAIL_CHANNELS names imap, so EMAIL_IMAP_URL must say which server.")
    if ("graph" in named or provider == "microsoft") and not settings.email_microsoft_client_id:
        raise SettingsInvalid("Mailboxes at Microsoft need EMAIL_MICROSOFT_CLIENT_ID.")
    if ("gmail" in named or provider == "google") and not settings.email_google_client_id:
        raise SettingsInvalid("Mailboxes at Google need EMAIL_GOOGLE_CLIENT_ID.")
