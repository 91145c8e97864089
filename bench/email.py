"""`steward bench email`: drafting requests against their checklists, and spoiled drafts against the check.

Prints every miss; the last line is one JSON object. Without a model and without documents: what is measured is the
template engine, the recipients and the check. The same author wrote requests and engine, so this is a floor for
regressions rather than a claim about requests at large.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from assistant.jobs import Job
from assistant.mail.draft import EmailDraft
from assistant.mentions import Attachment, ConversationKey, Mention, Platform
from assistant.people_file import read_people
from assistant.settings import load_settings
from assistant.storage.people_store import PersonProfile
from bench.email_cases import CASES, Case
from bench.email_cases_held_out import HELD_OUT
from bench.email_spoils import spoiled_copies
from workers.context import JobContext
from workers.jobs.email_draft.checks import validate_draft
from workers.jobs.email_draft.compose import Composed, compose
from workers.validation.language import guess_language

DEMO = Path(__file__).parents[1] / "deploy" / "demo"
TODAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
SUITES = {"first": CASES, "held-out": HELD_OUT, "all": (*CASES, *HELD_OUT)}
_NAMESPACE = UUID("6f0f1a5e-6d0c-4f0a-9d53-2a57d2d0e001")
_FACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+\w|https?://\S+|\d[\d.,:/-]*\d|\d")
_PLACEHOLDER = re.compile(r"\[\[.*?\]\]")


@dataclass(frozen=True)
class Verdict:
    """How one case went."""

    case: Case
    composed: Composed
    misses: tuple[str, ...]
    invented: int
    wrong_recipients: int


class _Files:
    """Reads the case's files and keeps nothing."""

    def read(self, attachment: Attachment) -> bytes:
        return self.local_path(attachment).read_bytes()

    def local_path(self, attachment: Attachment) -> Path:
        return Path(attachment.location.removeprefix("path:"))

    def store(self, data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()


class _NoKnowledge:
    """A company without documents."""

    def search(self, query: Any) -> list[Any]:
        del query
        return []

    def read(
        self, document_id: str, *, groups: tuple[str, ...], around_chunk: str | None = None, limit: int = 12
    ) -> list[Any]:
        del document_id, groups, around_chunk, limit
        return []

    def closeness(self, question: str, texts: Sequence[str]) -> list[float] | None:
        del question, texts
        return None


class _NoHistory:
    def recent_turns(self, conversation_id: Any, *, before_job: Any, limit: int = 20) -> list[Any]:
        del conversation_id, before_job, limit
        return []

    def recent_attachments(self, conversation_id: Any, *, before_job: Any, kind: str) -> tuple[Attachment, ...]:
        del conversation_id, before_job, kind
        return ()


class _Demo:
    def __init__(self) -> None:
        self.people = read_people(DEMO / "people.toml")

    def everybody(self, tenant: str) -> Sequence[PersonProfile]:
        del tenant
        return self.people

    def profile(self, tenant: str, person_id: str) -> PersonProfile | None:
        del tenant
        return next((one for one in self.people if one.id == person_id), None)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the suite and print its figures, last as one JSON line."""
    parser = argparse.ArgumentParser(prog="bench email", description=__doc__)
    parser.add_argument("--cases", choices=sorted(SUITES), default="all", help="which requests (default: all)")
    parser.add_argument("--show", metavar="NAME", help="print the drafts of the cases whose name holds this")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        verdicts = [judge(case, Path(folder)) for case in SUITES[options.cases]]
    for verdict in verdicts:
        if options.show and options.show in verdict.case.name:
            print(json.dumps(verdict.composed.draft.model_dump(mode="json"), ensure_ascii=False, indent=1))
        for miss in verdict.misses:
            print(f"  miss  {verdict.case.name}: {miss}")
    figures = _figures(verdicts)
    for name, value in figures.items():
        print(f"  {name:<18} {value}")
    print(json.dumps(figures))
    return 0


def judge(case: Case, folder: Path) -> Verdict:
    """Draft one case and hold it against its checklist. `folder` takes the case's files."""
    paths = _paths(case, folder)
    people = _Demo()
    composed = compose(_job(case, paths, people.people), _context(people))
    draft = composed.draft
    allowed = {*case.to, *(draft.cc if case.cc is None else case.cc)}
    everybody = [*draft.to, *draft.cc]
    inputs = "\n".join(
        [case.request, json.dumps(case.options), *(path.read_text("utf-8", "replace") for path in paths)]
    )
    return Verdict(
        case=case,
        composed=composed,
        misses=tuple(_misses(case, draft)),
        invented=len(_invented(draft, inputs)),
        wrong_recipients=sum(one not in allowed for one in everybody),
    )


def _misses(case: Case, draft: EmailDraft) -> list[str]:
    text = f"{draft.subject}\n{draft.body}".lower()
    codes = {warning.code for warning in draft.warnings}
    wrong: list[tuple[bool, str]] = [
        (set(draft.to) != set(case.to), f"to {draft.to}"),
        (case.cc is not None and set(draft.cc) != set(case.cc), f"cc {draft.cc}"),
        (draft.tone != case.tone, f"tone {draft.tone}"),
        (draft.language != case.language, f"language {draft.language}"),
        (_spoken(draft) not in (None, case.language), f"reads as {_spoken(draft)}"),
        (case.answers is not None and draft.in_reply_to != case.answers, f"answers {draft.in_reply_to}"),
        (case.asks != (draft.question is not None), f"question {draft.question}"),
        (len(draft.body.split()) > case.most_words, f"{len(draft.body.split())} words"),
        ({one.name for one in draft.attachments} != set(case.attaches), f"attachments {draft.attachments}"),
    ]
    wrong += [(fact.lower() not in text, f"lacks {fact}") for fact in case.says]
    wrong += [(fact.lower() in text, f"says {fact}") for fact in case.never]
    wrong += [(code not in codes, f"no warning {code}") for code in case.warns]
    wrong += [(code in codes, f"warning {code}") for code in case.quiet]
    listed = " ; ".join(draft.placeholders).lower()
    wrong += [(name.lower() not in listed, f"no placeholder {name}") for name in case.placeholders]
    return [text for failed, text in wrong if failed]


def _spoken(draft: EmailDraft) -> str | None:
    return guess_language(_PLACEHOLDER.sub(" ", draft.body))


def _invented(draft: EmailDraft, inputs: str) -> list[str]:
    """Return figures, addresses and links that stand in no input: a second reading, unlike the engine's own check."""
    text = _PLACEHOLDER.sub(" ", f"{draft.subject}\n{draft.body}")
    plain = inputs.lower()
    return [fact for fact in _FACT.findall(text) if fact.lower().strip(".,:/-") not in plain]


def _figures(verdicts: Sequence[Verdict]) -> dict[str, object]:
    passed = sum(not verdict.misses and not verdict.invented for verdict in verdicts)
    caught, spoiled = 0, 0
    by_kind: dict[str, list[int]] = {}
    for verdict in verdicts:
        for kind, copy in spoiled_copies(verdict.composed.draft):
            found = int(bool(validate_draft(copy, verdict.composed.grounds)))
            spoiled += 1
            caught += found
            counts = by_kind.setdefault(kind, [0, 0])
            counts[0] += found
            counts[1] += 1
            if not found:
                print(f"  passed unseen  {verdict.case.name}: {kind}")
    alarms = [verdict for verdict in verdicts if verdict.composed.problems]
    for verdict in alarms:
        print(f"  false alarm  {verdict.case.name}: {verdict.composed.problems[0].text}")
    for kind, (found, total) in sorted(by_kind.items()):
        print(f"  caught {kind:<22} {found}/{total}")
    return {
        "passed": passed,
        "cases": len(verdicts),
        "rate": round(passed / len(verdicts), 3),
        "invented_facts": sum(verdict.invented for verdict in verdicts),
        "wrong_recipients": sum(verdict.wrong_recipients for verdict in verdicts),
        "spoiled_caught": round(caught / max(1, spoiled), 4),
        "spoiled": spoiled,
        "false_alarms": len(alarms),
    }


def _paths(case: Case, folder: Path) -> list[Path]:
    paths = sorted((DEMO / "email" / case.thread).glob("*.eml")) if case.thread else []
    own = folder / re.sub(r"\W+", "-", case.name)
    own.mkdir(exist_ok=True)
    for name, text in case.files.items():
        (own / name).write_text(text, encoding="utf-8")
        paths.append(own / name)
    return paths


def _job(case: Case, paths: Sequence[Path], people: Sequence[PersonProfile]) -> Job:
    asker = next(one.person for one in people if one.id == case.asker)
    attachments = tuple(
        Attachment(name=path.name, size_bytes=path.stat().st_size, location=f"path:{path}") for path in paths
    )
    now = datetime.now(UTC)
    return Job(
        id=uuid5(_NAMESPACE, case.name),
        kind="email_draft",
        lane="email",
        mention=Mention(
            event_key=f"bench:{case.name}",
            conversation=ConversationKey(
                platform=Platform.CONSOLE, tenant="local", channel="bench", thread=case.name
            ),
            asker=asker,
            text=case.request,
            attachments=attachments,
            options=case.options,
        ),
        conversation_id=_NAMESPACE,
        attempt=1,
        token="bench",
        created_at=now,
        started_at=now,
        deadline_at=now + timedelta(minutes=10),
    )


def _context(people: _Demo) -> JobContext:
    nothing: Callable[..., None] = lambda *_args, **_fields: None  # noqa: E731
    unused: Any = None
    return JobContext(
        settings=load_settings({}),
        knowledge=_NoKnowledge(),
        history=_NoHistory(),
        files=_Files(),
        models=unused,
        today=TODAY,
        report=nothing,
        stream=nothing,
        is_cancelled=lambda: False,
        people=people,
    )


if __name__ == "__main__":
    raise SystemExit(main())
