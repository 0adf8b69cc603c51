"""``torch.fx.passes``: what is commonly done with graphs."""

from adjoint.names import named as _named

_named(__name__, modules={"infra", "shape_prop", "utils"})
