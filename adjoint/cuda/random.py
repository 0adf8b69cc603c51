"""Random numbers on devices, where programs import them."""

from adjoint import cuda as _cuda
from adjoint.names import list_names as _list_names

_NAMES = (
    "get_rng_state",
    "get_rng_state_all",
    "initial_seed",
    "manual_seed",
    "manual_seed_all",
    "seed",
    "seed_all",
    "set_rng_state",
    "set_rng_state_all",
)
globals().update({name: getattr(_cuda, name) for name in _NAMES}, __all__=[*_NAMES])
_list_names(__name__)
