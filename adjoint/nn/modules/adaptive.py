"""A softmax over many classes, most of which are rare (Grave et al., "Efficient softmax approximation for GPUs", 2016)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.nn import functional as F
from adjoint.nn.modules.container import ModuleList, Sequential
from adjoint.nn.modules.linear import Linear
from adjoint.nn.modules.module import Module
from adjoint.tensor import Tensor

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-probabilities of ``n_classes``, the frequent ones first, and their mean loss.

    The classes up to the first of ``cutoffs`` are computed directly; each further part of them is a cluster, which has one
    place among those, and for its own classes a layer that is ``div_value`` times narrower than the one of the cluster before.

    >>> import adjoint as torch
    >>> m = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10])
    >>> output, loss = m(torch.ones(3, 8), torch.tensor([0, 7, 19]))
    >>> output.shape, loss.shape
    (torch.Size([3]), torch.Size([]))
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rises = all(a < b for a, b in zip(cutoffs, cutoffs[1:]))
        if not rises or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1 or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value "
                "is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        given = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **given)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            narrow = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, narrow, bias=False, **given), Linear(narrow, high - low, bias=False, **given)
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for module in self.tail.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The log-probability of each target (N,) for inputs (N, in_features), and the mean loss; or of one input."""
        _check(input_, target_)
        batched = target_.ndim > 0
        input, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        batch = target.size(0)
        output: Any = input.new_zeros(batch)
        at_head = target.new_empty(batch)
        found = 0
        for i, (low, high) in enumerate(zip([0, *self.cutoffs], self.cutoffs)):
            within = (target >= low) & (target < high)
            rows = within.nonzero().squeeze()
            if rows.numel() == 0:
                continue
            found += rows.numel()
            if i == 0:
                at_head.index_copy_(0, rows, target[within])
                continue
            scores = self.tail[i - 1](input.index_select(0, rows))
            own = F.log_softmax(scores, dim=1).gather(1, (target[within] - low).unsqueeze(1))
            at_head.index_fill_(0, rows, self.shortlist_size + i - 1)
            output.index_copy_(0, rows, own.squeeze(1))
        if found != batch:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{target.min().item()}, "
                f"{target.max().item()}] were found. "
            )
        head = F.log_softmax(self.head(input), dim=1)
        output += head.gather(1, at_head.unsqueeze(1)).squeeze()
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        """The log-probabilities of all classes (N, n_classes), given the scores of the head."""
        out: Any = input.new_empty((head_output.size(0), self.n_classes))
        head = F.log_softmax(head_output, dim=1)
        out[:, : self.shortlist_size] = head[:, : self.shortlist_size]
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            own = F.log_softmax(self.tail[i](input), dim=1)
            out[:, low:high] = own + head[:, self.shortlist_size + i].unsqueeze(1)
        return out  # type: ignore[no-any-return]

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) to (N, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most likely class of each input; the clusters are computed only for inputs that may be in one."""
        scores = self.head(input)
        output: Any = adjoint.argmax(scores, dim=1)
        rare = output >= self.shortlist_size
        if not rare.any():
            return output  # type: ignore[no-any-return]
        if rare.all():
            return adjoint.argmax(self._get_full_log_prob(input, scores), dim=1)
        output[rare] = adjoint.argmax(self._get_full_log_prob(input[rare], scores[rare]), dim=1)
        return output  # type: ignore[no-any-return]


def _check(input: Tensor, target: Tensor) -> None:
    """Raise where inputs and targets do not fit each other."""
    if target.ndim == 1:
        if input.size(0) != target.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.ndim != 2:
            raise RuntimeError(f"1D target tensor expects 2D input tensors, but found inputs with size {input.size()}")
    elif target.ndim == 0:
        if input.ndim != 1:
            raise RuntimeError(f"0D target tensor expects 1D input tensors, but found inputs with size {input.size()}")
    else:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")


__all__ = ["AdaptiveLogSoftmaxWithLoss"]
