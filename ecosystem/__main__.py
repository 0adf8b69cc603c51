"""Run the programs under Adjoint and under PyTorch, and write what came out into ``docs/ecosystem.md`` and ``.json``.

``python -m ecosystem [NAME ...] [--quick] [--adjoint-env FOLDER --torch-env FOLDER]``.  NAME is a program, or what its name begins
with; the page is written only if all are run.  Without environments two are made in ``build/ecosystem``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecosystem import environments, page
from ecosystem.comparing import compare
from ecosystem.page import Result
from ecosystem.program import Program, programs, quick
from ecosystem.running import run


def main() -> int:
    """Run what the arguments name; the exit status is 1 if any program differs."""
    options = _arguments()
    chosen = programs(options.name)
    if options.quick:
        chosen = quick(chosen)
        theirs, ours = environments.here()
    elif options.adjoint_env is not None:
        theirs, ours = environments.existing(options.torch_env, options.adjoint_env)
    else:
        theirs, ours = environments.fresh(sorted({package for each in chosen for package in each.packages}))
    results = []
    for program in chosen:
        results.append(result_of(program, theirs, ours))
        print(results[-1], flush=True)
        if options.verbose:
            print(results[-1].pytorch.output, results[-1].adjoint.output, results[-1].adjoint.errors, sep="--\n", flush=True)
    differing = [each for each in results if not each.agrees]
    print(f"{len(results) - len(differing)} of {len(results)} programs agree")
    if options.write or not (options.name or options.quick):
        page.write(results, theirs, ours)
    return 1 if differing else 0


def result_of(program: Program, theirs: environments.Environment, ours: environments.Environment) -> Result:
    """Run a program under both and compare."""
    pytorch, adjoint = run(program, theirs), run(program, ours)
    return Result(program, pytorch, adjoint, compare(pytorch.output, adjoint.output, program.tolerance))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ecosystem", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="*", help="programs, or what their names begin with; all, if none is given")
    parser.add_argument(
        "--quick", action="store_true", help="those that need no more than the tests do, both in this environment"
    )
    parser.add_argument("--adjoint-env", type=Path, metavar="FOLDER", help="an environment without PyTorch, linked")
    parser.add_argument("--torch-env", type=Path, metavar="FOLDER", help="an environment with PyTorch")
    parser.add_argument("--write", action="store_true", help="write the page although not all programs are run")
    parser.add_argument("--verbose", action="store_true", help="print what the programs print")
    options = parser.parse_args()
    if (options.adjoint_env is None) != (options.torch_env is None):
        parser.error("--adjoint-env and --torch-env go together")
    return options


if __name__ == "__main__":
    sys.exit(main())
