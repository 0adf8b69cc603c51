"""Join: training goes on although some processes have no data left."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import adjoint.distributed as dist
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import from_array

__all__ = ["Join", "JoinHook", "Joinable"]

_FAR_BEHIND = 1000  # iterations of the others after which a process without data says so


class JoinHook:
    """What one joinable object does on a process that has no data left."""

    def main_hook(self) -> None:
        """Take part in the collectives of one iteration of those that still train."""

    def post_hook(self, is_last_joiner: bool) -> None:
        """Called once nobody trains any more; ``is_last_joiner`` says that this process was among the last."""


class _JoinConfig(NamedTuple):
    enable: bool
    throw_on_early_termination: bool
    is_first_joinable: bool

    @staticmethod
    def construct_disabled_join_config() -> _JoinConfig:
        return _JoinConfig(enable=False, throw_on_early_termination=False, is_first_joinable=False)


class Joinable(ABC):
    """What can be used in a :class:`Join`: it calls ``Join.notify_join_context(self)`` before its collectives of an iteration."""

    @abstractmethod
    def __init__(self) -> None:
        super().__init__()
        self._join_config = _JoinConfig.construct_disabled_join_config()

    @abstractmethod
    def join_hook(self, **kwargs: Any) -> JoinHook:
        """What is to be done without data; ``kwargs`` are those of the :class:`Join`."""

    @property
    @abstractmethod
    def join_device(self) -> Any:
        """The device of the collectives."""

    @property
    @abstractmethod
    def join_process_group(self) -> Any:
        """The process group of the collectives."""


class Join:
    """``with Join([model, optimizer]):`` around a training loop, whose length may differ between processes.

    A process that leaves the loop stays at the end of the ``with`` and takes part in what the others still do, until all
    are there.  With ``throw_on_early_termination`` all processes raise RuntimeError instead when the first has no data left.
    ``enable=False`` does nothing.  Further keywords go to the objects' ``join_hook``.

    Raises ValueError without an object, and where they are of different process groups.
    """

    def __init__(
        self, joinables: Sequence[Joinable], enable: bool = True, throw_on_early_termination: bool = False, **kwargs: Any
    ) -> None:
        if len(joinables) == 0:
            raise ValueError("The join context manager requires at least one joinable")
        self._joinables = joinables
        self._join_hooks = [joinable.join_hook(**kwargs) for joinable in joinables]
        self._enable = enable
        self._throw_on_early_termination = throw_on_early_termination
        for i, joinable in enumerate(joinables):
            joinable._join_config = _JoinConfig(enable, throw_on_early_termination, i == 0)
        self._process_group = joinables[0].join_process_group
        if any(joinable.join_process_group != self._process_group for joinable in joinables):
            raise ValueError("Using join context manager with multiple process groups")
        self._device = joinables[0].join_device
        self._rank = dist.get_rank(self._process_group)

    def __enter__(self) -> None:
        return None

    def __exit__(self, type: Any, value: Any, traceback: Any) -> None:
        if not self._enable or type is not None:
            return
        last = True
        iterations = 0
        while self._training():
            if self._throw_on_early_termination:
                _count(1, self._process_group)
                raise RuntimeError(f"Rank {self._rank} exhausted all inputs.")
            if iterations == _FAR_BEHIND:
                warnings.warn(
                    f"Detected uneven input skew of greater than {_FAR_BEHIND}. This means that rank {self._rank} has at least "
                    f"{_FAR_BEHIND} fewer inputs than other currently-active ranks. This level of skew could lead to performance "
                    "degradation during training.",
                    stacklevel=users_level(),
                )
            for hook in self._join_hooks:
                hook.main_hook()
            last = False
            iterations += 1
        for hook in self._join_hooks:
            hook.post_hook(last)

    def _training(self) -> int:
        """How many processes still train: what each of them counts in :meth:`notify_join_context`."""
        return _count(0, self._process_group)

    @staticmethod
    def notify_join_context(joinable: Joinable) -> Any:
        """Count this process among those that train in this iteration.

        Returns the work of counting, whose result is how many there are, or None outside of a Join and for all but the first
        of its objects.  Raises RuntimeError where a process has no data left, if that was asked for.
        """
        if not hasattr(joinable, "_join_config"):
            raise AssertionError(
                f"Check that the {type(joinable)} constructor calls the ``Joinable`` constructor"
            )
        config = joinable._join_config
        if not config.is_first_joinable or not config.enable:
            return None
        group = joinable.join_process_group
        work = dist.all_reduce(from_array(np.ones(1, np.float32)), group=group, async_op=True)
        if config.throw_on_early_termination and _count(0, group):
            raise RuntimeError("Detected at least one rank that exhausted inputs. Throwing across all ranks.")
        return work


def _count(own: int, group: Any) -> int:
    counted = np.full(1, own, np.float32)
    dist.all_reduce(from_array(counted), group=group)
    return int(counted[0])


_list_names(__name__)
