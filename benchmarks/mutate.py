"""Files that somebody has tampered with: for the fuzzer."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

DEEP = 5_000
"""How many levels a bomb has: more than Python's own stack."""

BOMBS: dict[str, bytes] = {
    "nothing": b"",
    "aliases": b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + b"".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n".encode() for n in range(1, 20)),
    "an alias in what it names": b"sampling: &a\n  type: *a\n  parameter_space: [*a]\n",
    "many anchors": b"".join(b"k%d: &a%d x\n" % (n, n) for n in range(20_000)),
    "deep lists": b"[" * DEEP,
    "deep closed lists": b"[" * DEEP + b"]" * DEEP,
    "deep mappings": b"{a: " * DEEP,
    "deep block": b"".join(b" " * n + b"a:\n" for n in range(600)),
    "deep dashes": b"- " * DEEP,
    "deep questions": b"? " * DEEP,
    "a huge integer": b"max_total_runs: " + b"9" * 100_000,
    "a huge hexadecimal": b"max_total_runs: 0x" + b"f" * 100_000,
    "a huge octal": b"max_total_runs: 0o" + b"7" * 100_000,
    "a huge exponent": b"policy: {type: BanditPolicy, slack_factor: 1e999999999}",
    "a huge range": b"values: range(0, 99999999999999)\nsampling: {parameter_space: "
    b"[{name: a, expression: choice, values: [{start: 0, stop: 9999999999}]}]}",
    "many digits behind the point": b"max_duration_minutes: 0." + b"1" * 500_000,
    "many underscores": b"max_total_runs: 1" + b"_" * 500_000 + b"1x",
    "many colons": b"1:" * 200_000,
    "keys that come twice": b"seed: 1\nseed: 2\n" * 10_000,
    "a merge key": b"a: &a {type: random}\nsampling: {<<: *a, <<: [*a, *a]}\n",
    "a tab": b"sampling:\n\ttype: random\n",
    "a byte order mark": b"\xef\xbb\xbf\xef\xbb\xbfsampling: {}",
    "UTF-16": "sampling: {}".encode("utf-16"),
    "a NUL": b"sampling: \0",
    "no UTF-8": b"sampling: \xff\xfe\xed\xa0\x80",
    "a Python object": b"!!python/object/apply:os.system ['touch pwned']\n",
    "a Python name": b"sampling: !!python/name:os.system\n",
    "a Python module": b"sampling: !!python/object/new:subprocess.Popen [[touch, pwned]]\n",
    "binary": b"sampling: !!binary aGVsbG8=\n",
    "a set": b"sampling: !!set {a, b}\n",
    "a date": b"sampling: 2001-02-30\n",
    "many documents": b"---\na: 1\n" * 10_000,
    "directives": b"%YAML 9.9\n%TAG ! tag:x,1:\n--- !y {}\n",
    "a long line": b"a: " + b"x" * 1_000_000,
    "a large file": b"# " + b"x" * 3_000_000,
    "many comments": b"#\n" * 400_000,
    "many line breaks": b"\n" * 1_000_000,
    "an endless quote": b'a: "' + b"\\\n" * 300_000,
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(80_000)),
    "many near misses": b"".join(b"max_total_run%d: 1\n" % n for n in range(40_000)),
    "many parameters": b"sampling: {type: random, parameter_space: ["
    + b"{name: a, expression: choice, values: [1]}," * 15_000
    + b"]}",
}
"""Each has brought down some reader of YAML."""

PIECES = [
    *(b"\n", b" ", b"\t", b": ", b"- ", b"[", b"]", b"{", b"}", b",", b"'", b'"', b"\\", b"#"),
    *(b"&a ", b"*a", b"!!int ", b"!!python/name:os.system ", b"!x ", b"|\n", b">-\n", b"? "),
    *(b"---\n", b"<<: *a", b"%TAG", b"@", b"`", b"null", b"~", b"true", b"1e999", b"-1", b"-0.0"),
    *(b".nan", b".inf", b"0x", b"0o8", b"9" * 400, b"1e-400", b"\xff", b"\0", b"\xc2\x85"),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1b[31m", b"\r", b"=", b"2001-01-01"),
    *(b"expression: ", b"values: ", b"choice", b"loguniform", b"range(9)", b"type: ", b"seed: "),
]

CELLS: list[object] = [
    *(
        None,
        0,
        1,
        -1,
        7,
        99,
        2**62,
        1.5,
        float("inf"),
        -1e308,
        "",
        "x",
        "null",
        "[]",
        "{}",
        "[[]]",
    ),
    *('["launch"]', '[["launch", 0, 1, {}]]', '[["launch", 99999999, 1, {"--x": 1}]]'),
    *('[["stop", 0, "x", ["p", 1, 2, 3, "why"]]]', '[["finish", "Completed", ""]]'),
    *('[["finish", "x", ""]]', '[["stop", 0, "x", []]]', '[["launch", "a", {}, []]]', "[1, 2]"),
    *("[NaN]", "[1e999]", '["\\ud800"]', "[" * 100_000, "9" * 10_000, '{"a": ' * 5_000),
    *('{"name": "RANDOM"}', '["Running", ""]', '"Running"', "\x1b[31m", "{'a': 1}", b"\x80\x04K."),
    *(b"\xff\xfe", "Completed", "Lost", '{"__class__": "os.system"}'),
]
"""What may stand in a cell of a database that is not ours any more."""


def text(rng: random.Random, data: bytes) -> bytes:
    """Return a text with a few mistakes in it, or one of the bombs with some."""
    if rng.random() < 0.05:
        data = rng.choice(list(BOMBS.values()))
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 6])):
        start = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:  # something else instead
                data = data[:start] + rng.choice(PIECES) + data[start + rng.randrange(20) :]
            case 1:  # a part of it again
                part = data[start : start + rng.randrange(200)]
                data = data[:start] + part * rng.choice([2, 2, 3, 50]) + data[start:]
            case 2:  # another bit
                data = data[:start] + bytes([rng.randrange(256)]) + data[start + 1 :]
            case 3:  # lines in another order
                lines = data.splitlines(keepends=True)
                rng.shuffle(lines[: rng.randrange(len(lines) + 1)])
                data = b"".join(lines)
            case _:  # no end
                data = data[:start] if rng.random() < 0.3 else data + rng.choice(PIECES)
    return data


def database(rng: random.Random, path: Path) -> None:
    """Change a database in its bytes, or in its cells."""
    if rng.random() < 0.3:
        data = bytearray(path.read_bytes())
        for _ in range(rng.randint(1, 40)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randrange(len(data))] if rng.random() < 0.2 else data)
        return
    db = sqlite3.connect(path, isolation_level=None)
    try:
        for _ in range(rng.randint(1, 3)):
            _change(rng, db)
    finally:
        db.close()


def _change(rng: random.Random, db: sqlite3.Connection) -> None:
    tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    table = rng.choice(tables)
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    key = columns[0]
    keys = [k for (k,) in db.execute(f"SELECT {key} FROM {table}")]
    if not keys:
        return
    try:
        if rng.random() < 0.15:
            db.execute(f"DELETE FROM {table} WHERE {key} = ?", (rng.choice(keys),))
        else:
            change = f"UPDATE {table} SET {rng.choice(columns)} = ? WHERE {key} = ?"
            db.execute(change, (rng.choice(CELLS), rng.choice(keys)))
    except sqlite3.IntegrityError:
        pass  # what the tables themselves refuse
