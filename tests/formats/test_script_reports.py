"""Whether a script reports its metric once, as far as its text tells."""

from __future__ import annotations

import ast

import pytest

from sweep.formats.script_reports import reported_once

ONCE = {
    "at the top": "run.log('acc', 1)",
    "with a name": "run.log(name='acc', value=1)",
    "through mlflow": "mlflow.log_metric('acc', model.score(x, y))",
    "behind a condition": "if x:\n  run.log('acc', 1)",
    "in a with": "with mlflow.start_run():\n  mlflow.log_metric(key='acc', value=1)",
    "in main": "def main():\n  run.log('acc', 1)\nif __name__ == '__main__':\n  main()",
    "in what main calls": "def fit():\n  run.log('acc', 1)\ndef main():\n  x = fit()\nmain()",
    "beside a loop": "for x in y:\n  print(x)\nrun.log('acc', 1)",
    "in a try": "try:\n  run.log('acc', 1)\nfinally:\n  pass",
    "beside a logarithm": "x = np.log(y)\nrun.log('acc', x)",
    "with a name of its own": "METRIC = 'acc'\nrun.log('acc', 1)",
}
UNKNOWN = {
    "in a loop": "for epoch in range(9):\n  run.log('acc', 1)",
    "in a while": "while x:\n  run.log('acc', 1)",
    "in a list": "[run.log('acc', x) for x in y]",
    "in what a loop calls": "def fit():\n  run.log('acc', 1)\nfor x in y:\n  fit()",
    "in what is called twice": "def fit():\n  run.log('acc', 1)\nfit()\nfit()",
    "in what is handed over": "def fit(model):\n  run.log('acc', 1)\nmodel.train(callback=fit)",
    "in what calls itself": "def fit(n):\n  run.log('acc', 1)\n  fit(n - 1)\nfit(3)",
    "in what nobody calls": "def fit():\n  run.log('acc', 1)",
    "in a callback": "class C:\n  def on_epoch_end(self):\n    run.log('acc', 1)",
    "in a function within another": "def f():\n  def g():\n    run.log('acc', 1)\n  h(g)\nf()",
    "decorated": "@again(9)\ndef f():\n  run.log('acc', 1)\nf()",
    "at two places": "run.log('acc', 1)\nrun.log('acc', 2)",
    "under a name that is not written": "run.log(name, 1)",
    "under a name that is written elsewhere": "NAME = 'acc'\nrun.log(NAME, 1)",
    "by itself": "mlflow.autolog()\nrun.log('acc', 1)",
    "by a name that is not written as well": "run.log('acc', 1)\nrun.log(name, 1)",
    "never": "print('acc')",
    "through a list": "run.log_list('acc', [1, 2])",
    "in a lambda": "f = lambda: run.log('acc', 1)",
}


@pytest.mark.parametrize("text", ONCE.values(), ids=[*ONCE])
def test_once(text):
    line = reported_once(ast.parse(text), "acc")
    assert line is not None
    assert "'acc'" in text.splitlines()[line - 1]
    assert reported_once(ast.parse(text), "loss") is None


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=[*UNKNOWN])
def test_nobody_knows(text):
    assert reported_once(ast.parse(text), "acc") is None
