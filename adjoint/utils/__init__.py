"""``torch.utils``: the modules and packages in it are imported when first named."""

import typing as _typing

from adjoint.names import named as _named

if _typing.TYPE_CHECKING:
    from adjoint.utils import checkpoint as checkpoint
    from adjoint.utils import data as data
    from adjoint.utils import dlpack as dlpack

_named(__name__, modules={"_pytree", "checkpoint", "data", "dlpack", "tensorboard"})
