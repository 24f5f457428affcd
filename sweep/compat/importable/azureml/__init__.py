"""Stands in for the Azure Machine Learning SDK, version 1, where that is not installed.

It steps aside for the real one, which is further down the path, unless SWEEP_AZUREML_COMPAT is
`always`; with `never` it is as if it were not there.
"""

import _hypersweep

with _hypersweep.ours():
    from sweep.compat.azureml_modules import stand_in

__path__ = stand_in(__name__, __path__)
