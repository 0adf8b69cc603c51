"""The tables: every operator, declared once.  A file is a kind of operator; a row is an operator."""

from importlib import import_module

from adjoint.names import named
from adjoint.ops import (
    activation,
    arithmetic,
    attention,
    batching,
    batching_kernels,
    bessel,
    bitwise,
    bounds,
    broadcasting,
    class_loss,
    comparison,
    complex_parts,
    contraction,
    convolution,
    convolution_time_first,
    copying,
    counting,
    creation,
    creation_like,
    ctc,
    decompositions,
    differences,
    distances,
    dropout,
    einsum,
    elementwise,
    embedding,
    embedding_bag,
    error_functions,
    extremes,
    filling,
    finite_differences,
    fourier,
    fourier_transforms,
    fractional_pooling,
    from_data,
    gamma,
    gathering,
    grid_sampling,
    histograms,
    implicit_gradients,
    index_along,
    indexing,
    inner_names,
    joining,
    layout,
    legacy,
    linalg,
    loss,
    loss_composites,
    low_rank,
    lu,
    normalization,
    norms,
    ordering,
    overloads,
    padding,
    patches,
    picking,
    polynomials,
    pooling,
    random,
    random_creation,
    ranges,
    rearranging,
    reduction,
    reflections,
    removed,
    resampling,
    sampling,
    sampling_by_rejection,
    scans,
    scatter,
    segment_reduction,
    selection,
    shape,
    short_time_fourier,
    similarity,
    slicing,
    softmax,
    sparse_algebra,
    sparse_kernels,
    sparse_making,
    sparse_parts,
    splitting,
    strides,
    subclasses,
    systems,
    transposing,
    view_copies,
    weight_norm,
    windows,
)

__all__ = ["arithmetic"]


_OF_PYTEST = frozenset({"pytest_plugins", "pytestmark", "setUpModule", "setup_module", "tearDownModule", "teardown_module"})
"""What pytest asks every package for whose doctests it runs: no namespaces of operators."""


def _operators(name: str) -> object:
    """What ``torch.ops`` has under a name that is none of the tables': a namespace of operators (:mod:`adjoint.library`)."""
    if name.startswith("_") or name in _OF_PYTEST:
        return None
    loaded = vars(import_module("adjoint.library.loaded"))
    return loaded[name] if name in loaded else import_module("adjoint.library.operators").namespace(name)


named(__name__, find=_operators)
