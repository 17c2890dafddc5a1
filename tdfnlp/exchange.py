"""Studies and suggestions written for other programs: REFI-QDA projects, codebooks, tables."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from .codebook import TDF_CODEBOOK, Code
from .coding import Coding, Study, Suggestion
from .conversion import to_csv
from .errors import InputError
from .files import replacing
from .formats import read, same_file
from .formats.conventions import MACHINE
from .formats.package import Written

LOOK = "tdfnlp: please look"
"""Code of what a person should look at, beside the domains."""
SUGGESTED = "(suggested)"
"""How names of suggested codes end: some programs have each name once, and people have theirs."""

SUFFIXES: tuple[str, ...] = (".qdpx", ".qdc", ".csv")


_EXCERPTS = "Positions are in the quotes alone: hand in the transcripts too to have them in these."


def write(path: Path | str, study: Study) -> tuple[str, ...]:
    """Write a study.

    Parameters
    ----------
    path : Path or str
        ``.qdpx``: a REFI-QDA project with transcripts, codes and codings, for NVivo, ATLAS.ti,
        MAXQDA and QualCoder. ``.qdc``: its codes alone. ``.csv``: one row per coding, positions
        in code points, half-open.
    study : Study

    Returns
    -------
    tuple of str
        What the file could not carry, one sentence each.

    Raises
    ------
    InputError
        Another suffix, nothing to write, a coding that does not fit its text, or a file that the
        study was read from.
    OutputError
        The place cannot be written.

    Examples
    --------
    >>> write("codes.qdc", read("study.qdpx"))  # doctest: +SKIP
    ()
    """
    path = Path(path)
    check_target(path, study)
    output = _output(path, study)
    with replacing(path) as part:
        part.write_bytes(output.data)
    quotes = study.excerpts and study.codings and path.suffix.lower() != ".qdc"
    return (*output.notes, *([_EXCERPTS] if quotes else []))


def check_target(path: Path, study: Study) -> None:
    """Refuse to replace a file that the study was read from.

    Raises
    ------
    InputError
        The file is one of the transcripts' sources.
    """
    for source in {one.source for one in study.transcripts if one.source}:
        if same_file(Path(source), path):
            raise InputError(f"{path.name} is a file that was read; give the result another name.")


def check_suggestions(path: Path, study: Study) -> None:
    """Refuse a place to which suggestions for this study cannot be written.

    Raises
    ------
    InputError
        The file is one of the sources, or suggestions for a REFI-QDA project and for other files
        would have to go into one project.
    """
    check_target(path, study)
    if path.suffix.lower() == ".qdpx":
        _project_of(study)


def all_codes(study: Study) -> tuple[Code, ...]:
    """Codes that are defined, then those that are only used, each with what is above it."""
    codes = {code.path: code for code in study.codes}
    for coding in study.codings:
        for depth in range(1, len(coding.code) + 1):
            codes.setdefault(coding.code[:depth], Code(coding.code[:depth]))
    return tuple(codes.values())


def _output(path: Path, study: Study) -> Written:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        if not study.codings:
            raise InputError("There are no codings to write.")
        return Written(to_csv(study).encode("utf-8-sig", "replace"))
    if suffix == ".qdc":
        from .formats import qdc

        codes = all_codes(study)
        if not codes:
            raise InputError("There are no codes to write.")
        left = "Transcripts and codings are not part of a codebook and were left out."
        return Written(qdc.build(codes), (left,) if study.transcripts else ())
    if suffix == ".qdpx":
        from .formats import project

        if not study.transcripts:
            raise InputError("There are no transcripts to make a project of.")
        return project.build(study, name=path.stem)
    raise InputError(f"Cannot write {path.name!r}: the name must end in {', '.join(SUFFIXES)}.")


def write_suggestions(
    path: Path, items: Iterable[Suggestion], study: Study, model: str
) -> tuple[str, ...]:
    """Write suggestions as codings of a machine user.

    Where the study is one REFI-QDA project, the result is that project with additions only;
    otherwise a new one with the study's transcripts and codings.

    Parameters
    ----------
    path : Path
        A ``.qdpx``, not the project that was read.
    items : iterable of Suggestion
    study : Study
        What they are about.
    model : str
        Id of the model; the user is called "tdfnlp" and this.

    Returns
    -------
    tuple of str
        What was added, and what could not be carried.

    Raises
    ------
    InputError
        The project was moved or changed since it was read, or was read together with other files.
    """
    from .formats import insertion

    codings = list(_codings(items, model))
    machine = insertion.Machine(
        f"{MACHINE}{model}", f"Suggested by model {model}, codebook {TDF_CODEBOOK.hash[:12]}."
    )
    source = _project_of(study)
    if source is None:
        coded = [replace(one, code=(machine.root, *one.code)) for one in codings]
        coded = [replace(one, note=f"{one.note} {machine.note}") for one in coded]
        return write(path, replace(study, codings=(*study.codings, *coded)))
    check_target(path, study)
    try:
        data = source.read_bytes()
    except OSError as error:
        reason = f"{source.name} is no longer where it was read from; put it back or run again."
        raise InputError(reason) from error
    again = read(source)
    if _texts(again) != _texts(study):
        raise InputError(f"{source.name} has changed since it was read; run again.")
    made = insertion.add(source, data, codings, machine)
    with replacing(path) as part:
        part.write_bytes(made.data)
    return (*made.notes, *_not_written(study, again, source.name))


def _texts(study: Study) -> dict[str, str]:
    return {one.id: one.content_hash for one in study.transcripts}


def _not_written(study: Study, project: Study, name: str) -> Iterator[str]:
    """Count codings of the study that are not in the project it is about."""
    there = {_identity(one) for one in project.codings}
    others = sum(_identity(one) not in there for one in study.codings)
    if others:
        yield (
            f"{others} codings of other files are not written into {name}; `tdfnlp convert` makes "
            "a new project with them."
        )


def _identity(one: Coding) -> tuple[object, ...]:
    return one.transcript, one.start, one.end, one.code, one.coder, one.guid


def _codings(items: Iterable[Suggestion], model: str) -> Iterator[Coding]:
    for item in items:
        unit, domain, valence = item.utterance, item.domains[0], item.valences[0]
        if item.code_suggested:
            yield Coding(
                unit.transcript,
                unit.start,
                unit.end,
                tuple(f"{name} {SUGGESTED}" for name in item.code),
                coder=f"{MACHINE}{model}",
                how="suggested",
                note=f"Confidence: {item.code_confidence:.2f}.",
            )
        if item.decision == "abstain":
            continue
        ranked = ", ".join(
            f"{name} {share:.2f}"
            for name, share in zip(item.domains, item.confidences, strict=True)
        )
        code = (f"{domain} {SUGGESTED}", f"{domain}: {valence} {SUGGESTED}")
        yield Coding(
            unit.transcript,
            unit.start,
            unit.end,
            code if item.decision == "suggest" else (LOOK,),
            coder=f"{MACHINE}{model}",
            valence=valence if item.decision == "suggest" else None,
            how="suggested",
            note=f"Confidence: {ranked}; threshold {item.threshold:.2f}; "
            f"{valence} {item.valence_confidences[0]:.2f}.",
        )


def _project_of(study: Study) -> Path | None:
    """Find the project that all transcripts come from, None where none comes from one."""
    sources = {one.source or "" for one in study.transcripts}
    projects = sorted(one for one in sources if one.lower().endswith(".qdpx"))
    if projects and len(sources) > 1:
        raise InputError(
            f"{Path(projects[0]).name} was read together with other files. Hand in the project "
            "alone to add to it, or make one project of all with `tdfnlp convert` first; a new "
            "project would lose recordings and memos."
        )
    return Path(projects[0]) if projects else None
