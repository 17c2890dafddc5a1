"""Builder of REFI-QDA projects as the programs write them: every passage in them is invented."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid5
from xml.sax.saxutils import quoteattr

from defusedxml.ElementTree import fromstring

from tdfnlp.coding import Coding, Study

SPACE = "urn:QDA-XML:project:1.0"

TEXT = (
    "Interviewer: How is it on the ward? \U0001f600\n"
    "P1: Nobody ever showed me how, so I guess. Café talk \U0001f600\U0001f680 helps a bit.\n"
    "Interviewer: And the time?\n"
    "P1: We never have time. \U0001f600 The forms are long, and I forget the second page.\n"
    "Interviewer: Who decides?\n"
    "P1: My manager decides. She says \U0001f680 that it is our job, and I agree with her.\n"
)
QUOTES = ("Nobody ever showed me how", "We never have time.", "I forget the second page",
          "My manager decides.", "it is our job", "I agree with her.")  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How a program writes."""

    origin: str
    utf16: bool = False
    crlf: int = 2
    line_end: str = "\n"
    bom: bool = False
    counts_bom: bool = False
    folder: str = "sources/"
    qde: str = "project.qde"
    scheme: str = "internal://"
    prefix: str = ""
    braces: bool = False
    encoding: str = "utf-8"
    pretty: bool = False


STYLES = {
    "nvivo": Style("NVivo for Windows 14.23", True, 2, "\r\n", True, folder="Sources/",
                   pretty=True),
    "nvivo-mac": Style("NVivo for Mac 15.0.0", True, 2, "\n"),
    "atlas": Style("ATLAS.ti 23.2.1", False, 1, "\r\n", qde="My study.qde", pretty=True),
    "maxqda": Style("MAXQDA 24", False, 2, "\r\n", braces=True, scheme="internal:/"),
    "qualcoder": Style("QualCoder-3.5", False, 2, "\n", scheme=""),
    "standard": Style("Some Program 1", False, 2, "\r\n", True, prefix="q:"),
    "counts-bom": Style("Some Program 2", True, 1, "\r\n", True, True, encoding="utf-16"),
}  # fmt: skip


def guid(*parts: object) -> str:
    """The same GUID for the same thing in every fixture."""
    return str(uuid5(UUID(int=7), "/".join(map(str, parts))))


def quotes(study: Study) -> list[tuple[str, str]]:
    """What was coded, and with which code."""
    texts = {one.id: one.text for one in study.transcripts}
    return [(texts[one.transcript][one.start : one.end], one.code[-1]) for one in study.codings]


def suggestions(study: Study) -> list[Coding]:
    """What a machine might add to ``coded``."""
    text = study.transcripts[0].text
    start = text.index("She says")
    return [
        Coding("P1", start, text.index("our job") + 7, ("Skills", "Barrier"), note="p 0.91"),
        Coding("P1", start, start + 3, ("Skills", "Barrier")),
        Coding("P1 (2)", 0, 2, ("Knowledge",), valence="barrier"),
    ]


def units(text: str, at: int, style: Style) -> int:
    """A position as the program counts it, the slow and plain way."""
    before = text[:at]
    extra = sum(ord(c) > 0xFFFF for c in before) if style.utf16 else 0
    fewer = sum(text[k : k + 2] == "\r\n" for k in range(at)) if style.crlf == 1 else 0
    return at + extra - fewer + (style.bom and style.counts_bom)


