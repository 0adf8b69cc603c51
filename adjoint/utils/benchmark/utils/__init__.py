"""The parts of ``torch.utils.benchmark``."""

from adjoint.names import named as _named

_named(__name__, modules={"common", "compare", "timer"})
