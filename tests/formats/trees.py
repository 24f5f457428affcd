"""Located trees in a form that compares."""

from __future__ import annotations


def tree(node):
    """Return values, types and places as plain tuples; NaN equals itself in them."""
    return (node.kind, shape(node), node.line, node.column, node.depth)


def shape(node):
    if isinstance(node.value, list):
        return [tree(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: (tree(node.keys[key]), tree(item)) for key, item in node.value.items()}
    return repr(node.value)
