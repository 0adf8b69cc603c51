"""``torch.nn.functional``: every function that the tables declare for it, looked up when first named."""

# Written by `python -m stubs` from the tables; not by hand.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from adjoint._jit_internal import BroadcastingList1 as BroadcastingList1
from adjoint._jit_internal import BroadcastingList2 as BroadcastingList2
from adjoint._jit_internal import BroadcastingList3 as BroadcastingList3
from adjoint._jit_internal import boolean_dispatch as boolean_dispatch
from adjoint.dtypes import dtype as _dtype
from adjoint.overrides import handle_torch_function as handle_torch_function
from adjoint.overrides import has_torch_function as has_torch_function
from adjoint.overrides import has_torch_function_unary as has_torch_function_unary
from adjoint.overrides import has_torch_function_variadic as has_torch_function_variadic
from adjoint.tensor import Tensor

GRID_SAMPLE_INTERPOLATION_MODES: dict[str, int]
GRID_SAMPLE_PADDING_MODES: dict[str, int]

def adaptive_avg_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """The averages of ``output_size`` windows over the last dimension of (N, C, L) or (C, L)."""

def adaptive_avg_pool2d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """The averages of ``output_size`` (an int or a pair; None keeps the size) windows of (N, C, H, W) or (C, H, W).

    >>> import adjoint as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(12.).view(1, 3, 4), (1, 2))
    tensor([[[4.5000, 6.5000]]])
    """

def adaptive_avg_pool3d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """The averages of ``output_size`` windows of (N, C, D, H, W) or (C, D, H, W)."""

@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False
) -> Tensor:
    """The largest of each of ``output_size`` windows of (N, C, L) or (C, L)."""

@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: _bool = False
) -> Tensor | tuple[Tensor, Tensor]: ...
def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: _bool = False
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.adaptive_max_pool1d`, always with the indices."""

@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False
) -> Tensor:
    """The largest of each of ``output_size`` windows of (N, C, H, W) or (C, H, W)."""

@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: _bool = False
) -> Tensor | tuple[Tensor, Tensor]: ...
def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: _bool = False
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.adaptive_max_pool2d`, always with the indices."""

@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False
) -> Tensor:
    """The largest of each of ``output_size`` windows of (N, C, D, H, W) or (C, D, H, W)."""

@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: _bool = False
) -> Tensor | tuple[Tensor, Tensor]: ...
def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: _bool = False
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.adaptive_max_pool3d`, always with the indices."""

def affine_grid(theta: Tensor, size: _int | Sequence[_int], align_corners: _bool | None = None) -> Tensor:
    """The points, for :func:`grid_sample`, to which affine maps ``theta`` (N, 2, 3) take those of images of ``size`` (N, C, H, W):
    (N, H, W, 2); or the same of maps (N, 3, 4) and images with a depth.

    Raises ValueError where they do not fit each other.

    >>> import adjoint as torch
    >>> torch.nn.functional.affine_grid(torch.eye(2, 3)[None], (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """

def alpha_dropout(input: Tensor, p: _float = 0.5, training: _bool = False, inplace: _bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of SELUs (Klambauer et al. 2017)."""

def avg_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
) -> Tensor:
    """The average of each window of (N, C, L) or (C, L)."""

def avg_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    divisor_override: _int | None = None,
) -> Tensor:
    """The average of each window of (N, C, H, W) or (C, H, W).

    >>> import adjoint as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """

def avg_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    divisor_override: _int | None = None,
) -> Tensor:
    """The average of each window of (N, C, D, H, W) or (C, D, H, W)."""

def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: _bool = False,
    momentum: _float = 0.1,
    eps: _float = 1e-05,
) -> Tensor:
    """Normalize each channel (dimension 1) of ``input`` over the batch, then scale and shift it.

    In training by the batch's own mean and variance, which move the running ones by ``momentum``; otherwise by the
    running ones.  Raises ValueError for a batch of one value a channel in training.

    >>> import adjoint as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.], [3.]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """

def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1 @ weight[k] @ input2`` for each output k, plus ``bias``; weights are (out, in1, in2).

    >>> import adjoint as torch
    >>> torch.nn.functional.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(1, 2, 3))
    tensor([[6.]])
    """

