"""``torch.distributed._composable``: the older place of names in :mod:`adjoint.distributed.fsdp`."""

from adjoint.names import list_names as _list_names

_list_names(__name__)
