"""Oxford's flowers: photographs of 102 kinds."""

from __future__ import annotations

from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureFiles
from adjoint.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from adjoint.vision.datasets.vision import CORRUPTED, Loader, Place, Transform, obtain

__all__ = ["Flowers102"]


class Flowers102(PictureFiles):
    """Photographs of 102 kinds of flowers, in ``root/flowers-102``; splits are in MATLAB's files (SciPy reads them)."""

    _download_url_prefix = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
    _file_dict = {
        "image": ("102flowers.tgz", "52808999861908f626f3c1f4e79d11fa"),
        "label": ("imagelabels.mat", "e0620be6f572b9609742df49c70aed4d"),
        "setid": ("setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c"),
    }
    _splits_map = {"train": "trnid", "val": "valid", "test": "tstid"}
    classes = [
        "pink primrose", "hard-leaved pocket orchid", "canterbury bells", "sweet pea", "english marigold",
        "tiger lily", "moon orchid", "bird of paradise", "monkshood", "globe thistle", "snapdragon", "colt's foot",
        "king protea", "spear thistle", "yellow iris", "globe-flower", "purple coneflower", "peruvian lily",
        "balloon flower", "giant white arum lily", "fire lily", "pincushion flower", "fritillary", "red ginger",
        "grape hyacinth", "corn poppy", "prince of wales feathers", "stemless gentian", "artichoke",
        "sweet william", "carnation", "garden phlox", "love in the mist", "mexican aster", "alpine sea holly",
        "ruby-lipped cattleya", "cape flower", "great masterwort", "siam tulip", "lenten rose", "barbeton daisy",
        "daffodil", "sword lily", "poinsettia", "bolero deep blue", "wallflower", "marigold", "buttercup",
        "oxeye daisy", "common dandelion", "petunia", "wild pansy", "primula", "sunflower", "pelargonium",
        "bishop of llandaff", "gaura", "geranium", "orange dahlia", "pink-yellow dahlia?", "cautleya spicata",
        "japanese anemone", "black-eyed susan", "silverbush", "californian poppy", "osteospermum", "spring crocus",
        "bearded iris", "windflower", "tree poppy", "gazania", "azalea", "water lily", "rose", "thorn apple",
        "morning glory", "passion flower", "lotus", "toad lily", "anthurium", "frangipani", "clematis", "hibiscus",
        "columbine", "desert-rose", "tree mallow", "magnolia", "cyclamen", "watercress", "canna lily",
        "hippeastrum", "bee balm", "ball moss", "foxglove", "bougainvillea", "camellia", "mallow",
        "mexican petunia", "bromelia", "blanket flower", "trumpet creeper", "blackberry lily",
    ]  # fmt: skip

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform, target_transform, loader)
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        self._base_folder = Path(self.root) / "flowers-102"
        self._images_folder = self._base_folder / "jpg"
        obtain(download, self.download, self._check_integrity, CORRUPTED)

        from scipy.io import loadmat

        def read(key: str, name: str) -> list[int]:
            return loadmat(self._base_folder / self._file_dict[key][0], squeeze_me=True)[name].tolist()  # type: ignore[no-any-return]

        numbers, labels = read("setid", self._splits_map[split]), read("label", "labels")
        self._labels = [labels[number - 1] - 1 for number in numbers]
        self._image_files = [self._images_folder / f"image_{number:05d}.jpg" for number in numbers]

    def _check_integrity(self) -> bool:
        tables = (self._file_dict["label"], self._file_dict["setid"])
        return self._images_folder.is_dir() and all(
            check_integrity(str(self._base_folder / name), md5) for name, md5 in tables
        )

    def download(self) -> None:
        """Fetch the photographs and the tables, unless they are there."""
        if self._check_integrity():
            return
        (images, md5), *tables = self._file_dict.values()
        download_and_extract_archive(self._download_url_prefix + images, str(self._base_folder), md5=md5)
        for name, md5 in tables:
            download_url(self._download_url_prefix + name, str(self._base_folder), md5=md5)


_list_names(__name__)
