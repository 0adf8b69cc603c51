"""Hyperparameters and the metrics that they led to."""

from __future__ import annotations

import logging
from typing import Any

from google.protobuf import struct_pb2
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.api_pb2 import DataType, Experiment, HParamInfo, MetricInfo, MetricName, Status
from tensorboard.plugins.hparams.metadata import (
    EXPERIMENT_TAG,
    PLUGIN_DATA_VERSION,
    PLUGIN_NAME,
    SESSION_END_INFO_TAG,
    SESSION_START_INFO_TAG,
)
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

from adjoint.tensor import Tensor
from adjoint.utils.tensorboard._convert_np import make_np
from adjoint.utils.tensorboard._messages import value_of_plugin

logger = logging.getLogger(__name__)

# What a value may be, the type that it is told as, and the field of its message.  A bool is an int and is told as one.
_KINDS = (((int, float), "DATA_TYPE_FLOAT64", "number_value"), ((str,), "DATA_TYPE_STRING", "string_value"))


def hparams(hparam_dict: Any = None, metric_dict: Any = None, hparam_domain_discrete: Any = None) -> tuple[Any, Any, Any]:
    """Three summaries: what the experiment is about, the beginning of this session with its values, and its end.

    ``hparam_domain_discrete`` has the values that a hyperparameter can have.  Raises TypeError for what are no dictionaries,
    and for values of another type than the hyperparameter's; ValueError for what is no number, text, bool or tensor.
    """
    for name, given in (("hparam_dict", hparam_dict), ("metric_dict", metric_dict)):
        if not isinstance(given, dict):
            logger.warning("parameter: %s should be a dictionary, nothing logged.", name)
            raise TypeError(f"parameter: {name} should be a dictionary, nothing logged.")
    domains = hparam_domain_discrete or {}
    if not isinstance(domains, dict):
        raise TypeError("parameter: hparam_domain_discrete should be a dictionary, nothing logged.")
    for name, values in domains.items():
        known = name in hparam_dict and isinstance(values, list)
        if not known or not all(isinstance(v, type(hparam_dict[name])) for v in values):
            raise TypeError(
                f"parameter: hparam_domain_discrete[{name}] should be a list of same type as hparam_dict[{name}]."
            )
    start = SessionStartInfo()
    infos = [_told(name, value, domains, start) for name, value in hparam_dict.items() if value is not None]
    metrics = [MetricInfo(name=MetricName(tag=name)) for name in metric_dict]
    experiment = Experiment(hparam_infos=infos, metric_infos=metrics)
    end = SessionEndInfo(status=Status.Value("STATUS_SUCCESS"))
    return (
        _summary(EXPERIMENT_TAG, experiment=experiment),
        _summary(SESSION_START_INFO_TAG, session_start_info=start),
        _summary(SESSION_END_INFO_TAG, session_end_info=end),
    )


def _told(name: str, value: Any, domains: dict[str, Any], start: Any) -> Any:
    """What kind a hyperparameter is of; its value is written down in ``start``."""
    if isinstance(value, Tensor):
        start.hparams[name].number_value = make_np(value)[0]
        return HParamInfo(name=name, type=DataType.Value("DATA_TYPE_FLOAT64"))
    for types, kind, field in _KINDS:
        if isinstance(value, types):
            setattr(start.hparams[name], field, value)
            domain = None
            if name in domains:
                domain = struct_pb2.ListValue(values=[struct_pb2.Value(**{field: v}) for v in domains[name]])
            return HParamInfo(name=name, type=DataType.Value(kind), domain_discrete=domain)
    raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")


def _summary(tag: str, **content: Any) -> Summary:
    data = HParamsPluginData(version=PLUGIN_DATA_VERSION, **content)
    return value_of_plugin(tag, PLUGIN_NAME, data.SerializeToString())
