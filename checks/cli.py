"""The command `gradproof`. Only what a command needs is imported, and only once it is called for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from checks import __version__
from checks.options import OPTIONS, options

if TYPE_CHECKING:
    from checks.session import Session

_FULL_SIZE_LIMIT: Final = 600.0


class Command(click.Group):
    """A group whose complaints are one line, and whose exit status is what a command returns."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            status = super().main(args, prog_name="gradproof", standalone_mode=False)
        except click.ClickException as error:
            message = " ".join(error.format_message().split())
            click.echo(f"gradproof: {message}", err=True)
            status = 2
        except (click.Abort, KeyboardInterrupt):
            click.echo("gradproof: interrupted", err=True)
            status = 3
        sys.exit(status if isinstance(status, int) else 0)


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"gradproof {__version__}")
        context.exit()


@click.group(cls=Command, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """Says whether a hand-written layer's backward is the derivative of its forward.

    If it is not, says what is wrong, where, and what would mend it.

    Exit status: 0 everything passed; 1 a subject failed; 2 the command's words are off; 3 nothing failed, but
    something was undecided or could not be run.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        context.exit(2)


@main.command()
@click.argument("targets", nargs=-1, metavar="TARGET...")
@options(*OPTIONS)
def check(targets: tuple[str, ...], **words: Any) -> int:
    """Check hand-written layers.

    TARGET is file.py, file.py::Name, notebook.ipynb, folder/, package.module or package.module:Name.

    With --against, the layer of a file is also compared with a trusted one, on the same cases: with
    reference:Affine, or file.py::Name. Of a file with several, it is the one of the same name.
    """
    if not targets or not all(targets):
        raise click.UsageError("no TARGET: expected a file, a folder or a module, as in gradproof check my_layers.py")
    session = _session(**words)
    from checks.session import check_targets, why_not_against

    why = None if session.options.against is None else why_not_against(session.options)
    if why is not None:
        raise click.BadParameter(why, param_hint="'--against'")
    return check_targets(targets, session)


@main.command()
@options("json", "seed", "max-examples", "dtype", "workers", "allow", "strict", "quiet", "verbose")
def reference(**words: Any) -> int:
    """Check everything in reference/.

    TwoLayerNet(784, 50, 10) included, on three images of MNIST, each of its 39,760 entries by itself.
    """
    from checks.textbook import check_reference, table

    return check_reference(_session(**words, timeout=_FULL_SIZE_LIMIT, remarks=table))


@main.command()
@click.argument("kind")
def explain(kind: str) -> None:
    """What a finding means, with an example and its cure.

    KIND is the word in front of a finding: factor, missing-gradient, stale-cache.
    """
    from checks.explaining import explain as text

    try:
        click.echo(text(kind))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'KIND'") from None


def _session(
    *,
    json_file: str | None,
    seed: int | None,
    quiet: int,
    verbose: int,
    workers: int | None,
    remarks: Any = None,
    **others: Any,
) -> Session:
    """The run that the words ask for. What cannot be written is found here, before anything is checked."""
    import secrets

    from checks.report.destination import destination
    from checks.session import Session
    from checks.worker import Options

    try:
        to = None if json_file is None else destination(json_file)
    except OSError as error:
        raise click.BadParameter(str(error), param_hint="'--json'") from None
    return Session(
        options=Options(seed=secrets.randbelow(2**31) if seed is None else seed, show_output=verbose > 0, **others),
        workers=workers,
        verbosity=verbose - quiet,
        to=to,
        remarks=remarks,
    )
