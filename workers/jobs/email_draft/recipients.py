"""Decide who gets the e-mail: from the asker's words, the thread and the directory, and never by guessing.

A name that fits two people is a question, not a choice; a name that fits nobody is said so. Only addresses found
here may stand in a draft: `Addressed.allowed` is what the check holds it against.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.mail.draft import ADDRESS, DraftWarning
from workers.jobs.email_draft.thread import Mailbox, ThreadMessage

if TYPE_CHECKING:
    from assistant.mentions import Person
    from assistant.storage.people_store import PersonProfile
    from workers.jobs.email_draft.request import Wish

SMALL_THREAD = 5  # people besides the asker: up to here a reply keeps those in copy
MANY_RECIPIENTS = 8  # from here the asker is told how many will get it
_FULL_ADDRESS = re.compile(ADDRESS)
_MANAGER = re.compile(r"^(?:my (?:manager|boss)|meine?[mnr]? (?:chefin|chef|vorgesetzten?|managerin|manager))$", re.I)
_ATTENDEES = re.compile(r"attendee|participant|teilnehmer", re.IGNORECASE)
_EVERYBODY = re.compile(r"^(?:everyone|everybody|all staff|the whole company|alle|my team|meine?m? team)$", re.I)
_QUALIFIED = re.compile(
    r"^(?P<name>.+?)(?: (?:in|from|of|at|aus|von|de) (?:the |der |dem )?(?P<in>[\w ]+?)(?: team)?"
    r"| \((?P<note>[^)@]+)\))$",
    re.I,
)


_OUTSIDE_ROLES = frozenset("customer client vendor supplier partner kunde lieferant candidate".split())  # noqa: SIM905


@dataclass
class Addressed:
    """Who gets it, and what the asker should know about that."""

    to: list[Mailbox] = field(default_factory=list)
    cc: list[Mailbox] = field(default_factory=list)
    bcc: list[Mailbox] = field(default_factory=list)
    warnings: list[DraftWarning] = field(default_factory=list)
    question: str | None = None
    answered: ThreadMessage | None = None  # the message that is replied to
    unresolved: list[str] = field(default_factory=list)  # names as written
    answers: tuple[str, ...] = ()  # what the asker said when asked whom it is for

    @property
    def everybody(self) -> list[Mailbox]:
        """All recipients, in order."""
        return [*self.to, *self.cc, *self.bcc]


@dataclass(frozen=True)
class Directory:
    """The people who may be meant: the company's, and those of the thread."""

    people: Sequence[PersonProfile]
    thread: Sequence[Mailbox]
    asker: Person

    @property
    def domain(self) -> str | None:
        """The asker's domain; where their address is unknown, the directory's commonest."""
        address = self.asker.email or next((one.email for one in self.people if one.email), None)
        return address.rpartition("@")[2].lower() if address else None

    def known_names(self) -> list[str]:
        """Return full names and first names, for recognising them in a request."""
        full = [one.name for one in self.people if one.name] + [box.name for box in self.thread if box.name]
        plain = [re.sub(r",.*$", "", name) for name in full]
        return [*plain, *(name.split(" ")[0] for name in plain)]

    def find(self, written: str) -> list[Mailbox]:
        """Return everybody whom a name as written may mean; an address means itself."""
        if found := _FULL_ADDRESS.search(written):
            name = re.sub(r"[<(].*", "", written[: found.start()]).strip()
            known = next((box for box in self._boxes() if box.address == found[0].lower()), None)
            return [known or Mailbox(name, found[0].lower())]
        wanted = re.sub(r"['’]s?$", "", written.strip()).lower()
        if wanted.startswith("the "):
            return self._by_role(wanted.removeprefix("the "))
        matches = self._named(wanted)
        if matches:
            return matches
        if (qualified := _QUALIFIED.match(written.strip())) is not None:
            place = (qualified["in"] or qualified["note"] or "").strip().lower()
            base = re.sub(r"['’]s?$", "", qualified["name"]).lower()
            return [box for box in self._named(base) if self.fits(box, place)]
        by_job = [one for one in self.people if one.email and wanted in (_title(one), (one.team or "").lower())]
        by_job = by_job or [one for one in self.people if one.email and wanted.removeprefix("our ") == _title(one)]
        if len(by_job) == 1:
            return [Mailbox(one.name or "", one.email or "") for one in by_job]
        return self._by_company(wanted)

    def _by_company(self, wanted: str) -> list[Mailbox]:
        """Return those of the thread who carry the company's name behind their own."""
        parts = set(wanted.split())
        return [
            box
            for box in self.thread
            if parts and parts <= set(re.findall(r"[^\W_]+", box.name.partition(",")[2].lower()))
        ]

    def _by_role(self, role: str) -> list[Mailbox]:
        """Return those of the thread whose name says the role; for "customer" or "vendor", its outsiders."""
        named = [
            box for box in self._boxes() if role in re.findall(r"[^\W\d_]+", f"{box.name} {box.address}".lower())
        ]
        if role not in _OUTSIDE_ROLES:
            return named
        return [box for box in self.thread if is_external(box.address, self.domain)]

    def manager(self) -> Mailbox | None:
        """Return the asker's manager, where the directory names one."""
        own = next((one for one in self.people if one.id == self.asker.id), None)
        wanted = str(own.profile.get("manager", "")) if own else ""
        found = next((one for one in self.people if wanted and wanted in (one.id, one.email, one.name)), None)
        return Mailbox(found.name or "", found.email) if found and found.email else None

    def _boxes(self) -> list[Mailbox]:
        own = [Mailbox(one.name or "", one.email.lower()) for one in self.people if one.email]
        boxes = {box.address: box for box in (*self.thread, *own)}
        return [box for box in boxes.values() if box.address != (self.asker.email or "").lower()]

    def _named(self, wanted: str) -> list[Mailbox]:
        boxes = [(box, re.sub(r",.*$", "", box.name).lower().split()) for box in self._boxes() if box.name]
        parts = wanted.replace(",", " ").split()
        if not parts:
            return []
        if exact := [box for box, name in boxes if name == parts]:
            return exact
        if len(parts) == 2 and re.fullmatch(r"\w\.?", parts[1]):
            return [box for box, name in boxes if name[0] == parts[0] and name[-1].startswith(parts[1][0])]
        if len(parts) > 1:
            return [box for box, name in boxes if len(name) > 2 and set(parts) <= set(name)]
        first = [box for box, name in boxes if name[0] == parts[0]]
        return first or [box for box, name in boxes if name[-1] == parts[0]]

    def fits(self, box: Mailbox, place: str) -> bool:
        """Return whether all words of the place stand in what is known of the person: team, title, office."""
        person = next((one for one in self.people if (one.email or "").lower() == box.address), None)
        about = f"{box.address} {box.name} "
        if person is not None:
            about += f"{person.title or ''} {person.team or ''} {person.office or ''}"
        return bool(place) and all(word in about.lower() for word in place.split())


