"""Rules for requests about the demo itself and for facts to remember."""

from __future__ import annotations

import re

from hermes_core.providers.demo.intent import Intent
from hermes_core.providers.demo.wording import unquoted

_I = re.IGNORECASE | re.DOTALL

_TOUR = re.compile(
    r"""(?:(?:the\s+|a\s+|your\s+|our\s+|guided\s+|quick\s+|short\s+|little\s+|start|begin|do|give\s+me|take
      |take\s+me\s+(?:on|through)|i(?:'d|\s+would)\s+like|i\s+want|show\s+me|run|let(?:'s|\s+us)|have|go\s+on|through|\s)*\btour\b(?:\s+of\s+.{1,40})?)
    | (?:show|walk|take)\s+me\s+(?:around|through(?:\s+(?:it|this|everything|the\s+(?:app|program|features)))?)
    | show\s+(?:me\s+)?what\s+(?:you|this|it)\s+can\s+do
    | (?:give\s+me\s+|show\s+me\s+|start\s+|run\s+)?(?:a\s+|the\s+)?(?:quick\s+)?(?:demo|demonstration|walkthrough|walk-through)
    | demonstrate(?:\s+(?:yourself|what\s+you\s+can\s+do|it))?
    | (?:how\s+(?:do|can|should)\s+i\s+(?:get\s+started|start|begin)|get\s+me\s+started|where\s+do\s+i\s+(?:start|begin))
    | (?:how\s+does\s+(?:this|it)(?:\s+(?:app|program|thing))?\s+work)
    """,
    _I | re.VERBOSE,
)

_ABOUT = re.compile(
    r"""(?:hi|hello|hey|hallo|good\s+(?:morning|afternoon|evening)|howdy|yo|greetings)(?:\s+(?:there|hermes|all))?
    | (?:/?help|help\s+me|\?)
    | what\s+can\s+(?:this(?:\s+(?:app|program|thing))?|it|i|we|hermes)\s+do(?:\s+(?:here|with\s+(?:this|it|you)))?
    | explain\s+(?:what|who)\s+you\s+are
    | (?:who|what)\s+(?:exactly\s+)?are\s+you(?:\s+exactly)?
    | what(?:'s|\s+is)\s+(?:this(?:\s+(?:thing|app|program))?|hermes|your\s+name|the\s+demo(?:\s+model)?)
    | what(?:\s+(?:kind|sort)\s+of)?\s+(?:model|assistant|ai|llm|bot)\s+(?:are\s+you|is\s+(?:this|it))
    | which\s+(?:model|ai|llm)\s+(?:are\s+you|is\s+this|am\s+i\s+(?:talking|speaking)\s+to|answers(?:\s+here)?)
    | what\s+model\s+am\s+i\s+(?:talking|speaking)\s+to
    | (?:who|what)\s+am\s+i\s+(?:talking|speaking)\s+(?:to|with)
    | what\s+(?:can|could|do)\s+you\s+(?:do|help(?:\s+me)?\s+with|understand|know\s+how\s+to\s+do)(?:\s+(?:here|for\s+me))?
    | (?:how\s+can|can)\s+you\s+help(?:\s+me)?
    | what\s+(?:are\s+your\s+(?:abilities|capabilities|skills|limits)|can\s+i\s+ask(?:\s+you)?|should\s+i\s+ask(?:\s+you)?)
    | are\s+you\s+(?:(?:a|an|the)\s+)?(?:real|human|person|robot|bot|ai|llm|chatgpt|gpt(?:-?\d)?|claude|gemini|hermes|demo|language\s+model|real\s+(?:ai|model|person|language\s+model|llm))(?:\s+model)?
    | (?:introduce\s+yourself|describe\s+yourself|explain\s+yourself|tell\s+me\s+(?:about\s+yourself|who\s+you\s+are|what\s+you\s+(?:are|can\s+do)))
    | (?:how\s+(?:do|can|would)\s+i\s+|i\s+want\s+to\s+)(?:use|set\s+up|set|configure|get|add|connect|choose|switch\s+to)\s+(?:a|another|my|the)\s+(?:(?:real|proper|other|different|own|better)\s+)*(?:model|provider|api\s+key|key)
    """,
    _I | re.VERBOSE,
)
_SAYS_SOMETHING = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|likes?|loves?|hates?|prefers?|wants?|needs?|uses?|lives?"
    r"|works?|means|equals|calls?|called|runs?|deploys?|can|must|should|will|never|always)\b|'[ms]\b|=",
    _I,
)


def tour(request: str) -> Intent | None:
    """A wish for the guided tour."""
    return Intent("tour") if _TOUR.fullmatch(request) else None


def about(request: str) -> Intent | None:
    """A question about the demo itself, or a greeting."""
    return Intent("about") if _ABOUT.fullmatch(request) else None


_REMEMBER = re.compile(
    r"""(?:remember|memori[sz]e|note(?:\s+down)?|keep\s+in\s+mind|bear\s+in\s+mind
      |(?:don'?t|do\s+not|never)\s+forget|make\s+(?:yourself\s+)?a\s+note(?:\s+of)?|take\s+(?:a\s+)?note(?:\s+of)?
      |(?:save|store|put|add|write)\s+(?:this\s+|it\s+)?(?:to|in|into)\s+(?:your\s+|the\s+)?memory
      |(?:save|store|add)\s+to\s+memory|learn)
      (?:\s*[:,]\s*|\s+)
      (?:(?:this|the\s+following)(?:\s+(?:fact|about\s+me|for\s+later))?\s*[:,]\s*)?(?:that\s+|the\s+fact\s+that\s+)?
      (?P<fact>\S.*\S)""",
    _I | re.VERBOSE,
)
_FACT_FIRST = re.compile(
    r"(?P<fact>(?:my|i|i'm|we|our)\b.{3,}?)[,.;]?\s+(?:(?:please\s+)?(?:remember|memori[sz]e)\s+(?:that|this|it)"
    r"|(?:don'?t|do\s+not)\s+forget\s+(?:that|this|it))",
    _I,
)
_A_QUESTION = re.compile(
    r"(?:when|how|where|why|who|what|which|if|whether|the\s+time|to\b|me\b(?!\s*:)|us\b|it$|this$|that$)",
    _I,
)


def remember(request: str) -> Intent | None:
    """A fact to keep."""
    match = _FACT_FIRST.fullmatch(request) or _REMEMBER.fullmatch(request)
    if match is None:
        return None
    fact = unquoted(match["fact"])
    if _A_QUESTION.match(fact) or request.endswith("?") or len(fact.split()) < 2:
        return None
    is_marked = re.match(r"(?:\w+[\s']+){1,7}?(?:that|this)\b|[^:]{1,30}:", request, _I) is not None
    if not is_marked and _SAYS_SOMETHING.search(fact) is None:
        return None
    return Intent("remember", text=fact)
