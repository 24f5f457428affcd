"""Whatever is in a file: it is read, or refused with a ConfigError."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.errors import ConfigError
from sweep.formats.hdconfig import HdConfig, read_hdconfig
from sweep.formats.runconfig import RunConfiguration, read_runconfig

HERE = Path(__file__).parent
GOOD = (HERE / "good.yml").read_bytes()
RUN = (HERE / "full.runconfig").read_bytes()
QUICK = settings(derandomize=True, database=None, max_examples=120, deadline=None)

PIECES = st.sampled_from(
    [
        *(b"\n", b" ", b"  ", b"\t", b":", b": ", b"- ", b"[", b"]", b"{", b"}", b",", b"'", b'"'),
        *(b"&a ", b"*a", b"!!int ", b"!x ", b"|\n", b">", b"? ", b"---\n", b"<<: ", b"%", b"@"),
        *(b"null", b"true", b"1e999", b"-1", b".nan", b"0x", b"\xff", b"\0", b"\xc3\xa9", b"\r"),
        *(
            b"expression: ",
            b"values: ",
            b"choice",
            b"loguniform",
            b"type: ",
            b"seed: ",
            b"\\",
            b"#",
        ),
    ]
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), PIECES), min_size=1, max_size=6)


def edited(data, edits):
    for place, length, piece in edits:
        start = int(place * len(data))
        data = data[:start] + piece + data[start + length :]
    return data


def read_or_refuse(read, kind, file, data):
    file.write_bytes(data)
    try:
        found = read(file)
    except ConfigError as error:
        shown = [str(problem) for problem in error.problems]
        found = kind if shown and all(one_line(file, text) for text in shown) else shown
    assert found is kind or isinstance(found, kind)


def one_line(file, text):
    return text.startswith(f"{file}:") and "\n" not in text


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "h.yml"


@QUICK
@given(data=st.binary(max_size=200))
def test_any_bytes(file, data):
    read_or_refuse(read_hdconfig, HdConfig, file, data)
    read_or_refuse(read_runconfig, RunConfiguration, file, data)


@QUICK
@given(text=st.text(max_size=100))
def test_any_text(file, text):
    data = text.encode("utf-8", "surrogatepass")
    read_or_refuse(read_hdconfig, HdConfig, file, data)
    read_or_refuse(read_runconfig, RunConfiguration, file, data)


@QUICK
@given(edits=EDITS)
def test_a_good_sweep_file_with_mistakes(file, edits):
    read_or_refuse(read_hdconfig, HdConfig, file, edited(GOOD, edits))


@QUICK
@given(edits=EDITS)
def test_a_good_run_configuration_with_mistakes(file, edits):
    read_or_refuse(read_runconfig, RunConfiguration, file, edited(RUN, edits))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = ["type", "parameter_space", "seed", "rule", "logbase", "shuffle", "slack_factor"]
KEYS += ["slack_amount", "evaluation_interval", "truncation_percentage", "name", "values"]


@QUICK
@given(
    value=VALUES,
    sampling=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    policy=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
)
def test_any_values_under_the_right_keys(file, value, sampling, policy):
    data = {"sampling": {"type": "random"} | sampling, "policy": {"type": "bandit"} | policy}
    data["primary_metric_name"] = data["max_total_runs"] = data["argument_style"] = value
    read_or_refuse(read_hdconfig, HdConfig, file, json.dumps(data).encode())
