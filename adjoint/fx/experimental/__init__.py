"""``torch.fx.experimental``: what programs import of it."""

from adjoint.names import named as _named

_named(__name__, modules={"optimization", "symbolic_shapes"})
