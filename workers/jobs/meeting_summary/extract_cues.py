"""What in the wording of a sentence hints at a task, a decision or an open question.

Cues are regular expressions over the lower-cased sentence, each with a name that extract_weights.json
weighs. English first; the commonest German and French wordings ride along. Context (what others answer) is
in extract_item_features.py.
"""

import re

TASK_VERBS = (
    r"(?:add|arrange|ask|book|bring|build|buy|call|change|check|clarify|collect|compare|complete|contact|coordinate"
    r"|copy|create|define|deliver|design|discuss|distribute|do|draft|draw|email|e-mail|evaluate|explore|figure|file"
    r"|fill|finali[sz]e|find|finish|fix|follow|forward|get|give|go|handle|have a look|investigate|invite|inform|join"
    r"|let you know|list|look|mail|make|measure|meet|move|open|order|organi[sz]e|ping|plan|post|prepare|present|print"
    r"|provide|publish|put|read|record|register|report|reply|research|respond|review|run|schedule|send|set|share|show"
    r"|sort|speak|start|submit|sum|summari[sz]e|take|talk|tell|test|think about|try|type|update|upload|verify|work"
    r"|write)"
)
_DAY = (r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tonight|montag|dienstag|mittwoch"
    r"|donnerstag|freitag|morgen|lundi|mardi|mercredi|jeudi|vendredi|demain)")  # fmt: skip

CUES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        # tasks
        "i_will": (rf"\b(?:i'll|i will|i'm going to|i'm gonna|i am going to|i can|let me|ich werde|ich kann"
            rf"|je vais) (?:\w+ ){{0,2}}{TASK_VERBS}\b|\bich (?:schicke|mache|prüfe|kümmere|übernehme)\b"),
        "will_you": (rf"\b(?:can|could|would|will) (?:you|someone|somebody|anyone|one of you) (?:please |just |maybe "
            rf"|also )*{TASK_VERBS}\b|\b(?:kannst|könntest|können) (?:du|sie)\b|\b(?:tu peux|pouvez-vous"
            rf"|peux-tu)\b"),
        "want_you": (r"\b(?:like|need|want|asked?|expect) (?:you|him|her|them|everybody|everyone)(?: guys| all"
            r"| both)? to\b|\bplease\b|\bbitte\b"),
        "you_will": (r"\b(?:you|you guys|you two|the two of you)(?:'ll| will|'re going to|'re gonna| are going to"
            r"| are gonna| have to| need to| should| get to| guys are)\b"),
        "you_get": (r"\byou (?:get|do|can do|could do|look|take|could|can|each)\b|\bfor you\b|\byour (?:job|task|part"
            r"|role|homework)\b"),
        "they_will": (r"\b(?!we|you|they|it|that|this|there|which|who|what|i|one|people)[a-z]{2,}(?:'ll| will"
            r"| is going to|'s going to|'s gonna| is gonna| are gonna| are going to| gets| should| wird| soll) "),
        "we_must": (r"\bwe(?:'ll| will|'re going to|'re gonna| have to| need to| must| should|'ve got to| gotta)\b"
            r"|\bwir (?:müssen|sollten|brauchen)\b|\b(?:nous devons|il faut|on doit)\b"),
        "needs_doing": (r"\b(?:needs?|has|have|got) to be \w+|\b(?:still|first) (?:need|have) to\b|\bneeds \w+ing\b"
            r"|\bmuss noch\b"),
        "task_word": (r"\b(?:action items?|actions?|to-?dos?|tasks?|assignments?|homework|follow-? ?up|deadlines?"
            r"|responsible|in charge|take care|aufgaben?|tâche)\b"),
        "task_phrase": (r"\b(?:work(?:ing)? (?:on|together)|look(?:ing)? (?:in ?to|at)|find out|check(?:ing)?|send|e-?mail"  # noqa: E501
            r"|write up|prepare|investigate|think about|come up with|figure out|get back to)\b"),
        "when_due": (rf"\b(?:by|until|before|till|bis|avant|d'ici) (?:the |end of |next |this |dem |zum |le )*(?:{_DAY}"  # noqa: E501
            rf"|week|month|meeting|end|then|noon|\d)|\bnext (?:meeting|week|time|month)\b|\b{_DAY}\b"
            rf"|\b(?:half an hour|thirty minutes|nächste woche|la semaine prochaine)\b"),
        "meeting_end": (r"\b(?:next meeting|in the meantime|until then|between now|before then|individual(?:ly)? work"
            r"|wrap up|questionnaire|instructions|specific)\b"),
        # decisions
        "decided": (r"\b(?:decid\w*|decision|agreed?|agreement|conclu\w+|settled|resolved|approved|consensus"
            r"|beschlossen|entschieden|einigen|einig|décidé|convenu|d'accord)\b"),
        "go_with": (r"\b(?:go|going|went|stick|stay|stuck) (?:with|for|ahead)\b|\bso (?:we|it)(?:'re|'ll|'s| are| is"
            r"| will)\b|\bwir (?:nehmen|machen|bleiben)\b|\bon (?:prend|garde)\b"),
        "lets": (r"\blet's (?!see|say\b|move on|start|begin|look|talk|discuss)|\b(?:i say|we'll"
            r"|we will) (?:we )?(?:go|use|have|make|keep|do|put|take|say)\b"),
        "will_be": (r"\b(?:it|that|this|they|the \w+(?: \w+)?)(?:'ll| will| is gonna| is going to|'s gonna|'s going to"  # noqa: E501
            r"|'re gonna) (?:be|have)\b|\bwill (?:be|have)\b|\bgonna (?:be|have)\b"),
        "we_have": r"\bwe(?:'ve| have|'re having| want| got|'ve got)\b|\bwe can (?:have|use|do|just)\b",
        "assent_word": (r"\b(?:yeah|yes|okay|fine|exactly|sure|right|good|great|definitely|absolutely|perfect|agreed|genau"  # noqa: E501
            r"|einverstanden)\b"),
        "rejecting": (r"\b(?:no longer|not going to|not gonna|won't|don't (?:want|need)|drop|scrap|forget (?:about )?"
            r"|leave out|get rid of|against|without|instead(?: of)?|rather than|nicht mehr|verzichten)\b"),
        "firm": (r"\b(?:definitely|final(?:ly)?|obviously|must|have to be|has to be|should be|needs to be|only|just"
            r"|basically)\b"),
        "figure": r"\d|\b(?:twenty|thirty|forty|fifty|hundred|thousand|million|percent|euros?|dollars?|pounds?)\b",
        # open questions
        "asks": r"\?\s*$",
        "wh_start": (r"^(?:so |but |and |well |okay |um |uh )*(?:what|how|which|who|when|where|why|whether|do we"
            r"|should we|are we|can we|could we|is it|is there|does|was|wie|wer|was|wann|welche|comment|qui"
            r"|quand|quel)\b"),
        "unsure": (r"\b(?:not (?:sure|clear|certain)|unsure|unclear|don't know|dunno|no idea|wonder(?:ing)?|whether"
            r"|depends|open question|to be decided|tbd|unklar|weiß nicht|offen|je ne sais pas|still (?:need"
            r"|have) to (?:decide|find|figure))\b"),
        "trouble": (r"\b(?:problem\w*|issues?|difficult\w*|hard|confus\w+|concern\w*|worr\w+|expensive|risk\w*|trouble"  # noqa: E501
            r"|complicated|tricky|problematic|cost\w*|however|schwierig|teuer)\b"),
        "hedged": (r"\b(?:maybe|perhaps|might|could|would|if|possibly|i think|i guess|kind of|sort of|probably"
            r"|vielleicht|peut-être)\b"),
        "proposal": (r"\b(?:should|could|what if|how about|why don't|suggest\w*|propos\w*|i think we|we might|idea"
            r"|option|alternativ\w*|vorschlag\w*|proposer?)\b"),
        "or_choice": r"\bor\b|\boder\b|\bou\b",
        "but": r"\b(?:but|although|though|aber|mais)\b",
        "personal": r"\b(?:i|my|me)\b",
        "group": r"\b(?:we|our|us|let's)\b",
        "you": r"\b(?:you|your)\b",
        "pointing": r"\b(?:it|this|that|they|them)\b",
    }.items()
}  # fmt: skip