def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities ``input`` and ``target``; logarithms are taken to be at least -100.

    Raises ValueError where the shapes differ, RuntimeError for an input outside of [0, 1].
    """

def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross entropy of ``sigmoid(input)`` and ``target``, stable for inputs of any size.

    Raises ValueError where the shapes differ.

    >>> import adjoint as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.zeros(3), torch.ones(3))
    tensor(0.6931)
    """

def celu(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``."""

def celu_(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.celu`."""

def channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels (dimension 1) of ``groups`` groups interleaved.

    Gradients::

        self: g, the channels back in order
    """

def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str | _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
) -> Tensor:
    """Convolve (N, C, L) or (C, L) with (O, C / groups, K); ``padding`` may be ``"same"`` or ``"valid"``.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.conv1d(torch.tensor([[1., 2., 3.]]), torch.tensor([[[1., -1.]]]))
    tensor([[-1., -1.]])
    """

def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str | _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
) -> Tensor:
    """Convolve (N, C, H, W) or (C, H, W) with (O, C / groups, KH, KW); ``padding`` may be ``"same"`` or ``"valid"``.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8), torch.ones(6, 3, 3, 3), padding=1).shape
    torch.Size([1, 6, 8, 8])
    """

def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str | _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
) -> Tensor:
    """Convolve (N, C, D, H, W) or (C, D, H, W) with (O, C / groups, KD, KH, KW)."""

def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: _int = 0) -> Tensor:
    """Convolution over time of (T, N, C) with (K, C, C') kernels: (T + 2 pad - K + 1, N, C').

    >>> import adjoint as torch
    >>> torch.conv_tbc(torch.ones(4, 1, 2), torch.ones(3, 2, 1), torch.zeros(1)).flatten()
    tensor([6., 6.])
    """

def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
) -> Tensor:
    """The transpose of :func:`conv1d`: (N, C, L) with (C, O / groups, K)."""

def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
) -> Tensor:
    """The transpose of :func:`conv2d`: (N, C, H, W) with (C, O / groups, KH, KW).

    >>> import adjoint as torch
    >>> torch.nn.functional.conv_transpose2d(torch.ones(1, 3, 4, 4), torch.ones(3, 6, 2, 2), stride=2).shape
    torch.Size([1, 6, 8, 8])
    """

def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
) -> Tensor:
    """The transpose of :func:`conv3d`."""

def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1: (N, D) or (D,)."""

def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08) -> Tensor:
    """The cosine of the angle between ``x1`` and ``x2`` along ``dim``; norms are taken to be at least ``eps``.

    >>> import adjoint as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 1.]]))
    tensor([0.7071])
    """

def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: _bool | None = None,
    ignore_index: _int = -100,
    reduce: _bool | None = None,
    reduction: str = "mean",
    label_smoothing: _float = 0.0,
) -> Tensor:
    """The cross entropy of ``softmax(input)``, (N, C, *), and class numbers (N, *) or probabilities (N, C, *).

    >>> import adjoint as torch
    >>> torch.nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """

def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: _int = 0,
    reduction: str = "mean",
    zero_infinity: _bool = False,
) -> Tensor:
    """How unlikely the labels ``targets`` are as what predictions say, repetitions and ``blank`` left out.

    ``log_probs`` (T, N, C), of a log-softmax, are the predictions, of which ``input_lengths`` (N,) count; the labels are
    (N, S), or one after the other, and there are ``target_lengths`` (N,) of them.  Or without N.  "mean" divides each loss by its
    number of labels first.  With ``zero_infinity`` what cannot be said costs nothing.  Raises RuntimeError where sizes
    do not fit.

    >>> import adjoint as torch
    >>> log_probs = torch.zeros(2, 1, 2) - torch.tensor(2.).log()
    >>> torch.nn.functional.ctc_loss(log_probs, torch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """

