"""Where MLflow's entry points lead."""

import _hypersweep

with _hypersweep.ours():
    from sweep.compat.mlflow_artifacts import SweepArtifacts
    from sweep.compat.mlflow_store import SweepStore

__all__ = ["SweepArtifacts", "SweepStore"]
