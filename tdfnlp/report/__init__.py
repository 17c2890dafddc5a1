"""What a paper prints: tables, quotes, figures, methods and an audit log, from confirmed codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..agreement import agree
from ..errors import InputError, OutputError
from ..files import replacing
from ..store import Store
from . import methods, relevance, saturation, standards, tables
from .evidence import Evidence, read
from .figures import direction_figure, group_figure, saturation_figure, together_figure
from .parts import Figure, Part, Section, Table
from .quotes import Quotes, as_json, choose, chosen_of, from_json
from .text import label, many
from .trust import agreement_section

__all__ = ["Figure", "Report", "Section", "Table", "build_report"]

QUOTES = "quotes.json"


@dataclass(frozen=True, slots=True)
class Report:
    """A report, ready to be saved.

    Attributes
    ----------
    title : str
    about : tuple of str
        What stands under the title.
    sections : tuple of Section
        What the web page and the Word file print.
    appendix : tuple of Section
        Passages behind each theme; on the web page only.
    data : tuple of Table
        Figures as figures, one thing a row: the spreadsheet and the .csv files.
    quotes : str
        The list of quotes, as JSON, from which people choose others.
    """

    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    appendix: tuple[Section, ...]
    data: tuple[Table, ...]
    quotes: str

    def figures(self) -> tuple[Figure, ...]:
        """All figures, in order."""
        return tuple(figure for one in self.sections for figure in one.figures())

    def tables(self) -> tuple[Table, ...]:
        """All tables that are printed, in order."""
        return tuple(table for one in self.sections for table in one.tables())

    def save(self, folder: Path | str) -> tuple[Path, ...]:
        """Write it all into a folder; files of an earlier report are replaced.

        ``report.html`` (one file, no script), ``report.docx``, ``report.xlsx``, ``tables/*.csv``,
        ``figures/*.svg`` and ``.png``, and ``quotes.json``.

        Raises
        ------
        OutputError
            The folder cannot be written.
        """
        from .html import page
        from .sheets import csv, workbook
        from .word import document

        folder = Path(folder)
        if folder.is_file():
            raise OutputError(f"{folder.name} is a file; the report needs a folder.")
        files: dict[str, bytes] = {
            "report.html": page(self),
            "report.docx": document(self),
            "report.xlsx": workbook(self.data),
            QUOTES: self.quotes.encode("utf-8"),
        }
        files |= {f"tables/{_file(one.name)}.csv": csv(one) for one in self.data}
        for one in self.figures():
            files[f"figures/{_file(one.name)}.svg"] = one.svg
            files[f"figures/{_file(one.name)}.png"] = one.png
        for name, data in files.items():
            with replacing(folder / name) as part:
                part.write_bytes(data)
        return tuple(folder / name for name in files)

    def _repr_html_(self) -> str:
        from .html import part_html

        return "".join(part_html(one) for one in self.sections)


def build_report(
    store: Store,
    *,
    title: str = "",
    quotes: Mapping[str, Iterable[int]] | Path | None = None,
    quotes_per_theme: int = 2,
    random_state: int = 0,
) -> Report:
    """Build the report of a study from what people confirmed.

    Parameters
    ----------
    store : Store
    title : str, optional
        The study's name where left out.
    quotes : Path or mapping, optional
        Quotes to show instead of the program's choice: the ``quotes.json`` of an earlier report,
        or utterance numbers by domain.
    quotes_per_theme : int
    random_state : int
        Of the intervals of agreement.

    Returns
    -------
    Report
        ``.save(folder)`` writes it; its sections, tables and figures show themselves in a
        notebook.

    Raises
    ------
    InputError
        Nothing is confirmed yet, or the list of quotes cannot be used.

    Examples
    --------
    >>> with Store.open("study.db") as store:  # doctest: +SKIP
    ...     build_report(store).save("report")
    """
    if quotes_per_theme < 1:
        raise InputError("A theme needs at least one quote.")
    wanted = from_json(quotes) if isinstance(quotes, Path) else chosen_of(quotes or {})
    evidence = read(store)
    chosen = choose(evidence, wanted, quotes_per_theme)
    agreed = agreement_section(agree(store, random_state=random_state))
    weighed = relevance.relevance(evidence)
    heard = saturation.saturation(evidence)
    checklists = standards.standards(evidence, heard)
    sections = (
        _methods(evidence),
        _overview(evidence, weighed),
        *(tables.component_sections(evidence, chosen) if evidence.passages else ()),
        *_beside(evidence),
        _saturation(heard),
        agreed,
        _audit(evidence),
        Section("Reporting standards", checklists),
    )
    data = (
        tables.theme_data(evidence),
        tables.passage_data(evidence),
        relevance.relevance_data(weighed),
        tables.group_data(evidence),
        relevance.together_table(relevance.together(evidence), most=None),
        saturation.saturation_table(heard),
        *agreed.tables(),
        methods.run_table(evidence),
        methods.coder_table(evidence),
        *checklists,
        methods.log(evidence),
    )
    return Report(
        label(title) or f"{evidence.name}: barriers and facilitators",
        tuple(_about(evidence, chosen, wanted)),
        sections,
        tuple(_appendix(evidence)),
        data,
        as_json(chosen, wanted),
    )


def _about(
    evidence: Evidence, chosen: Iterable[Quotes], wanted: frozenset[tuple[int, str]]
) -> list[str]:
    found = [f"State of the study: {methods.last_change(evidence)}. {methods.machine(evidence)}"]
    found += [text for text in [methods.undecided(evidence)] if text]
    shown = {(one.number, one.domain) for some in chosen for one in some.shown}
    gone = len(wanted - shown)
    if gone:
        verb = "is" if gone == 1 else "are"
        found.append(
            f"{many(gone, 'chosen quote')} {verb} not shown: no longer confirmed in that domain."
        )
    return found


def _methods(evidence: Evidence) -> Section:
    return Section("Methods", methods.methods(evidence))


def _overview(evidence: Evidence, weighed: tuple[relevance.Relevance, ...]) -> Section:
    if not evidence.passages:
        beside = (
            " The codes of this study lie outside the framework: they are counted under 'Outside "
            "the framework', and themes, saturation and agreement are not worked out for them."
        )
        none = "No confirmed passage belongs to a domain."
        return Section("Domains", (none + (beside if evidence.outside else ""),))
    parts: list[Part] = [
        relevance.relevance_table(weighed, evidence),
        direction_figure(weighed),
        group_figure(evidence),
        tables.group_table(evidence),
    ]
    pairs, figure = relevance.together(evidence), together_figure(evidence)
    parts += (
        [figure, relevance.together_table(pairs)]
        if figure
        else ["No passage belongs to two domains at once."]
    )
    return Section("Domains", tuple(parts))


def _beside(evidence: Evidence) -> list[Section]:
    if not evidence.outside:
        return []
    return [Section("Outside the framework", (tables.outside_table(evidence),))]


def _saturation(heard: saturation.Saturation) -> Section:
    parts: list[Part] = [saturation.sentence(heard)]
    if any(heard.new):
        parts += [saturation_figure(heard), saturation.saturation_table(heard)]
    return Section("Saturation", tuple(parts))


def _audit(evidence: Evidence) -> Section:
    log = (
        f"Every answer that was ever given, {len(evidence.record):,} of them, and every change of "
        "themes stand in the audit log (sheet 'audit log', tables/audit_log.csv)."
    )
    return Section("Audit", (log, methods.run_table(evidence), methods.coder_table(evidence)))


def _appendix(evidence: Evidence) -> list[Section]:
    tags = evidence.tags()
    found = []
    for theme, some in zip(evidence.themes, evidence.by_theme().values(), strict=True):
        name = f"{tables.theme_name(theme, tags)} ({theme.domain})"
        found.append(Section(name, (tables.behind(name, some, evidence),)))
    return found


def _file(name: str) -> str:
    return "_".join(name.lower().replace(":", "").split())