@dataclass
class Maker:
    """Writes one project in one style."""

    style: Style
    codes: str = ""
    users: str = ""
    before_sources: str = ""
    sources: list[str] = field(default_factory=list)
    after_sources: str = ""
    members: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str, text: str, inside: str = "", attributes: str = "") -> str:
        """Add a text source and its file; gives the text as the file has it."""
        text = text.replace("\n", self.style.line_end)
        mark = "\ufeff" if self.style.bom else ""
        own = f"{name}/{len(self.sources)}"
        file = f"{guid(own).upper() if self.style.bom else guid(own)}.txt"
        self.members[self.style.folder + file] = (mark + text).encode()
        path = f'plainTextPath="{self.style.scheme}{file.lower()}"'
        self.sources.append(
            f"<TextSource guid={self.guid(own)} name={quoteattr(name)} {path} {attributes}"
            + (f">{inside}</TextSource>" if inside else "/>")
        )
        return text

    def guid(self, *parts: object) -> str:
        """A GUID, quoted and in the program's spelling."""
        one = guid(*parts)
        return f'"{{{one.upper()}}}"' if self.style.braces else f'"{one}"'

    def selection(self, text: str, quote: str, *codings: str, **more: str) -> str:
        """A selection of the first place where the quote stands."""
        text = text.replace("\n", self.style.line_end)
        start = text.index(quote.replace("\n", self.style.line_end))
        return self.span(text, start, start + len(quote), *codings, **more)

    def span(self, text: str, start: int, end: int, *codings: str, **more: str) -> str:
        """A selection of a code-point span of the text as the file has it."""
        one, two = units(text, start, self.style), units(text, end, self.style)
        words = "".join(f' {name}="{value}"' for name, value in more.items())
        return (
            f'<PlainTextSelection guid={self.guid("s", text, start, end, *codings)} name=""'
            f' startPosition="{one}" endPosition="{two}"{words}>{"".join(codings)}'
            "</PlainTextSelection>"
        )

    def coding(self, name: str, code: str, user: str = "Ann", notes: Sequence[str] = ()) -> str:
        """A coding with its own name, for its GUID."""
        refs = "".join(f"<NoteRef targetGUID={self.guid(note)}/>" for note in notes)
        return (
            f"<Coding guid={self.guid('coding', name)} creatingUser={self.guid(user)} "
            f'creationDateTime="2026-03-01T10:00:00Z"><CodeRef targetGUID={self.guid(code)}/>'
            f"{refs}</Coding>"
        )

    def xml(self) -> bytes:
        """The project's XML."""
        body = (
            f"<Users>{self.users}</Users><CodeBook><Codes>{self.codes}</Codes></CodeBook>"
            f"{self.before_sources}<Sources>{''.join(self.sources)}</Sources>{self.after_sources}"
        )
        origin = quoteattr(self.style.origin)
        xml = f'<Project xmlns="{SPACE}" name="Study" origin={origin}>{body}</Project>'
        if self.style.prefix:
            xml = re.sub(r"<(/?)(\w)", rf"<\1{self.style.prefix}\2", xml)
            xml = xml.replace("xmlns=", f"xmlns:{self.style.prefix.rstrip(':')}=")
        if self.style.pretty:
            xml = xml.replace("><", ">\r\n  <").replace("/>", " />")
        return f'<?xml version="1.0" encoding="{self.style.encoding}"?>\n{xml}'.encode(
            self.style.encoding
        )

    def write(self, path: Path) -> Path:
        """The package, with a recording that is never to be read."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(self.style.folder + "interview.mp3", b"\0" * 1000)
            archive.writestr(self.style.qde, self.xml())
            for name, data in self.members.items():
                archive.writestr(name, data)
        return path


def coded(style: Style) -> Maker:
    """A project with what real ones have: nested codes, two coders, notes, cases, equal spans."""
    make = Maker(style)
    make.users = f"<User guid={make.guid('Ann')} name='Ann'/><User guid={make.guid('B')} id='BB'/>"
    deep = "".join(
        f"<Code guid={make.guid('deep', n)} name='level {n}' isCodable='true'>" for n in range(7)
    )
    make.codes = (
        f"<Code guid={make.guid('Knowledge')} name='Knowledge' isCodable='false' color='#aa0011'>"
        "<Description>What &amp; how</Description>"
        f"<Code guid={make.guid('Low')} name='Low' isCodable='true'/></Code>"
        f"<Code guid={make.guid('Time')} name='Time' isCodable='true'/>" + deep + "</Code>" * 7
    )
    coding, selection = make.coding, make.selection
    inside = [
        selection(TEXT, QUOTES[0], coding("1", "Low", notes=["memo"])),
        selection(TEXT, QUOTES[1], coding("2", "Time")),
        selection(TEXT, QUOTES[1], coding("3", "Low", "B"), coding("4", "Knowledge")),
        selection(TEXT, QUOTES[2], coding("5", "Time", "nobody")),
        selection(TEXT, QUOTES[3], coding("6", "case")),
        selection(TEXT, QUOTES[4], coding("7", "gone")),
        selection(TEXT, QUOTES[5]),
        make.span(TEXT.replace("\n", style.line_end), 90, 95, coding("8", "Time")).replace(
            'endPosition="', 'endPosition="9'
        ),
    ]
    value = (
        f"<VariableValue><VariableRef targetGUID={make.guid('Role')}/><TextValue>Nurses"
        "</TextValue></VariableValue>"
    )
    make.before_sources = (
        f"<Variables><Variable guid={make.guid('Role')} name='Role' typeOfVariable='Text'/>"
        f"</Variables><Cases><Case guid={make.guid('case')} name='P1'>{value}"
        f"<SourceRef targetGUID={make.guid('P1/0')}/></Case></Cases>"
    )
    make.text("P1", TEXT, "".join(inside) + coding("9", "deep/6"))
    make.text("P1", "P2: Second of that name.\n", make.coding("10", "Time"))
    make.members[style.folder + "empty.txt"] = b"\n"
    make.sources.append(
        f"<TextSource guid={make.guid('none')} name='None' plainTextPath='internal://empty.txt'/>"
    )
    make.after_sources = (
        f"<Notes><Note guid={make.guid('memo')} name='Memo'><PlainTextContent>Ask &lt;again&gt;"
        "</PlainTextContent></Note></Notes>"
    )
    return make


_SELECTION = "Description? Coding* NoteRef*"
_TEXT = "Description? PlainTextContent? PlainTextSelection* Coding* NoteRef* VariableValue*"
SCHEMA = {
    "Project": "Users? CodeBook? Variables? Cases? Sources? Notes? Links? Sets? Graphs? "
    "Description? NoteRef*",
    "Users": "User+",
    "CodeBook": "Codes",
    "Codes": "Code+",
    "Code": "Description? NoteRef* Code*",
    "Variables": "Variable+",
    "Cases": "Case+",
    "Case": "Description? CodeRef* VariableValue* SourceRef* SelectionRef*",
    "VariableValue": "VariableRef TextValue?",
    "TextSource": _TEXT,
    "Representation": _TEXT,
    "Note": _TEXT,
    "Notes": "Note+",
    "PDFSource": "Description? PDFSelection* Representation? Coding* NoteRef* VariableValue*",
    "AudioSource": "Description? Transcript* AudioSelection* Coding* NoteRef* VariableValue*",
    "Transcript": "Description? PlainTextContent? SyncPoint* TranscriptSelection* NoteRef*",
    "TranscriptSelection": _SELECTION,
    "PlainTextSelection": _SELECTION,
    "Coding": "CodeRef NoteRef*",
}
NEEDED = {
    "User": "guid", "Code": "guid name isCodable", "Variable": "guid name typeOfVariable",
    "Coding": "guid", "CodeRef": "targetGUID", "NoteRef": "targetGUID", "TextSource": "guid",
    "PlainTextSelection": "guid startPosition endPosition", "Note": "guid", "SyncPoint": "guid",
    "TranscriptSelection": "guid", "Case": "guid", "SourceRef": "targetGUID", "Project": "name",
}  # fmt: skip
GUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")


def check_structure(xml: bytes) -> None:
    """Hold a project against the standard's sequences, needed attributes and GUIDs."""
    seen: set[str] = set()
    for element in fromstring(xml, forbid_dtd=True).iter():
        tag = element.tag.removeprefix(f"{{{SPACE}}}")
        assert "}" not in tag
        children = "".join(f"{child.tag.rpartition('}')[2]} " for child in element)
        if tag in SCHEMA:
            parts = (re.fullmatch(r"(\w+)([?*+]?)", part) for part in SCHEMA[tag].split())
            pattern = "".join(f"(?:{part[1]} ){part[2]}" for part in parts if part)
            assert re.fullmatch(pattern, children), (tag, children[:200])
        for name in NEEDED.get(tag, "").split():
            assert name in element.attrib, (tag, name)
        for name, value in element.attrib.items():
            if name.lower().endswith(("guid", "user", "syncpoint")):
                assert GUID.fullmatch(value), (tag, name)
        one = element.get("guid", "").lower()
        assert not one or one not in seen, (tag, one)
        seen.add(one)
