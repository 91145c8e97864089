"""The fixed words of the template engine, by language and tone. They hold no facts: facts come from the sources.

`{}` takes the asker's own words. German, French, Spanish and Portuguese use the polite form, except German
"friendly". What a language lacks is said with `frame`, which quotes the asker's words as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.mail.draft import Language, Tone
from assistant.manner import NAME

_ACTS: dict[str, dict[str, str]] = {
    "en": {
        "ask_to": "Could you please {}?",
        "ask_for": "Could you please send me {}?",
        "ask_that": "I would like to ask that {}.",
        "ask_whether": "Could you please let me know whether {}?",
        "ask_what": "Could you please let me know {}?",
        "ask_about": "I would like to ask you about {}.",
        "that": "{}.",
        "statement": "{}",
        "inform_about": "I would like to update you on {}.",
        "include": "Here is what you need to know about {}:",
        "unknown": "About {}:",
        "please": "Please {}.",
        "remind_of": "This is a reminder about {}.",
        "thank_for": "Thank you for {}.",
        "invite_to": "I would like to invite you to {}.",
        "apologise_that": "I am sorry that {}.",
        "apologise_for": "I apologise for {}.",
        "decline": "Unfortunately, I have to decline {}.",
        "accept": "I am glad to accept {}.",
        "congratulate_on": "Congratulations on {}.",
        "arrange": "I would like to {}.",
        "follow_up": "I am following up on {}.",
        "confirm": "I confirm {}.",
        "about": "I am writing about {}.",
        "firm:ask_to": "Please {}.",
        "firm:ask_for": "Please send me {}.",
        "firm:decline": "I have to decline {}.",
        "formal:ask_to": "I would be grateful if you could {}.",
        "formal:ask_for": "I would be grateful if you could send me {}.",
        "formal:apologise_for": "Please accept my apologies for {}.",
        "friendly:thank_for": "Thank you so much for {}.",
        "friendly:ask_for": "Could you send me {}, please?",
        "kind:decline": "Unfortunately, I have to decline.",
        "kind:apology": "I apologise.",
        "kind:thanks": "Thank you.",
        "items": "These are the action items:",
        "no_items": "No action items were found in the notes.",
        "answer_on": "On {}:",
        "answer_open": "On your question:",
        "i_wrote": "I wrote:",
        "you_wrote": "You wrote:",
        "wrote": "{} wrote:",
        "said": "From {}:",
        "policy": "Our policy “{}” says:",
        "attached": "Please find attached: {}.",
        "suits": "Does that suit you?",
        "decline_end": "Thank you for your understanding.",
        "request_end": "Thank you in advance.",
        "apology_end": "Thank you for your patience.",
        "status_end": "Please let me know if you have any questions.",
        "reply_open": "Thank you for your message.",
        "firm:request_end": "I look forward to your answer.",
    },
    "de": {
        "ask_to": "Könnten Sie bitte {}?",
        "ask_for": "Ich möchte Sie um {} bitten.",
        "ask_whether": "Könnten Sie mir bitte mitteilen, ob {}?",
        "ask_what": "Könnten Sie mir bitte mitteilen, {}?",
        "ask_about": "Ich habe eine Frage zu Folgendem: {}.",
        "that": "Ich möchte Ihnen mitteilen, dass {}.",
        "statement": "{}",
        "remind_of": "Ich möchte Sie an {} erinnern.",
        "thank_for": "Vielen Dank für {}.",
        "invite_to": "Ich möchte Sie herzlich einladen: {}.",
        "apologise_for": "Ich bitte um Entschuldigung für {}.",
        "decline": "Leider muss ich absagen: {}.",
        "about": "Es geht um Folgendes: {}.",
        "frame": "Es geht um Folgendes: {}.",
        "friendly:ask_to": "Könntest du bitte {}?",
        "friendly:ask_for": "Ich möchte dich um {} bitten.",
        "friendly:ask_whether": "Könntest du mir bitte sagen, ob {}?",
        "friendly:ask_what": "Könntest du mir bitte sagen, {}?",
        "friendly:that": "Ich wollte dir sagen, dass {}.",
        "friendly:remind_of": "Ich möchte dich an {} erinnern.",
        "friendly:invite_to": "Ich möchte dich herzlich einladen: {}.",
        "items": "Das sind die Aufgaben:",
        "no_items": "In den Unterlagen wurden keine Aufgaben gefunden.",
        "answer_on": "Zu {}:",
        "answer_open": "Zu Ihrer Frage:",
        "i_wrote": "Ich schrieb:",
        "you_wrote": "Sie schrieben:",
        "friendly:you_wrote": "Du hast geschrieben:",
        "wrote": "{} schrieb:",
        "said": "Aus {}:",
        "policy": "Unsere Richtlinie „{}“ sagt dazu:",
        "attached": "Im Anhang: {}.",
        "suits": "Passt Ihnen das?",
        "friendly:suits": "Passt dir das?",
        "decline_end": "Vielen Dank für Ihr Verständnis.",
        "friendly:decline_end": "Danke für dein Verständnis.",
        "request_end": "Vielen Dank im Voraus.",
        "apology_end": "Vielen Dank für Ihre Geduld.",
        "friendly:apology_end": "Danke für deine Geduld.",
        "status_end": "Bei Fragen melden Sie sich gerne.",
        "friendly:status_end": "Bei Fragen melde dich gerne.",
        "reply_open": "Vielen Dank für Ihre Nachricht.",
        "friendly:reply_open": "Danke für deine Nachricht.",
        "translate": "auf Deutsch",
        "facts": "Eckdaten: {}.",
        "kind:request": "Ich habe eine Bitte an Sie.",
        "kind:thanks": "Vielen Dank.",
        "kind:apology": "Ich bitte um Entschuldigung.",
        "kind:decline": "Leider muss ich absagen.",
        "kind:schedule": "Ich möchte mit Ihnen einen Termin vereinbaren.",
        "kind:status": "Ich möchte Sie über den Stand informieren.",
    },
    "fr": {
        "ask_to": "Pourriez-vous {}, s'il vous plaît ?",
        "that": "Je vous informe que {}.",
        "statement": "{}",
        "thank_for": "Je vous remercie pour {}.",
        "apologise_for": "Je vous présente mes excuses pour {}.",
        "invite_to": "Je vous invite à {}.",
        "about": "Je vous écris au sujet suivant : {}.",
        "frame": "Je vous écris au sujet suivant : {}.",
        "items": "Voici les actions :",
        "answer_on": "Sur {} :",
        "answer_open": "Sur votre question :",
        "i_wrote": "J'ai écrit :",
        "you_wrote": "Vous avez écrit :",
        "wrote": "{} a écrit :",
        "said": "Extrait de {} :",
        "policy": "Notre règle « {} » dit :",
        "attached": "En pièce jointe : {}.",
        "reply_open": "Je vous remercie de votre message.",
        "request_end": "Je vous remercie d'avance.",
        "decline_end": "Je vous remercie de votre compréhension.",
        "apology_end": "Je vous remercie de votre patience.",
        "status_end": "Je reste à votre disposition pour toute question.",
        "translate": "en français",
        "facts": "Données : {}.",
        "kind:request": "J'ai une demande à vous faire.",
        "kind:thanks": "Je vous remercie.",
        "kind:apology": "Je vous présente mes excuses.",
        "kind:decline": "Malheureusement, je dois décliner.",
        "kind:schedule": "Je souhaite convenir d'un rendez-vous avec vous.",
        "kind:status": "Je souhaite vous informer de la situation.",
    },
    "es": {
        "ask_to": "Le agradecería que {}.",
        "that": "Le informo de que {}.",
        "statement": "{}",
        "thank_for": "Muchas gracias por {}.",
        "apologise_for": "Le pido disculpas por {}.",
        "invite_to": "Me gustaría invitarle a {}.",
        "about": "Le escribo sobre lo siguiente: {}.",
        "frame": "Le escribo sobre lo siguiente: {}.",
        "items": "Estas son las tareas:",
        "answer_on": "Sobre {}:",
        "answer_open": "Sobre su pregunta:",
        "i_wrote": "Escribí:",
        "you_wrote": "Usted escribió:",
        "wrote": "{} escribió:",
        "said": "De {}:",
        "policy": "Nuestra norma «{}» dice:",
        "attached": "Adjunto: {}.",
        "reply_open": "Gracias por su mensaje.",
        "request_end": "Muchas gracias de antemano.",
        "decline_end": "Gracias por su comprensión.",
        "apology_end": "Gracias por su paciencia.",
        "status_end": "Quedo a su disposición para cualquier pregunta.",
        "translate": "en español",
        "facts": "Datos: {}.",
        "kind:request": "Tengo una petición para usted.",
        "kind:thanks": "Muchas gracias.",
        "kind:apology": "Le pido disculpas.",
        "kind:decline": "Lamentablemente, tengo que declinar.",
        "kind:schedule": "Me gustaría concertar una cita con usted.",
        "kind:status": "Me gustaría informarle del estado.",
    },
    "pt": {
        "ask_to": "Agradecia que {}.",
        "that": "Informo que {}.",
        "statement": "{}",
        "thank_for": "Muito obrigado por {}.",
        "apologise_for": "Peço desculpa por {}.",
        "invite_to": "Gostaria de convidar para {}.",
        "about": "Escrevo sobre o seguinte: {}.",
        "frame": "Escrevo sobre o seguinte: {}.",
        "items": "Estas são as tarefas:",
        "answer_on": "Sobre {}:",
        "answer_open": "Sobre a sua pergunta:",
        "i_wrote": "Escrevi:",
        "you_wrote": "Escreveu:",
        "wrote": "{} escreveu:",
        "said": "De {}:",
        "policy": "A nossa norma «{}» diz:",
        "attached": "Em anexo: {}.",
        "reply_open": "Obrigado pela sua mensagem.",
        "request_end": "Agradeço desde já.",
        "decline_end": "Obrigado pela compreensão.",
        "apology_end": "Obrigado pela paciência.",
        "status_end": "Fico ao dispor para qualquer questão.",
        "translate": "em português",
        "facts": "Dados: {}.",
        "kind:request": "Tenho um pedido a fazer.",
        "kind:thanks": "Muito obrigado.",
        "kind:apology": "Peço desculpa.",
        "kind:decline": "Infelizmente, tenho de recusar.",
        "kind:schedule": "Gostaria de marcar uma reunião.",
        "kind:status": "Gostaria de informar sobre o estado.",
    },
}  # fmt: skip
_GREETINGS: dict[Language, dict[Tone, tuple[str, str]]] = {  # (to somebody, to nobody by name)
    "en": {
        "neutral": ("Hello {},", "Hello,"),
        "friendly": ("Hi {},", "Hi,"),
        "formal": ("Dear {},", "Dear Sir or Madam,"),
        "firm": ("Dear {},", "Hello,"),
    },
    "de": {
        "neutral": ("Guten Tag {},", "Guten Tag,"),
        "friendly": ("Hallo {},", "Hallo,"),
        "formal": ("Guten Tag {},", "Sehr geehrte Damen und Herren,"),
        "firm": ("Guten Tag {},", "Guten Tag,"),
    },
    "fr": dict.fromkeys(("neutral", "friendly", "formal", "firm"), ("Bonjour {},", "Bonjour,")),
    "es": {
        "neutral": ("Hola, {}:", "Buenos días:"),
        "friendly": ("Hola, {}:", "Hola:"),
        "formal": ("Buenos días, {}:", "Buenos días:"),
        "firm": ("Buenos días, {}:", "Buenos días:"),
    },
    "pt": dict.fromkeys(("neutral", "friendly", "formal", "firm"), ("Olá {},", "Olá,")),
}  # fmt: skip
_CLOSINGS: dict[Language, dict[Tone, str]] = {
    "en": {"neutral": "Best regards,", "friendly": "Best wishes,", "formal": "Yours sincerely,", "firm": "Regards,"},
    "de": {
        "neutral": "Freundliche Grüße",
        "friendly": "Viele Grüße",
        "formal": "Mit freundlichen Grüßen",
        "firm": "Mit freundlichen Grüßen",
    },
    "fr": {"neutral": "Cordialement,", "friendly": "Bien à vous,", "formal": "Veuillez agréer mes salutations distinguées,", "firm": "Cordialement,"},  # noqa: E501
    "es": {"neutral": "Un saludo,", "friendly": "Un cordial saludo,", "formal": "Atentamente,", "firm": "Atentamente,"},  # noqa: E501
    "pt": {"neutral": "Cumprimentos,", "friendly": "Um abraço,", "formal": "Com os melhores cumprimentos,", "firm": "Cumprimentos,"},  # noqa: E501
}  # fmt: skip
_ALL = {"en": "all", "de": "zusammen", "fr": "à tous", "es": "a todos", "pt": "a todos"}
_AND = {"en": "and", "de": "und", "fr": "et", "es": "y", "pt": "e"}
_SUBJECTS: dict[Language, dict[str, str]] = {
    "en": {"request": "Request", "reply": "Reply", "decline": "Regrets", "schedule": "Meeting", "follow_up": "Follow-up", "status": "Status update", "thanks": "Thank you", "apology": "Apology"},  # noqa: E501
    "de": {"request": "Anfrage", "reply": "Antwort", "decline": "Absage", "schedule": "Termin", "follow_up": "Nächste Schritte", "status": "Stand", "thanks": "Dank", "apology": "Entschuldigung"},  # noqa: E501
    "fr": {"request": "Demande", "reply": "Réponse", "decline": "Réponse négative", "schedule": "Rendez-vous", "follow_up": "Suites", "status": "Situation", "thanks": "Remerciements", "apology": "Excuses"},  # noqa: E501
    "es": {"request": "Petición", "reply": "Respuesta", "decline": "Respuesta", "schedule": "Cita", "follow_up": "Próximos pasos", "status": "Estado", "thanks": "Agradecimiento", "apology": "Disculpas"},  # noqa: E501
    "pt": {"request": "Pedido", "reply": "Resposta", "decline": "Resposta", "schedule": "Reunião", "follow_up": "Próximos passos", "status": "Estado", "thanks": "Agradecimento", "apology": "Desculpas"},  # noqa: E501
}  # fmt: skip


def phrase(name: str, language: Language, tone: Tone) -> str | None:
    """Return the phrase of this tone, else the language's own, else None."""
    table = _ACTS[language]
    return table.get(f"{tone}:{name}") or table.get(name)


