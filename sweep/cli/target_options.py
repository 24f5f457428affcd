"""`sweep computetarget create` and `attach`: the kinds, and what each is described by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sweep.cli.options import many, of_the_service, warn, workspace_option
from sweep.cli.target_register import pairs_of, print_manifests, register, values_of
from sweep.errors import ComputeTargetException, UserError


def _useless(_: click.Context, option: click.Parameter, value: str | None) -> None:
    """Say of an option that the service has that it is given for nothing."""
    if value:
        warn(f"{option.opts[0]}: without effect here")


service_options = of_the_service("--subscription-id")
_common = many(
    click.option("--name", "-n", required=True, help="Of the target."),
    click.option("--description", default="", help="Kept with it."),
    click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Kept with it."),
    click.option("--no-wait", is_flag=True, help="Do not see now whether it can be used."),
    click.option(
        "--output-metadata-file",
        "-t",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Also write the result as JSON.",
    ),
    workspace_option,
)
_login = many(
    click.option("--address", "-a", default="", help="Name or IP address."),
    click.option("--username", "-u", default="", help="Of an account there."),
    click.option(
        "--ssh-port", default=22, show_default=True, help="Where its SSH server listens."
    ),
    click.option(
        "--password",
        "-p",
        default="",
        help="Others on this machine may see it; better: SWEEP_SECRET_<NAME>, or the prompt.",
    ),
    click.option("--private-key-file", default="", help="A key that opens the account."),
    click.option("--private-key-passphrase", default="", help="As for --password."),
    click.option(
        "--secret-file", default="", help="A file with password or passphrase, of mode 0600."
    ),
    click.option("--host-key", default="", help="Its fingerprint, if not in known_hosts."),
    click.option("--python", default="", help="The interpreter there."),
)
_packages = click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="REQUIREMENT",
    help="Of the environment that is made there, for the runs; as pip takes it.",
)
_jumps = many(
    click.option(
        "--jump-host",
        default="",
        help="[USER@]HOST[:PORT] that is logged in to before; default: as in ~/.ssh/config.",
    ),
    click.option("--jump-host-key", default="", help="Its fingerprint, if not in known_hosts."),
)
_bounds = many(
    click.option("--min-nodes", type=int, default=0, show_default=True),
    click.option("--idle-seconds-before-scaledown", type=float, default=120, show_default=True),
    click.option("--cpus-per-node", type=float, default=1, show_default=True),
    click.option("--gpus-per-node", type=float, default=0, show_default=True),
)
_generated = many(
    click.option("--dry-run", is_flag=True, help="Print what brings it up; keep nothing."),
    click.option(
        "--set",
        "more",
        multiple=True,
        metavar="KEY=VALUE",
        help="More for the provider, or for what is printed.",
    ),
)


class KindGroup(click.Group):
    """A group of kinds; for one that cannot be had, it says why and what is nearest."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a kind."""
        from sweep.engine.elsewhere import ELSEWHERE  # noqa: PLC0415 - not needed for --help

        kind = args[0].lower() if args else ""
        other = attach if self is create else create
        if kind not in self.commands and kind in other.commands:
            words = ("created, not attached", "attached, not created")[self is create]
            raise ComputeTargetException(
                f"{kind} is {words}: sweep computetarget {other.name} {kind}"
            )
        if kind in ELSEWHERE:
            raise ComputeTargetException(ELSEWHERE[kind])
        return super().resolve_command(ctx, args)


@click.group(cls=KindGroup)
def create() -> None:
    """Make a target: a pool of nodes."""


@click.group(cls=KindGroup)
def attach() -> None:
    """Register a target that is there already."""


