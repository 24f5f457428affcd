"""Write YAML that readers of YAML 1.1 and of 1.2 understand alike."""

from __future__ import annotations

from typing import Any

import yaml

from sweep.formats.scalars import resolve


class _Dumper(yaml.SafeDumper):
    """PyYAML's, which knows by itself what needs quotes in YAML 1.1."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        """Write what comes twice twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    number = not isinstance(resolve(text), str)  # `1e-4` is one in YAML 1.2
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if number else None)


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)


def yaml_of(data: Any) -> str:
    """Return `data`, made of dicts, lists and scalars, as YAML in the order that it has."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text
