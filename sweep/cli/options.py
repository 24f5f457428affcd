"""Options that several commands share, and what they mean."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from sweep.errors import WorkspaceError
from sweep.storage.workspace import NAME, SweepFolder, WorkspaceFolder

F = TypeVar("F", bound=Callable[..., Any])

SCRIPT_AND_ARGUMENTS = {"allow_interspersed_args": False}
"""Everything behind the script belongs to it."""


SIZE = re.compile(r"([0-9]+(?:[.][0-9]+)?) *([kmgt]?)b?", re.IGNORECASE)


class Amount(click.FloatRange):
    """A finite number >= 0."""

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class Size(click.IntRange):
    """A number of bytes above 0, such as 500MB or 10GB; units of 1000."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes."""
        found = SIZE.fullmatch(str(value).strip())
        size = (
            int(float(found[1]) * 1000 ** (" kmgt".index(found[2].lower() or " "))) if found else 0
        )
        if size <= 0:
            self.fail(f"{value!r} is no size: expected one such as 500MB or 10GB.", param, ctx)
        return size


def many(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Combine options into one decorator."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def of_the_service(*names: str, flags: Iterable[str] = ()) -> Callable[[F], F]:
    """Accept options by which the service is reached, so that old command lines work.

    Args:
        names: of options with a value, besides those of resource group and workspace.
        flags: names of options without one.
    """
    valued = (("--resource-group", "-g"), ("--workspace-name", "-w"), *((name,) for name in names))
    return many(
        *(click.option(*words, expose_value=False, hidden=True) for words in valued),
        *(click.option(name, is_flag=True, expose_value=False, hidden=True) for name in flags),
    )


workspace_option = click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Folder that holds {NAME}; found from here upwards by default.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
source_options = many(
    click.option("--run-configuration-name", "-c", help="A .runconfig to start from."),
    click.option(
        "--source-directory",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="What every run gets a copy of. Default: the script's folder.",
    ),
)
resource_options = many(
    click.option("--cpus-per-run", type=Amount(), default=1.0, show_default=True, metavar="N"),
    click.option("--gpus-per-run", type=Amount(), default=0.0, show_default=True, metavar="N"),
)
work_options = many(
    click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors."),
    json_option,
    click.option("--async", "background", is_flag=True, help="Do not wait for the end."),
)
grace_option = click.option(
    "--grace",
    type=Amount(),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Time a run has to end by itself when it is stopped.",
)
quota_option = click.option(
    "--outputs-quota",
    type=Size(),
    metavar="SIZE",
    help="End a run that has written more, such as 10GB. Default: no bound.",
)
warm_option = click.option(
    "--warm-start",
    metavar="MODULES",
    help="Fork runs from a process that has imported them: sklearn,pandas, or auto.",
)
earlier_options = many(
    click.option(
        "--resume-from",
        multiple=True,
        metavar="SWEEP",
        help="Learn from an earlier sweep's runs; up to five times.",
    ),
    click.option(
        "--resume-child-runs",
        multiple=True,
        metavar="RUN",
        help="First repeat a run of an earlier sweep, which gets its outputs; many times.",
    ),
)
ray_options = many(
    click.option(
        "--ray-address",
        metavar="HOST:PORT",
        help="Run on that Ray cluster; its token is taken from RAY_AUTH_TOKEN(_PATH).",
    ),
    click.option(
        "--allow-unauthenticated-ray",
        is_flag=True,
        help="Accept a cluster that lets anybody in.",
    ),
)
cluster_options = many(
    click.option("--target", "--ct", metavar="NAME", help="See sweep computetarget list."),
    ray_options,
)
environment_option = click.option(
    "--ignore-environment",
    is_flag=True,
    help="Use this Python as it is, whatever packages or image are asked for.",
)
compat_option = click.option(
    "--azureml-compat",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Stand in for azureml in scripts: where it is not installed (auto), always, or never.",
)
snapshot_option = click.option(
    "--strict-snapshot",
    is_flag=True,
    help="Leave nothing out of the copy of the source but what its ignore file names.",
)


def find_workspace(where: Path | None) -> WorkspaceFolder:
    """Return the workspace to read from.

    Raises:
        WorkspaceError: there is none.
    """
    if where is not None:
        return WorkspaceFolder(where if where.name == NAME else where / NAME)
    found = WorkspaceFolder.near(Path.cwd())
    if found is None:
        raise WorkspaceError(
            f"there is no workspace in {Path.cwd()} or above it: --workspace names one,"
            " `sweep start` and `sweep folder attach` make one"
        )
    return found


def workspace_to_write(where: Path | None) -> WorkspaceFolder:
    """Return the workspace to put something into; made here if there is none."""
    if where is not None:
        return WorkspaceFolder.make(where.parent if where.name == NAME else where)
    return WorkspaceFolder.near(Path.cwd()) or WorkspaceFolder.make(Path.cwd())


def find_sweep(where: Path | None, reference: str) -> SweepFolder:
    """Return a sweep by its id, the beginning of its id, or its folder; the last one by default.

    Raises:
        WorkspaceError: there is none.
    """
    from sweep.formats.text import is_file  # noqa: PLC0415 - not for --help

    place = Path(reference)
    if reference and is_file(place / "sweep.json"):
        place = place.resolve()
        return SweepFolder(place.name, place)
    return find_workspace(where).sweep(reference)


def script_and_source(options: Mapping[str, Any]) -> tuple[str, Path]:
    """Return the script's name in its source directory, and that: by default its own folder."""
    script, source = Path(options["script"]), options["source_directory"]
    return (script.name, script.parent) if source is None else (script.as_posix(), source)


def warn_of_misplaced(arguments: Iterable[str]) -> None:
    """Tell the user of arguments that are spelled like options of the present command.

    Only of those whose names have two words: `--seed` may well be the script's own.
    """
    ours = {o for p in click.get_current_context().command.params for o in p.opts if "-" in o[2:]}
    for argument in arguments:
        if argument.partition("=")[0] in ours:
            warn(f"{argument} stands behind the script, so it is an argument of the script")


def print_json(value: Any) -> None:
    """Print a value as JSON; a number that JSON does not know, such as infinity, as null."""
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """Return a value as JSON; a number that JSON does not know, such as infinity, as null."""
    return json.dumps(_finite(value), indent=2)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(below) for key, below in value.items()}
    return [_finite(below) for below in value] if isinstance(value, (list, tuple)) else value


def warn(text: str) -> None:
    """Tell the user something that does not keep a command from going on."""
    from sweep.core.words import plain  # noqa: PLC0415 - not needed for --help

    click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {plain(text)}", err=True)