def dropout(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """Each element zero with probability ``p``, the others over ``1 - p``, while ``training``.

    Raises ValueError for a probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.nn.functional.dropout(torch.ones(2), p=1.)
    tensor([0., 0.])
    """

def dropout1d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """Each channel of an input ``(N, C, L)`` or ``(C, L)`` zero with probability ``p``.

    Raises RuntimeError for an input of other dimensions, ValueError for a probability outside of [0, 1].
    """

def dropout2d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """Each channel of an input ``(N, C, H, W)`` zero with probability ``p``; also of ``(N, C, L)``, with a warning."""

def dropout3d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """Each channel of an input ``(N, C, D, H, W)`` or ``(C, D, H, W)`` zero with probability ``p``."""

def elu(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere."""

def elu_(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.elu`."""

def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: _int | None = None,
    max_norm: _float | None = None,
    norm_type: _float = 2.0,
    scale_grad_by_freq: _bool = False,
    sparse: _bool = False,
) -> Tensor:
    """The rows of ``weight``, a table (rows, width), at the integers of ``input``: (*input.shape, width).

    The row ``padding_idx`` gets no gradient.  With ``max_norm``, rows that are looked up and longer than that are first
    shortened in place.  ``scale_grad_by_freq`` divides a row's gradient by how often it was looked up.  With ``sparse``, the
    gradient of ``weight`` is sparse: the rows of the indices, as often as they were looked up.

    Raises IndexError for a row that is not there.

    >>> import adjoint as torch
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """

def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: _float | None = None,
    norm_type: _float = 2,
    scale_grad_by_freq: _bool = False,
    mode: str = "mean",
    sparse: _bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: _bool = False,
    padding_idx: _int | None = None,
) -> Tensor:
    """The "sum", "mean" or "max" of bags of rows of ``weight``: (B, D).

    A bag is a row of a (B, N) ``input``, or the part of a flat one that begins at its offset.  Raises ValueError where
    the arguments do not go together.

    >>> import adjoint as torch
    >>> table = torch.tensor([[1., 2.], [3., 4.]])
    >>> torch.nn.functional.embedding_bag(torch.tensor([[0, 1]]), table)
    tensor([[2., 3.]])
    """

def feature_alpha_dropout(input: Tensor, p: _float = 0.5, training: _bool = False, inplace: _bool = False) -> Tensor:
    """Alpha dropout of whole channels ``input[n, c]``."""

def fold(
    input: Tensor,
    output_size: _int | None | Sequence[_int | None],
    kernel_size: _int | Sequence[_int],
    dilation: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    stride: _int | Sequence[_int] = 1,
) -> Tensor:
    """Windows (N, C * window, L) or (C * window, L), added up at their places in an image of ``output_size``.

    Raises RuntimeError where the number of windows is not the one that the sizes give.
    """

