"""What passes over graphs look like."""

from adjoint.names import named as _named

_named(__name__, modules={"pass_base"})
