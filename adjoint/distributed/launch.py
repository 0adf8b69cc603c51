"""``python -m torch.distributed.launch``: the older command line, which hands the program ``--local-rank`` as an argument.

Deprecated, as PyTorch's is: ``torch.distributed.run`` says the same in the environment.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence

from adjoint.distributed.run import get_args_parser, run
from adjoint.names import list_names as _list_names
from adjoint.places import users_level

__all__ = ["get_args_parser", "launch", "main", "parse_args", "run"]


def parse_args(args: Sequence[str] | None) -> argparse.Namespace:
    """The options in a list of arguments, or in the process's own."""
    parser = get_args_parser()
    parser.add_argument(
        "--use-env", "--use_env", action="store_true",
        help="Tell the local rank in the environment, LOCAL_RANK, and not by an argument --local-rank.",
    )  # fmt: skip
    return parser.parse_args(args)


def launch(args: argparse.Namespace) -> None:
    """Run what the options say."""
    if args.no_python and not args.use_env:
        raise ValueError("When using the '--no-python' flag, you must also set the '--use-env' flag.")
    run(args)


def main(args: Sequence[str] | None = None) -> None:
    """Run with these arguments, or with the process's own."""
    warnings.warn(
        "The module torch.distributed.launch is deprecated\nand will be removed in future. Use torchrun.\n"
        "Note that --use-env is set by default in torchrun.\n"
        "If your script expects `--local-rank` argument to be set, please\n"
        "change it to read from `os.environ['LOCAL_RANK']` instead.\n",
        FutureWarning, stacklevel=users_level(),
    )  # fmt: skip
    launch(parse_args(args))


_list_names(__name__)

if __name__ == "__main__":
    main()
