"""Studies and suggestions written for other programs: REFI-QDA projects, codebooks, tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .codebook import TDF_CODEBOOK, Code
from .coding import Coding, Study, Suggestion
from .conversion import to_csv
from .errors import InputError
from .files import replacing
from .formats import read

LOOK = "Please look"
"""Code of what a person should look at, beside the domains."""

SUFFIXES: tuple[str, ...] = (".qdpx", ".qdc", ".csv")


@dataclass(frozen=True, slots=True)
class _Output:
    """A file to be, and what it cannot carry."""

    data: bytes
    notes: tuple[str, ...] = ()


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
        Another suffix, nothing to write, or a coding that does not fit its text.
    OutputError
        The place cannot be written.

    Examples
    --------
    >>> write("codes.qdc", read("study.qdpx"))  # doctest: +SKIP
    ()
    """
    path = Path(path)
    output = _output(path, study)
    with replacing(path) as part:
        part.write_bytes(output.data)
    return output.notes


def all_codes(study: Study) -> tuple[Code, ...]:
    """Codes that are defined, then those that are only used, each with what is above it."""
    codes = {code.path: code for code in study.codes}
    for coding in study.codings:
        for depth in range(1, len(coding.code) + 1):
            codes.setdefault(coding.code[:depth], Code(coding.code[:depth]))
    return tuple(codes.values())


def _output(path: Path, study: Study) -> _Output:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        if not study.codings:
            raise InputError("There are no codings to write.")
        return _Output(to_csv(study).encode("utf-8-sig", "replace"))
    if suffix == ".qdc":
        from .formats import qdc

        codes = all_codes(study)
        if not codes:
            raise InputError("There are no codes to write.")
        left = "Transcripts and codings are not part of a codebook and were left out."
        return _Output(qdc.build(codes), (left,) if study.transcripts else ())
    if suffix == ".qdpx":
        from .formats import project

        if not study.transcripts:
            raise InputError("There are no transcripts to make a project of.")
        made = project.build(study, name=path.stem)
        return _Output(made.data, made.notes)
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
    """
    from .formats import insertion

    codings = list(_codings(items, model))
    machine = insertion.Machine(
        f"tdfnlp {model}", f"Suggested by model {model}, codebook {TDF_CODEBOOK.hash[:12]}."
    )
    source = _project_of(study)
    if source is None:
        coded = [replace(one, code=(machine.root, *one.code)) for one in codings]
        coded = [replace(one, note=f"{one.note} {machine.note}") for one in coded]
        return write(path, replace(study, codings=(*study.codings, *coded)))
    if path.exists() and path.samefile(source):
        raise InputError(f"{path.name} is the project that was read; give the result another name.")
    data = source.read_bytes()
    again = {one.id: one.content_hash for one in read(source).transcripts}
    if again != {one.id: one.content_hash for one in study.transcripts}:
        raise InputError(f"{source.name} has changed since it was read; run again.")
    made = insertion.add(source, data, codings, machine)
    with replacing(path) as part:
        part.write_bytes(made.data)
    return made.notes


def _codings(items: Iterable[Suggestion], model: str) -> Iterator[Coding]:
    for item in items:
        if item.decision == "abstain":
            continue
        unit, domain, valence = item.utterance, item.domains[0], item.valences[0]
        ranked = ", ".join(
            f"{name} {share:.2f}"
            for name, share in zip(item.domains, item.confidences, strict=True)
        )
        code = (domain, valence.capitalize()) if item.decision == "suggest" else (LOOK,)
        yield Coding(
            unit.transcript,
            unit.start,
            unit.end,
            code,
            coder=f"tdfnlp {model}",
            valence=valence if item.decision == "suggest" else None,
            how="suggested",
            note=f"Confidence: {ranked}; threshold {item.threshold:.2f}; "
            f"{valence} {item.valence_confidences[0]:.2f}.",
        )


def _project_of(study: Study) -> Path | None:
    """Find the project that all transcripts come from, None where there is none or several."""
    sources = {one.source for one in study.transcripts}
    only = sources.pop() if len(sources) == 1 else None
    return Path(only) if only and only.lower().endswith(".qdpx") else None
