"""torchvision's module of functions of places, for programs that import from there."""

from adjoint.vision.transforms.v2.functional.borders import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.crops import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.flips import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.rectangles import rectangles
from adjoint.vision.transforms.v2.functional.resizing import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.resizing import interpolation_mode, resized_to
from adjoint.vision.transforms.v2.functional.warps import *  # noqa: F403
from adjoint.vision.transforms.warping import affine_matrix, perspective_coefficients, turned_size

# What torchvision keeps to itself and others import.
_get_inverse_affine_matrix = affine_matrix
_get_perspective_coeffs = perspective_coefficients
_compute_affine_output_size = turned_size
_compute_resized_output_size = resized_to
_check_interpolation = interpolation_mode
_parallelogram_to_bounding_boxes = rectangles
