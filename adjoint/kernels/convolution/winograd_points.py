"""Winograd's minimal filtering: m outputs of a 3-tap filter from m + 2 multiplications, as three small matrices.

``y = Aᵀ[(G w) ∘ (Bᵀ d)]`` for an input d of n = m + 2, a filter w of 3 and outputs y of m (Winograd 1980; Lavin and Gray
2015); in two dimensions each matrix acts on rows and on columns.  The matrices evaluate polynomials at n - 1 points and at
infinity.  The usual points of n = 6, 0 ±1 ±2, lose two digits; those here lose less than one: they lie evenly around 1
in size (their products with each other are near 1), and are exact in binary.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

Matrix = tuple[tuple[float, ...], ...]
Terms = tuple[tuple[int, float], ...]

TAPS = 3
_POINTS = {
    2: (Fraction(0), Fraction(1), Fraction(-1)),
    4: (Fraction(0), Fraction(3, 4), Fraction(-3, 4), Fraction(3, 2), Fraction(-3, 2)),
}


def output_matrix(m: int) -> Matrix:
    """A, n x m: its transpose makes outputs of products; itself, the gradient's tiles for the weight's gradient."""
    return _matrix([[p**k for k in range(m)] for p in _POINTS[m]] + [_last(m)])


@lru_cache(maxsize=None)
def filter_matrix(m: int) -> Matrix:
    """G, n x 3: what filters are transformed with; its transpose makes the filter's gradient."""
    rows = []
    for p in _POINTS[m]:
        scale = Fraction(1)
        for q in _others(m, p):
            scale *= p - q
        rows.append([p**k / scale for k in range(TAPS)])
    return _matrix([*rows, _last(TAPS)])


@lru_cache(maxsize=None)
def input_matrix(m: int) -> Matrix:
    """Bᵀ, n x n: what the tiles of the input are transformed with."""
    rows = [[*_polynomial(_others(m, p)), Fraction(0)] for p in _POINTS[m]]
    return _matrix([*rows, _polynomial(_POINTS[m])])


def symmetric(matrix: Matrix) -> tuple[tuple[int, int | None, Terms, Terms], ...]:
    """The rows in pairs (first, second, even, odd): ``even + odd`` is the first, ``even - odd`` the second.

    Points that differ in their sign have such rows, and share their products.  ``second`` is None for a row alone.
    """
    found: list[tuple[int, int | None, Terms, Terms]] = []
    seen: set[int] = set()
    for i, row in enumerate(matrix):
        if i in seen:
            continue
        partner = next((j for j in range(i + 1, len(matrix)) if _mirrored(row, matrix[j])), None)
        if partner is None:
            found.append((i, None, _terms(row), ()))
            continue
        seen.add(partner)
        even = tuple((a + b) / 2 for a, b in zip(row, matrix[partner]))
        odd = tuple((a - b) / 2 for a, b in zip(row, matrix[partner]))
        found.append((i, partner, _terms(even), _terms(odd)))
    return tuple(found)


def transposed_terms(matrix: Matrix) -> tuple[Terms, ...]:
    """Per column of the matrix, the terms of its product with a vector whose pairs are added and subtracted.

    The vector's parts are, in the order of :func:`symmetric`, the sums (or single elements), then the differences.
    """
    pairs = symmetric(matrix)
    halves = [even for _, _, even, _ in pairs] + [odd for _, second, _, odd in pairs if second is not None]
    columns = []
    for k in range(len(matrix[0])):
        columns.append(_one_first([(i, dict(half)[k]) for i, half in enumerate(halves) if k in dict(half)]))
    return tuple(columns)


def _mirrored(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return any(a) and all(abs(x) == abs(y) for x, y in zip(a, b)) and any(x != y for x, y in zip(a, b))


def _terms(row: tuple[float, ...]) -> Terms:
    return _one_first([(i, c) for i, c in enumerate(row) if c])


def _one_first(terms: list[tuple[int, float]]) -> Terms:
    """A term that needs no product begins the sum."""
    return tuple(sorted(terms, key=lambda term: term[1] != 1.0))


def _others(m: int, point: Fraction) -> tuple[Fraction, ...]:
    return tuple(q for q in _POINTS[m] if q != point)


def _polynomial(roots: tuple[Fraction, ...]) -> list[Fraction]:
    """The coefficients, the constant first, of the polynomial with these roots."""
    found = [Fraction(1)]
    for root in roots:
        found = [a - root * b for a, b in zip([Fraction(0), *found], [*found, Fraction(0)])]
    return found


def _last(length: int) -> list[Fraction]:
    """The row of the point at infinity."""
    return [Fraction(int(k == length - 1)) for k in range(length)]


def _matrix(rows: list[list[Fraction]]) -> Matrix:
    return tuple(tuple(float(x) for x in row) for row in rows)
