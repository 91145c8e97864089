"""Write one draft and judge it: read the request, gather sources, decide the recipients, write, check.

Nothing here asks a language model: a template engine writes, and it is labelled so. Nothing is stored or sent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from assistant.jobs import Job
from assistant.mail.draft import DraftWarning, EmailDraft, Language, placeholders_of
from workers.by_rules import read_options
from workers.context import JobContext
from workers.jobs.email_draft.about import About, read_about, split_about
from workers.jobs.email_draft.checks import Grounds, Problem, validate_draft
from workers.jobs.email_draft.dates import Contradiction, contradictions, relative_days, wrong_weekdays
from workers.jobs.email_draft.earlier_mail import FOUND, Earlier, find_earlier
from workers.jobs.email_draft.enclosures import Enclosures, enclose
from workers.jobs.email_draft.fact_sources import with_facts
from workers.jobs.email_draft.frame import Frame, frame_of, usual_tone
from workers.jobs.email_draft.material import Material, Source, gather, says_confidential
from workers.jobs.email_draft.names import NamePattern
from workers.jobs.email_draft.offline import one_line, write
from workers.jobs.email_draft.policies import PolicyQuote, policy_answers, policy_quote
from workers.jobs.email_draft.recipients import Addressed, Directory, address, is_external
from workers.jobs.email_draft.request import Wish, read_request, split_pasted
from workers.jobs.email_draft.schema import EmailOptions
from workers.jobs.email_draft.setting import Setting, Written

HISTORY_TURNS = 6  # of the conversation: minutes and answers that the draft may lean on
WHOM_AND_WHAT = "Whom shall I write to, and what should the e-mail say?"
WHOM = "Who should get this e-mail?"
WHAT = "What should the e-mail say?"


@dataclass(frozen=True)
class _Plan:
    """Everything the draft is written from."""

    wish: Wish
    directory: Directory
    material: Material
    addressed: Addressed
    enclosures: Enclosures
    policies: Sequence[PolicyQuote]  # quoted in the mail: looked up, or of the answer that it is about
    answers: Mapping[str, Sequence[PolicyQuote]]  # by question
    withdrawn: int  # quotes of that answer that the asker may not read any more
    outsiders: Collection[str]  # addresses
    disagreements: Sequence[Contradiction]
    left_out: Sequence[str]  # titles of confidential sources
    earlier: Earlier  # what the asker's mailbox was searched for
    language: Language
    frame: Frame


@dataclass(frozen=True)
class Composed:
    """A draft with what it was made from and what its check found."""

    draft: EmailDraft
    grounds: Grounds
    problems: Sequence[Problem]
    orders_dropped: int  # paragraphs of the sources that tried to give orders
    lacks_items: bool  # action items were asked for, and there are none
    files: Mapping[str, bytes]  # attachments by file id
    words: str  # the request, without what was pasted
    greeted: Sequence[str]  # names, or addresses, of those under To
    searched: str  # what came of looking into the asker's mailbox, in a sentence; empty when nobody looked
    frame: Frame  # what stands around the text
    sources: Sequence[Source]  # what may be told to whoever gets it: confidential ones are left out


def compose(job: Job, context: JobContext) -> Composed:
    """Return the draft and the verdict on it, before anything is stored."""
    plan = _plan(job, context)
    context.check(job)
    context.report("writing", "writing the draft")
    with context.stopwatch.stage("model"):  # the templates do what a model would
        written = write(plan.wish, plan.material, _setting(job, plan))
    draft = _draft(job, context, plan, written)
    context.report("checking", "checking recipients and facts")
    grounds = _grounds(job, plan)
    with context.stopwatch.stage("validation"):
        problems = validate_draft(draft, grounds)
    return Composed(
        draft=_with_problems(draft, problems),
        grounds=grounds,
        problems=problems,
        orders_dropped=plan.material.orders_dropped,
        lacks_items="action item" in plan.wish.words.lower() and written.found_items == 0,
        files=plan.enclosures.data,
        words=plan.wish.words,
        greeted=[box.name or box.address for box in plan.addressed.to],
        searched=plan.earlier.said,
        frame=plan.frame,
        sources=[*plan.material.sources, *_quoted_policies(plan)],
    )


def _quoted_policies(plan: _Plan) -> list[Source]:
    quotes = [*plan.policies, *(one for found in plan.answers.values() for one in found)]
    return [Source(one.ref, one.title, one.quote, document_id=one.document_id) for one in quotes]


def _plan(job: Job, context: JobContext) -> _Plan:
    options = read_options(job, EmailOptions)
    mention = job.mention
    request = options.request or mention.text
    answer_file, came = split_about(mention.attachments)
    context.report("reading", f"reading the request and {len(mention.attachments)} file(s)")
    turns = context.history.recent_turns(job.conversation_id, before_job=job.id, limit=HISTORY_TURNS)
    words, pasted = split_pasted(request)
    with context.stopwatch.stage("retrieval"):
        brings_mail = bool(pasted) or any(one.name.lower().endswith(".eml") for one in came)
        earlier = Earlier() if brings_mail else find_earlier(job, context, words, options.earlier)
        found = (FOUND, earlier.data) if earlier.data else None
        said = [turn.text for turn in turns]
        material = gather(came, context.files, pasted=pasted, history=said, found=found)
        about = read_about(job, context, answer_file) if answer_file else None
    boxes = [box for message in material.messages for box in message.everybody]
    directory = Directory(context.people.everybody(mention.conversation.tenant), boxes, mention.asker)
    names = NamePattern(directory.known_names())
    wish = read_request(
        request,
        options,
        names,
        has_thread=bool(material.messages),
        usual_tone=usual_tone(job),
    )
    if about is not None and wish.subject is None:
        wish = replace(wish, subject=about.topic)
    addressed = address(wish, directory, material.messages, material.attendees)
    policies = _policies(job, context, wish, about)
    is_outside = any(is_external(box.address, directory.domain) for box in addressed.everybody)
    secret = [source for source in material.sources if source.is_confidential] if is_outside else []
    answers = _policy_answers(job, context, wish, addressed)
    if is_outside:
        closed = [one for found in (policies, *answers.values()) for one in found if one.is_restricted]
        secret += [Source(one.ref, one.title, one.quote, is_confidential=True) for one in closed]
        policies = [one for one in policies if one not in closed]
        answers = {text: [one for one in found if one not in closed] for text, found in answers.items()}
    if secret:
        material = material.without_confidential()
    enclosures = enclose(wish, came, context.files, left_out=[one.title for one in secret])
    asked = Source("request", "your request", wish.words)
    language = wish.language or _set_language(job) or wish.words_language
    return _Plan(
        wish=wish,
        directory=directory,
        material=material,
        addressed=addressed,
        enclosures=enclosures,
        policies=policies,
        answers=answers,
        withdrawn=about.withdrawn if about else 0,
        outsiders={box.address for box in boxes if is_external(box.address, directory.domain)},
        disagreements=contradictions([*material.sources, asked]),
        earlier=earlier,
        left_out=[(one.author and f"{one.title} ({one.author})") or one.title for one in secret],
        language=language,
        frame=frame_of(job, words, language=language, tone=wish.tone),
    )


def _set_language(job: Job) -> Language | None:
    """Return the language set for the channel or by the asker, where the templates know it."""
    return next((code for code in get_args(Language) if code == job.mention.manner.language), None)


def _policies(job: Job, context: JobContext, wish: Wish, about: About | None) -> list[PolicyQuote]:
    """Return what the mail quotes of policies: the answer it is about, or what a look-up finds where one is asked."""
    if about is not None:
        return [one for one in about.quotes if not says_confidential(one.quote)]
    if not wish.wants_policy:
        return []
    found = policy_quote(job, context, " ".join(act.text for act in wish.acts) or wish.words)
    return [found] if found else []


def _policy_answers(
    job: Job, context: JobContext, wish: Wish, addressed: Addressed
) -> dict[str, Sequence[PolicyQuote]]:
    about = addressed.answered.subject if addressed.answered else ""
    asked = [act.text for act in wish.acts if act.kind == "question"]
    found = {text: policy_answers(job, context, text, about) for text in asked}
    return {text: [one for one in quotes if not says_confidential(one.quote)] for text, quotes in found.items()}


def _setting(job: Job, plan: _Plan) -> Setting:
    doubtful = [day for one in plan.disagreements for day in one.days if day not in plan.wish.words]
    return Setting(
        language=plan.language,
        tone=plan.wish.tone,
        to=plan.addressed.to,
        unresolved=plan.addressed.unresolved,
        answered=plan.addressed.answered,
        frame=plan.frame,
        attachments=[one.name for one in plan.enclosures.attachments],
        contradictory=doubtful,
        policy=[(one.ref, one.title, one.quote) for one in plan.policies],
        answers={text: [(one.ref, one.title, one.quote) for one in found] for text, found in plan.answers.items()},
        outsiders=plan.outsiders,
        asker=job.mention.asker.email or "",
    )


def _draft(job: Job, context: JobContext, plan: _Plan, written: Written) -> EmailDraft:
    addressed, answered = plan.addressed, plan.addressed.answered
    references = answered.references if answered else ()
    own_id = answered.message_id if answered else None
    question = _question(plan, written)
    draft = EmailDraft(
        id=f"d_{job.id.hex[:12]}",
        subject=one_line(written.subject),
        to=tuple(box.address for box in addressed.to),
        cc=tuple(box.address for box in addressed.cc),
        bcc=tuple(box.address for box in addressed.bcc),
        in_reply_to=own_id,
        references=tuple(dict.fromkeys((*references, *([own_id] if own_id else [])))),
        body=written.body,
        language=plan.language,
        tone=plan.wish.tone,
        length=plan.wish.length,
        placeholders=placeholders_of(written.subject, written.body),
        attachments=plan.enclosures.attachments,
        warnings=tuple(_warnings(context, plan, written)),
        question=question,
        asks_for="message" if question and question == plan.earlier.question else _asks_for(question),
    )
    told = [*plan.material.sources, *_quoted_policies(plan)]
    return with_facts(draft, written.sources, told, request="\n".join([plan.wish.words, *plan.wish.answers]))


def _asks_for(question: str | None) -> Literal["recipient", "purpose"] | None:
    if question is None:
        return None
    return "purpose" if question in (WHAT, WHOM_AND_WHAT) else "recipient"


def _question(plan: _Plan, written: Written) -> str | None:
    """Return the one question whose answer the draft can't do without; a name that is unclear comes first."""
    if plan.earlier.question:
        return plan.earlier.question
    if plan.addressed.question:
        return plan.addressed.question
    has_purpose = bool(plan.wish.acts) or len(written.sources) > 0 or plan.addressed.answered is not None
    if plan.addressed.to:
        return None if has_purpose else WHAT
    return WHOM if has_purpose else WHOM_AND_WHAT


