"""The transcript of the meeting a question was asked in, as a file that comes with the question.

The connector knows the meeting's organizer and Graph id; Graph has the transcript (OnlineMeetingTranscript.Read.All
with an application access policy, or OnlineMeetingTranscript.Read.Chat granted for the one chat).
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, tzinfo

import structlog

from assistant.errors import NothingFound, NotPermitted, RequestInvalid, StewardError
from assistant.mentions import Attachment
from assistant.storage.blob_store import BlobStore
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.graph import GraphClient, segment
from bot.platforms.teams.parse import tenant_of
from bot.platforms.teams.wire import TeamsActivity, text_at

log = structlog.get_logger()

PATIENCE_SECONDS = 9.0
VTT = "text/vtt"
MAX_TITLE_CHARS = 120
_NO_NAME = re.compile(r"[\x00-\x1f/\\]+")  # no part of a file's name


class MeetingTranscripts:
    """Finds transcripts."""

    def __init__(self, client: ConnectorClient, graph: GraphClient, blobs: BlobStore) -> None:
        self._client = client
        self._graph = graph
        self._blobs = blobs

    async def fetch(self, activity: TeamsActivity, zone: tzinfo) -> Attachment | None:
        """Return the newest transcript of the activity's meeting, kept; None outside of meetings.

        It is named by the meeting's title and its day on the clock of `zone`: the file itself says neither, and
        "by Friday" means a day only with the meeting's.

        Raises:
            RequestInvalid: the meeting has none, or we may not read it; `reply` says what to do.
        """
        meeting = text_at(activity.channel_data, "meeting", "id")
        if meeting is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                name, data = await self._newest(activity, meeting, zone)
        except NotPermitted as error:
            raise RequestInvalid(
                str(error),
                reply="I may not read this meeting's transcript. Ask your administrator to allow it, or send me the "
                "transcript as a file.",
            ) from error
        except NothingFound as error:
            raise RequestInvalid(
                str(error),
                reply="This meeting has no transcript yet. Switch transcription on, or send me one as a file.",
            ) from error
        except (TimeoutError, StewardError) as error:
            raise RequestInvalid(
                f"the transcript did not arrive: {type(error).__name__}",
                reply="I couldn't fetch this meeting's transcript just now. Please try again, or send it as a file.",
            ) from error
        sha256 = await asyncio.to_thread(self._blobs.store, data)
        log.info("teams.transcript_kept", size_bytes=len(data))
        return Attachment(name=name, media_type=VTT, size_bytes=len(data), location=f"blob:{sha256}")

    async def _newest(self, activity: TeamsActivity, meeting: str, zone: tzinfo) -> tuple[str, bytes]:
        details = await self._client.meeting(activity.service_url, meeting)
        graph_id = text_at(details, "details", "msGraphResourceId")
        organizer = text_at(details, "organizer", "aadObjectId")
        if graph_id is None or organizer is None:
            raise NothingFound("the connector names no organizer or no Graph id of the meeting")
        tenant = tenant_of(activity)
        base = f"/users/{segment(organizer)}/onlineMeetings/{segment(graph_id)}/transcripts"
        transcripts = await self._graph.pages(tenant, base)
        known = [one for one in transcripts if text_at(one, "id")]
        if not known:
            raise NothingFound("the meeting has no transcript")
        newest = max(known, key=lambda one: text_at(one, "createdDateTime") or "")
        data = await self._graph.text(tenant, f"{base}/{segment(newest['id'])}/content", **{"$format": VTT})
        return _name(text_at(details, "details", "title"), text_at(newest, "createdDateTime"), zone), data


def _name(title: str | None, created: str | None, zone: tzinfo) -> str:
    """Return "2026-11-24 Budget round.vtt", without what isn't known."""
    try:
        began = datetime.fromisoformat(created) if created else None
    except ValueError:
        began = None
    day = f"{began.astimezone(zone):%Y-%m-%d}" if began is not None and began.tzinfo is not None else ""
    words = " ".join(_NO_NAME.sub(" ", title or "").split())[:MAX_TITLE_CHARS].strip() or "transcript"
    return f"{day} {words}.vtt".strip()
