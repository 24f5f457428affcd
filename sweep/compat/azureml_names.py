"""Which modules and names of the SDK there are, and where ours are."""

from __future__ import annotations

MODULES = frozenset(
    {
        "azureml.core": None,
        **dict.fromkeys(
            f"azureml.core.{name}"
            for name in (
                "authentication compute compute_target conda_dependencies container_registry"
                " databricks dataset datastore environment exceptions experiment image keyvault"
                " linked_service model private_endpoint profile resource_configuration run"
                " runconfig script_run script_run_config util webservice workspace"
                " compute.amlcompute"
                " compute.batch compute.compute compute.hdinsight compute.remote"
            ).split()
        ),
        **dict.fromkeys(
            f"azureml.data.{name}"
            for name in (
                "data_reference dataset_consumption_config datapath dataset_factory"
                " file_dataset output_dataset_config tabular_dataset"
            ).split()
        ),
        **dict.fromkeys(
            f"azureml.train.{name}"
            for name in (
                "dnn estimator sklearn hyperdrive hyperdrive.exceptions"
                " hyperdrive.parameter_expressions hyperdrive.policy hyperdrive.run"
                " hyperdrive.runconfig hyperdrive.sampling"
            ).split()
        ),
        **dict.fromkeys(
            f"azureml.pipeline.{name}"
            for name in (
                "core core.graph core.pipeline_output_dataset core.run steps"
                " steps.hyper_drive_step steps.python_script_step"
            ).split()
        ),
        **dict.fromkeys(f"azureml.{name}" for name in "data train pipeline".split()),
        **dict.fromkeys(f"azureml.{name}" for name in "exceptions telemetry widgets".split()),
    }
)
"""The modules that can be imported; of the names in them, those that we have work."""

HYPERDRIVE = (
    "BanditPolicy EarlyTerminationPolicy MedianStoppingPolicy NoTerminationPolicy"
    " TruncationSelectionPolicy BayesianParameterSampling GridParameterSampling"
    " RandomParameterSampling HyperDriveConfig HyperDriveRun PrimaryMetricGoal"
    " choice lognormal loguniform normal qlognormal qloguniform qnormal quniform randint uniform"
).split()
"""What a star imports from `azureml.train.hyperdrive`."""

OWN = {
    "RunDetails": "sweep.compat.widgets",
    **dict.fromkeys(
        (
            "DEFAULT_GPU_IMAGE HyperDriveRunConfig HyperDriveStepRun StepRun EstimatorStep"
            " HyperParameterSampling Environment Workspace"
        ).split(),
        "sweep.compat.azureml_driver",
    ),
    **dict.fromkeys(
        (
            "AzureMLException UserErrorException TrainingException ExperimentExecutionException"
            " ActivityFailedException RunEnvironmentException ProjectSystemException"
            " WorkspaceException SnapshotException HyperDriveException"
            " HyperDriveServiceException HyperDriveConfigException"
            " HyperDriveScenarioNotSupportedException HyperDriveNotImplementedException"
            " HyperDriveRehydrateException"
        ).split(),
        "sweep.compat.azureml_exceptions",
    ),
}
"""Names that only old drivers use, and where they are; all others are looked for in `sweep`."""

NO_EFFECT = frozenset(
    (
        "set_diagnostics_collection InteractiveLoginAuthentication AzureCliAuthentication"
        " ServicePrincipalAuthentication MsiAuthentication TokenAuthentication"
        " DockerSection"
    ).split()
)
"""What has nothing to do here, and may be called."""
