"""``torch.utils.deterministic``: whether memory that is not initialized is filled where algorithms are to be deterministic."""

from adjoint.names import list_names as _list_names

# Whether torch.empty is filled is looked at nowhere: Adjoint's memory is what it is, and programs that read it are wrong in
# either library.  PyTorch's default is kept for programs that set and restore it.
fill_uninitialized_memory: bool = True


_list_names(__name__)
