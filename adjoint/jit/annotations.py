"""What programs import from ``torch.jit.annotations``: the names of types, as annotations of scripted code spell them."""

from typing import Any, Dict, List, Optional, Tuple, Union  # noqa: UP035

from adjoint._jit_internal import (
    BroadcastingList1,
    BroadcastingList2,
    BroadcastingList3,
    Future,
    is_dict,
    is_future,
    is_list,
    is_optional,
    is_tuple,
    is_union,
)

__all__ = [
    "Any",
    "BroadcastingList1",
    "BroadcastingList2",
    "BroadcastingList3",
    "Dict",
    "Future",
    "List",
    "Optional",
    "Tuple",
    "Union",
    "is_dict",
    "is_future",
    "is_list",
    "is_optional",
    "is_tuple",
    "is_union",
]
