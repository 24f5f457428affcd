"""How a host that is reached by SSH is written: user@host:port."""

from __future__ import annotations

import re

HOST = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?P<address>[^@:\s]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d+))?"
)
"""User and port may be missing; an IPv6 address is in brackets."""
