"""The older name of what is tried out with spread tensors."""

from adjoint.distributed.refused import refuse_in
from adjoint.distributed.tensor import WHOLE

refuse_in(__name__, WHOLE, functions="implicit_replication")
