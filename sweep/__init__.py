"""Hyperparameter sweeps with early termination, in HyperDrive's words, on Ray.

Everything a user needs is importable from here. Names are found when they are first used, so
that a training script that only wants `Run` pays for nothing else.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from policies import AsyncSuccessiveHalvingPolicy as AsyncSuccessiveHalvingPolicy
    from policies import BanditPolicy as BanditPolicy
    from policies import EarlyTerminationPolicy as EarlyTerminationPolicy
    from policies import MedianStoppingPolicy as MedianStoppingPolicy
    from policies import NoTerminationPolicy as NoTerminationPolicy
    from policies import PolicyError as PolicyError
    from policies import PromisingPolicy as PromisingPolicy
    from policies import TruncationSelectionPolicy as TruncationSelectionPolicy
    from samplers import BayesianParameterSampling as BayesianParameterSampling
    from samplers import GridParameterSampling as GridParameterSampling
    from samplers import OptunaParameterSampling as OptunaParameterSampling
    from samplers import RandomParameterSampling as RandomParameterSampling
    from samplers import Space as Space
    from samplers import SpaceError as SpaceError
    from samplers import choice as choice
    from samplers import lognormal as lognormal
    from samplers import loguniform as loguniform
    from samplers import normal as normal
    from samplers import qlognormal as qlognormal
    from samplers import qloguniform as qloguniform
    from samplers import qnormal as qnormal
    from samplers import quniform as quniform
    from samplers import randint as randint
    from samplers import uniform as uniform
    from sweep.api.children import KeptRun as KeptRun
    from sweep.api.compute import AdlaCompute as AdlaCompute
    from sweep.api.compute import AmlCompute as AmlCompute
    from sweep.api.compute import BatchCompute as BatchCompute
    from sweep.api.compute import ComputeTarget as ComputeTarget
    from sweep.api.compute import DatabricksCompute as DatabricksCompute
    from sweep.api.compute import HDInsightCompute as HDInsightCompute
    from sweep.api.compute import KubernetesCompute as KubernetesCompute
    from sweep.api.compute import RayCompute as RayCompute
    from sweep.api.compute import RemoteCompute as RemoteCompute
    from sweep.api.configuration import HyperDriveConfig as HyperDriveConfig
    from sweep.api.configuration import ScriptRunConfig as ScriptRunConfig
    from sweep.api.estimators import Chainer as Chainer
    from sweep.api.estimators import Estimator as Estimator
    from sweep.api.estimators import PyTorch as PyTorch
    from sweep.api.estimators import SKLearn as SKLearn
    from sweep.api.estimators import TensorFlow as TensorFlow
    from sweep.api.job import SweepJob as SweepJob
    from sweep.api.job import load_job as load_job
    from sweep.api.metric_goal import PrimaryMetricGoal as PrimaryMetricGoal
    from sweep.api.pipeline import Pipeline as Pipeline
    from sweep.api.pipeline import PipelineRun as PipelineRun
    from sweep.api.runs import HyperDriveRun as HyperDriveRun
    from sweep.api.runs import ScriptRun as ScriptRun
    from sweep.api.search_cv import SweepSearchCV as SweepSearchCV
    from sweep.api.simulate import simulate as simulate
    from sweep.api.steps import HyperDriveStep as HyperDriveStep
    from sweep.api.steps import PipelineData as PipelineData
    from sweep.api.steps import PythonScriptStep as PythonScriptStep
    from sweep.api.tune import tune as tune
    from sweep.api.workspace import Experiment as Experiment
    from sweep.api.workspace import Workspace as Workspace
    from sweep.compat.driver import load_ipython_extension as load_ipython_extension
    from sweep.compat.driver import unload_ipython_extension as unload_ipython_extension
    from sweep.compat.widgets import RunDetails as RunDetails
    from sweep.compute.simulated import Simulated as Simulated
    from sweep.errors import ComputeTargetException as ComputeTargetException
    from sweep.errors import ConfigError as ConfigError
    from sweep.errors import ResourceError as ResourceError
    from sweep.errors import RunFailed as RunFailed
    from sweep.errors import SweepError as SweepError
    from sweep.errors import SweepWarning as SweepWarning
    from sweep.errors import TargetError as TargetError
    from sweep.errors import UserError as UserError
    from sweep.errors import WorkspaceError as WorkspaceError
    from sweep.formats.conda import DEFAULT_CPU_IMAGE as DEFAULT_CPU_IMAGE
    from sweep.formats.conda import CondaDependencies as CondaDependencies
    from sweep.formats.environment import Environment as Environment
    from sweep.formats.runconfig import RunConfiguration as RunConfiguration
    from sweep.formats.sections import DockerConfiguration as DockerConfiguration
    from sweep.formats.sections import MpiConfiguration as MpiConfiguration
    from sweep.formats.sections import PyTorchConfiguration as PyTorchConfiguration
    from sweep.script.errors import RunLogError as RunLogError
    from sweep.script.errors import RunStopped as RunStopped
    from sweep.script.run import Run as Run

_NAMES = {
    "samplers": "BayesianParameterSampling GridParameterSampling OptunaParameterSampling "
    "RandomParameterSampling "
    "Space SpaceError choice lognormal loguniform normal qlognormal qloguniform qnormal "
    "quniform randint uniform",
    "policies": "AsyncSuccessiveHalvingPolicy BanditPolicy EarlyTerminationPolicy "
    "MedianStoppingPolicy NoTerminationPolicy "
    "PolicyError PromisingPolicy TruncationSelectionPolicy",
    "sweep.api.configuration": "HyperDriveConfig ScriptRunConfig",
    "sweep.api.compute": "AdlaCompute AmlCompute BatchCompute ComputeTarget DatabricksCompute "
    "HDInsightCompute KubernetesCompute RayCompute RemoteCompute",
    "sweep.api.estimators": "Chainer Estimator PyTorch SKLearn TensorFlow",
    "sweep.api.job": "SweepJob load_job",
    "sweep.api.metric_goal": "PrimaryMetricGoal",
    "sweep.api.pipeline": "Pipeline PipelineRun",
    "sweep.api.steps": "HyperDriveStep PipelineData PythonScriptStep",
    "sweep.api.runs": "HyperDriveRun ScriptRun",
    "sweep.api.children": "KeptRun",
    "sweep.api.tune": "tune",
    "sweep.api.search_cv": "SweepSearchCV",
    "sweep.api.simulate": "simulate",
    "sweep.api.workspace": "Experiment Workspace",
    "sweep.compat.driver": "load_ipython_extension unload_ipython_extension",
    "sweep.compat.widgets": "RunDetails",
    "sweep.compute.simulated": "Simulated",
    "sweep.errors": "ComputeTargetException ConfigError ResourceError RunFailed SweepError "
    "SweepWarning TargetError UserError WorkspaceError",
    "sweep.formats.conda": "CondaDependencies DEFAULT_CPU_IMAGE",
    "sweep.formats.environment": "Environment",
    "sweep.formats.runconfig": "RunConfiguration",
    "sweep.formats.sections": "DockerConfiguration MpiConfiguration PyTorchConfiguration",
    "sweep.script.errors": "RunLogError RunStopped",
    "sweep.script.run": "Run",
}
_PLACES = {name: place for place, names in _NAMES.items() for name in names.split()}

__all__ = [*_PLACES]  # noqa: PLE0604 - the table above is the list
__version__ = "0.1.0"


def __getattr__(name):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'sweep' has no attribute {name!r}")
    # Not `importlib`, whose import a training script would pay for.
    value = globals()[name] = getattr(__import__(place, None, None, [name]), name)
    return value


def __dir__():  # type: ignore[no-untyped-def]  # noqa: ANN202
    return [*globals(), *__all__]
