"""The command line: parse, call one function, print."""

import click

from .. import __version__
from . import agreement, queue, report, review, study, train, transcripts


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tdfnlp")
def cli() -> None:
    """Suggest Theoretical Domains Framework codes for interview transcripts.

    Everything runs on this machine; nothing is ever sent anywhere. The machine suggests, people
    decide.

    \b
    Example:
      tdfnlp suggest interviews/ -o suggestions.xlsx
    """


for _command in (
    transcripts.suggest,
    transcripts.convert,
    study.import_,
    study.export,
    study.settings,
    train.train,
    train.evaluate,
    train.models,
    transcripts.cache,
    queue.queue,
    review.review,
    agreement.agreement,
    report.report,
):
    cli.add_command(_command)


def main() -> None:
    """Entry point."""
    cli(prog_name="tdfnlp")
