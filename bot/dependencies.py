"""What a chat platform is built from: one set of stores a process, handed in by bot/main.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.mail_desk import MailDesk
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from bot.drafts import DraftDesk
from bot.feedback import FeedbackDesk
from bot.intake import Intake
from bot.minutes import MinutesDesk

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class BotDependencies:
    """Everything here is safe to call from several threads, and blocks: await it with asyncio.to_thread."""

    settings: Settings
    engine: sa.Engine  # for stores that one platform alone needs
    intake: Intake
    jobs: JobStore
    conversations: ConversationStore
    feedback: FeedbackStore
    feedback_desk: FeedbackDesk
    people: PeopleStore
    preferences: PreferenceStore
    person_data: PersonData
    blobs: BlobStore
    drafts: DraftDesk
    minutes: MinutesDesk
    mail: MailDesk
