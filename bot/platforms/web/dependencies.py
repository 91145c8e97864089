"""What the web page is built from, handed in by bot/main.py."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.mail_desk import MailDesk
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.minutes_quality import MinutesQuality
from assistant.storage.people_store import PeopleStore
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.quality_store import QualityStore
from bot.drafts import DraftDesk
from bot.feedback import FeedbackDesk
from bot.intake import Intake
from bot.minutes import MinutesDesk
from bot.minutes_library import MinutesLibrary
from bot.platforms.web.reader import Documents
from bot.platforms.web.suggestions import Suggestion


@dataclass(frozen=True, slots=True)
class WebDependencies:
    """Stores and settings; everything here is safe to call from several threads."""

    settings: Settings
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
    library: MinutesLibrary
    mail: MailDesk
    documents: Documents
    quality: QualityStore
    minutes_quality: MinutesQuality
    suggestions: tuple[Suggestion, ...] = ()  # shown in an empty conversation; none: what each job kind is for
