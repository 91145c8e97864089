"""Tell a speaker's name from other words that happen to stand before a colon or a time.

"Anna Schmidt: hello" is speech by Anna; "Agenda: prices" and "10:30 Meeting: prices" are not. Whether two
spellings are one person, and who that is in the workspace, is left to the caller.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from workers.transcripts.one_time_speakers import Opened, one_time_speakers

MAX_NAME_WORDS = 4  # longer runs before a colon are sentences
MAX_NAME_CHARS = 60
RECURRING_LINES = 3  # so many lines opened alike make a title ("The Chair", "Right Hon. Ida Coe") a speaker
STRAY_LINES = 2  # a single word that opens so few lines is doubted
FULL_NAME_LINES = 20  # fewer lines opened by full names say too little about how the file writes names
FULL_NAME_SHARE = 0.8  # of the named lines

# Words that stand before a colon in notes and are nobody's name (English, German, French, Spanish).
NOT_NAMES = frozenset(
    [
        "action", "actions", "agenda", "answer", "anlass", "apologies", "attendees", "attention", "background",
        "beispiel", "beschluss", "besprechung", "budget", "caution", "chapter", "comment", "comments",
        "conclusion", "context", "datum", "date", "decision", "decisions", "deadline", "dauer", "due",
        "duration", "email", "end", "ende", "example", "exemple", "ejemplo", "fazit", "fecha", "fee", "file",
        "fin", "fix", "footer", "frage", "goal", "header", "heading", "heure", "hinweis", "host", "http",
        "https", "idea", "important", "info", "info", "input", "item", "items", "kind", "language", "link",
        "list", "location", "mailto", "meeting", "minutes", "moderation", "next", "nota", "note", "notes",
        "notiz", "objectif", "option", "ort", "output", "owner", "part", "participants", "participantes",
        "participant", "personen", "place", "plan", "plus", "point", "points", "present", "pros", "cons", "ps",
        "problem", "protokoll", "question", "questions", "raison", "re", "reason", "recap", "recording",
        "reference", "remarque", "remember", "reminder", "result", "results", "risk", "risks", "room",
        "section", "slide", "source", "start", "started", "status", "step", "steps", "subject", "summary",
        "tag", "task", "tasks", "teilnehmer", "tema", "termin", "thema", "thought", "time", "titel", "title",
        "todo", "todos", "tip", "topic", "topics", "transcript", "transcription", "type", "update", "uhrzeit",
        "update", "version", "video", "vote", "warning", "warum", "when", "where", "who", "why", "what", "how",
        "website", "www", "zeit", "ziel", "zusammenfassung",
    ]
)  # fmt: skip
_NOT_NAME_PHRASES = frozenset(
    ["action item", "action items", "next step", "next steps", "open question", "open questions", "follow up",
     "key point", "key points", "key takeaways", "ordre du jour", "due date", "meeting notes", "meeting title",
     "meeting date", "start time", "end time", "to do", "nächste schritte", "offene fragen", "good question",
     "quick question", "big question", "main point", "side note", "one thing", "other thing", "my question"]
)  # fmt: skip
_CALENDAR = frozenset(
    [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow",
        "yesterday", "january", "february", "march", "april", "june", "july", "august", "september", "october",
        "november", "december", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
        "heute", "morgen", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "am",
        "pm",
    ]
)  # fmt: skip
# Sentence openers that a capital letter alone would take for a name.
_OPENERS = frozenset(
    [
        "i", "we", "you", "he", "she", "it", "they", "this", "that", "these", "those", "the", "a", "an", "and",
        "but", "or", "so", "well", "yes", "no", "yeah", "okay", "ok", "right", "now", "then", "because", "if",
        "here", "there", "let", "lets", "let's", "it's", "that's", "i'm", "we're", "also", "maybe", "perhaps",
        "first", "second", "third", "finally", "basically", "actually", "anyway", "hello", "hi", "hey",
        "thanks", "thank", "please", "sorry", "und", "aber", "oder", "also", "ja", "nein", "ich", "wir", "sie",
        "es", "das", "der", "die", "dann", "nous", "je", "vous", "il", "elle", "et", "mais", "oui", "non",
        "donc", "alors",
    ]
)  # fmt: skip
# Counting words and labels of talk: "One: …", "Training: …" open a point of whoever speaks already.
_ORDINARY = frozenset(
    [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "fourth", "fifth", "last",
        "lastly", "secondly", "thirdly", "firstly", "eins", "zwei", "drei", "vier", "erstens", "zweitens",
        "drittens", "un", "deux", "trois", "another", "training", "travel", "cloud", "hiring", "pricing",
        "rollout", "renewal", "launch", "testing", "support", "marketing", "sales", "finance", "security",
        "hardware", "software", "feedback", "everything", "something", "nothing", "everybody", "everyone",
        "correction", "bonus", "spoiler", "backup", "outcome", "proposal",
        "suggestion", "timeline", "scope", "quality", "costs", "cost", "numbers", "figures", "data", "concern",
    ]
)  # fmt: skip
_PARTICLES = frozenset(
    [
        "de", "del", "della", "der", "den", "di", "da", "do", "dos", "du", "la", "le", "van", "von", "zu",
        "zum", "zur", "ter", "ten", "af", "av", "bin", "ibn", "al", "el", "y", "e", "und", "and", "of", "the",
    ]
)  # fmt: skip
_HONORIFICS = frozenset(["prof", "dr", "mr", "mrs", "ms", "sir", "dame", "lord", "lady", "hon", "rt", "rev", "herr", "frau", "mme"])  # fmt: skip  # noqa: E501
_UNCOUNTED = _HONORIFICS | (_PARTICLES - {"and", "und", "of", "the", "y", "e"})  # "Prof. Dr. Eva Maria von Stein"
# A title that ends so is somebody's, however rarely they speak.
_ROLES = frozenset(
    [
        "chair", "chairman", "chairwoman", "chairperson", "president", "moderator", "interviewer", "facilitator",
        "secretary", "treasurer", "clerk", "minister", "director", "manager", "operator", "speaker", "judge",
    ]
)  # fmt: skip
_LABEL_ENDING = re.compile(r"^[^\W\d_]{3,}(?:tion|sion|ness|heit|keit|ungen)s?$", re.IGNORECASE)  # "Recommendation:"
_GENERIC = re.compile(
    r"^(?:(?:unknown|unidentified|guest|unbekannter?)\s+)?"
    r"(?:speaker|spk|sprecher(?:in)?|participant|person|user|locuteur|orateur|hablante|voice|guest|channel)"
    r"[\s_#-]*(?:\d{1,3}|[a-z])?$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"^[^\W\d_](?:[\w.'’\-&]|(?<=\w)/(?=\w))*,?$")
_ELIDED = re.compile(r"^(?:d|l|dell|dall)['’][A-ZÀ-Þ]")  # "d'Entremont"
_PARENS = re.compile(r"\s*[(\[][^()\[\]]{0,80}[)\]]\s*")
_NESTED_PARENS = 3  # "The Chair (Hon. Ida Coe (Ribble Valley, Lib.))" has two


def is_generic_label(speaker: str) -> bool:
    """Is this "Speaker 1", "Unknown Speaker", "SPEAKER_00" rather than a name?"""
    return bool(_GENERIC.match(speaker.strip()))


def is_speaker_name(text: str) -> bool:
    """Could `text` be a person's name or a speaker label, judged by its own looks?"""
    bare = _without_parens(text)
    if not bare or len(bare) > MAX_NAME_CHARS:
        return False
    if is_generic_label(bare):
        return True
    words = bare.split()
    lowered = [word.lower().strip(".,") for word in words]
    if sum(word not in _UNCOUNTED for word in lowered) > MAX_NAME_WORDS or " ".join(lowered) in _NOT_NAME_PHRASES:
        return False
    if lowered[0] in _OPENERS or (len(words) == 1 and lowered[0] in NOT_NAMES | _CALENDAR | _ORDINARY):
        return False
    if any(word in NOT_NAMES for word in lowered[-1:]) and len(words) <= 2 and lowered[0] in NOT_NAMES | _CALENDAR:
        return False
    return all(_is_name_token(word, first=number == 0) for number, word in enumerate(words))


