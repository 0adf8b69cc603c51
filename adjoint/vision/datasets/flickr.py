"""Flickr8k and Flickr30k: photographs, and five sentences about each."""

from __future__ import annotations

import glob
import os
from collections import defaultdict
from html.parser import HTMLParser
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.vision import Loader, Place, Transform, VisionDataset

__all__ = ["Flickr30k", "Flickr8k", "Flickr8kParser"]


class Flickr8kParser(HTMLParser):
    """Reads the page that lists the sentences: ``annotations`` are those of each photograph in the folder ``root``."""

    def __init__(self, root: Place) -> None:
        super().__init__()
        self.root = root
        self.annotations: dict[str, list[str]] = {}
        self.in_table = False
        self.current_tag: str | None = None
        self.current_img: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the page is."""
        self.current_tag = tag
        self.in_table = self.in_table or tag == "table"

    def handle_endtag(self, tag: str) -> None:
        """Note where the page is."""
        self.current_tag = None
        self.in_table = self.in_table and tag != "table"

    def handle_data(self, data: str) -> None:
        """Take an address as the photograph that sentences are about, and list items as the sentences."""
        if not self.in_table:
            return
        if data == "Image Not Found":
            self.current_img = None
        elif self.current_tag == "a":
            self.current_img = glob.glob(os.path.join(self.root, data.split("/")[-2] + "_*.jpg"))[0]
            self.annotations[self.current_img] = []
        elif self.current_tag == "li" and self.current_img:
            self.annotations[self.current_img].append(data.strip())


class Flickr8k(VisionDataset):
    """Photographs in the folder ``root``; the targets are lists of sentences, from the page ``ann_file``."""

    def __init__(
        self,
        root: Place,
        ann_file: str,
        transform: Transform = None,
        target_transform: Transform = None,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.ann_file = os.path.expanduser(ann_file)
        self.annotations = self._read()
        self.ids = sorted(self.annotations)
        self.loader = loader

    def _read(self) -> dict[str, list[str]]:
        parser = Flickr8kParser(self.root)
        with open(self.ann_file) as file:
            parser.feed(file.read())
        return parser.annotations

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        name = self.ids[index]
        return self._changed(self.loader(name), self.annotations[name])

    def __len__(self) -> int:
        return len(self.ids)


class Flickr30k(Flickr8k):
    """Photographs in the folder ``root``; the targets are lists of sentences, from the table ``ann_file``."""

    def _read(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        with open(self.ann_file) as file:
            for line in file:
                name, sentence = line.strip().split("\t")
                found[name[:-2]].append(sentence)  # without the sentence's number
        return found

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        name = self.ids[index]
        return self._changed(self.loader(os.path.join(self.root, name)), self.annotations[name])


_list_names(__name__)