def fractional_max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    output_size: _int | None | Sequence[_int | None] = None,
    output_ratio: Any = None,
    return_indices: _bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest of windows of (N, C, H, W), of which ``output_size`` (or, of the input's, ``output_ratio``) are
    put at places that are drawn; with ``return_indices`` also where in the space they are.

    ``_random_samples`` (N, C, 2), from 0 to 1, are drawn if None.  Raises RuntimeError for windows that there is no room for.
    """

def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    output_size: _int | None | Sequence[_int | None] = None,
    output_ratio: Any = None,
    return_indices: _bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """As :func:`adjoint.nn.functional.fractional_max_pool2d`, always with the indices."""

def fractional_max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    output_size: _int | None | Sequence[_int | None] = None,
    output_ratio: Any = None,
    return_indices: _bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest of windows of (N, C, D, H, W), of which ``output_size`` (or, of the input's, ``output_ratio``) are
    put at places that are drawn; with ``return_indices`` also where in the space they are.

    ``_random_samples`` (N, C, 3), from 0 to 1, are drawn if None.  Raises RuntimeError for windows that there is no room for.
    """

def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    output_size: _int | None | Sequence[_int | None] = None,
    output_ratio: Any = None,
    return_indices: _bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """As :func:`adjoint.nn.functional.fractional_max_pool3d`, always with the indices."""

def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | _float,
    full: _bool = False,
    eps: _float = 1e-06,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of normally distributed targets with mean ``input`` and variance ``var``."""

def gelu(input: Tensor, *, approximate: str = "none", out: Tensor | None = None) -> Tensor:
    """Each element times the share of a normal distribution below it: ``x * Phi(x)``; ``approximate="tanh"`` computes it by a tanh.

    Gradients::

        self: g * (Φ(self) + self * φ(self))
    """

def glu(input: Tensor, dim: _int = -1, *, axis: _int | None = None) -> Tensor:
    """The first half of a dimension times the sigmoid of its second half.  Raises RuntimeError if its size is odd.

    Gradients::

        self: g * σ(b) and g * a * σ(b) * (1 - σ(b)), where a, b are the halves
    """

def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: _bool | None = None
) -> Tensor:
    """The values of images (N, C, H, W) at the points (N, H', W', 2) of a grid: (N, C, H', W'); or the same with a depth,
    where a point is of three numbers.

    A point is (x, y) or (x, y, z), each from -1 to 1: with ``align_corners`` from the middle of the first pixel to that of
    the last, otherwise from edge to edge.  ``mode`` is "bilinear", "nearest" or, without a depth, "bicubic".  What is outside of the image
    is, by ``padding_mode``, "zeros", its "border", or its "reflection".  Both inputs have gradients, of any order.

    >>> import adjoint as torch
    >>> image = torch.tensor([[[[1., 2.], [3., 4.]]]])
    >>> torch.nn.functional.grid_sample(image, torch.tensor([[[[0., -1.], [0., 0.]]]]), align_corners=True)
    tensor([[[[1.5000, 2.5000]]]])
    """

def group_norm(
    input: Tensor, num_groups: _int, weight: Tensor | None = None, bias: Tensor | None = None, eps: _float = 1e-05
) -> Tensor:
    """Normalize each example over each of ``num_groups`` groups of channels, then scale and shift each channel.

    Raises RuntimeError where the groups do not divide the channels.
    """

def grouped_mm(
    mat_a: Tensor,
    mat_b: Tensor,
    *,
    offs: Tensor | None = None,
    bias: Tensor | None = None,
    out_dtype: _dtype | None = None,
) -> Tensor:
    """Products of groups of two matrices, of which ``offs`` (G,) says where each group ends.

    (M, K) and (G, K, N): each group of rows with its own matrix, (M, N).  (G, M, K) and (K, N): each matrix with its group of
    columns, (M, N).  (M, K) and (K, N): the products of groups of what is summed over, (G, M, N).  (G, M, K) and (G, K, N) have no
    ``offs``.  What is behind the last group is zero.  Raises RuntimeError for sizes, dtypes and strides that PyTorch does not take.

    >>> import adjoint as torch
    >>> ends = torch.tensor([1, 3], dtype=torch.int32)
    >>> torch.nn.functional.grouped_mm(torch.ones(3, 4), torch.ones(2, 4, 4), offs=ends).shape
    torch.Size([3, 4])
    """

def gumbel_softmax(logits: Tensor, tau: _float = 1, hard: _bool = False, eps: _float = 1e-10, dim: _int = -1) -> Tensor:
    """A draw from the Gumbel-softmax distribution; with ``hard`` one-hot, with the gradient of the soft one."""

def hardshrink(input: Tensor, lambd: _float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """Each element, and 0 in the place of those whose magnitude is at most ``lambd``.

    Gradients::

        self: np.where((self >= -lambd) & (self <= lambd), np.zeros_like(g), g)
    """

def hardsigmoid(input: Tensor, inplace: _bool = False) -> Tensor:
    """``relu6(x + 3) / 6``."""

def hardswish(input: Tensor, inplace: _bool = False) -> Tensor:
    """``x * relu6(x + 3) / 6``."""

def hardtanh(input: Tensor, min_val: _float = -1.0, max_val: _float = 1.0, inplace: _bool = False) -> Tensor:
    """``x`` clipped to [min_val, max_val]."""

def hardtanh_(input: Tensor, min_val: _float = -1.0, max_val: _float = 1.0, inplace: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.hardtanh`."""

def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: _float = 1.0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1."""

def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: _float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """The mean of ``d**2 / 2``, made linear where ``|d|`` is above ``delta``."""

def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: _bool = True,
    momentum: _float = 0.1,
    eps: _float = 1e-05,
) -> Tensor:
    """Normalize each channel of each example by itself: batch norm of a batch of one, with N * C channels."""

def interpolate(
    input: Tensor,
    size: _int | Sequence[_int] | None = None,
    scale_factor: _float | Sequence[_float] | None = None,
    mode: str = "nearest",
    align_corners: _bool | None = None,
    recompute_scale_factor: _bool | None = None,
    antialias: _bool = False,
) -> Tensor:
    """Resize (N, C, *space) to ``size`` or by ``scale_factor``.

    ``mode`` is "nearest", "nearest-exact", "area", or "linear" (3D input), "bilinear", "bicubic" (4D), "trilinear"
    (5D), or "lanczos" (4D, with ``antialias``).  Raises ValueError where the sizes do not fit the dimensions.

    >>> import adjoint as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """

def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    log_target: _bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence of ``target`` from ``exp(input)``; ``"batchmean"`` divides by the batch size.

    >>> import adjoint as torch
    >>> torch.nn.functional.kl_div(torch.zeros(1, 2), torch.ones(1, 2), reduction="batchmean")
    tensor(0.)
    """

def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of ``|input - target|``."""

def layer_norm(
    input: Tensor,
    normalized_shape: _int | Sequence[_int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
) -> Tensor:
    """Normalize each example over its last dimensions, of shape ``normalized_shape``, then scale and shift it.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1., 3.]]), [2])
    tensor([[-1.0000,  1.0000]])
    """

def leaky_relu(input: Tensor, negative_slope: _float = 0.01, inplace: _bool = False) -> Tensor:
    """``x`` where it is positive, ``negative_slope * x`` elsewhere."""

def leaky_relu_(input: Tensor, negative_slope: _float = 0.01, inplace: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.leaky_relu`."""