def address(wish: Wish, directory: Directory, thread: Sequence[ThreadMessage], attendees: Sequence[str]) -> Addressed:
    """Return the recipients of the request."""
    addressed = Addressed(answers=wish.answers)
    own = (directory.asker.email or "").lower()
    if thread and wish.is_reply:
        _reply(addressed, wish, directory, thread, own)
    else:
        addressed.to = _resolve_all(wish.to, directory, addressed, attendees)
    addressed.cc += _resolve_all(wish.cc, directory, addressed, attendees)
    addressed.bcc = _resolve_all(wish.bcc, directory, addressed, attendees)
    _once_each(addressed, own)
    _warn(addressed, directory)
    return addressed


def _reply(addressed: Addressed, wish: Wish, directory: Directory, thread: Sequence[ThreadMessage], own: str) -> None:
    others = [one for one in thread if one.sender.address != own]
    answered = others[-1] if others else thread[-1]
    named = [one for one in wish.to if not re.match(r"(?i)(?:all|everyone|everybody|alle)$", one)]
    if named:
        in_thread = Directory((), [box for one in thread for box in one.everybody], directory.asker)
        boxes: list[Mailbox] = []
        for written in named:
            found = in_thread.find(written) or directory.find(written)
            same = [box for box in found if box.address == answered.sender.address]
            one_written = len(found) > 1 and len(same) == 1 and len(in_thread.find(written)) == 1
            boxes += _resolved(written, same if one_written else found, addressed, directory)
        addressed.to = boxes
        senders = [one for one in others if boxes and one.sender.address == boxes[0].address]
        if senders:
            answered = senders[-1]
        elif boxes and boxes[0].address not in {box.address for one in thread for box in one.everybody}:
            addressed.answered = None  # a new mail that leans on the thread, not an answer in it
            return
    else:
        addressed.to = [answered.reply_to or answered.sender]
        if addressed.to[0].address == own:  # the asker wrote last: to whom they wrote
            addressed.to = list(answered.to)
    addressed.answered = answered
    _copies(addressed, wish, answered, own)


def _copies(addressed: Addressed, wish: Wish, answered: ThreadMessage, own: str) -> None:
    """Keep those in copy where they are few and nobody's list; the others only when all are asked for."""
    to = {box.address for box in addressed.to}
    rest = [box for box in answered.everybody if box.address not in to and box.address != own]
    lists = [box for box in rest if box.is_list]
    if wish.reply_all:
        addressed.cc = [box for box in rest if not box.is_list]
        if lists or len(rest) >= SMALL_THREAD:
            kept = f" I left out {_shown(lists)}, which reaches everybody." if lists else ""
            addressed.warnings.append(
                _warning("broad_recipients", f"A reply to all goes to {len(rest) + 1 - len(lists)} people.{kept}")
            )
        return
    if not rest or addressed.unresolved or not wish.says_reply:
        return
    if not lists and len(rest) < SMALL_THREAD and not re.search(r"\bonly\b|\bnur\b", wish.words, re.IGNORECASE):
        addressed.cc = rest
        return
    if lists or len(rest) >= SMALL_THREAD:
        text = (
            f"The message went to {len(rest) + 1} addresses ({_shown(rest)}); this answer goes to its sender alone."
        )
        addressed.warnings.append(_warning("broad_recipients", text))


