"""What the theme would load from the network, made to be on the site: search works from a folder, without a server.

A page that is opened as a file may not start a worker from a file beside it, which is how the theme searches.  It may
start one from a text that it holds; so the worker's source is put into a script that pages load before the theme's.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ADDRESS = "assets/javascripts/worker.js"

_SHIM = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"></script>')


def script() -> str:
    """The script: where the page is a file, workers are started from the text of the search's worker."""
    import material

    workers = Path(material.__file__).parent / "templates" / "assets" / "javascripts" / "workers"
    source = next(workers.glob("search.*.min.js")).read_text("utf-8")
    source = re.sub(r"//# sourceMappingURL=.*", "", source)
    return f"""if (location.protocol === "file:") {{
  const Own = window.Worker, source = {json.dumps(source)};
  window.Worker = function () {{
    return new Own(URL.createObjectURL(new Blob([source], {{ type: "text/javascript" }})));
  }};
}}
"""


def without_network(page: str) -> str:
    """A page that asks for the script above where the theme's asks for one from the network."""

    def here(match: re.Match[str]) -> str:
        base = re.search(r'"base": "([^"]*)"', page)
        return f'<script src="{base[1] if base else "."}/{ADDRESS}"></script>'

    return _SHIM.sub(here, page)
