"""Linking: ``torch`` and ``torchvision`` as packages of an environment, which lead to Adjoint (``adjoint link``).

``adjoint run`` reaches one process.  Where these packages are installed, every process of the environment finds Adjoint by
PyTorch's name: notebooks, workers, pytest, editors; and pip finds what other packages require.
"""

from adjoint.linking.packages import link as link
from adjoint.linking.packages import unlink as unlink
from adjoint.linking.place import Refused as Refused
