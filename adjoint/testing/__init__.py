"""``torch.testing``: whether values are close, with reports of where they are not, and tensors to test with."""

from adjoint.names import list_names as _list_names
from adjoint.testing._comparison import assert_allclose, assert_close
from adjoint.testing._creation import make_tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

_list_names(__name__)
