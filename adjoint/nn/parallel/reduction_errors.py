"""What went wrong in a reduction of gradients, in PyTorch's words, with which parameters it was."""

from __future__ import annotations

import os
from collections.abc import Sequence


def names_are_wanted() -> bool:
    """Whether errors are to name parameters: ``TORCH_DISTRIBUTED_DEBUG`` is INFO or DETAIL."""
    return os.environ.get("TORCH_DISTRIBUTED_DEBUG", "OFF").upper() in ("INFO", "DETAIL")


def unfinished(rank: int, missing: Sequence[int], names: Sequence[str], static: bool, finds_unused: bool) -> RuntimeError:
    """A forward begins while gradients of the last backward are still missing on this rank."""
    text = "Expected to have finished reduction in the prior iteration before starting a new one. "
    outputs = "making sure all `forward` function outputs participate in calculating loss. "
    otherwise = (
        "\nIf you already have done the above, then the distributed data parallel module wasn't able to locate the output "
        "tensors in the return value of your module's `forward` function. Please include the loss function and the structure "
        "of the return value of `forward` of your module when reporting this issue (e.g. list, dict, iterable)."
    )
    if static:
        text += (
            "This error indicates that your training graph has changed in this iteration, e.g., one parameter is used in first "
            "iteration, but then got unused in the second iteration. this is not compatible with static_graph set to True."
        )
    else:
        text += "This error indicates that your module has parameters that were not used in producing loss. "
        if finds_unused:
            text += (
                "Since `find_unused_parameters=True` is enabled, this likely  means that not all `forward` outputs participate in "
                "computing loss. You can fix this by "
            )
        else:
            text += (
                "You can enable unused parameter detection by passing the keyword argument `find_unused_parameters=True` to "
                "`torch.nn.parallel.DistributedDataParallel`, and by \n"
            )
        text += outputs + otherwise
    if names_are_wanted():
        text += f"\nParameters which did not receive grad for rank {rank}: {', '.join(names[i] for i in missing)}"
    text += f"\nParameter indices which did not receive grad for rank {rank}: {' '.join(map(str, missing))}"
    if not names_are_wanted():
        text += (
            "\n In addition, you can set the environment variable TORCH_DISTRIBUTED_DEBUG to either INFO or DETAIL to print out "
            "information about which particular parameters did not receive gradient on this rank as part of this error"
        )
    return RuntimeError(text)


def ready_twice(index: int, name: str) -> RuntimeError:
    """A parameter was accumulated into a second time in one backward."""
    text = (
        "Expected to mark a variable ready only once. This error is caused by one of the following reasons: 1) Use of a module "
        "parameter outside the `forward` function. Please make sure model parameters are not shared across multiple concurrent "
        "forward-backward passes. or try to use _set_static_graph() as a workaround if this module graph does not change during "
        "training loop.2) Reused parameters in multiple reentrant backward passes. For example, if you use multiple `checkpoint` "
        "functions to wrap the same part of your model, it would result in the same set of parameters been used by different "
        "reentrant backward passes multiple times, and hence marking a variable ready multiple times. DDP does not support such "
        "use cases in default. You can try to use _set_static_graph() as a workaround if your module graph does not change over "
        "iterations."
    )
    text += (
        f"\nParameter at index {index} with name {name} has been marked as ready twice. This means that multiple autograd engine  "
        "hooks have fired for this particular parameter during this iteration."
    )
    return RuntimeError(text)


GRAPH_CHANGED = (
    "Your training graph has changed in this iteration, e.g., one parameter is unused in first iteration, but then got used in "
    "the second iteration. this is not compatible with static_graph set to True."
)

HIGHER_ORDER = (
    "Using DistributedDataParallel with create_graph=True  is not well-supported. The higher-order gradient will  not be "
    "synchronized across ranks, and backpropagation  through all_reduce operations will not occur. If you require  DDP to work "
    "with higher-order gradients for your use case,  please ping https://github.com/pytorch/pytorch/issues/63929"
)

NOTHING_UNUSED = (
    "find_unused_parameters=True was specified in DDP constructor, but did not find any unused parameters in the forward pass. "
    "This flag results in an extra traversal of the autograd graph every iteration,  which can adversely affect performance. If "
    "your model indeed never has any unused parameters in the forward pass, consider turning this flag off. Note that this "
    "warning may be a false positive if your model has flow control causing later iterations to have unused parameters."
)
