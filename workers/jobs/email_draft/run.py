"""Draft an e-mail: read the request, gather sources, decide the recipients, write, check, offer it as a file.

Nothing here asks a language model, and nothing here can send: a template engine writes, and it is labelled so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from assistant.errors import ModelOutputInvalid
from assistant.jobs import Job, JobResult
from assistant.mail.draft import DraftWarning, EmailDraft, Language, placeholders_of
from assistant.mail.eml import MEDIA_TYPE, eml_of, file_name
from assistant.replies import FileOffer
from workers.by_rules import read_options, receipt_by_rules
from workers.context import JobContext
from workers.jobs.email_draft.checks import Grounds, Problem, validate_draft, verdicts
from workers.jobs.email_draft.dates import Contradiction, contradictions, relative_days, wrong_weekdays
from workers.jobs.email_draft.enclosures import Enclosures, enclose
from workers.jobs.email_draft.material import Material, Source, gather, says_confidential
from workers.jobs.email_draft.names import NamePattern
from workers.jobs.email_draft.offline import ENGINE, Setting, Written, one_line, write
from workers.jobs.email_draft.policies import PolicyQuote, policy_answers, policy_quote
from workers.jobs.email_draft.recipients import Addressed, Directory, address, is_external
from workers.jobs.email_draft.reply import answer_of, claims_of, render
from workers.jobs.email_draft.request import Wish, read_request, split_pasted
from workers.jobs.email_draft.schema import EmailOptions

TEMPLATES_VERSION = "email_draft@templates-2"  # raise it when the phrases or the rules change
HISTORY_TURNS = 6  # of the conversation: minutes and answers that the draft may lean on
WHOM_AND_WHAT = "Whom shall I write to, and what should the e-mail say?"
WHOM = "Who should get this e-mail?"
WHAT = "What should the e-mail say?"
_GRAVE = frozenset({"headers_clean", "recipients_allowed"})  # a draft with these is never shown


@dataclass(frozen=True)
class _Plan:
    """Everything the draft is written from."""

    wish: Wish
    directory: Directory
    material: Material
    addressed: Addressed
    enclosures: Enclosures
    policy: PolicyQuote | None
    answers: Mapping[str, Sequence[PolicyQuote]]  # by question
    outsiders: Collection[str]  # addresses
    disagreements: Sequence[Contradiction]
    left_out: Sequence[str]  # titles of confidential sources
    language: Language


@dataclass(frozen=True)
class Composed:
    """A draft with what it was made from and what its check found."""

    draft: EmailDraft
    grounds: Grounds
    problems: Sequence[Problem]
    orders_dropped: int  # paragraphs of the sources that tried to give orders
    lacks_items: bool  # action items were asked for, and there are none
    files: Mapping[str, bytes]  # attachments by file id


def run(job: Job, context: JobContext) -> JobResult:
    """Return the draft for the request, with its warnings, sources and an .eml to download.

    A request without recipient or purpose is answered too: the draft's `question` asks for what is missing.

    Raises:
        RequestInvalid: the options don't parse.
        ModelOutputInvalid: the draft has a recipient nobody asked for, or a broken header; it is not shown.
        Cancelled, BudgetExceeded: as they say.
    """
    composed = compose(job, context)
    if grave := [one for one in composed.problems if one.check in _GRAVE]:
        raise ModelOutputInvalid(f"job {job.id}: {grave[0].check}: {grave[0].text}")
    return _result(job, context, composed)


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
    )


def _plan(job: Job, context: JobContext) -> _Plan:
    options = read_options(job, EmailOptions)
    mention = job.mention
    context.report("reading", f"reading the request and {len(mention.attachments)} file(s)")
    turns = context.history.recent_turns(job.conversation_id, before_job=job.id, limit=HISTORY_TURNS)
    _, pasted = split_pasted(mention.text)
    with context.stopwatch.stage("retrieval"):
        material = gather(mention.attachments, context.files, pasted=pasted, history=[turn.text for turn in turns])
    boxes = [box for message in material.messages for box in message.everybody]
    directory = Directory(context.people.everybody(mention.conversation.tenant), boxes, mention.asker)
    names = NamePattern(directory.known_names())
    wish = read_request(
        mention.text,
        options,
        names,
        has_thread=bool(material.messages),
        usual_tone="neutral" if mention.manner.tone == "brief" else mention.manner.tone,
    )
    addressed = address(wish, directory, material.messages, material.attendees)
    policy = (
        policy_quote(job, context, " ".join(act.text for act in wish.acts) or wish.words)
        if wish.wants_policy
        else None
    )
    is_outside = any(is_external(box.address, directory.domain) for box in addressed.everybody)
    secret = [source for source in material.sources if source.is_confidential] if is_outside else []
    if policy is not None and policy.is_restricted and is_outside:
        secret.append(Source(policy.ref, policy.title, policy.quote, is_confidential=True))
        policy = None
    answers = _policy_answers(job, context, wish, addressed)
    if is_outside:
        closed = [one for found in answers.values() for one in found if one.is_restricted]
        secret += [Source(one.ref, one.title, one.quote, is_confidential=True) for one in closed]
        answers = {text: [one for one in found if one not in closed] for text, found in answers.items()}
    if secret:
        material = material.without_confidential()
    enclosures = enclose(wish, mention.attachments, context.files, left_out=[one.title for one in secret])
    asked = Source("request", "your request", wish.words)
    return _Plan(
        wish=wish,
        directory=directory,
        material=material,
        addressed=addressed,
        enclosures=enclosures,
        policy=policy,
        answers=answers,
        outsiders={box.address for box in boxes if is_external(box.address, directory.domain)},
        disagreements=contradictions([*material.sources, asked]),
        left_out=[(one.author and f"{one.title} ({one.author})") or one.title for one in secret],
        language=wish.language or _set_language(job) or wish.words_language,
    )


def _set_language(job: Job) -> Language | None:
    """Return the language set for the channel or by the asker, where the templates know it."""
    return next((code for code in get_args(Language) if code == job.mention.manner.language), None)


def _policy_answers(
    job: Job, context: JobContext, wish: Wish, addressed: Addressed
) -> dict[str, Sequence[PolicyQuote]]:
    about = addressed.answered.subject if addressed.answered else ""
    asked = [act.text for act in wish.acts if act.kind == "question"]
    found = {text: policy_answers(job, context, text, about) for text in asked}
    return {text: [one for one in quotes if not says_confidential(one.quote)] for text, quotes in found.items()}


def _setting(job: Job, plan: _Plan) -> Setting:
    policy = ((plan.policy.ref, plan.policy.title, plan.policy.quote),) if plan.policy else ()
    doubtful = [day for one in plan.disagreements for day in one.days if day not in plan.wish.words]
    return Setting(
        language=plan.language,
        tone=plan.wish.tone,
        to=plan.addressed.to,
        unresolved=plan.addressed.unresolved,
        answered=plan.addressed.answered,
        signature=job.mention.manner.signature or job.mention.asker.name or "",
        attachments=[one.name for one in plan.enclosures.attachments],
        contradictory=doubtful,
        policy=policy,
        answers={text: [(one.ref, one.title, one.quote) for one in found] for text, found in plan.answers.items()},
        outsiders=plan.outsiders,
        asker=job.mention.asker.email or "",
    )


def _draft(job: Job, context: JobContext, plan: _Plan, written: Written) -> EmailDraft:
    addressed, answered = plan.addressed, plan.addressed.answered
    references = answered.references if answered else ()
    own_id = answered.message_id if answered else None
    return EmailDraft(
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
        sources=tuple(dict.fromkeys(written.sources)),
        question=_question(plan, written),
    )


def _question(plan: _Plan, written: Written) -> str | None:
    """Return the one question whose answer the draft can't do without; a name that is unclear comes first."""
    if plan.addressed.question:
        return plan.addressed.question
    has_purpose = bool(plan.wish.acts) or len(written.sources) > 0 or plan.addressed.answered is not None
    if plan.addressed.to:
        return None if has_purpose else WHAT
    return WHOM if has_purpose else WHOM_AND_WHAT


