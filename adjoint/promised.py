"""What is promised and not there yet: operators of a namespace, declared by a module that is imported when one is first named."""

from __future__ import annotations

operators: dict[str, str] = {}
"""A namespace of ``torch.ops``, and the module that declares its operators."""
