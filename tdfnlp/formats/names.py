"""Which words can name a speaker, and what they say of the role."""

import re

from ..transcript import Role

_INTERVIEWER = re.compile(
    r"(?:interviewers?|int|iv|i|q|question|researcher|moderator|mod|facilitator)"
    r"[ ._#-]{0,2}(?:\d{1,3}[a-z]?)?"
)
_PARTICIPANT = re.compile(
    r"(?:[a-z]{1,4}\d{1,3}[ _-]?)?(?:p|pt|ppt|pp|r|a|(?:answer|participant|respondent|interviewee|"
    r"informant|patient)s?)[ ._#-]{0,2}(?:\d{1,5}[a-z]?)?"
)
_INTERVIEWER_INSIDE = re.compile(r"\binterviewer\b|\((?:int|researcher|moderator|facilitator)\)")
_PARTICIPANT_INSIDE = re.compile(r"\b(?:participant|respondent|interviewee)\b")

# Labels that transcribers use without saying whose voice it is.
_VOICE = re.compile(
    r"(?:(?:unknown|unidentified|male|female) )?(?:speaker|voice)[ _-]?\d{0,3}|all|several"
)

ABOUT = frozenset(
    "group,participant group,date,time,duration,length,location,place,site,setting,transcript,"
    "transcribed by,interview,interview date,interview number,participant id,id,study,project,"
    "file,file name,filename,recording,title,age,gender,sex,profession,occupation,role".split(",")
)
NEVER = ABOUT | set("note,notes,http,https,www,re,e.g,i.e,nb,ps".split(","))
REPLIES = frozenset(
    "yes,no,yeah,yep,nope,okay,ok,right,mm,mhm,mm-hmm,mmm,hmm,um,uh-huh,sure,exactly,thanks,"
    "thank you,absolutely,definitely,of course,great,true,well,so,and,but,oh,wow,good".split(",")
)


def key_of(name: str) -> str:
    """One spelling of a name, for counting and comparing."""
    return " ".join(name.casefold().split())


def role_of(name: str) -> Role:
    """Role that a label's own words give, "unknown" where they give none."""
    key = key_of(name)
    if key.endswith("?") or _INTERVIEWER.fullmatch(key) or _INTERVIEWER_INSIDE.search(key):
        return "interviewer"
    if _PARTICIPANT.fullmatch(key) or _PARTICIPANT_INSIDE.search(key):
        return "participant"
    return "unknown"


def is_name(name: str, *, words: int = 4) -> bool:
    """Whether this could be a speaker's name at all: short, a capital first, no header word."""
    key = key_of(name)
    if not key or key in NEVER or len(key.split()) > words:
        return False
    return is_known(name) or not name.lstrip("([")[:1].islower()


def is_known(name: str) -> bool:
    """Whether these words are used as labels and for little else."""
    return role_of(name) != "unknown" or _VOICE.fullmatch(key_of(name)) is not None
