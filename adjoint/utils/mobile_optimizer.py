"""``torch.utils.mobile_optimizer``: programs for phones, which are TorchScript's.  There is none of it."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.names import list_names as _list_names


def optimize_for_mobile(script_module: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError."""
    raise NotImplementedError("optimize_for_mobile: it rewrites TorchScript, which Adjoint does not compile")


_list_names(__name__)
