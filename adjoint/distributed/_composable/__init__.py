"""``torch.distributed._composable``: the older place of names in :mod:`adjoint.distributed.fsdp`."""
