"""Which torchvision this is compared with."""

from adjoint.vision import __version__ as __version__

cuda = None  # there is no build for one
