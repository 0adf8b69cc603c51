"""Models that are trained apart and averaged from time to time."""

from adjoint.names import named as _named

_named(__name__, modules={"averagers"})
