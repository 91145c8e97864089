"""Read from a request whom it names: who gets the e-mail, who a copy, who a blind one. Names stay as written.

Which address a name stands for is decided in recipients.py.
"""

from __future__ import annotations

import re

from assistant.mail.draft import ADDRESS
from workers.jobs.email_draft.names import NamePattern


def named_copies(words: str, names: NamePattern) -> tuple[list[str], list[str], str]:
    """Return who is to get a copy, who a blind one, and the request without these words."""
    cc: list[str] = []
    bcc: list[str] = []
    pattern = re.compile(
        rf"[,;(]?\s*(?i:and |und )?(?:(?P<before>(?i:bcc|cc'?(?:ing)?|copy(?:ing)?(?: in)?|(?:in )?kopie"
        rf"|en copie|copie|con copia|com cópia)):?\s+(?:(?i:to|in|an|à|a|para)\s+)?(?P<a>{names.many})"
        rf"|[,;]\s*(?P<c>{names.many})\s+(?P<behind>(?i:(?:in|en|em|auf) (?:b?cc|copy|kopie|copie|copia|cópia)))\b"
        rf"|(?i:put|keep|have|with|mit|setze?|nimm|add)\s+(?P<b>{names.many})\s+(?i:in|on|into|as|auf"
        rf"|ins?)\s+(?P<after>(?i:bcc|cc|copy|kopie|the loop)))\)?"
    )

    def take(match: re.Match[str]) -> str:
        kind = (match["before"] or match["behind"] or match["after"]).lower()
        (bcc if kind.endswith("bcc") else cc).extend(names.split(match["a"] or match["c"] or match["b"]))
        return " "

    rest = pattern.sub(take, words)
    return cc, bcc, re.sub(r"(?<=\w)\.\s*\.(?!\.)", ".", re.sub(r"\s+([.,;])", r"\1", rest)).strip()


def named_recipients(words: str, names: NamePattern) -> list[str]:
    """Return whom the request addresses: after "to" or "for" of the mail itself, or as the object of its verb."""
    noun = (
        r"(?:e-?mails?|mail|message|note|reply|response|answer|invitation|reminder|update|letter|follow[ -]?up"
        r"|draft|apology|thank[ -]you(?: note| mail| e-?mail)?|recap|summary|line|word|nachricht|antwort"
        r"|erinnerung|einladung|correo|mensaje)"
    )
    direct = (
        r"(?:e-?mail|mail|message|ask|asking|tell|telling|thank|thanking|remind|reminding|invite|inviting"
        r"|inform|informing|notify|update|congratulate|let|send|write|schreibe?|frage?|sage?|bitte|danke"
        r"|erinnere|informiere|lade|teile|warn|urge|chase|assure|give|brief|écris|demande|remercie|escribe"
        r"|escreve|pide|agradece|antworte|answer)"
    )
    romance = (
        r"(?:dis|dites|dire|demande[rz]?|écri[st]|écrivez|envoie|envoyez|rappelle[rz]?|réponds|signale[rz]?|annonce[rz]?"
        r"|di|dile|diga|pide|pídele|avisa|avísale|escribe|escríbele|envía|manda|recuerda|recuérdale|comunica|responde"
        r"|diz|avise|pede|peça|escreve|escreva|envia|lembra|lembre|informa|agradece|agradeça)"
    )
    informed = (
        r"(?:préviens|prévenez|avise[rz]?|informe[rz]?|remercie[rz]?|invite[rz]?|relance[rz]?|invita|convida|convide"
        r"|drop|nudge|prod|ping|alert|gib|gebt|schicke?|sende|mahne?|warne?|verständige)"
    )
    towards = r"(?:to|for|an|bei|à|a|para|with|back to|mit)"
    patterns = (
        rf"(?i:\b(?:reply|respond|write|answer|apologi[sz]e|get back|confirm|explain|announce|promise"
        rf"|propose|suggest|follow[ -]?up|antworte|schreibe?|send (?:it|this|them)|goes|wende dich"
        rf"|entschuldige(?: dich)?|bedanke(?: dich)?|écri[st]|escribe|escreve|agradece|responde"
        rf"|réponds))(?i: back)? (?i:{towards})(?: (?i:our|the|my|unser\w*) [a-z]+)? (?P<n>{names.many})",
        rf"(?i:\b{noun}) (?i:{towards})(?: (?i:our|the|my|unser\w*) [a-z]+)? (?P<n>{names.many})",
        rf"(?i:\b{noun}\b)[^.:;]{{0,60}}? (?i:to|an|à|a|para) (?P<n>{names.many})",
        rf"(?i:\b(?:forward|send|pass|give|hand)\b)[^.:;]{{0,60}}? (?i:to) (?P<n>{names.many})",
        rf"(?i:\b{direct}) (?P<n>{names.many})",
        rf"(?i:\b{romance}) (?i:à|a|al|ao|au) (?P<n>{names.many})",
        rf"(?i:\b{informed}) (?:(?i:a|ao|à) )?(?P<n>{names.many})",
        rf"(?i:\bget|have) (?P<n>{names.many}) (?=(?i:to) \w)",
        (
            rf"(?i:\b(?:(?:re)?schedule|postpone|move|cancel|arrange|set up|book|plan|vereinbare|meeting"
            rf"|appointment|termin|call)\b)[^.;]{{0,60}}? (?i:with|mit) (?P<n>{names.many})"
        ),
        rf"(?i:\b(?:decline|accept|answer|turn down)) (?P<n>{names.many})",
        rf"(?i:^to)\s*:?\s+(?P<n>{names.many})",
        (
            rf"(?i:\b(?:invitation|offer|request|mail|e-?mail|proposal|question|einladung|angebot|anfrage"
            rf"|frage)) (?i:from|of|von) (?P<n>{names.many})"
        ),
    )
    for pattern in patterns:
        if found := re.search(pattern, words, re.MULTILINE):
            return names.split(found["n"])
    if found_address := re.findall(ADDRESS, words):
        return found_address
    role = re.search(
        r"\b(?:tell|ask|write to|reply to|e-?mail|answer|remind|thank|inform|write) (the [a-z]+)\b(?! (?:number"
        r"|date|price)\b)",
        words,
        re.IGNORECASE,
    )
    return [role[1]] if role else []
