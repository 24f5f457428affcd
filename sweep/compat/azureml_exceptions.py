"""The SDK's exceptions, as names for ours: what old code catches, it catches."""

from __future__ import annotations

from sweep.errors import ConfigError, RunFailed, SweepError, UserError, WorkspaceError
from sweep.script.errors import RunEnvironmentError

AzureMLException = SweepError
UserErrorException = UserError
TrainingException = SweepError
ExperimentExecutionException = RunFailed
ActivityFailedException = RunFailed
RunEnvironmentException = RunEnvironmentError
ProjectSystemException = WorkspaceException = WorkspaceError
SnapshotException = UserError
HyperDriveException = HyperDriveServiceException = SweepError
HyperDriveConfigException = ConfigError
HyperDriveScenarioNotSupportedException = UserError
HyperDriveNotImplementedException = SweepError
HyperDriveRehydrateException = WorkspaceError
