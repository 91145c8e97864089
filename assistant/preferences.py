"""How Steward behaves in one channel, and towards one person: what their owners set, and what it makes of a mention.

The same on every platform. Settings narrow (kinds, spaces) or colour (tone, language) an answer; none of them lets
anybody read more than their groups allow (assistant/access.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime, Field

from assistant.errors import NotPermitted
from assistant.frozen import Stored
from assistant.job_kinds import JOB_KINDS, JobKind
from assistant.mail.draft import LANGUAGES, Language
from assistant.mail.style import from_shown, shown
from assistant.manner import LanguageCode, MailStyle, Manner, Tone, style_in
from assistant.mentions import Audience, Mention

MAX_SIGNATURE_CHARS = 120
CHANNEL_FIELDS = {  # of ChannelSettings, as a change of it is told
    "kinds": "what may be asked",
    "groups": "groups",
    "spaces": "document spaces",
    "tone": "tone",
    "language": "language",
    "answers_without_mention": "answers without a mention",
    "owners": "owners",
    "handoff": "whom “Ask a human” calls",
}


class ChannelSettings(Stored):
    """How Steward behaves in one channel. Stored: add fields with a default, never rename one."""

    kinds: tuple[str, ...] = tuple(JOB_KINDS)  # job kinds that may run here
    groups: tuple[str, ...] = ()  # what everyone in the channel may read, beside what the whole company may
    spaces: tuple[str, ...] = ()  # answers come from these document spaces alone; empty: from all
    tone: Tone = "neutral"
    language: LanguageCode | None = None  # of answers; None: as the question
    answers_without_mention: bool = False  # every message that ends in a question mark is a question
    owners: tuple[str, ...] = ()  # user ids that may edit this; empty: the platform's admins
    handoff: str | None = None  # the user group or person that "Ask a human" calls


class PersonSettings(Stored):
    """What one person wants. Stored: add fields with a default, never rename one."""

    tone: Tone = "neutral"  # where only they read the answer; in a channel the channel's holds
    language: LanguageCode | None = None
    signature: str = Field("", max_length=MAX_SIGNATURE_CHARS)  # under e-mail drafts; empty: their name
    private_answers: bool = False  # a question asked in a channel is answered to them alone
    tell_when_done: bool = True  # a message of its own when work took longer than a minute
    # Their consent: how they write is learned from what they save or send after this. None: not at all.
    learns_mail_style_since: AwareDatetime | None = None
    mail_styles: tuple[MailStyle, ...] = ()  # learned, or written by themselves; at most one a language

    @property
    def learns_mail_style(self) -> bool:
        """True while they let it be learned how they begin and end e-mails."""
        return self.learns_mail_style_since is not None

    def mail_style(self, language: Language) -> MailStyle:
        """Return how they write in this language; an empty style when nothing is known."""
        return style_in(self.mail_styles, language)

    @property
    def styles_to_edit(self) -> dict[Language, str]:
        """What a form shows of how they write, by language: all that is known, and a blank one to begin with.

        Nothing without consent: there is nothing then.
        """
        if not self.learns_mail_style:
            return {}
        own: Language = next((code for code in LANGUAGES if code == self.language), "en")
        known = {code: self.mail_style(code) for code in LANGUAGES}
        return {
            code: "" if style.is_empty else shown(style)
            for code, style in known.items()
            if code == own or not style.is_empty
        }

    def with_mail_style(self, style: MailStyle) -> PersonSettings:
        """Return the settings with this style for its language; an empty one takes the former away."""
        others = [one for one in self.mail_styles if one.language != style.language]
        return self.model_copy(update={"mail_styles": (*others, *([] if style.is_empty else [style]))})

    def with_style_form(self, learns: bool, written: Mapping[Language, str], *, now: datetime) -> PersonSettings:
        """Return the settings as a form left them: `written` has the text of each style that the form showed.

        Taking the consent back forgets what was learned. What they wrote or emptied by hand holds until drafts saved
        from now on say otherwise: those of before would only bring the old style back.

        Raises:
            RequestInvalid: a text can't be read as a style.
        """
        if not learns:
            return self.model_copy(update={"learns_mail_style_since": None, "mail_styles": ()})
        changed = self
        for language, text in written.items():
            changed = changed.with_mail_style(from_shown(language, text))
        is_same = all(changed.mail_style(one) == self.mail_style(one) for one in LANGUAGES)
        since = self.learns_mail_style_since if is_same else None
        return changed.model_copy(update={"learns_mail_style_since": since or now})


def with_preferences(mention: Mention, channel: ChannelSettings, person: PersonSettings) -> Mention:
    """Return the mention with what was set for its channel and its asker; what it carried before is replaced."""
    is_private = mention.audience is Audience.ASKER
    manner = Manner(
        tone=person.tone if is_private else channel.tone,
        language=person.language if is_private else channel.language,
        signature=person.signature,
        mail_styles=person.mail_styles,
    )
    return mention.model_copy(update={"spaces": channel.spaces, "manner": manner})


def check_kind(kind: JobKind, channel: ChannelSettings) -> None:
    """Refuse a kind that the channel's owners switched off, and say what may be asked instead.

    Raises:
        NotPermitted: it is switched off in this channel.
    """
    if kind.name in channel.kinds:
        return
    allowed = [JOB_KINDS[name].title.lower() for name in channel.kinds if name in JOB_KINDS]
    instead = f"Here you can ask for: {', '.join(allowed)}. " if allowed else "Nothing is switched on here. "
    raise NotPermitted(
        f"{kind.name} is off in the channel",
        reply=f"{kind.title} is switched off in this channel. {instead}In a direct message I can do more.",
    )