DECIDED = re.compile(
    r"\b(?:we|they|the (?:team|group|committee|board))(?:'ve| have| had|'d| all| just| then| already)* (?:decided"
    r"|agreed|settled|concluded|resolved|approved)\b"
    r"|\b(?:it|that|this)(?:'s| is| was| has been|'s been) (?:decided|agreed|settled|approved|resolved)\b|\b(?:the"
    r"|our|my) decision (?:is|was)\b"
    r"|\b(?:so|then) (?:we )?agreed\b|^\W*(?:okay |so |good )*agreed\b|\bwe agree (?:that|to)\b|\bwe're agreed\b"
    r"|\blet's agree\b|\bmotion (?:is )?carried\b"
    r"|\bwir haben (?:uns )?(?:\w+ ){0,6}(?:beschlossen|entschieden|geeinigt)\b|\b(?:on a|nous avons) (?:décidé"
    r"|convenu)\b|\bbeschlossen\b"
)
NO_TASK = re.compile(r"\b(?:wait|see|notice|know|hear|understand|remember|imagine|recall|be aware|have seen|agree)\b")

ASSENT = re.compile(
    r"^\W*(?:(?:yeah|yep|yes|okay|ok|'?kay|sure|right|alright|all right|fine|good|great|cool|exactly|agreed"
    r"|i agree|perfect|true"
    r"|absolutely|definitely|sounds good|that's (?:fine|good|right|true|great)|mm-?hmm?|uh-huh|ja|genau|gut"
    r"|einverstanden"
    r"|oui|d'accord|bien)\b\W*)+",
    re.IGNORECASE,
)
FIRM_ASSENT = re.compile(
    r"\b(?:agreed|i agree|we agree|sounds good|that's (?:fine|good|great)|fine (?:by|with) me|perfect|yes|exactly"
    r"|let's do (?:that|it)"
    r"|good idea|einverstanden|genau|d'accord|in favou?r|seconded)\b",
    re.IGNORECASE,
)
ACCEPTANCE = re.compile(
    r"\b(?:i will|i'll|will do|i can do|i'm on it|on it|i'll do|leave (?:it|that) (?:to|with) me|i can take"
    r"|consider it done"
    r"|mache ich|mach ich|übernehme ich|je m'en (?:occupe|charge))\b",
    re.IGNORECASE,
)
TAG_QUESTION = re.compile(
    r"\b(?:right|okay|ok|yeah|you know|no|eh|huh|isn't it|don't you|you see|or not|or what)\?\s*$",
    re.IGNORECASE,
)


def cues_in(text: str) -> dict[str, bool]:
    """Return which cues the raw `text` of a sentence shows."""
    lowered = text.lower().replace("’", "'")
    return {name: pattern.search(lowered) is not None for name, pattern in CUES.items()}
