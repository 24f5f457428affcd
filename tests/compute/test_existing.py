"""Addresses of clusters that are there already."""

from __future__ import annotations

import pytest

from sweep.compute.existing import ExistingCluster
from sweep.errors import TargetError, UserError


@pytest.mark.parametrize(
    "address", ["auto", ":6379", "ray://head:10001", "head:port", "head:0", "head:65536"]
)
def test_an_address_is_a_host_and_a_port(address):
    with pytest.raises(UserError, match=r"expected host:port .*, got"):
        ExistingCluster(address).check()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1"])
def test_where_nobody_listens(address):
    with pytest.raises(TargetError, match=r"no Ray cluster answers at .*: "):
        ExistingCluster(address, "token").check()
    with pytest.raises(TargetError, match=r"no Ray cluster answers at .*: "):
        ExistingCluster(address, "token").nodes()
