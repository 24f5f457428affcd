"""What `sweep computetarget create` and `attach` do with what they are given."""

from __future__ import annotations

from typing import Any

import click

from sweep.cli.options import print_json, warn, workspace_to_write
from sweep.errors import ComputeTargetException, UserError


def print_manifests(kind: str, given: dict[str, Any]) -> None:
    """Print what brings a Ray cluster up, once it is applied."""
    from sweep.engine.manifests import manifests  # noqa: PLC0415 - not needed for --help

    more = values_of("--set", given.pop("more"))
    name, about, _ = _parts(given)
    click.echo(manifests(kind, name, about, more), nl=False)


def pairs_of(option: str, words: tuple[str, ...]) -> dict[str, str]:
    """Return what an option that may stand several times says, by its keys."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise UserError(f"{option}: expected KEY=VALUE, got {word!r}")
        found[key] = value
    return found


def values_of(option: str, words: tuple[str, ...]) -> dict[str, Any]:
    """Return what an option that may stand several times says, as numbers, flags and texts."""
    import yaml  # noqa: PLC0415 - not needed for --help

    try:
        return {key: yaml.safe_load(text) for key, text in pairs_of(option, words).items()}
    except yaml.YAMLError:
        raise UserError(f"{option}: expected values such as 3, true or text") from None


def _parts(given: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Return the name, what the target is described by, and its secret."""
    about = dict(given)
    tags = pairs_of("--tag", about.pop("tags"))
    for name in ("no_wait", "output_metadata_file", "workspace"):
        about.pop(name)
    passwords = [about.pop(key, "") for key in ("password", "private_key_passphrase")]
    if all(passwords) or (passwords[0] and about.get("private_key_file")):
        raise UserError("give either --password, or --private-key-file and its passphrase")
    return about.pop("name"), {**about, "tags": tags}, "".join(passwords)


def register(kind: str, given: dict[str, Any]) -> None:
    """Keep a target, see whether it can be used, and print what has come of it."""
    from sweep.cli.options import json_text  # noqa: PLC0415 - not needed for --help
    from sweep.engine import provisioning  # noqa: PLC0415
    from sweep.storage.targets import TargetRegistry  # noqa: PLC0415

    name, about, secret = _parts(given)
    place = workspace_to_write(given["workspace"])
    for note in provisioning.register(place, name, kind, about, secret):
        warn(note)
    entry = TargetRegistry(place).get(name)
    if not given["no_wait"]:
        try:
            entry = provisioning.provision(place, name, lambda text: click.echo(text, err=True))
        except BaseException:  # it is kept when it can be used, or when nobody has looked
            provisioning.forget(place, entry)
            raise
        if entry.state != "Succeeded":
            provisioning.forget(place, entry)
            raise ComputeTargetException(f"{name}: {entry.error}")
    if secret:
        variable = provisioning.secret_variable(name)
        warn(f"the secret is not kept: set {variable} where sweeps use {name}, or be asked")
    result = {
        "location": entry.properties.get("location") or entry.properties.get("address", "local"),
        "name": name,
        "provisioningErrors": entry.error or None,
        "provisioningState": entry.state,
    }
    print_json(result)
    if given["output_metadata_file"]:
        given["output_metadata_file"].write_text(json_text(result) + "\n", encoding="utf-8")
