"""``torch.library``: operators of one's own, with schemas, kernels and derivatives, under ``torch.ops``."""

from adjoint.library.custom import CustomOpDef as CustomOpDef
from adjoint.library.custom import custom_op
from adjoint.library.opcheck import opcheck as opcheck
from adjoint.library.registering import (
    Library,
    define,
    fallthrough_kernel,
    get_ctx,
    get_kernel,
    impl,
    impl_abstract,
    register_autocast,
    register_fake,
    register_torch_dispatch,
    register_vmap,
    triton_op,
    wrap_triton,
)
from adjoint.library.registering import register_autograd as register_autograd
from adjoint.library.registering import register_kernel as register_kernel
from adjoint.library.schema import infer_schema
from adjoint.names import list_names

__all__ = [
    "Library",
    "custom_op",
    "define",
    "fallthrough_kernel",
    "get_ctx",
    "get_kernel",
    "impl",
    "impl_abstract",
    "infer_schema",
    "register_autocast",
    "register_fake",
    "register_torch_dispatch",
    "register_vmap",
    "triton_op",
    "wrap_triton",
]

list_names(__name__)