def is_label(text: str) -> bool:
    """Could `text` name a speaker in a place where nothing but a speaker's name is expected?"""
    words = _without_parens(text).split()
    return 0 < len(words) <= MAX_NAME_WORDS and all(
        _is_name_token(word, first=number == 0) for number, word in enumerate(words)
    )


def is_title(text: str) -> bool:
    """Is `text` several capitalised words ("The Chair"), which open a speaker's turns if they recur?"""
    words = _without_parens(text).lower().split()
    if len(words) < 2 or " ".join(words) in _NOT_NAME_PHRASES or words[-1] in NOT_NAMES:
        return False
    return is_label(text)


def _without_parens(text: str) -> str:
    for _ in range(_NESTED_PARENS):
        text = _PARENS.sub(" ", text)
    return text.strip()


def _is_name_token(word: str, *, first: bool) -> bool:
    if not _TOKEN.match(word):
        return not first and word.isdigit() and len(word) <= 3  # "Meeting Room 4"
    # Scripts without capitals (Chinese, Arabic, Hindi) have neither upper nor lower case.
    return not word[0].islower() or (not first and (word.lower() in _PARTICLES or bool(_ELIDED.match(word))))


def accepted_names(opened: Sequence[Opened], *, listed: Collection[str] = (), lines: int = 0) -> frozenset[str]:
    """Choose which of the words found before a colon are speakers, seeing the whole file.

    A candidate counts when it looks like a name, when the file lists it among the attendees, when it is a title
    that recurs, or when it is a lower-case handle ("anna.k") that opens at least three lines and a tenth of all
    `lines`. A single word that opens a line or two among people with full names, or a handle among handles, is a
    label in someone's speech unless the file shows it to be a person (one_time_speakers.py).
    """
    counts = Counter(line.name for line in opened)
    bare: Counter[str] = Counter()
    for name, count in counts.items():
        bare[_without_parens(name)] += count
    known = {name.casefold() for name in listed}
    names = frozenset(
        name
        for name, count in counts.items()
        if name.casefold() in known
        or is_speaker_name(name)
        or ((bare[_without_parens(name)] >= RECURRING_LINES or _is_role(name)) and is_title(name))
        or _is_handle(name, count, lines)
    )
    stray = frozenset(one for one in _stray_words({n: counts[n] for n in names}) if one.casefold() not in known)
    rare_handles = (
        frozenset(
            name
            for name, count in counts.items()
            if count <= STRAY_LINES and _is_handle_like(name) and name not in _ORDINARY
        )
        if _are_handles(names - stray, counts)
        else frozenset()
    )
    people = one_time_speakers(opened, (stray | rare_handles) - (names - stray), sure=names - stray, listed=listed)
    return (names - stray) | people


