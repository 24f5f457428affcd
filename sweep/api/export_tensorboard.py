"""A sweep in TensorBoard's files: curves of all runs, and the HParams table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sweep.api.told import Told, points, text_of, told
from sweep.core.run import OVER
from sweep.errors import UserError
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.data import is_number


def export_tensorboard(reader: SweepReader, folder: SweepFolder, place: Path) -> None:
    """Write a sweep into a folder: the table, and below it a folder for each run.

    Raises:
        UserError: TensorBoard is not installed, or the folder is not empty.
    """
    try:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: PLC0415
    except ImportError:
        raise UserError(
            "TensorBoard's files need TensorBoard: pip install 'hypersweep[tensorboard]'"
        ) from None
    if place.exists() and any(place.iterdir()):
        raise UserError(f"{place} is not empty: name another folder")
    children = [*told(reader, folder)]
    created = reader.get("created")
    writer = EventFileWriter(str(place))
    writer.add_event(_experiment(reader, folder, children, created))
    writer.close()
    for child in children:
        writer = EventFileWriter(str(place / str(child.row.number)))
        writer.add_event(_begun(child, created))
        last = created
        for point in points(reader, child.row):
            writer.add_event(_scalar(point.name, point.value, point.step, point.at))
            last = point.at
        if child.row.status in OVER:
            writer.add_event(_over(child, child.row.ended_at or last))
        writer.close()


def _experiment(
    reader: SweepReader, folder: SweepFolder, children: list[Told], created: float
) -> Any:
    """Return the event that says which hyperparameters and metrics there are."""
    from google.protobuf import struct_pb2  # noqa: PLC0415
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2  # noqa: PLC0415

    about = api_pb2.Experiment(name=folder.id, time_created_secs=created)
    names = dict.fromkeys(name for child in children for name in child.parameters)
    for name in names:
        values = [child.parameters[name] for child in children if name in child.parameters]
        numeric = all(map(is_number, values))
        kind = "DATA_TYPE_FLOAT64" if numeric else "DATA_TYPE_STRING"
        info = about.hparam_infos.add(name=name, type=api_pb2.DataType.Value(kind))
        if not numeric:
            texts = dict.fromkeys(map(text_of, values))
            domain = [struct_pb2.Value(string_value=text) for text in texts]
            info.domain_discrete.CopyFrom(struct_pb2.ListValue(values=domain))
    metric = reader.get("definition")["primary_metric_config"]["name"]
    for name in dict.fromkeys(
        [metric, *reader.metric_names()] if metric else reader.metric_names()
    ):
        about.metric_infos.add(name=api_pb2.MetricName(tag=name))
    data = plugin_data_pb2.HParamsPluginData(experiment=about)
    return _of_plugin("_hparams_/experiment", data, created)


def _begun(child: Told, created: float) -> Any:
    from tensorboard.plugins.hparams import plugin_data_pb2  # noqa: PLC0415

    at = child.row.started_at or created
    start = plugin_data_pb2.SessionStartInfo(group_name=child.id, start_time_secs=at)
    for name, value in child.parameters.items():
        if is_number(value):
            start.hparams[name].number_value = value
        else:
            start.hparams[name].string_value = text_of(value)
    data = plugin_data_pb2.HParamsPluginData(session_start_info=start)
    return _of_plugin("_hparams_/session_start_info", data, at)


def _over(child: Told, at: float) -> Any:
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2  # noqa: PLC0415

    word = "STATUS_FAILURE" if child.row.status == "Failed" else "STATUS_SUCCESS"
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.Status.Value(word), end_time_secs=at)
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    return _of_plugin("_hparams_/session_end_info", data, at)


def _of_plugin(tag: str, data: Any, at: float) -> Any:
    from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: PLC0415
    from tensorboard.plugins.hparams import metadata  # noqa: PLC0415

    value = summary_pb2.Summary.Value(
        tag=tag,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return event_pb2.Event(wall_time=at, summary=summary_pb2.Summary(value=[value]))


def _scalar(name: str, value: float, step: int, at: float) -> Any:
    from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: PLC0415

    one = summary_pb2.Summary.Value(tag=name, simple_value=value)
    return event_pb2.Event(wall_time=at, step=step, summary=summary_pb2.Summary(value=[one]))
