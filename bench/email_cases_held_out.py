"""More drafting requests, written after the rules stood and measured before any was mended for them.

In other words than bench/email_cases.py, and in German, French and Spanish. A rule that is mended here must be a
general one: no case's own words may stand in the engine.
"""

from __future__ import annotations

from bench.email_cases import Case, people

_BRIEF = """Proyecto Faro
La entrega del portal es el 9 de marzo de 2027.
El presupuesto aprobado es de 18.500 EUR.
"""
_AGENDA = """Kickoff agenda
Room: Aurora, second floor
Start: 09:45 on 11 January 2027
Dial-in code: 884-221
"""

HELD_OUT: tuple[Case, ...] = (
    Case("en, drop a line", "Could you drop Jonas a line saying the staging database was restored at 07:40?",
         people("jonas.weber"), says=("staging database", "07:40")),
    Case("en, get Priya to", "Get Priya to order 12 headsets before 18 December 2026, please.",
         people("priya.raman"), says=("12 headsets", "18 December 2026")),
    Case("en, word with Leila", "I need to let Leila know the audit moved to 14 January 2027. Keep it brief.",
         people("leila.haddad"), says=("audit", "14 January 2027"), most_words=70),
    Case("en, heads-up", "Send Marcus a heads-up that vendor onboarding closes on 22 December 2026.",
         people("marcus.ogden"), says=("vendor onboarding", "22 December 2026")),
    Case("en, from the agenda", "E-mail Sofia the dial-in code and the start from the attached agenda.",
         people("sofia.almeida"), files={"agenda.txt": _AGENDA}, says=("884-221", "09:45")),
    Case("en, nudge", "Nudge Ravi about the overdue report RP-77; he promised it for 20 November 2026. Firm, please.",
         people("ravi.menon"), says=("RP-77", "20 November 2026"), tone="firm"),
    Case("de, Bescheid", "Gib Jonas Bescheid, dass der Server am 7. Januar 2027 um 22:00 neu startet.",
         people("jonas.weber"), says=("7. Januar 2027", "22:00"), language="de"),
    Case("de, bitten zu", "Bitte Leila, die Zugriffsliste bis zum 11. Dezember 2026 zu prüfen. Kurz und freundlich.",
         people("leila.haddad"), says=("Zugriffsliste", "11. Dezember 2026"), language="de", tone="friendly",
         most_words=70),
    Case("de, förmliche Absage", "Sage Marcus für das Treffen am 4. Dezember 2026 förmlich ab, weil ich im Urlaub bin.",  # noqa: E501
         people("marcus.ogden"), says=("4. Dezember 2026", "Urlaub"), language="de", tone="formal"),
    Case("de, Kopie", "Schreib Ben, dass die Rechnung CP-311 über 2.400 EUR bezahlt ist, Helen in Kopie.",
         people("ben.achterberg"), people("helen.brandt"), says=("CP-311", "2.400 EUR"), language="de"),
    Case("fr, dis que", "Dis à Sofia que la réunion est reportée au 12 janvier 2027 à 10h30.",
         people("sofia.almeida"), says=("12 janvier 2027", "10h30"), language="fr"),
    Case("fr, demande de", "Écris un message amical à Ben pour lui demander d'envoyer la facture FA-208 avant le 5 décembre 2026.",  # noqa: E501
         people("ben.achterberg"), says=("FA-208", "5 décembre 2026"), language="fr", tone="friendly"),
    Case("fr, remerciement", "Remercie Leila pour son aide sur le dossier 4471.",
         people("leila.haddad"), says=("4471",), language="fr"),
    Case("es, avisa que", "Avisa a Marcus de que el envío de 300 cajas sale el 2 de diciembre de 2026.",
         people("marcus.ogden"), says=("300 cajas", "2 de diciembre de 2026"), language="es"),
    Case("es, pide que", "Pide a Priya que mande el contrato CT-90 antes del 9 de diciembre de 2026, en tono formal.",
         people("priya.raman"), says=("CT-90", "9 de diciembre de 2026"), language="es", tone="formal"),
    Case("es, del documento", "Escribe a Sofia sobre la entrega del portal según el documento.",
         people("sofia.almeida"), files={"faro.txt": _BRIEF}, says=("9 de marzo de 2027",), language="es"),
    Case("es, ambigua", "Dile a Anna que el presupuesto de 900 EUR está aprobado.",
         (), says=("900 EUR",), warns=("ambiguous_recipient",), asks=True, language="es"),
    Case("de, Anhang fehlt", "Schicke Grace den Vertrag im Anhang und bitte sie um Kommentare bis 9. Dezember 2026.",
         people("grace.nwosu"), says=("9. Dezember 2026",), warns=("missing_attachment",), language="de"),
    # Written after that mending, measured once and left as they came out (4 of 8).
    Case("new, en, loop", "Please chase Jonas for the signed form F-31; we need it by 15 December 2026.",
         people("jonas.weber"), says=("F-31", "15 December 2026")),
    Case("new, en, pass on", "Pass on to Priya that lift 2 is out of order until 30 November 2026.",
         people("priya.raman"), says=("lift 2", "30 November 2026")),
    Case("new, de, Frage", "Erkundige dich bei Helen, ob Raum B-214 am 8. Dezember 2026 frei ist.",
         people("helen.brandt"), says=("B-214", "8. Dezember 2026"), language="de"),
    Case("new, de, Einladung", "Lade Leila und Grace für den 10. Dezember 2026 um 14:00 zur Besprechung ein.",
         people("leila.haddad", "grace.nwosu"), says=("10. Dezember 2026", "14:00"), language="de"),
    Case("new, fr, rappelle", "Rappelle à Ravi que la formation est due le 18 décembre 2026, sur un ton ferme.",
         people("ravi.menon"), says=("18 décembre 2026",), language="fr", tone="firm"),
    Case("new, fr, excuses", "Présente nos excuses à Ben pour le retard de la livraison L-55.",
         people("ben.achterberg"), says=("L-55",), language="fr"),
    Case("new, es, gracias", "Da las gracias a Leila por la revisión del contrato CT-12.",
         people("leila.haddad"), says=("CT-12",), language="es"),
    Case("new, es, pregunta", "Pregunta a Jonas si el despliegue es el 3 de diciembre de 2026 a las 16:30.",
         people("jonas.weber"), says=("3 de diciembre de 2026", "16:30"), language="es"),
)  # fmt: skip