def _warnings(context: JobContext, plan: _Plan, written: Written) -> list[DraftWarning]:
    warnings = list(plan.addressed.warnings)
    if plan.withdrawn:
        text = f"Left out: {plan.withdrawn} of the answer's quotes, which you can't open, or not any more."
        warnings.append(DraftWarning(code="unsupported_fact", text=text))
    if plan.left_out:
        text = (
            f"Left out, because it is confidential and the e-mail goes outside: "
            f"{', '.join(dict.fromkeys(plan.left_out))}."
        )
        warnings.append(DraftWarning(code="confidential_external", text=text))
    is_outside = any(is_external(box.address, plan.directory.domain) for box in plan.addressed.everybody)
    if is_outside and says_confidential(plan.wish.words):
        text = "Your own words call something confidential, and the e-mail goes outside. They are in the draft."
        warnings.append(DraftWarning(code="confidential_external", text=text))
    warnings += [DraftWarning(code="missing_attachment", text=text) for text in plan.enclosures.missing]
    answered = plan.addressed.answered
    if (
        answered
        and not answered.attachments
        and re.search(r"\b(?:find|see|is|are) (?:\w+ )?attached\b", answered.text)
    ):
        text = (
            f"{answered.sender.name or answered.sender.address} mentions an attachment, but none came with the "
            f"message."
        )
        warnings.append(DraftWarning(code="missing_attachment", text=text))
    warnings += [DraftWarning(code="unsupported_fact", text=one.said) for one in plan.disagreements]
    said = wrong_weekdays(written.body, context.today.date())
    warnings += [DraftWarning(code="unsupported_fact", text=text) for text in said]
    moving = relative_days(written.body)
    if moving:
        text = f"Depends on when it is read: {', '.join(f'“{one}”' for one in moving)}. A date is safer."
        warnings.append(DraftWarning(code="relative_date", text=text))
    return list(dict.fromkeys(warnings))