@create.command()
@_common
@service_options
@click.option("--max-nodes", type=int, required=True, help="That there are at most.")
@_bounds
@click.option("--vm-size", "-s", default="", help="Of the machines; for clouds.")
@click.option(
    "--vm-priority",
    "-p",
    default="dedicated",
    show_default=True,
    help="Or lowpriority; for clouds.",
)
@click.option(
    "--provider",
    default="local",
    show_default=True,
    help="Of nodes: local, ssh, slurm, azure, aws, gcp.",
)
@click.option("--host", "hosts", multiple=True, help="Of provider ssh: [USER@]HOST[:PORT].")
@click.option("--username", "-u", default="", help="On the hosts.")
@click.option("--private-key-file", default="", help="That opens the hosts.")
@click.option(
    "--secret-file", default="", help="With password or passphrase of the hosts, of mode 0600."
)
@click.option(
    "--host-key",
    "host_keys",
    multiple=True,
    metavar="HOST=FINGERPRINT",
    help="Of a --host, as it is written there, if it is not in known_hosts.",
)
@click.option("--python", default="", help="The interpreter on the hosts.")
@click.option("--head-address", default="", help="How the hosts reach this machine.")
@_packages
@click.option("--partition", default="", help="Of provider slurm.")
@click.option("--time-limit-minutes", type=int, help="Of a node of provider slurm.")
@click.option("--location", default="", help="Region of a cloud.")
@many(
    *(
        click.option(f"--{word}", expose_value=False, hidden=True, callback=_useless)
        for word in (
            "admin-username",
            "admin-user-password",
            "admin-user-ssh-key",
            "assign-identity",
            "remote-login-port-public-access",
            "vnet-name",
            "vnet-resourcegroup-name",
            "subnet-name",
        )
    )
)
@_generated
def amlcompute(dry_run: bool, **given: Any) -> None:
    """Make a pool that grows to what sweeps can use, and shrinks when it is idle."""
    given["host_keys"] = pairs_of("--host-key", given["host_keys"])
    if dry_run:
        print_manifests("amlcompute", given)
    else:
        options = values_of("--set", given.pop("more"))
        register("amlcompute", {**given, "options": options})


@create.command()
@_common
@service_options
@click.option("--max-nodes", type=int, default=4, show_default=True)
@_bounds
@click.option("--namespace", default="default", show_default=True)
@click.option("--image", default="", help="With this Ray and Python; default: rayproject's.")
@_generated
def kubernetes(dry_run: bool, **given: Any) -> None:
    """Describe a pool on Kubernetes: --dry-run prints what KubeRay is to be given."""
    if not dry_run:
        raise UserError(
            "a pool on Kubernetes is made by applying manifests: --dry-run prints them; then"
            " attach the Ray cluster that comes of them: sweep computetarget attach existing"
        )
    print_manifests("kubernetes", given)


@attach.command()
@_common
@service_options
@_login
@_jumps
@_packages
def remote(**given: Any) -> None:
    """Attach a Linux machine that is reached by SSH."""
    register("remote", given)


@attach.command()
@_common
@service_options
@click.option("--master", default="", help="spark://HOST:PORT, or yarn.")
@click.option("--max-nodes", type=int, default=1, show_default=True)
@click.option("--min-nodes", type=int, default=0, show_default=True)
@click.option("--cpus-per-node", type=int, default=1, show_default=True)
@click.option("--gpus-per-node", type=int, default=0, show_default=True)
@click.option("--conf", multiple=True, metavar="KEY=VALUE", help="Of Spark; no secrets.")
@click.option("--driver-host", default="", help="How the executors reach this machine.")
@click.option("--spark-home", default="", help="A Spark installation; default: PySpark's.")
@click.option("--allow-unauthenticated", is_flag=True, help="Accept a Spark without a secret.")
@_login
@_jumps
def hdinsight(**given: Any) -> None:
    """Attach a Spark cluster: by its master, or by SSH to its head."""
    login = ("username", "ssh_port", "private_key_file", "host_key", "jump_host", "jump_host_key")
    if given["master"] and not given["address"]:
        given = {name: value for name, value in given.items() if name not in login}
    given["properties"] = pairs_of("--conf", given.pop("conf"))
    register("hdinsight", given)


@attach.command()
@_common
@service_options
@click.option("--account-name", default="", help="Of Azure Batch.")
@click.option("--account-resource-group", "resource_group", default="", help="Of the account.")
@click.option("--resource-id", default="", help="Instead of these two.")
@click.option("--pool-name", default="", help="Of Azure Batch.")
@click.option("--account-url", default="", help="Of Azure Batch.")
@click.option("--scheduler", default="azure", show_default=True, help="Or slurm.")
@click.option("--partition", default="", help="Of Slurm.")
@click.option("--max-nodes", type=int, default=4, show_default=True)
@click.option("--cpus-per-node", type=float, default=1, show_default=True)
@click.option("--time-limit-minutes", type=int, help="Of one node of Slurm.")
@click.option("--location", default="", help="Region of Azure Batch.")
@click.option("--python", default="", help="The interpreter on the machines of Azure Batch.")
@click.option("--head-address", default="", help="How these machines reach this one.")
def batch(**given: Any) -> None:
    """Attach a batch system: Slurm, or an account of Azure Batch."""
    register("batch", given)


@attach.command()
@_common
@service_options
@click.option("--address", "-a", default="", help="HOST:PORT of its GCS.")
@click.option(
    "--secret-file",
    default="",
    help="A file with its token, of mode 0600; or SWEEP_SECRET_<NAME>.",
)
@click.option("--allow-unauthenticated", is_flag=True, help="Accept one that lets anybody in.")
def existing(**given: Any) -> None:
    """Attach a Ray cluster."""
    register("existing", given)
