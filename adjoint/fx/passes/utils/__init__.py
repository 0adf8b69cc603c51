"""What passes are made of."""

from adjoint.names import named as _named

_named(__name__, modules={"matcher_utils"})