def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (*, in) with weights (out, in) gives (*, out).

    Raises RuntimeError for shapes that do not fit or dtypes that differ.

    >>> import adjoint as torch
    >>> torch.nn.functional.linear(torch.ones(1, 2), torch.ones(3, 2), torch.zeros(3))
    tensor([[2., 2., 2.]])
    """

def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: _int | None = None,
    label_smoothing: _float = 0.0,
    options: Any = None,
) -> Tensor:
    """The cross entropy of ``input @ linear_weight.T + linear_bias``: (N, in) and (classes, *, in), and targets (N, *).

    ``options`` (:class:`adjoint.nn.LinearCrossEntropyOptions`) have it computed some examples after the others.  Raises
    RuntimeError where shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.linear_cross_entropy(torch.zeros(1, 2), torch.ones(4, 2), torch.tensor([1]))
    tensor(1.3863)
    """

def local_response_norm(
    input: Tensor, size: _int, alpha: _float = 0.0001, beta: _float = 0.75, k: _float = 1.0
) -> Tensor:
    """Divide each channel by a power of the mean square of the ``size`` channels around it."""

def log_softmax(input: Tensor, dim: _int | None = None, _stacklevel: _int = 3, dtype: _dtype | None = None) -> Tensor:
    """The logarithms of softmax along ``dim``, of the tensor converted to ``dtype`` where it is given."""

def logsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the sigmoid of each element, which need not fit a float.

    Gradients::

        self: g * sigmoid(-self)
    """

