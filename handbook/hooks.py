"""What mkdocs calls while it builds: the code of all pages is run first, then pages get what it printed and showed."""

from __future__ import annotations

import html
import os
import posixpath
import re
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # mkdocs imports this file by its path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from handbook import offline, plots, reference, scaling
from handbook.blocks import parse
from handbook.mathematics import typeset
from handbook.names import tables
from handbook.running import ROOT, Failed, Result, run

_results: dict[str, Result] = {}


def on_config(config: Any) -> Any:
    """The places of the tutorials and of the reference in the navigation."""
    found = _tutorials(Path(config.docs_dir) / "tutorials")
    if found:
        config.nav.insert(1, {"Tutorials": found})
    config.nav.append({"Reference": reference.navigation()})
    config.nav.append({"Changes": "changes.md"})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Run the code of every page; what it makes are files of the site, as is the reference."""
    pages = [f for f in files.documentation_pages() if f.generated_by is None]
    for address, text in reference.pages():
        files.append(File.generated(config, f"reference/{address}", content=text))
    files.append(File.generated(config, "changes.md", content=(ROOT / "CHANGELOG.md").read_text("utf-8")))
    files.append(File.generated(config, offline.ADDRESS, content=offline.script()))
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = list(pool.map(lambda f: _run(Path(f.abs_src_path)), pages))
    for file, result in zip(pages, results):
        _results[file.src_uri] = result
        folder = posixpath.dirname(file.src_uri)
        for name, content in result.files.items():
            files.append(File.generated(config, posixpath.join(folder, name), content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Put in what the code printed, a place for each picture, and the way to the other language."""
    result = _results.get(page.file.src_uri)
    if result is not None and result.page.runs:
        markdown = _with_results(markdown, result)
    if "<!-- fact:" in markdown:
        for name, text in {**tables(), **scaling.tables(), "machine": plots.machine()}.items():
            markdown = markdown.replace(f"<!-- fact: {name} -->", text)
    heading = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    if heading is not None:  # which mkdocs would look for in the first line alone
        page.meta.setdefault("title", heading[1].replace("`", ""))
    return _with_languages(markdown, page.file.src_uri, files)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """No page asks the network for anything."""
    return offline.without_network(output)


def on_page_content(content: str, page: Any, config: Any, files: Files) -> str:
    """Put in pictures, and formulas as MathML."""
    result = _results.get(page.file.src_uri)
    if result is not None:
        for i, picture in enumerate(result.pictures):
            content = content.replace(f"<p>PICTURE-{i}-HERE</p>", _embedded(picture) if picture else "")
    return typeset(content)


def _run(path: Path) -> Result:
    try:
        return run(path)
    except Failed as failure:
        raise PluginError(str(failure)) from None


def _with_results(markdown: str, result: Result) -> str:
    page = parse(markdown)  # as it was run, but without the front matter
    lines = page.lines
    for number, (block, printed) in reversed(list(enumerate(zip(page.runs, result.printed)))):
        last = block.last if block.output is None else block.output.last
        shown: list[str] = []
        if block.language == "console":
            shown = [block.fence + "console", *printed.splitlines(), block.fence]
        elif not block.asks("hidden"):
            title = f' title="{block.file}"' if block.file else ""
            shown = [f"{block.fence}{block.language}{title}", *block.text.splitlines(), block.fence]
        if block.language == "python" and printed.strip():
            kind = " .raised" if block.asks("raises") else ""
            text = block.output.text if block.output is not None and block.output.text.strip() else printed
            shown += ["", f"{block.fence} {{ .text .output{kind} }}", *text.splitlines(), block.fence]
        if result.pictures[number]:
            shown += ["", f"PICTURE-{number}-HERE", ""]
        lines[block.first - 1 : last] = textwrap.indent("\n".join(shown), block.indent).split("\n")
    return "\n".join(lines) + "\n"


def _embedded(picture: dict[str, str]) -> str:
    kind, text = next(iter(picture.items()))
    if kind == "text":
        text = f"<pre><code>{html.escape(text)}</code></pre>"
    if kind == "svg":
        text = text[text.index("<svg") :]
    return f'<div class="picture">{text}</div>'


_LANGUAGES = {"en": "English", "zh": "中文"}
_NOTEBOOK = {"en": "notebook", "zh": "笔记本"}


def _tutorials(folder: Path) -> list[Any]:
    """The navigation of the tutorials: a section per language."""
    found: list[Any] = []
    if (folder / "index.md").exists():
        found.append("tutorials/index.md")
    if (folder.parent / "learners.md").exists():
        found.append("learners.md")
    for language, name in _LANGUAGES.items():
        pages = sorted((folder / language).glob("*.md"), key=lambda p: (p.stem != "index", p.stem))
        if pages:
            found.append({name: [f"tutorials/{language}/{p.name}" for p in pages]})
    return found


def _with_languages(markdown: str, uri: str, files: Files) -> str:
    """Links to the same tutorial in the other language, and as a notebook, below its heading."""
    place = re.fullmatch(r"tutorials/(\w\w)/(.+\.md)", uri)
    if place is None:
        return markdown
    links = [
        f"**{name}**" if language == place[1] else f"[{name}](../{language}/{place[2]})"
        for language, name in _LANGUAGES.items()
        if files.get_file_from_path(f"tutorials/{language}/{place[2]}") is not None
    ]
    book = place[2].removesuffix(".md") + ".ipynb"
    if files.get_file_from_path(f"tutorials/{place[1]}/{book}") is not None:
        links.append(f"[{_NOTEBOOK[place[1]]}]({book})")
    if len(links) < 2:
        return markdown
    shown = f'<div class="languages" markdown>{" · ".join(links)}</div>'
    heading, below = re.match(r"(\s*#[^\n]*\n)?(.*)", markdown, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{heading or ''}\n{shown}\n\n{below}"
