"""Tables of vectors looked up by index."""

from __future__ import annotations

from arcgrad import _names, empty

from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from arcgrad._core import DType, Device, Tensor


def _row(padding_idx, num_embeddings):
    """``padding_idx`` counted from the front."""
    if padding_idx is None:
        return None
    if not -num_embeddings <= padding_idx < num_embeddings:
        raise AssertionError(f"Padding_idx must be within num_embeddings, but got {padding_idx} for {num_embeddings}")
    return padding_idx % num_embeddings


def _table(given, num_embeddings, embedding_dim, device, dtype, trained=True):
    """The parameter of a table: what is given, or memory to draw into."""
    shape = (num_embeddings, embedding_dim)
    if given is None:
        return Parameter(empty(shape, device=device, dtype=dtype), trained)
    if tuple(given.shape) != shape:
        raise AssertionError(
            f"Shape of weight does not match num_embeddings and embedding_dim: {tuple(given.shape)} for {shape}"
        )
    # Also of integers, which no gradient is for.
    return Parameter(given, trained)


def _table_sizes(embeddings):
    if embeddings.dim() != 2:
        raise AssertionError(f"Embeddings parameter is expected to be 2-dimensional, but got {embeddings.dim()}")
    return embeddings.shape


def _draw_table(module):
    init.normal_(module.weight)
    if module.padding_idx is not None:
        init.zeros_(module.weight.detach()[module.padding_idx])


class Embedding(Module):
    """A table of ``num_embeddings`` vectors of size ``embedding_dim``; the input holds indices into it.

    Args:
        num_embeddings (int): number of vectors.
        embedding_dim (int): their size.
        padding_idx (int, optional): a row that starts at zero and gets no gradient. Negative counts from the end.
        max_norm (float, optional): rows that are looked up and longer than this are first shortened, in place.
        norm_type (float): the p of the p-norm for ``max_norm``. Default: 2.
        scale_grad_by_freq (bool): divide each row's gradient by how often it occurs in the input.
        sparse (bool): the gradient of ``weight`` is a sparse tensor of the rows that were looked up, for
            :class:`~arcgrad.optim.SparseAdam`, ``SGD`` and ``Adagrad``.

    Shapes:
        input ``(*)`` of integers, output ``(*, embedding_dim)``, ``weight`` ``(num_embeddings, embedding_dim)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.Embedding(10, 3)(ag.tensor([[1, 2], [4, 9]])).shape)
        (2, 2, 3)
    """

    __constants__ = ["num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq"]

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = _row(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.weight = _table(_weight, num_embeddings, embedding_dim, device, dtype, not _freeze)
        if _weight is None:
            self.reset_parameters()
        self.sparse = sparse

    def reset_parameters(self) -> None:
        """Draw the table anew, standard normal, with zeros at ``padding_idx``."""
        _draw_table(self)

    def forward(self, input: Tensor) -> Tensor:
        """Indices of any shape ``(*)`` → vectors ``(*, embedding_dim)``."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An embedding over the given table ``(rows, embedding_dim)``, not trained unless ``freeze=False``."""
        rows, columns = _table_sizes(embeddings)
        return cls(
            rows,
            columns,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings,
            _freeze=freeze,
        )


class EmbeddingBag(Module):
    """Sums, means or greatest elements of bags of vectors from a table, without a copy of each for the program.

    Args:
        num_embeddings (int): number of vectors.
        embedding_dim (int): their size.
        max_norm (float, optional): rows that are looked up and longer than this are first shortened, in place.
        norm_type (float): the p of the p-norm for ``max_norm``. Default: 2.
        scale_grad_by_freq (bool): divide each row's gradient by how often it occurs in the input. Not for ``'max'``.
        mode (str): ``'sum'``, ``'mean'`` or ``'max'``. Default: ``'mean'``.
        sparse (bool): the gradient of ``weight`` is a sparse tensor of the rows that were looked up, as of
            :class:`Embedding`. Not for ``'max'``.
        include_last_offset (bool): the last offset is where the last bag ends.
        padding_idx (int, optional): a row that starts at zero, counts for nothing and gets no gradient.

    Shapes:
        input ``(B, n)``, or ``(N,)`` with offsets ``(B,)``; output ``(B, embedding_dim)``; ``weight``
        ``(num_embeddings, embedding_dim)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.EmbeddingBag(10, 3)(ag.tensor([1, 2, 4, 5, 4, 3, 2, 9]), ag.tensor([0, 4])).shape)
        (2, 3)
    """

    __constants__ = [
        "num_embeddings",
        "embedding_dim",
        "max_norm",
        "norm_type",
        "scale_grad_by_freq",
        "mode",
        "sparse",
        "include_last_offset",
        "padding_idx",
    ]

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.padding_idx = _row(padding_idx, num_embeddings)
        self.weight = _table(_weight, num_embeddings, embedding_dim, device, dtype)
        if _weight is None:
            self.reset_parameters()
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    def reset_parameters(self) -> None:
        """Draw the table anew, standard normal, with zeros at ``padding_idx``."""
        _draw_table(self)

    def forward(
        self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None
    ) -> Tensor:
        """Indices ``(B, n)``, or ``(N,)`` and where each bag begins → vectors ``(B, embedding_dim)``."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        text += f", mode={self.mode!r}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Bags over the given table ``(rows, embedding_dim)``, not trained unless ``freeze=False``."""
        rows, columns = _table_sizes(embeddings)
        bags = cls(
            rows,
            columns,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bags.weight.requires_grad = not freeze
        return bags


_names.describe(__name__)
