"""Measurements against other engines: the same work in the same run.

``pip install -c constraints.txt '.[bench]'``, then ``python -m benchmarks``.
"""