def _grounds(job: Job, plan: _Plan) -> Grounds:
    asker = job.mention.asker
    texts = [plan.wish.words, *plan.wish.answers, *(source.text for source in plan.material.sources)]
    texts += [f"{source.title}. {source.author}" for source in plan.material.sources]
    texts += plan.frame.grounds
    texts += [asker.name or "", *(box.name for box in plan.addressed.everybody), *plan.addressed.unresolved]
    texts += [one.name for one in plan.enclosures.attachments]
    texts += [message.subject for message in plan.material.messages]
    texts += [text for one in plan.policies for text in (one.quote, one.title)]
    texts += [text for found in plan.answers.values() for one in found for text in (one.quote, one.title)]
    options = job.mention.options
    texts.append(str(options.get("subject") or ""))
    ids = {one for message in plan.material.messages for one in (*message.references, message.message_id) if one}
    return Grounds(
        texts=[text for text in texts if text],
        recipients={box.address for box in plan.addressed.everybody},
        message_ids=ids,
        file_ids={one.file_id for one in plan.enclosures.attachments},
    )


def _with_problems(draft: EmailDraft, problems: Sequence[Problem]) -> EmailDraft:
    found = tuple(DraftWarning(code="unsupported_fact", text=f"Please check: {one.text}.") for one in problems)
    return draft.model_copy(update={"warnings": (*draft.warnings, *found)})