def _warnings(context: JobContext, plan: _Plan, written: Written) -> list[DraftWarning]:
    warnings = list(plan.addressed.warnings)
    if plan.left_out:
        text = f"Left out, because it is confidential and the e-mail goes outside: {', '.join(dict.fromkeys(plan.left_out))}."  # noqa: E501
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
        text = f"{answered.sender.name or answered.sender.address} mentions an attachment, but none came with the message."  # noqa: E501
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
    texts = [plan.wish.words, *(source.text for source in plan.material.sources)]
    texts += [f"{source.title}. {source.author}" for source in plan.material.sources]
    texts += [asker.name or "", *(box.name for box in plan.addressed.everybody), *plan.addressed.unresolved]
    texts += [one.name for one in plan.enclosures.attachments]
    texts += [message.subject for message in plan.material.messages]
    if plan.policy:
        texts += [plan.policy.quote, plan.policy.title]
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


def _result(job: Job, context: JobContext, composed: Composed) -> JobResult:
    draft = composed.draft
    offer = _offer(job, context, draft, composed.files)
    notices = []
    if composed.orders_dropped:
        notices.append("A passage of the sources tried to give me instructions; I ignored it.")
    if composed.lacks_items:
        notices.append("I found no action items in what you gave me.")
    stages = {"read_sources": "retrieval", "fill_templates": "model", "check_draft": "validation"}
    receipt = receipt_by_rules(
        context, model=ENGINE, version=TEMPLATES_VERSION, checks=verdicts(composed.problems), stages=stages
    )
    return JobResult(
        outcome="answered",
        answer=answer_of(draft),
        claims=claims_of(draft),
        warnings=tuple(warning.text for warning in draft.warnings),
        result=draft.model_dump(mode="json"),
        receipt=receipt,
        reply=render(draft, offer, notices=tuple(notices)),
    )


def _offer(job: Job, context: JobContext, draft: EmailDraft, files: Mapping[str, bytes]) -> FileOffer:
    data = eml_of(draft, sender=job.mention.asker, at=context.today, files=files)
    blob = context.files.store(data)
    return FileOffer(name=file_name(draft), media_type=MEDIA_TYPE, blob=blob, size_bytes=len(data))
