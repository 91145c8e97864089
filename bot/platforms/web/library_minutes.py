"""One meeting's minutes as HTML: every line with its evidence, the files to take away, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from assistant.mentions import Person, Platform
from assistant.minutes.kept import KeptMinutes
from assistant.minutes.lines import LineEntry
from assistant.minutes.moments import clock, moment
from bot.minutes_library import OpenedMinutes
from bot.platforms.web.icons import icon
from bot.platforms.web.library_lines import (
    ADDRESS,
    day_of,
    link_away,
    place_of,
    render_evidence,
    render_line,
    render_notice,
    title_of,
)
from bot.platforms.web.markup import element
from bot.platforms.web.plain_page import wide_page
from bot.platforms.web.render import size_words

_PLACES: Final = {
    Platform.WEB.value: "this page",
    Platform.CONSOLE.value: "the terminal",
    Platform.SLACK.value: "Slack",
    Platform.TEAMS.value: "Teams",
}
_FORMATS: Final = {"md": "Markdown", "docx": "Word", "pdf": "PDF", "ics": "Calendar", "csv": "Tasks as CSV"}


def minutes_page(person: Person, opened: OpenedMinutes) -> str:
    """Return one meeting's minutes, each line with its evidence."""
    kept, minutes = opened.kept, opened.kept.minutes
    body = [
        element("p", element("a", icon("left"), "All minutes", href=ADDRESS), class_="library-back"),
        _facts(kept),
        _files(opened),
        [render_notice("warning", one.text) for one in minutes.warnings],
        _candidates(kept),
        _said(opened),
        _section("Summary", minutes.summary, opened),
        _topics(opened),
        _section("Decisions", minutes.decisions, opened, _guesses(kept)),
        _section("Tasks", minutes.action_items, opened),
        _section("Open questions", minutes.open_questions, opened),
        _people(kept),
        _forget(opened),
    ]
    return wide_page(title_of(kept), person, element("article", body, class_="minutes-whole"))


def forgotten_page(person: Person) -> str:
    """Return what is said once minutes are deleted."""
    words = element("p", "These minutes, every revision of them and what was said are deleted.", role="status")
    return wide_page("Forgotten", person, words, element("p", element("a", "All minutes", href=ADDRESS)))


def _facts(kept: KeptMinutes) -> Markup:
    header = kept.minutes.meeting
    writer = "chosen by rules, in the speakers' words" if header.engine == "extractive" else header.engine
    facts = [
        ("Day", day_of(kept)),
        ("Duration", clock(header.duration_s) if header.duration_s and not header.began_at else ""),
        ("Attendees", ", ".join(header.participants)),
        ("Confirmed by", kept.minutes.confirmed_by or ""),
        ("Written by", writer),
        ("Asked for in", _PLACES.get(kept.platform, kept.platform)),
        ("From", kept.document),
        ("Revision", str(kept.revision) if kept.revision > 1 else ""),
    ]
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in facts if value]
    return element("dl", rows, class_="facts")


def _files(opened: OpenedMinutes) -> Markup:
    kept = opened.kept
    links = [
        element(
            "a",
            icon("download"),
            element("span", _format_of(file.name)),
            element("small", size_words(file.size_bytes)),
            href=f"{ADDRESS}/{kept.id}/files/{file.blob}",
            class_="chip",
            download=True,
            title=file.name,
        )
        for file in opened.files
    ]
    none = element("p", "The files of these minutes went with the conversation they were written in.", class_="about")
    return element("div", links or none, class_="files")


def _format_of(name: str) -> str:
    """Return what a file is, in a word: on a phone the end of its name would be cut off."""
    suffix = name.rpartition(".")[2].lower()
    return _FORMATS.get(suffix, suffix.upper())


def _candidates(kept: KeptMinutes) -> Markup | None:
    if kept.minutes.meeting.engine != "extractive" or kept.minutes.confirmed_by:
        return None
    return render_notice(
        "info", "Decisions, tasks and questions are candidates until somebody confirms these minutes."
    )


def _guesses(kept: KeptMinutes) -> Markup | None:
    if not any(one.is_unsure for one in kept.minutes.decisions):
        return None
    words = "“perhaps” marks a guess: the words resemble a decision, and nobody called them one."
    return element("p", words, class_="about")


def _said(opened: OpenedMinutes) -> Markup | None:
    if not opened.said:
        return None
    lines = [
        element(
            "li",
            element("blockquote", line.text),
            place_of(line.speaker, line.start, opened.kept, link_away(line.url)),
        )
        for line in opened.said
    ]
    return element("section", element("h2", "Said about your words"), element("ul", lines, class_="quotes"))


def _section(title: str, entries: Sequence[LineEntry], opened: OpenedMinutes, note: Markup | None = None) -> Markup:
    lines = [_entry(entry, opened) for entry in entries]
    body = element("ul", lines, class_="minutes-lines") if lines else element("p", "None found.", class_="about")
    return element("section", element("h2", title), body, note)


def _entry(entry: LineEntry, opened: OpenedMinutes) -> Markup:
    line = render_line(entry, opened.kept, among_its_kind=True)
    return element("li", line, render_evidence(entry.evidence, opened.kept, opened.urls), id=entry.id or None)


def _topics(opened: OpenedMinutes) -> Markup:
    lines, began = [], opened.kept.minutes.meeting.began_at
    for topic in opened.kept.minutes.topics:
        time = "–".join(part for part in (moment(topic.start, began), moment(topic.end, began)) if part)
        words = f"{topic.title}: {topic.text}" if topic.text else topic.title
        when = element("small", f" ({time})") if time else None
        lines.append(
            element("li", element("span", words, when), render_evidence(topic.evidence, opened.kept, opened.urls))
        )
    body = element("ul", lines, class_="minutes-lines") if lines else element("p", "None found.", class_="about")
    return element("section", element("h2", "Topics"), body)


def _people(kept: KeptMinutes) -> Markup | None:
    lines = [
        element("li", element("strong", one.speaker), f": {'; '.join([f'{one.share:.0%} of the talk', *one.points])}")
        for one in kept.minutes.per_person
    ]
    if not lines:
        return None
    return element("section", element("h2", "By person"), element("ul", lines, class_="minutes-lines"))


def _forget(opened: OpenedMinutes) -> Markup | None:
    if not opened.may_forget:
        return None
    tick = element(
        "label",
        element("input", type="checkbox", name="sure", value="true", required=True),
        element("span", "Forget these minutes, every revision of them and what was said. It can't be undone."),
        class_="tick",
    )
    form = element(
        "form",
        tick,
        element("input", type="hidden", name="revision", value=opened.kept.revision),
        element("p", element("button", "Forget", type="submit", class_="danger")),
        method="post",
        action=f"{ADDRESS}/{opened.kept.id}/forget",
        class_="settings",
    )
    return element("section", element("h2", "Forget"), form)
