"""The words minutes are labelled with, in the languages they can be asked for, and how people ask for one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.minutes.schema import MinutesWarning, MinutesWarningCode

ENGLISH = "en"

# How a language is named in each of ours, as it is written in "minutes in German" or "auf Deutsch".
_NAMED = {
    "en": "english englisch anglais inglés inglese inglês engels angielsku engelska engelsk англійською 英語",
    "de": "german deutsch allemand alemán tedesco alemão duits niemiecku tyska tysk німецькою ドイツ語",
    "fr": "french französisch français francés francese francês frans francusku franska fransk французькою "
    "フランス語",
    "es": "spanish spanisch espagnol español spagnolo espanhol spaans hiszpańsku spanska spansk іспанською "
    "スペイン語",
    "it": "italian italienisch italien italiano włosku italienska italiensk італійською イタリア語",
    "pt": "portuguese portugiesisch portugais portugués portoghese português portugees portugalsku portugisiska "
    "portugisisk португальською ポルトガル語",
    "nl": "dutch niederländisch holländisch néerlandais holandés neerlandés olandese holandês nederlands "
    "niderlandzku nederländska nederlandsk hollandsk нідерландською オランダ語",
    "pl": "polish polnisch polonais polaco polacco polonês pools polsku polska polsk польською ポーランド語",
    "sv": "swedish schwedisch suédois sueco svedese zweeds szwedzku svenska svensk шведською スウェーデン語",
    "da": "danish dänisch danois danés danese dinamarquês deens duńsku danska dansk данською デンマーク語",
    "uk": "ukrainian ukrainisch ukrainien ucraniano ucraino oekraïens ukraińsku ukrainska ukrainsk українською "
    "ウクライナ語",
    "ja": "japanese japanisch japonais japonés giapponese japonês japans japońsku japanska japansk японською 日本語",
}
_BEFORE = re.compile(r"\b(?:in|into|auf|en|em|po|på|op)\s+(?:the\s+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Wording:
    """Headings and labels in one language."""

    code: str
    texts: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.texts[key]

    def share(self, share: float) -> str:
        """Return "31% of the talk"."""
        return self.texts["of_the_talk"].format(share=f"{share:.0%}")

    def none_next(self) -> str:
        """Return how to add what was missed, by the button as it is labelled."""
        return self.texts["none_next"].replace("{edit}", self.button("edit"))

    def button(self, key: str, count: int = 0) -> str:
        """Return the label of a button under minutes, or what it asks first."""
        return _buttons()[self.code][key].replace("{count}", str(count))

    def edited(self, name: str) -> str:
        """Return "edited by Anna Berg"."""
        return self.texts["edited_by"].replace("{name}", name)


@cache
def _buttons() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("buttons.toml").read_text(encoding="utf-8"))


@cache
def _warnings() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("warnings.toml").read_text(encoding="utf-8"))


def make_warning(code: MinutesWarningCode, message: str = "", /, **values: object) -> MinutesWarning:
    """Return a warning with its English sentence; `message` is the sentence's key where the code is not."""
    key, said = message or code, {name: str(value) for name, value in values.items()}
    return MinutesWarning(code=code, text=_filled(_warnings()[ENGLISH][key], said), message=key, values=said)


def warning_in(warning: MinutesWarning, language: str) -> str:
    """Return the warning's sentence in the language; in English where there is none."""
    sentence = _warnings().get(language, {}).get(warning.message)
    return _filled(sentence, warning.values) if sentence and language != ENGLISH else warning.text


def _filled(sentence: str, values: Mapping[str, str]) -> str:
    """Return the sentence with its braces filled, in one pass: what is filled in may have braces itself."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), sentence)


@cache
def languages() -> Mapping[str, Wording]:
    """Return the wordings there are, by two-letter code."""
    read = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))
    return {code: Wording(code, texts) for code, texts in read.items()}


def wording_in(code: str) -> Wording:
    """Return the wording of a language, English where there is none."""
    return languages().get(code, languages()[ENGLISH])


def language_asked_for(text: str) -> str | None:
    """Return the language that a request names ("minutes in German", "auf Deutsch"), None without one."""
    by_name = {name: code for code, names in _NAMED.items() for name in names.split()}
    for match in re.finditer(r"[^\W\d_]+", text):
        code = by_name.get(match.group().lower())
        if code is not None and _BEFORE.search(text[: match.start()]):
            return code
    foreign = (name for name in by_name if _is_foreign(name) and name in text.lower())
    return by_name.get(next(foreign, ""))


def _is_foreign(name: str) -> bool:
    """Return whether a name is in Cyrillic or Japanese, where no "in" goes before it."""
    return ord(name[0]) >= 0x400