def _is_role(text: str) -> bool:
    return (_without_parens(text).lower().split() or [""])[-1] in _ROLES


def _stray_words(counts: Mapping[str, int]) -> frozenset[str]:
    """Return the rare single words among `counts` when nearly all lines are opened by full names.

    Nouns by their ending ("Recommendation") are such words among any names.
    """
    nouns = frozenset(name for name, count in counts.items() if count <= STRAY_LINES and _LABEL_ENDING.match(name))
    full = sum(count for name, count in counts.items() if " " in name and not is_generic_label(name))
    if full < max(FULL_NAME_LINES, FULL_NAME_SHARE * sum(counts.values())):
        return nouns
    first_names = {name.split()[0].casefold() for name in counts if " " in name}
    return nouns | frozenset(
        name
        for name, count in counts.items()
        if count <= STRAY_LINES
        and " " not in name
        and not is_generic_label(name)
        and name.casefold() not in first_names
    )


def _is_handle(name: str, count: int, lines: int) -> bool:
    if len(name) == 1 and name.isalpha():  # "A: yes", as corpora label people
        return count >= 3
    return _is_handle_like(name) and count >= 3 and count * 10 >= lines


def _is_handle_like(name: str) -> bool:
    """Is this one word that nobody writes into notes before a colon?"""
    return bool(_TOKEN.match(name)) and name.lower() not in NOT_NAMES | _OPENERS | _CALENDAR


def _are_handles(names: Collection[str], counts: Mapping[str, int]) -> bool:
    """Do most of the lines that speakers open begin with a name in lower case?"""
    return 2 * sum(counts[name] for name in names if name.islower()) > sum(counts[name] for name in names)
