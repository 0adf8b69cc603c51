"""``torch.utils.model_zoo``: the older name of :func:`adjoint.hub.load_state_dict_from_url`."""

from tqdm import tqdm

from adjoint.hub import load_state_dict_from_url as load_url
from adjoint.names import list_names as _list_names

__all__ = ["load_url", "tqdm"]

_list_names(__name__)
