"""A node of a cluster is killed in the middle of a sweep."""

from __future__ import annotations

import pytest

from tests.reliability.on_nodes import lose_a_node


@pytest.mark.ray
def test_its_run_starts_again_elsewhere_and_nothing_is_lost(tmp_path_factory):
    loss = lose_a_node(tmp_path_factory.mktemp("n"))
    assert loss.problems == []
    assert 0 < loss.noticed <= loss.restarted
    print(f"noticed after {loss.noticed:.2f} s, at work again after {loss.restarted:.2f} s")  # noqa: T201 - for -s
