"""Checkpoints of activations, as sharded models name them."""

from adjoint.names import named as _named

_named(__name__, modules={"checkpoint_wrapper"})
