"""watch: the public way to look at a model while it is trained."""

from __future__ import annotations

import os
import sys
import webbrowser
from html import escape
from typing import Any

from adjoint.files import write_text
from adjoint.interrupts import at_once, surely
from adjoint.nn import Module
from adjoint.viz.watching.document import data_of, document
from adjoint.viz.watching.findings import Finding, View, findings
from adjoint.viz.watching.history import Sample
from adjoint.viz.watching.layers import Choice
from adjoint.viz.watching.server import PageServer
from adjoint.viz.watching.table import table
from adjoint.viz.watching.watcher import Watching
from adjoint.viz.watching.writing import Writing


class Watcher(Watching):
    """What :func:`watch` returns: a context manager, and a handle with :meth:`close`.

    ``print(watcher)`` tells what is unusual and the latest numbers of each layer; ``url`` is the address of the live page,
    None where there is none.  After the end everything that was seen is still there.
    """

    def __init__(
        self,
        model: Module,
        every: int,
        layers: Choice,
        histograms: bool,
        keep: int,
        writer: Any,
        serve: bool,
    ) -> None:
        self._writing = None if writer is None else Writing(writer)
        self._server: PageServer | None = None
        self._found: tuple[Any, list[Finding]] | None = None
        super().__init__(model, every, layers, histograms, keep)
        try:
            self._serve(serve)
        except BaseException:
            self.close()
            raise

    def _serve(self, serve: bool) -> None:
        """Begin to show the live page, if that is wanted and a port can be had."""
        if serve:
            try:
                self._server = PageServer(lambda: document(self, live=True), lambda *asked: data_of(self, *asked))
            except OSError as error:
                print(f"adjoint.viz.watch: no live page, for no port can be had: {error}", file=sys.stderr)

    @property
    def url(self) -> str | None:
        """Where the live page is, until the program ends."""
        return None if self._server is None else self._server.address

    @property
    def findings(self) -> list[str]:
        """What is unusual, a sentence each, the most serious first."""
        return [f.text for f in self.found()]

    def found(self) -> list[Finding]:
        """What is unusual, with the series that it is about; found anew only when there are new numbers."""
        with self.lock:
            now = self.history.version, sum(map(len, self.history.logged.values()))
            if self._found is None or self._found[0] != now:
                view = View(self.history, self.layers, self.parameters, self.inputs)
                self._found = now, findings(view)
            return self._found[1]

    def to_dict(self) -> dict[str, Any]:
        """All that was seen, as plain data: what the page shows."""
        return data_of(self)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """One self-contained page of what was seen so far, which needs neither the program nor the network.

        It is written to ``path`` if one is given, and returned.
        """
        text = document(self)
        if path is not None:
            write_text(path, text)
        return text

    def write_sample(self, sample: Sample) -> None:
        if self._writing is not None:
            self._writing.sample(sample)

    def write_logged(self, name: str, value: float, step: int) -> None:
        if self._writing is not None:
            self._writing.scalar(name, value, step)

    def __enter__(self) -> Watcher:
        return self

    @at_once
    def __exit__(self, *exc: object) -> None:
        surely(self.close)

    def __repr__(self) -> str:
        with self.lock:
            return table(self)

    def _repr_html_(self) -> str:
        """The page as it is now, in a frame of its own."""
        link = "" if self.url is None else f'<p>live at <a href="{self.url}" target="_blank" rel="noreferrer">{self.url}</a></p>'
        frame = 'width="100%" height="640" style="border: 1px solid #8884; border-radius: 8px" sandbox="allow-scripts"'
        return f'{link}<iframe title="watch" {frame} srcdoc="{escape(self.to_html())}"></iframe>'


def watch(
    model: Module,
    *,
    every: int = 20,
    layers: Choice = None,
    histograms: bool = True,
    keep: int = 200,
    writer: Any = None,
    serve: bool = True,
    open: bool = False,
) -> Watcher:
    """Look at a model while it is trained: its weights, gradients, activations and updates, layer by layer.

    A page of small plots that keeps itself up to date is served to this machine's own browser until the program ends; its
    address is printed, and ``open=True`` opens it (``serve=False``: no page).  ``print(watcher)`` tells the same in the
    terminal, and ``watcher.to_html("run.html")`` keeps the page.

    Args:
        model: the module that is trained.  Nothing is put into it.
        every: looks at each so-manieth step, and at the beginning at steps 1, 2, 4, 8 ... too; the others cost nothing.
        layers: which modules: a pattern for their paths (``"encoder.*"``), several, modules, or a function of path and
            module.  Without it: those that have parameters of their own or no modules inside.
        histograms: whether to keep quantiles and histograms too.
        keep: how many steps are kept at most; where there are more, every second one is dropped and ``every`` doubles.
        writer: a ``SummaryWriter``, or anything with its ``add_scalar`` and ``add_histogram``, that gets the same numbers.
        serve: whether to serve the live page.
        open: whether to open it in a browser.

    A step ends when an optimizer that holds parameters of the model steps (of several, the one that steps most often);
    where there is none, with ``watcher.step()``; of a model without parameters to learn, with each call.  Forwards that
    evaluate (in eval mode, or under ``no_grad``) are not looked at.

    The watching ends with ``close()``, with the ``with`` block, with the model, or with the program.

    Raises TypeError for what is no module, ValueError for options out of range.

    >>> import adjoint as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    >>> with watch(model, serve=False) as watcher:
    ...     for _ in range(3):
    ...         loss = model(torch.ones(4, 2)).pow(2).mean()
    ...         loss.backward()
    ...         optimizer.step()
    ...         watcher.log(loss=loss)
    >>> [sample.step for sample in watcher.history.samples]
    [0, 1, 2]
    """
    if not isinstance(model, Module):
        raise TypeError(f"watch: a torch.nn.Module is wanted, not {type(model).__name__}")
    for name, value, least in (("every", every, 1), ("keep", keep, 4)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"watch: {name}={value!r} is not a whole number of at least {least}")
    if open and not serve:
        raise ValueError("watch: there is no page to open with serve=False")
    if writer is not None and not (hasattr(writer, "add_scalar") and hasattr(writer, "add_histogram")):
        raise TypeError(f"watch: writer= needs the methods add_scalar and add_histogram, which {type(writer).__name__} lacks")
    watcher = Watcher(model, every, layers, histograms, keep, writer, serve)
    try:
        if watcher.url is not None:
            print(f"adjoint.viz.watch: {watcher.title} at {watcher.url}", file=sys.stderr, flush=True)
            if open:
                webbrowser.open(watcher.url)
        return watcher
    except BaseException:
        watcher.close()
        raise
