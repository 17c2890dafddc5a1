"""The command that serves the review page."""

import getpass
from collections.abc import Sequence

import click

from ..errors import InputError
from .common import plain_errors


@click.command()
@click.argument("study")
@click.option("--coder", "coders", multiple=True, help="Who answers; once for each coder.")
@click.option("--port", type=click.IntRange(0, 65535), help="8765 where left out and free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where others reach it.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def review(
    study: str, coders: Sequence[str], port: int | None, host: str, no_browser: bool
) -> None:
    """Confirm, correct and adjudicate codes on a page in the browser.

    STUDY is a study file or a postgresql:// address. The page is served by this machine and, where
    no --host is given, to this machine only. Without --coder, answers are those of the user who is
    logged in. With --host, each coder gets a link of their own: whoever has it answers as them.
    Stop with Ctrl-C; every answer that the page called saved is in the study.

    \b
    Example:
      tdfnlp review study.db
      tdfnlp review study.db --coder Ana --coder Ben --host 192.168.1.20
    """
    with plain_errors():
        from ..review import Desk, Seats, is_loopback, listen, serve
        from ..store import Store

        with Store.open(study, create=False) as store:
            seats = Seats([store.add_coder(name) for name in coders or (_user(),)])
            address = listen(host, port, named=bool(coders))
            click.echo(f"{store.count()} passages. Stop with Ctrl-C.")
            for name in seats.coders:
                click.echo(f"{name}: {address.link(seats.token(name))}")
            if not is_loopback(host):
                click.echo(
                    "Others on the network can reach this page, and it is not encrypted: use a "
                    "network that you trust."
                )
            only = seats.coders[0] if len(seats.coders) == 1 and is_loopback(host) else None
            if only and not no_browser:
                click.launch(address.link(seats.once(only)))
            given = serve(Desk(store, seats), address)
    click.echo(f"Stopped. {given} {'answer' if given == 1 else 'answers'} stored.")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container may know no name for its user
        raise InputError("Say who answers: --coder NAME.") from error
