"""What programs import from ``torch._dynamo.external_utils``."""

from adjoint._dynamo import is_compiling

__all__ = ["is_compiling"]
