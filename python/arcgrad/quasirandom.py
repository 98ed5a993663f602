"""Points that fill a cube evenly: Sobol's sequence.

    >>> from arcgrad.quasirandom import SobolEngine
    >>> SobolEngine(2).draw(3)
    tensor([[0.0000, 0.0000],
            [0.5000, 0.5000],
            [0.7500, 0.2500]])
"""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path

from arcgrad import Generator, _names, arange, float64, get_default_dtype, int64, randint, tensor, zeros

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcgrad import Tensor, dtype

__all__ = ["SobolEngine"]

#: How many primitive polynomials over the field of two elements there are of degree 1, 2, …: φ(2ⁿ - 1) / n.
_POLYNOMIALS = (1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144, 630)


def _table() -> Iterator[tuple[int, list[int]]]:
    """For every dimension but the first: the inner coefficients of its polynomial, and its first direction numbers, one for each degree.

    They are those of S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30
    (2008), 2635-2654. All direction numbers are odd and the i-th has i bits, so the file leaves the last bit away, and the first number.
    """
    data = (Path(__file__).parent / "_sobol.bin").read_bytes()
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    place = 0

    def read(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place] or "0", 2)

    degrees = chain.from_iterable(repeat(degree, count) for degree, count in enumerate(_POLYNOMIALS, 1))
    for degree in degrees:
        polynomial = read(degree - 1)
        yield polynomial, [1, *(2 * read(count) + 1 for count in range(1, degree))]


class SobolEngine:
    """Draws the points of Sobol's sequence one after another.

    Args:
        dimension: how many numbers a point has, at most :attr:`MAXDIM`.
        scramble: whether digits are mixed and shifted at random (Owen 1998), so that points are random and still even.
        seed: of the mixing; None takes PyTorch's generator as it is.

    Raises:
        ValueError: the dimension is not in ``[1, MAXDIM]``.
    """

    MAXBIT = 30
    #: The table in the package ends here.
    MAXDIM = 1 + sum(_POLYNOMIALS)

    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None) -> None:
        if not 1 <= dimension <= self.MAXDIM:
            raise ValueError(f"Supported range of dimensionality for SobolEngine is [1, {self.MAXDIM}]")
        self.seed, self.scramble, self.dimension = seed, scramble, dimension
        self.sobolstate = self._directions()
        self.shift = zeros(dimension, dtype=int64)
        if scramble:
            self._scramble()
        self.quasi = self.shift.clone()
        self._first_point = (self.quasi / 2**self.MAXBIT).reshape(1, -1)
        self.num_generated = 0

    def _directions(self) -> Tensor:
        """The direction numbers, of which each has its highest bit where a point's first digit is."""
        top = self.MAXBIT - 1
        rows = [[1 << (top - place) for place in range(self.MAXBIT)]]
        for _, (polynomial, first) in zip(range(self.dimension - 1), _table()):
            degree = len(first)
            row = [number << (top - place) for place, number in enumerate(first)]
            for place in range(degree, self.MAXBIT):
                number = row[place - degree] ^ row[place - degree] >> degree
                for back in range(1, degree):
                    if polynomial >> (degree - 1 - back) & 1:
                        number ^= row[place - back]
                row.append(number)
            rows.append(row)
        return tensor(rows, dtype=int64)

    def _scramble(self) -> None:
        generator = None
        if self.seed is not None:
            generator = Generator()
            generator.manual_seed(self.seed)
        powers = 2 ** arange(self.MAXBIT)
        self.shift = (randint(2, (self.dimension, self.MAXBIT), generator=generator) * powers).sum(1)
        # Digits, the first one in front, times lower triangular matrices with ones on the diagonal, modulo 2.
        mixing = randint(2, (self.dimension, self.MAXBIT, self.MAXBIT), generator=generator).tril()
        mixing.diagonal(dim1=1, dim2=2).fill_(1)
        digits = (self.sobolstate.unsqueeze(-1) >> arange(self.MAXBIT - 1, -1, -1)) & 1
        mixed = (digits @ mixing.mT) & 1
        self.sobolstate = (mixed * powers.flip(0)).sum(-1)

    def _points(self, first: int, count: int) -> Tensor:
        """Points as integers: those of the directions are combined that the Gray code of the point's number names."""
        numbers = arange(first, first + count)
        gray = numbers ^ (numbers >> 1)
        points = self.shift.expand(count, -1).clone()
        for place in range((first + count).bit_length()):
            points ^= ((gray >> place) & 1).unsqueeze(1) * self.sobolstate[:, place]
        return points

    def draw(self, n: int = 1, out: Tensor | None = None, dtype: dtype | None = None) -> Tensor:
        """The next ``n`` points.

        Args:
            n: how many.
            out: receives them.
            dtype: of the result; the default dtype if None.

        Returns:
            A tensor of shape ``(n, dimension)`` with elements in [0, 1).
        """
        if n < (self.num_generated == 0):
            raise ValueError(f"n must be non-negative, but got {n - (self.num_generated == 0)}")
        points = self._points(self.num_generated, n)
        self.num_generated += n
        if n:
            self.quasi = points[-1].clone()
        wanted = dtype or get_default_dtype()
        if not wanted.is_floating_point:
            raise NotImplementedError(f'"_sobol_engine_draw" not implemented for {wanted}')
        # The whole numbers are too large for the small types, their quotients are exact as float64.
        result = (points.to(float64) / 2**self.MAXBIT).to(wanted)
        return result if out is None else out.resize_as_(result).copy_(result)

    def draw_base2(self, m: int, out: Tensor | None = None, dtype: dtype | None = None) -> Tensor:
        """The next 2ᵐ points; with those before they have to be a power of two many, for which alone points are balanced.

        Raises:
            ValueError: they are not.
        """
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                "The balance properties of Sobol' points require n to be a power of 2. "
                f"{self.num_generated} points have been previously generated, then: n={self.num_generated}+2**{m}={total}. "
                "If you still want to do this, please use 'SobolEngine.draw()' instead."
            )
        return self.draw(n=n, out=out, dtype=dtype)

    def reset(self) -> SobolEngine:
        """Goes back to the first point; returns the engine."""
        self.quasi = self.shift.clone()
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """Leaves out ``n`` points; returns the engine."""
        if n:
            self.quasi = self._points(self.num_generated + n - 1, 1)[0]
        self.num_generated += n
        return self

    def __repr__(self) -> str:
        said = [f"dimension={self.dimension}"]
        if self.scramble:
            said.append("scramble=True")
        if self.seed is not None:
            said.append(f"seed={self.seed}")
        return f"{type(self).__name__}({', '.join(said)})"


_names.describe(__name__)