def _resolve_all(
    written: Sequence[str], directory: Directory, addressed: Addressed, attendees: Sequence[str]
) -> list[Mailbox]:
    boxes: list[Mailbox] = []
    for name in written:
        if _MANAGER.match(name) and (manager := directory.manager()) is not None:
            boxes.append(manager)
        elif _ATTENDEES.search(name) or (_EVERYBODY.match(name) and attendees):
            boxes += _attendees(attendees, directory, addressed)
        elif _EVERYBODY.match(name):
            addressed.unresolved.append(name)
            addressed.warnings.append(
                _warning("broad_recipients", f"“{name}” means many people, and I know no address for them.")
            )
            addressed.question = addressed.question or f"Which address reaches “{name}”?"
        else:
            boxes += _resolved(name, directory.find(name), addressed, directory)
    return boxes


def _attendees(attendees: Sequence[str], directory: Directory, addressed: Addressed) -> list[Mailbox]:
    boxes = []
    for name in attendees:
        found = directory.find(name)
        if len(found) == 1:
            boxes.append(found[0])
        elif name.lower() != (directory.asker.name or "").lower():
            addressed.unresolved.append(name)
    if addressed.unresolved:
        names = ", ".join(addressed.unresolved)
        text = f"I know no single address for {names}, who took part."
        addressed.warnings.append(_warning("ambiguous_recipient", text))
    return boxes


def _resolved(written: str, found: Sequence[Mailbox], addressed: Addressed, directory: Directory) -> list[Mailbox]:
    unique = list({box.address: box for box in found}.values())
    if len(unique) != 1 and (said := _clarified(unique, addressed.answers, directory)) is not None:
        return [said]
    if len(unique) == 1:
        return unique
    if not unique and written.lower() in _own_names(directory):
        return []  # who asks is among the people named, and needs no mail
    addressed.unresolved.append(written)
    if unique:
        choices = " or ".join(f"{box.name} <{box.address}>" for box in unique)
        text, question = f"“{written}” could be {choices}.", f"Which {written} do you mean: {choices}?"
    else:
        text = f"I found no address for “{written}” in the directory or the thread."
        question = f"What is the address of {written}?"
    addressed.warnings.append(_warning("ambiguous_recipient", text))
    addressed.question = addressed.question or question
    return []


def _clarified(found: Sequence[Mailbox], answers: Sequence[str], directory: Directory) -> Mailbox | None:
    """Return the one whom the asker's answers mean: by name or address, or by what tells them apart ("Finance")."""
    for answer in answers:
        named = {box.address: box for box in directory.find(answer)}
        if found:
            told = re.sub(r"(?i)^(?:the one |the |die |der )?(?:in |from |of |at |aus |von )?(?:the )?", "", answer)
            fitting = [box for box in found if directory.fits(box, told.strip(" .!").lower())]
            named = {address: box for address, box in named.items() if box in found} or {
                box.address: box for box in fitting
            }
        if len(named) == 1:
            return next(iter(named.values()))
    return None


def _own_names(directory: Directory) -> tuple[str, ...]:
    name = (directory.asker.name or "").lower()
    return (name, name.split(" ")[0], "me", "myself")


def _once_each(addressed: Addressed, own: str) -> None:
    seen: set[str] = set()
    for boxes in (addressed.to, addressed.cc, addressed.bcc):
        kept = []
        for box in boxes:
            if box.address not in seen and (box.address != own or (boxes is addressed.to and len(boxes) == 1)):
                kept.append(box)
            seen.add(box.address)
        boxes[:] = kept


def _warn(addressed: Addressed, directory: Directory) -> None:
    outside = [box for box in addressed.everybody if is_external(box.address, directory.domain)]
    if outside:
        text = f"Outside the company: {_shown(outside)}."
        addressed.warnings.append(_warning("external_recipient", text))
    told = any(warning.code == "broad_recipients" for warning in addressed.warnings)
    lists = [box for box in addressed.everybody if box.is_list]
    if (lists or len(addressed.everybody) >= MANY_RECIPIENTS) and not told:
        text = f"This goes to {_shown(lists)}, which reaches many." if lists else ""
        addressed.warnings.append(
            _warning("broad_recipients", text or f"This goes to {len(addressed.everybody)} people.")
        )


def is_external(mail_address: str, domain: str | None) -> bool:
    """Return whether an address is outside the domain; everything is, when the domain is unknown."""
    own = mail_address.rpartition("@")[2].lower()
    return domain is None or not (own == domain or own.endswith("." + domain))


def _title(person: PersonProfile) -> str:
    return (person.title or "").lower()


def _shown(boxes: Sequence[Mailbox]) -> str:
    return ", ".join(box.address for box in boxes)


def _warning(code: str, text: str) -> DraftWarning:
    return DraftWarning.model_validate({"code": code, "text": text})