def lp_pool1d(
    input: Tensor,
    norm_type: _float,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    ceil_mode: _bool = False,
) -> Tensor:
    """The p-norm of each window of (N, C, L) or (C, L)."""

def lp_pool2d(
    input: Tensor,
    norm_type: _float,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    ceil_mode: _bool = False,
) -> Tensor:
    """The p-norm of each window of (N, C, H, W) or (C, H, W)."""

def lp_pool3d(
    input: Tensor,
    norm_type: _float,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    ceil_mode: _bool = False,
) -> Tensor:
    """The p-norm of each window of (N, C, D, H, W) or (C, D, H, W)."""

def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)`` for targets 1 and -1."""

@overload
def max_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: Literal[False] = False,
) -> Tensor:
    """The largest of each window of (N, C, L) or (C, L); with ``return_indices`` also where it is.

    >>> import adjoint as torch
    >>> torch.nn.functional.max_pool1d(torch.tensor([[1., 3., 2., 0.]]), 2)
    tensor([[3., 2.]])
    """

@overload
def max_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
) -> Tensor | tuple[Tensor, Tensor]: ...
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.max_pool1d`, always with the indices."""

@overload
def max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: Literal[False] = False,
) -> Tensor:
    """The largest of each window of (N, C, H, W) or (C, H, W); with ``return_indices`` also where it is.

    >>> import adjoint as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

@overload
def max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
) -> Tensor | tuple[Tensor, Tensor]: ...
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.max_pool2d`, always with the indices."""

@overload
def max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: Literal[False] = False,
) -> Tensor:
    """The largest of each window of (N, C, D, H, W) or (C, D, H, W); with ``return_indices`` also where it is."""

