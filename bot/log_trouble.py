"""Does a text tell of trouble with a service whose logs there are ("checkout keeps timing out, what's going on?")?

Then the logs are looked into, though nobody said "logs". Words alone decide: the service must be named by itself,
something must be wrong with it, and the text must not ask for a rule ("who is called when checkout is down?").
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import structlog

from assistant.errors import SettingsInvalid
from assistant.log_sources import load_log_sources
from assistant.mentions import Mention, Person
from assistant.settings import Settings

log = structlog.get_logger()

_NOT = r"(?:not|n['’]t)"
_TROUBLE = re.compile(
    r"\b(?:fail(?:s|ed|ing|ures?)?|broken?|down|offline|unavailable|unreachable|unresponsive|unhealthy|degraded|"
    r"flaky|slow(?:er|ly|ness)?|sluggish|latency|lagg?ing|stuck|frozen|hang(?:s|ing)?|hung|dead|dies|dying|died|delay(?:s|ed)?|"
    r"(?:minutes?|hours?|days?) late|"
    r"time(?:s|d)?[ -]?outs?|timing out|times? out|timed out|errors?|erroring|exceptions?|[45]xx|50[0-4]s?|429s?|"
    r"crash(?:es|ed|ing)?|oom(?:[ -]?killed)?|restart(?:s|ed|ing)?|flapping|throw(?:s|ing)|spik(?:es?|ed|ing)|"
    r"misbehav\w+|(?:act|play)ing up|fall(?:s|en|ing)? over|fell over|go(?:es|ing)? wrong|went wrong|wrong with|"
    r"(?:matter|up|going on|happen(?:ed|ing)) (?:with|in|to|at|on)|root cause|"
    r"(?:trouble|problems?|issues?|incident) (?:with|in|at|on)|(?:incident|outage|trouble)[?.!]|"
    r"reject(?:s|ing) (?:all|every|requests?|connections?)|los(?:es|ing|t) (?:connections?|messages?|requests?)|"
    rf"(?:is|are|was|were|do|does|did|has|have|ca|wo|could|would)(?: ?{_NOT}|not) (?:\w+ )?(?:work|respond|answer|"
    r"start|com|connect|reach|go|load|process|get|deliver|send)\w*|"
    r"stop(?:s|ped)? (?:work|respond|answer|process|load|deliver|send|accept)\w*)\b"
    r"|\bwhat(?:['’]s| is| was) (?:wrong|going on|happening|up)\b",
    re.IGNORECASE,
)
# Who asks what to do, who does it, or what the rule is wants a document, whatever failed.
_ASKS_FOR_A_RULE = re.compile(
    r"\bpolic(?:y|ies)\b|\b(?:retention|allowed|permitted|procedure|guidelines?|rules?|checklist|runbook|handbook|"
    r"responsible|entitled|reimburse\w*|refund\w*|expenses?|compensat\w*|insurance)\b"
    r"|\bhow (?:many|much|few) (?:days?|hours?|weeks?|months?|time|notice|money|euros?|pay)\b"
    r"|\bwhich (?:team|person|manager|form|document|department)\b|\bcounts? as\b"
    r"|\bhow (?:do|should|can|could|must|would|to|often|long (?:do|are|is|must|should|may|can))\b"
    r"|\b(?:may|must|should|shall|can|do|does|am) (?:i|we|one|engineers?|staff|employees?|people|somebody|someone)\b"
    r"|\bwhat (?:should|do|must|would|can) (?:i|we|one|you)\b|\bwhat happens\b"
    r"|\b(?:where|what) (?:are|is) the steps\b"
    r"|^\s*(?:who|whom|whose)\b|\bwho (?:is|are|may|must|should|can|gets?|do|decides?|approves?|owns?)\b"
    r"|\bwhere (?:do|are|can|is|may|must|should)\b",
    re.IGNORECASE,
)
# A name before another noun is no service ("payment terms"), nor is one behind an attribute ("late payments"): only
# these may stand around it.
_BEFORE_A_SERVICE = re.compile(
    r"(?:^|[^\w\s-]|\b(?:the|our|this|that|a|of|in|inside|within|with|to|from|at|on|by|for|into|about|between|behind|"
    r"is|are|was|were|has|have|had|do|does|did|can|could|why|how|and|or|but|so|because|since|while|only|just|"
    r"reach\w*|call\w*|connect\w*|hit\w*|broke|break\w*|kill\w*|crash\w*|restart\w*|see\w*|says?|think|believe|check|"
    r"look|inspect|now|again|today|please|hey|hi|hello|when))\s*[`'\"“‘(]*\s*$",
    re.IGNORECASE,
)
_FOLLOWS_A_SERVICE = (
    r"(?=\s*(?:[?.!,;:)'’\"`\-–—]|$)"
    r"|\s+(?:is|are|was|were|has|have|had|be|been|being|do|does|did|can|could|will|would|(?:is|are|was|were|has|have|"
    r"had|do|does|did|could|would|wo|ca)n(?=['’]t)|cannot|seems?|looks?|appears?|keeps?|kept|became|becomes?|turn\w+|"
    r"begins?|began|starts?|stops?|went|goes?|going|gets?|got|just|so|still|again|suddenly|not|\w{2,}ed|"
    r"throws?|throwing|threw|times|timing|fail\w*|falls?|falling|fell|crash\w*|restart\w*|returns?|returning|answers?|"
    r"responds?|los\w+|hang\w*|hung|dies?|dying|spik\w+|slow\w*|down|broken?|breaks|healthy|unavailable|flapping|misbehav\w+|"
    r"reject\w*|refus\w+|acts|acting|arrives?|arriving|comes?|coming|takes?|taking|took|"
    r"errors?|exceptions?|timeouts?|failures?|latency|problems?|issues?|trouble|incident|outage|"
    r"service|api|pods?|server|backend|database|db|cluster|instances?|workers?|[45]xx|50\d|"
    r"and|or|but|now|today|tonight|yesterday|since|at|in|on|to|from|with|around|between|after|before|during|while|"
    r"this|last|lately|recently|right|as|because|due|please)\b)"
)
_SUPPOSED = re.compile(
    r"\b(?:if|whenever|in case|unless|when(?! (?:did|does|was|were|is|are|has|have)\b))\s+(?:(?:the|our)\s+)?$",
    re.IGNORECASE,
)


def asks_for_a_rule(text: str) -> bool:
    """Return whether the text asks what to do, who does it or what holds, rather than what happened."""
    return bool(_ASKS_FOR_A_RULE.search(text))


def tells_of_trouble(text: str, names: Iterable[str]) -> bool:
    """Return whether the text says or asks what is wrong with one of these services."""
    if not _TROUBLE.search(text) or asks_for_a_rule(text):
        return False
    known = tuple(sorted(names, key=len, reverse=True))  # so that "api gateway" is read before "gateway"
    found = _named(known).finditer(text) if known else ()
    return any(_stands_by_itself(text[: match.start()]) for match in found)


def _stands_by_itself(before: str) -> bool:
    return bool(_BEFORE_A_SERVICE.search(before)) and not _SUPPOSED.search(before)


@functools.lru_cache(maxsize=64)
def _named(names: tuple[str, ...]) -> re.Pattern[str]:
    services = "|".join(map(re.escape, names))
    return re.compile(rf"(?<![\w-])(?:{services})(?![\w-]){_FOLLOWS_A_SERVICE}", re.IGNORECASE)


class LogTrouble:
    """Knows the declared services, and so which questions are about their logs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def is_meant(self, mention: Mention, asker: Person) -> bool:
        """Return whether the asker tells of trouble with a service that they may query."""
        if not _TROUBLE.search(mention.text):
            return False
        try:
            declared = load_log_sources(self._settings)
        except SettingsInvalid as error:  # the doctor and the inspection say so; other questions must not suffer
            log.warning("log_sources.unreadable", code=error.code)
            return False
        allowed = declared.for_asker(mention.model_copy(update={"asker": asker}))
        return tells_of_trouble(mention.text, allowed.names)
