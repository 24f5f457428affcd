"""Sizes on the command line."""

from __future__ import annotations

import pytest

from sweep.cli.options import Size
from tests.cli.workspaces import sweep


@pytest.mark.parametrize(
    ("text", "size"),
    [("10GB", 10**10), ("1.5 mb", 1_500_000), ("7", 7), ("2k", 2000), ("3 TB", 3 * 10**12)],
)
def test_sizes(text, size):
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0", "1PB", "1e9", "nan", "GB"])
def test_what_is_no_size(place, text):
    said = sweep("start", "--outputs-quota", text, "hdconfig.yml", "train.py")
    assert said.code == 2
    assert "expected one such as 500MB or 10GB" in said.err