@overload
def max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
) -> Tensor | tuple[Tensor, Tensor]: ...
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.max_pool3d`, always with the indices."""

def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    output_size: _int | None | Sequence[_int | None] = None,
) -> Tensor:
    """Put pooled values back to where :func:`max_pool1d` found them; zeros elsewhere."""

def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    output_size: _int | None | Sequence[_int | None] = None,
) -> Tensor:
    """Put pooled values back to where :func:`max_pool2d` found them; zeros elsewhere."""

def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    output_size: _int | None | Sequence[_int | None] = None,
) -> Tensor:
    """Put pooled values back to where :func:`max_pool3d` found them; zeros elsewhere."""

def mish(input: Tensor, inplace: _bool = False) -> Tensor:
    """``x * tanh(softplus(x))``."""

def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of ``(input - target) ** 2``.

    >>> import adjoint as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(2.)
    """

def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: _int,
    num_heads: _int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: _bool,
    dropout_p: _float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: _bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: _bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: _bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: _bool = True,
    is_causal: _bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads: (L, N, E) queries, (S, N, *) keys and values; the output, and the weights if needed.

    Without a batch the inputs are (L, E) and (S, *).
    """

def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: _int = 1,
    margin: _float = 1.0,
    weight: Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over examples of ``sum(max(0, margin - x[y] + x[i]) ** p) / C``: (N, C) and class numbers (N,)."""

def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of ``max(0, 1 - (x[y] - x[i]))`` over labels ``y`` (up to the first -1) and other classes ``i``."""

def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the binary cross entropy of ``sigmoid(input)`` and ``target``."""

def native_channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels (dimension 1) of ``groups`` groups interleaved.

    Gradients::

        self: g, the channels back in order
    """

def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: _bool | None = None,
    ignore_index: _int = -100,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative of each example's ``input`` at its class: (N, C, *) and class numbers (N, *).

    The mean is over the ``weight`` of the classes; examples of class ``ignore_index`` do not count.  Raises IndexError
    for a class that there is not.

    >>> import adjoint as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1., -2.]]), torch.tensor([1]))
    tensor(2.)
    """

def normalize(input: Tensor, p: _float = 2.0, dim: _int = 1, eps: _float = 1e-12, out: Tensor | None = None) -> Tensor:
    """``input`` divided by its p-norm along ``dim`` (which is taken to be at least ``eps``).

    >>> import adjoint as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """

def one_hot(tensor: Tensor, num_classes: _int = -1) -> Tensor:
    """Each class number as a row of zeros with a one at that place; as many classes as needed unless given.

    >>> import adjoint as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """

def pad(input: Tensor, pad: Sequence[_int], mode: str = "constant", value: _float | None = None) -> Tensor:
    """The tensor with more places at the ends of its last dimensions.

    ``pad`` holds (before, after) pairs, the last dimension first; negative amounts cut off.  ``mode`` says what the new
    places hold: "constant" (``value``), "reflect", "replicate" or "circular".

    Raises RuntimeError where the amounts do not fit the shape.

    >>> import adjoint as torch
    >>> torch.nn.functional.pad(torch.tensor([1, 2]), (1, 2))
    tensor([0, 1, 2, 0, 0])
    """

def pairwise_distance(x1: Tensor, x2: Tensor, p: _float = 2.0, eps: _float = 1e-06, keepdim: _bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    >>> import adjoint as torch
    >>> torch.nn.functional.pairwise_distance(torch.zeros(1, 2), torch.tensor([[3., 4.]]))
    tensor([5.0000])
    """

def pdist(input: Tensor, p: _float = 2.0) -> Tensor:
    """The p-norm distances between every two rows of (N, M): N * (N - 1) / 2 of them.

    >>> import adjoint as torch
    >>> torch.pdist(torch.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """

def pixel_shuffle(input: Tensor, upscale_factor: _int) -> Tensor:
    """Channels laid out as pixels: (..., C r^2, H, W) becomes (..., C, H r, W r).

    Gradients::

        self: pixel_unshuffle(g, upscale_factor)
    """

def pixel_unshuffle(input: Tensor, downscale_factor: _int) -> Tensor:
    """Pixels gathered as channels: (..., C, H r, W r) becomes (..., C r^2, H, W).

    Gradients::

        self: pixel_shuffle(g, downscale_factor)
    """

def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: _bool = True,
    full: _bool = False,
    size_average: _bool | None = None,
    eps: _float = 1e-08,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of Poisson-distributed counts ``target``."""

def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``max(0, x) + weight * min(0, x)``; ``weight`` holds one number, or one a channel (dimension 1 of ``input``).

    Raises RuntimeError where the numbers do not fit the channels.

    >>> import adjoint as torch
    >>> torch.prelu(torch.tensor([-2., 3.]), torch.tensor([0.5]))
    tensor([-1.,  3.])
    """

def relu(input: Tensor, inplace: _bool = False) -> Tensor:
    """``max(x, 0)``.

    >>> import adjoint as torch
    >>> torch.nn.functional.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """

def relu6(input: Tensor, inplace: _bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""

def relu_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.relu`."""

def rms_norm(
    input: Tensor, normalized_shape: _int | Sequence[_int], weight: Tensor | None = None, eps: _float | None = None
) -> Tensor:
    """Divide each example by the root of its mean square over the last dimensions, then scale it.

    >>> import adjoint as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3., 4.]]), [2])
    tensor([[0.8485, 1.1314]])
    """

def rrelu(
    input: Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    inplace: _bool = False,
) -> Tensor:
    """Leaky ReLU whose slopes are drawn from [lower, upper) in training, and their mean otherwise."""

def rrelu_(input: Tensor, lower: _float = 0.125, upper: _float = 0.3333333333333333, training: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.nn.functional.rrelu`."""

def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: _float = 0.0,
    is_causal: _bool = False,
    scale: _float | None = None,
    enable_gqa: _bool = False,
) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``: (*, L, E), (*, S, E), (*, S, V) to (*, L, V).

    ``attn_mask`` is added to the scores, or, if it is of bools, says which keys a query may look at; with ``is_causal``
    these are the ones up to its own place.  Raises RuntimeError for both at once.

    >>> import adjoint as torch
    >>> q = torch.ones(1, 2, 4)
    >>> torch.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True).shape
    torch.Size([1, 2, 4])
    """

def selu(input: Tensor, inplace: _bool = False) -> Tensor:
    """The self-normalising exponential linear unit: ELU with fixed alpha and scale."""

def selu_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.selu`."""

