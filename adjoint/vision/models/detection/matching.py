"""Which of the boxes that are to be found each anchor or proposal is for, and which of them a loss is computed of."""

from __future__ import annotations

import adjoint
from adjoint.tensor import Tensor


class BalancedPositiveNegativeSampler:
    """Draws ``batch_size_per_image`` of an image's proposals, at most ``positive_fraction`` of them positive ones."""

    def __init__(self, batch_size_per_image: int, positive_fraction: float) -> None:
        self.batch_size_per_image = batch_size_per_image
        self.positive_fraction = positive_fraction

    def __call__(self, matched_idxs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Masks (uint8) of the positive and the negative ones that were drawn of each image, from labels: positive from 1 on,
        negative 0, others are neither."""
        drawn = [self._drawn(labels) for labels in matched_idxs]
        return [positive for positive, _ in drawn], [negative for _, negative in drawn]

    def _drawn(self, labels: Tensor) -> list[Tensor]:
        positive, negative = adjoint.where(labels >= 1)[0], adjoint.where(labels == 0)[0]
        many = min(positive.numel(), int(self.batch_size_per_image * self.positive_fraction))
        few = min(negative.numel(), self.batch_size_per_image - many)
        orders = [adjoint.randperm(of.numel(), device=of.device)[:n] for of, n in ((positive, many), (negative, few))]
        masks = []
        for of, order in zip((positive, negative), orders):
            mask = adjoint.zeros_like(labels, dtype=adjoint.uint8)
            mask[of[order]] = 1
            masks.append(mask)
        return masks


class Matcher:
    """Gives each proposal the box that it fits best, if it fits by ``high_threshold`` at least.

    Below ``low_threshold`` it is ``BELOW_LOW_THRESHOLD``, else ``BETWEEN_THRESHOLDS``.  With ``allow_low_quality_matches`` each box
    also gets the proposals that fit it best of all, however badly.
    """

    BELOW_LOW_THRESHOLD = -1
    BETWEEN_THRESHOLDS = -2

    def __init__(self, high_threshold: float, low_threshold: float, allow_low_quality_matches: bool = False) -> None:
        if not low_threshold <= high_threshold:
            raise AssertionError("low_threshold should be <= high_threshold")
        self.high_threshold = high_threshold
        self.low_threshold = low_threshold
        self.allow_low_quality_matches = allow_low_quality_matches

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        """The number of the box of each proposal (M,), or one of the two below zero, from how well each fits each: (N, M).

        Raises ValueError where there are no boxes, or no proposals.
        """
        if match_quality_matrix.numel() == 0:
            what = "ground-truth" if match_quality_matrix.shape[0] == 0 else "proposal"
            raise ValueError(f"No {what} boxes available for one of the images during training")
        values, best = match_quality_matrix.max(dim=0)
        matches = best.clone()
        matches[values < self.low_threshold] = self.BELOW_LOW_THRESHOLD
        matches[(values >= self.low_threshold) & (values < self.high_threshold)] = self.BETWEEN_THRESHOLDS
        if self.allow_low_quality_matches:
            self.set_low_quality_matches_(matches, best, match_quality_matrix)
        return matches

    def set_low_quality_matches_(self, matches: Tensor, all_matches: Tensor, match_quality_matrix: Tensor) -> None:
        """Put the best boxes (``all_matches``) of those proposals into ``matches`` that fit some box best."""
        highest = match_quality_matrix.max(dim=1)[0]
        those = adjoint.where(match_quality_matrix == highest[:, None])[1]
        matches[those] = all_matches[those]


class SSDMatcher(Matcher):
    """A :class:`Matcher` of one threshold, by which every box also gets the proposal that fits it best."""

    def __init__(self, threshold: float) -> None:
        super().__init__(threshold, threshold, allow_low_quality_matches=False)

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        """The number of the box of each proposal, or one below zero."""
        matches = super().__call__(match_quality_matrix)
        best = match_quality_matrix.max(dim=1)[1]
        matches[best] = adjoint.arange(best.size(0), dtype=adjoint.int64, device=best.device)
        return matches