def greeting(names: list[str], language: Language, tone: Tone, *, own: str = "") -> str:
    """Return the salutation for first names (or full ones, where formal); many are greeted together.

    `own` is the asker's, with NAME in place of the name; where it needs one and there is none, the fixed one stands.
    """
    somebody, nobody = _GREETINGS[language][tone]
    if own and NAME not in own:
        return own
    if not names:
        return nobody
    template = own or somebody.replace("{}", NAME)
    if len(names) > 3:
        return template.replace(NAME, _ALL[language])
    *first, last = names
    return template.replace(NAME, f"{', '.join(first)} {_AND[language]} {last}" if first else last)


def closing(language: Language, tone: Tone) -> str:
    """Return the words above the asker's name."""
    return _CLOSINGS[language][tone]


def subject_word(kind: str, language: Language) -> str:
    """Return the subject where the request names no topic."""
    return _SUBJECTS[language].get(kind, _SUBJECTS[language]["request"])


@lru_cache(maxsize=8)
def fixed_words() -> frozenset[str]:
    """Return every word of the fixed texts, in lower case: the check must not take "Dank" for a name."""
    texts = [text for table in _ACTS.values() for text in table.values()]
    texts += [text for table in _GREETINGS.values() for pair in table.values() for text in pair]
    texts += [text for closings in _CLOSINGS.values() for text in closings.values()]
    texts += [text for subjects in _SUBJECTS.values() for text in subjects.values()]
    texts += [*_ALL.values(), *_AND.values()]
    return frozenset(word.lower() for text in texts for word in re.findall(r"[^\W\d_]+", text))
