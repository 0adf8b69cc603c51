"""Kinds: what PyTorch takes for an argument, by the parameter's name; looked up only when a call has failed.

Its signatures are regular: ``dim`` is an int, ``keepdim`` a bool, wherever they appear.  So the table is by name, and what
deviates is listed with the function's.  A ``?`` behind a kind says that None is taken, too; several kinds, that there are
several signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.tensor import Tensor

_BY_NAME = {
    "Tensor": """A B abs anchor angle batch1 batch2 boundaries condition elements grid imag index input input1 input2 key
        LD LU_data LU_pivots mask mat mat1 mat2 negative offsets pivots positive query real self sorted_sequence source src
        target tau tensor tensor1 tensor2 test_elements values vec vec1 vec2 x x1 x2 y""",
    "Tensor?": """append attn_mask aweights bias fweights gradient lengths per_sample_weights pos_weight prepend running_mean
        running_var sorter weight weights""",
    "Tensor|Number": "exponent other",
    "Tensor|Number?": "max min",
    "Tensor|float": "q",
    "Tensor|int": "repeats",
    "tuple of Tensors": "matrices tensors",
    "int": """bins chunks col decimals diagonal dim dim0 dim1 dim2 dimension downscale_factor end_dim groups high k length
        low minlength n num_classes num_groups num_samples offset row sections seed split_size start_dim step steps
        upscale_factor window_length""",
    "int?": "N divisor_override end start storage_offset",
    "tuple of ints": """dilation dims indices kernel_size normalized_shape output_padding output_size pad padding shape shifts
        size sizes split_sizes""",
    "tuple of ints?": "stride",
    "tuple of ints|int": "destination",
    "float": "atol base delta dropout_p eps margin momentum p rcond rtol sigma",
    "float?": "nan neginf posinf scale",
    "Number": "alpha beta dx fill_value lambd lower max_val maxnorm min_val negative_slope s threshold value",
    "Number?": "correction",
    "bool": """accumulate as_tuple assume_unique ceil_mode check_errors compute_uv count_include_pad create_graph descending
        enable_gqa equal_nan full full_matrices hermitian implicit include_last_offset include_self increasing inplace
        invert is_causal keepdim largest left log_input log_target out_int32 periodic replacement return_counts
        return_indices return_inverse right scale_grad_by_freq some sorted sparse sparse_grad swap train training transposed
        unbiased unitriangular upper use_input_stats with_replacement wrap""",
    "bool?": "pin_memory retain_graph stable",
    "str": "UPLO approximate indexing interpolation mode reduce",
    "str?": "driver norm rounding_mode side",
    "torch.dtype?": "dtype",
    "torch.layout?": "layout",
    "torch.device?": "device",
    "torch.memory_format?": "memory_format",
    "torch.Generator?": "generator",
}

# What is another kind in one function: "function.parameter".
_OF_FUNCTIONS = {
    "Tensor": """_validate_sparse_coo_tensor_args.indices
        cross_entropy_loss.target embedding.indices embedding.weight linear.weight max_unpool1d.indices
        max_unpool2d.indices max_unpool3d.indices scaled_dot_product_attention.value take_along_dim.indices
        multi_head_attention_forward.value lerp.end conv1d.weight conv2d.weight conv3d.weight
        conv_transpose1d.weight conv_transpose2d.weight conv_transpose3d.weight matmul.other
        mm.other dot.other inner.other cross.other kron.other outer.other expand_as.other reshape_as.other view_as.other
        type_as.other isclose.other allclose.other equal.other dist.other maximum.other minimum.other fmax.other fmin.other
        logaddexp.other logaddexp2.other atan2.other arctan2.other hypot.other nextafter.other logical_and.other
        logical_or.other logical_xor.other gcd.other lcm.other heaviside.values vdot.other bilinear.weight prelu.weight""",
    "Tensor|Number": """floor_divide.input bitwise_and.input bitwise_left_shift.input bitwise_or.input bitwise_right_shift.input
        bitwise_xor.input bucketize.input clamp_max.max clamp_min.min fill.value fill_.value index_fill.value
        index_fill_.value lerp.weight linspace.end linspace.start logspace.end logspace.start masked_fill.value
        scatter.src scatter_.src
        masked_fill_.value pow.input remainder.input searchsorted.input where.input where.other xlogy.input xlog1py.input
        zeta.input chebyshev_polynomial_t.n chebyshev_polynomial_t.x chebyshev_polynomial_u.n chebyshev_polynomial_u.x
        chebyshev_polynomial_v.n chebyshev_polynomial_v.x chebyshev_polynomial_w.n chebyshev_polynomial_w.x
        hermite_polynomial_h.n hermite_polynomial_h.x hermite_polynomial_he.n hermite_polynomial_he.x laguerre_polynomial_l.n
        laguerre_polynomial_l.x legendre_polynomial_p.n legendre_polynomial_p.x shifted_chebyshev_polynomial_t.n
        shifted_chebyshev_polynomial_t.x shifted_chebyshev_polynomial_u.n shifted_chebyshev_polynomial_u.x
        shifted_chebyshev_polynomial_v.n shifted_chebyshev_polynomial_v.x shifted_chebyshev_polynomial_w.n
        shifted_chebyshev_polynomial_w.x""",
    "Tensor|Number|str?": "linalg_norm.ord",
    # What Python code of PyTorch's looks at itself.
    "": """sparse_coo_tensor.indices sparse_coo_tensor.values sparse_coo_tensor.size sparse_coo_tensor.is_coalesced
        spdiags.shape
        histogramdd.bins __rtruediv__.other norm.p normalize.p use_deterministic_algorithms.mode view.shape tensordot.dims
        unique.return_inverse unique.return_counts unique_consecutive.return_inverse unique_consecutive.return_counts
        interpolate.size interpolate.mode embedding_bag.mode adaptive_avg_pool2d.output_size
        adaptive_avg_pool3d.output_size adaptive_max_pool2d.output_size adaptive_max_pool3d.output_size
        binary_cross_entropy.reduce binary_cross_entropy_with_logits.reduce cosine_embedding_loss.reduce
        cross_entropy.reduce hinge_embedding_loss.reduce kl_div.reduce l1_loss.reduce margin_ranking_loss.reduce
        mse_loss.reduce multi_margin_loss.reduce multilabel_margin_loss.reduce multilabel_soft_margin_loss.reduce
        nll_loss.reduce poisson_nll_loss.reduce smooth_l1_loss.reduce soft_margin_loss.reduce
        triplet_margin_loss.reduce""",
    "Tensor|int": """histogram.bins max.dim min.dim narrow.start randint_like.high tensor_split.indices_or_sections
        tensor_split.sections""",
    "Tensor?": "segment_reduce.indices",
    "Tensor|float": "bernoulli.p bernoulli_.p normal.mean normal.std",
    "Tensor|float?": "matrix_rank.atol matrix_rank.rtol pinv.atol pinv.rtol",
    "float": """fftfreq.d rfftfreq.d
        dropout.p dropout1d.p dropout2d.p dropout3d.p alpha_dropout.p exponential_.lambd hamming_window.alpha
        hamming_window.beta kaiser_window.beta smooth_l1_loss.beta trapz.dx uniform_.to pairwise_distance.p""",
    "float?": "logit.eps pad.value rms_norm.eps lstsq.rcond",
    "Number": """local_response_norm.k arange.end arange.start arange.step cdist.p dist.p histc.max histc.min
        multi_margin_loss.margin multi_margin_loss.p
        range.end range.start range.step renorm.p rrelu.upper
        rrelu.lower rrelu_.upper triplet_margin_loss.p""",
    "Number|str?": "cond.p norm.ord",
    "Number|str": "matrix_norm.ord",
    "int": """fftfreq.n hash_tensor.mode rfftfreq.n
        cov.correction mvlgamma.p narrow_copy.start nonzero_static.fill_value nonzero_static.size select.index
        select_copy.index select_scatter.index combinations.r unfold.size unfold_copy.size rot90.k glu.dim""",
    "int?": """aminmax.dim argmax.dim argmin.dim cross.dim embedding_bag.padding_idx embedding.padding_idx nanquantile.dim
        one_hot.num_classes quantile.dim repeat_interleave.dim repeat_interleave.output_size softmax.dim log_softmax.dim
        fft.n hfft.n ifft.n ihfft.n irfft.n rfft.n softmin.dim
        slice_scatter.start slice_scatter.end take_along_dim.dim unique.dim unique_consecutive.dim""",
    "tuple of ints": "gradient.dim amax.dim amin.dim logsumexp.dim matrix_norm.dim repeat.repeats flip.dims as_strided.stride",
    "tuple of ints?": """fft2.dim fft2.s fftn.dim fftn.s hfft2.dim hfft2.s hfftn.dim hfftn.s ifft2.dim ifft2.s ifftn.dim ifftn.s
        ihfft2.dim ihfft2.s ihfftn.dim ihfftn.s irfft2.dim irfft2.s irfftn.dim irfftn.s rfft2.dim rfft2.s rfftn.dim rfftn.s
        fftshift.dim ifftshift.dim mean.dim nanmean.dim nansum.dim norm.dim std.dim std_mean.dim sum.dim var.dim var_mean.dim
        vector_norm.dim""",
    "tuple of ints|int": """frobenius_norm.dim moveaxis.source movedim.source nuclear_norm.dim split.split_size squeeze.dim
        squeeze_.dim squeeze_copy.dim""",
    "tuple of ints|int?": "all.dim any.dim count_nonzero.dim",
    "tuple of ints|str": "conv1d.padding conv2d.padding conv3d.padding",
    "bool": "argsort.stable",
    "torch.dtype": "view.dtype view_copy.dtype finfo.dtype",
    "torch.memory_format": "contiguous.memory_format is_contiguous.memory_format",
    "tuple of Tensors": "index_put.indices index_put_.indices",
}


def _spread(table: dict[str, str]) -> dict[str, str]:
    return {name: kind for kind, names in table.items() for name in names.split()}


_NAMES, _EXCEPTIONS = _spread(_BY_NAME), _spread(_OF_FUNCTIONS)


def kind_of(function: str, parameter: str) -> str | None:
    """What the parameter of a function takes, as above; None where that is not known."""
    bare = function.removeprefix("linalg_").removeprefix("special_").removeprefix("fft_")
    for name in (function, bare):
        found = _EXCEPTIONS.get(f"{name}.{parameter}")
        if found is not None:
            return found
    return _NAMES.get(parameter)


def fits(kind: str, value: Any) -> bool:
    """Whether a value is of one of these kinds."""
    if value is None and kind.endswith("?"):
        return True
    return any(_FITS[each](value) for each in kind.rstrip("?").split("|"))


def _is_int(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value._array.ndim and value.dtype.category == dtypes.INTEGER and not value.requires_grad
    return hasattr(value, "__index__") and not isinstance(value, (bool, np.bool_, np.ndarray))


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value._array.ndim and not value.requires_grad
    return isinstance(value, (bool, int, float, complex, np.number, np.bool_))


def _is_float(value: Any) -> bool:
    return _is_number(value) and not isinstance(value, complex)


def _are_ints(value: Any) -> bool:
    # One int stands for as many as are needed, in most of the functions.
    return _is_int(value) or (isinstance(value, (tuple, list)) and all(map(_is_int, value)))


def _are_tensors(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(v, Tensor) for v in value)


def _of(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, types)


def _named(*names: str) -> Callable[[Any], bool]:
    # By name: the classes belong to layers above this one.
    return lambda value: type(value).__name__ in names


_FITS: dict[str, Callable[[Any], bool]] = {
    "Tensor": _of(Tensor),
    "Number": _is_number,
    "int": _is_int,
    "float": _is_float,
    "bool": _of(bool, np.bool_),
    "str": _of(str),
    "tuple of ints": _are_ints,
    "tuple of Tensors": _are_tensors,
    "torch.dtype": lambda value: isinstance(value, dtypes.dtype) or value in (float, int, bool, complex),
    "torch.device": _named("device", "str", "int"),
    "torch.layout": _named("layout"),
    "torch.memory_format": _named("memory_format"),
    "torch.Generator": _named("Generator"),
}