def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""

def silu(input: Tensor, inplace: _bool = False) -> Tensor:
    """``x * sigmoid(x)``."""

def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    beta: _float = 1.0,
) -> Tensor:
    """The mean of ``|d|``, made quadratic where it is below ``beta``.  Raises RuntimeError for a negative ``beta``."""

def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of ``log(1 + exp(-target * input))`` for targets 1 and -1."""

def softmax(input: Tensor, dim: _int | None = None, _stacklevel: _int = 3, dtype: _dtype | None = None) -> Tensor:
    """The exponentials, divided by their sum along ``dim``, of the tensor converted to ``dtype`` where it is given."""

def softmin(input: Tensor, dim: _int | None = None, _stacklevel: _int = 3, dtype: _dtype | None = None) -> Tensor:
    """The softmax of ``-input``.

    >>> import adjoint as torch
    >>> torch.nn.functional.softmin(torch.tensor([1., 1.]), 0)
    tensor([0.5000, 0.5000])
    """

def softplus(input: Tensor, beta: _complex = 1.0, threshold: _float = 20.0, *, out: Tensor | None = None) -> Tensor:
    """A smooth rectifier of each element: ``log(1 + exp(beta x)) / beta``, and ``x`` itself where ``beta x`` is above ``threshold``.

    Gradients::

        self: np.where(self * beta > threshold, g, g * sigmoid(at_most(self * beta, threshold)))
    """

def softshrink(input: Tensor, lambd: _float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """Each element moved toward zero by ``lambd``, and 0 in the place of those within it.

    Gradients::

        self: np.where((self >= -lambd) & (self <= lambd), np.zeros_like(g), g)
    """

def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""

def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""

def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""

def threshold(input: Tensor, threshold: _float, value: _float, inplace: _bool = False) -> Tensor:
    """``x`` where it is greater than ``threshold``, ``value`` elsewhere."""

def threshold_(input: Tensor, threshold: _float, value: _float, inplace: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.threshold`."""

def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: _float = 1.0,
    p: _float = 2,
    eps: _float = 1e-06,
    swap: _bool = False,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, |anchor - positive| - |anchor - negative| + margin)`` with the p-norm."""

def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: _float = 1.0,
    swap: _bool = False,
    reduction: str = "mean",
) -> Tensor:
    """As :func:`triplet_margin_loss`, with any distance."""

def unfold(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    dilation: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    stride: _int | Sequence[_int] = 1,
) -> Tensor:
    """Every window of (N, C, H, W) or (C, H, W) as a column: (N, C * window, L) or (C * window, L).

    >>> import adjoint as torch
    >>> torch.nn.functional.unfold(torch.ones(1, 3, 10, 12), (4, 5)).shape
    torch.Size([1, 60, 56])
    """

def upsample(
    input: Tensor,
    size: _int | Sequence[_int] | None = None,
    scale_factor: _float | Sequence[_float] | None = None,
    mode: str = "nearest",
    align_corners: _bool | None = None,
) -> Tensor:
    """A deprecated name of :func:`interpolate`."""

def upsample_bilinear(
    input: Tensor,
    size: _int | Sequence[_int] | None = None,
    scale_factor: _float | Sequence[_float] | None = None,
    mode: str = "nearest",
    align_corners: _bool | None = None,
) -> Tensor:
    """A deprecated name of :func:`interpolate`."""

def upsample_nearest(
    input: Tensor,
    size: _int | Sequence[_int] | None = None,
    scale_factor: _float | Sequence[_float] | None = None,
    mode: str = "nearest",
    align_corners: _bool | None = None,
) -> Tensor:
    """A deprecated name of :func:`interpolate`."""
