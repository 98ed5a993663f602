"""The class of nested tensors, and how a function of tensors is a function of nested ones."""

from __future__ import annotations

import functools

import arcgrad
from arcgrad import Size, Tensor, _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Self

__all__ = ["NestedTensor"]


class _Irregular(int):
    """The size of an axis that has several: -1 where a program takes it for a number, equal to what comes of the same tensors."""

    lengths: tuple[int, ...]

    def __new__(cls, lengths: tuple[int, ...]) -> Self:
        self = super().__new__(cls, -1)
        self.lengths = lengths
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Irregular) and self.lengths == other.lengths

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.lengths)

    def __repr__(self) -> str:
        return "j"


class NestedTensor(Tensor):
    """Several tensors with the same number of axes, which :func:`arcgrad.nested.nested_tensor` makes one."""

    is_nested = True
    is_sparse = False

    _parts: list[Tensor]
    _layout: arcgrad.layout
    _ragged: int

    def __new__(cls, parts: Sequence[Tensor], layout: arcgrad.layout | None = None, ragged: int = 1) -> Self:
        if not parts:
            raise RuntimeError("Cannot construct a nested tensor from an empty tensor list")
        layout = layout or arcgrad.strided
        if layout not in (arcgrad.strided, arcgrad.jagged):
            raise RuntimeError(f"Specified layout is unsupported for nested tensors: {layout}")
        for at, part in enumerate(parts):
            if part.ndim != parts[0].ndim:
                raise RuntimeError(
                    "All Tensors given to nested_tensor must have the same dimension. "
                    f"Found dimension {part.ndim} for Tensor at index {at} and dimension {parts[0].ndim} for Tensor at index 0."
                )
            if part.dtype != parts[0].dtype:
                raise RuntimeError(f"All Tensors given to nested_tensor must have the same dtype, got {parts[0].dtype} and {part.dtype}")
            if isinstance(part, NestedTensor):
                raise RuntimeError("a nested tensor is made of tensors that are not nested")
        irregular = [axis + 1 for axis, sizes in enumerate(zip(*(part.shape for part in parts))) if len(set(sizes)) > 1]
        if layout is arcgrad.jagged and len(irregular) > 1:
            raise RuntimeError(
                "Cannot represent given tensor list as a nested tensor with the jagged layout. Note that the jagged layout only "
                "represents shapes of the form (B, *, D_0, D_1, ..., D_N), with only * allowed to be ragged."
            )
        self = Tensor._make_wrapper_subclass(cls, (len(parts), 0), dtype=parts[0].dtype)
        self._parts, self._layout, self._ragged = list(parts), layout, irregular[0] if irregular else ragged
        return self

    # ---- what it is ----

    @property
    def shape(self) -> Any:  # type: ignore[override]
        return self.size()

    @property
    def dtype(self) -> arcgrad.dtype:
        return self._parts[0].dtype

    @property
    def device(self) -> arcgrad.device:
        return self._parts[0].device

    @property
    def layout(self) -> arcgrad.layout:
        return self._layout

    @property
    def ndim(self) -> int:
        return self._parts[0].ndim + 1

    def dim(self) -> int:
        """The number of axes, with that of the tensors it is made of."""
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        """The sizes. That of the axis of which there are several prints as ``j``, and means -1 to ``view``."""
        sizes = [len(self._parts)]
        for axis, lengths in enumerate(zip(*(part.shape for part in self._parts)), 1):
            several = len(set(lengths)) > 1 or self._layout is arcgrad.jagged and axis == self._ragged
            sizes.append(_Irregular(lengths) if several else lengths[0])
        if dim is None:
            return tuple(sizes)
        size = sizes[range(self.ndim)[dim]]
        if isinstance(size, _Irregular) and self._layout is arcgrad.strided:
            raise RuntimeError(f"Given dimension {dim} is irregular and does not have a size.")
        return size

    def numel(self) -> int:
        """How many elements there are in all tensors."""
        return sum(part.numel() for part in self._parts)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements of each tensor follow one another."""
        return all(part.is_contiguous() for part in self._parts)

    def _nested_tensor_size(self) -> Tensor:
        return arcgrad.tensor([list(part.shape) for part in self._parts])

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._parts)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        if self._layout is arcgrad.jagged:
            return f"NestedTensor(size={self.size()}, offsets={self.offsets()}, contiguous={self.is_contiguous()})"
        texts = ["\n".join(f"  {line}" for line in repr(part).split("\n")) for part in self._parts]
        return "nested_tensor([\n" + ",\n".join(texts) + "\n])"

    # ---- the graph: it goes through the tensors ----

    @property
    def requires_grad(self) -> bool:
        return any(part.requires_grad for part in self._parts)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Says whether each tensor requires a gradient."""
        for part in self._parts:
            part.requires_grad_(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        return all(part.is_leaf for part in self._parts)

    @property
    def grad_fn(self) -> Any:
        return next((part.grad_fn for part in self._parts if part.grad_fn is not None), None)

    @property
    def grad(self) -> Any:
        grads = [part.grad for part in self._parts]
        return None if any(grad is None for grad in grads) else self._like(grads)

    @grad.setter
    def grad(self, value: Any) -> None:
        for part, grad in zip(self._parts, [None] * len(self) if value is None else value):
            part.grad = grad

    def backward(self, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, inputs: Any = None) -> None:
        """The gradients of all tensors; see ``Tensor.backward``."""
        arcgrad.autograd.backward(self._parts, None if gradient is None else list(gradient), retain_graph, create_graph, inputs=inputs)

    # ---- what it is made of ----

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """The tensors it is made of."""
        if range(self.ndim)[dim] != 0:
            raise RuntimeError(f"unbind(): a nested tensor can be taken apart along the axis 0 alone, not {dim}")
        return tuple(self._parts)

    def values(self) -> Tensor:
        """All elements: joined along the axis of several sizes, or of a strided one in a row."""
        if self._layout is arcgrad.strided:
            return arcgrad.cat([part.reshape(-1) for part in self._parts])
        return arcgrad.cat(self._parts, self._ragged - 1)

    def offsets(self) -> Tensor:
        """Where the tensors begin in :meth:`values`, and the last one ends."""
        lengths = arcgrad.tensor([0, *(part.shape[self._ragged - 1] for part in self._parts)])
        return lengths.cumsum(0)

    def lengths(self) -> None:
        """None: there are no gaps between the tensors."""

    def to_padded_tensor(self, padding: float, output_size: Sequence[int] | None = None) -> Tensor:
        """See :func:`arcgrad.nested.to_padded_tensor`."""
        greatest = [max(sizes) for sizes in zip(*(part.shape for part in self._parts))]
        if output_size is not None:
            if len(output_size) != self.ndim or output_size[0] != len(self) or any(map(int.__lt__, output_size[1:], greatest)):
                raise RuntimeError(
                    "Value in output_size is less than NestedTensor padded size. Truncation is not supported. "
                    f"{list(output_size)} was given, and at least {[len(self), *greatest]} is needed"
                )
            greatest = list(output_size[1:])
        pad = arcgrad.nn.functional.pad
        whole = []
        for part in self._parts:
            missing = [most - size for most, size in zip(greatest, part.shape)]
            whole.append(pad(part, [side for width in reversed(missing) for side in (0, width)], value=padding))
        return arcgrad.stack(whole)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int):
            return self._parts[index]
        first, *rest = index if isinstance(index, tuple) else (index,)
        if first is Ellipsis:
            rest = [first, *rest]
        elif isinstance(first, int):
            return self._parts[first][tuple(rest)]
        elif isinstance(first, slice):
            chosen = self._parts[first]
            return self._like([part[tuple(rest)] for part in chosen]) if rest else self._like(chosen)
        else:
            raise RuntimeError("a nested tensor is indexed with a number, a slice or an ellipsis first")
        return self._like([part[tuple(rest)] for part in self._parts])

    def view(self, *shape: Any) -> Any:
        """Each tensor with other sizes; the first one is theirs together, and stays. A size of which there are several is -1."""
        sizes = list(shape[0] if shape and isinstance(shape[0], (tuple, list, Size)) else shape)
        if shape and isinstance(shape[0], arcgrad.dtype):
            return self._like([part.view(shape[0]) for part in self._parts])
        if not sizes or sizes[0] not in (len(self), -1):
            raise RuntimeError(f"view: the first size of a nested tensor is {len(self)}, the number of its tensors, and cannot be changed")
        # A -1 in the place of the axis of several sizes stands for these, and another one may be worked out beside it.
        whole = [-1 if isinstance(size, _Irregular) else size for size in sizes[1:]]
        if whole.count(-1) > 1:
            at = self._ragged - 1
            return self._like([part.reshape(*whole[:at], part.shape[at], *whole[at + 1 :]) for part in self._parts])
        return self._like([part.reshape(whole) for part in self._parts], sizes.index(-1, 1) if -1 in sizes[1:] else self._ragged)

    reshape = view

    def _like(self, parts, ragged=None):
        """What a function has made of the tensors, as one."""
        return NestedTensor(parts, self._layout, self._ragged if ragged is None else ragged)

    def __deepcopy__(self, memo: Any) -> Self:
        import copy

        return self._like(copy.deepcopy(self._parts, memo))  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return NestedTensor, (self._parts, self._layout, self._ragged)

    def _refuse_memory(self, *_arguments: Any, **_options: Any) -> Any:
        raise RuntimeError("a nested tensor has no memory of its own: unbind() gives the tensors that have")

    data_ptr = storage = untyped_storage = stride = numpy = tolist = item = __bool__ = _refuse_memory

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What a function makes of each tensor."""
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = getattr(func.__self__, "__name__", "")
        plain = _OTHERWISE.get(name) or name.strip("_")
        kwargs = kwargs or {}
        if (special := _SPECIAL.get(plain)) is not None:
            return special(*args, **kwargs)
        if plain in _AXES:
            return _along(func, plain, args, kwargs)
        if plain in _EACH or plain in _elementwise():
            return _each(func, args, kwargs, plain not in _WHOLE)
        raise NotImplementedError(f"{name} is not there for nested tensors: unbind() gives the tensors it can be called with")


    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Raises: what gets here is known to nobody above."""
        raise NotImplementedError(f"{func.__name__} is not there for nested tensors: unbind() gives the tensors it can be called with")


@functools.cache
def _elementwise():
    """Names of the operations that take each element by itself."""
    rows = [row for row in _core.registry() if row["kind"] == "elementwise"]
    return frozenset(name for row in rows for name in (row["name"], *row["aliases"]))


#: Names that a function of the tensors goes by, among operators.
_OTHERWISE = {"__rsub__": "rsub", "__radd__": "add", "__rmul__": "mul", "__rtruediv__": "div", "__rpow__": "pow", "__rmatmul__": "matmul"}

#: Functions of each tensor by itself, beside those of each element.
_EACH = frozenset(
    "add sub mul div truediv floordiv mod pow matmul bmm neg abs eq ne lt le gt ge and or xor invert rsub where to type float double half "
    "bfloat16 int long bool cpu clone detach contiguous dropout alpha_dropout feature_dropout native_dropout linear layer_norm rms_norm "
    "embedding ones_like zeros_like empty_like full_like rand_like randn_like fill_ fill zero zero_ masked_fill copy nan_to_num gelu "
    "relu leaky_relu elu selu silu mish hardswish hardtanh softplus threshold bernoulli normal uniform clamp clip lerp addcmul addcdiv "
    "type_as isnan isinf isfinite logical_not logical_and logical_or pin_memory retain_grad conj real imag".split()
)

#: Functions whose further tensors belong to all tensors alike, whatever their axes.
_WHOLE = frozenset(("linear", "layer_norm", "rms_norm", "embedding"))


def _each(func, args, kwargs, aligned):
    nested = _first(args, kwargs)
    count = len(nested)

    def of(value, at):
        if isinstance(value, NestedTensor):
            if len(value) != count:
                raise RuntimeError(f"nested tensors of {count} and of {len(value)} tensors cannot be computed with together")
            return value._parts[at]
        # A tensor with as many axes has one slice for each, or one for all.
        if aligned and isinstance(value, Tensor) and value.ndim == nested.ndim:
            return value[at if len(value) > 1 else 0]
        if isinstance(value, (list, tuple)) and any(isinstance(entry, Tensor) for entry in value):
            return type(value)(of(entry, at) for entry in value)
        return value

    results = [
        func(*(of(value, at) for value in args), **{key: of(value, at) for key, value in kwargs.items()}) for at in range(count)
    ]
    if all(result is part for result, part in zip(results, nested._parts)):
        return nested
    if all(result is None for result in results):
        return None
    return _joined(nested, results, nested._ragged)


def _joined(nested, results, ragged):
    """Nested tensors of what a function gave for each tensor, which may be several."""
    if isinstance(results[0], (tuple, list)):
        return tuple(_joined(nested, list(column), ragged) for column in zip(*results))
    return nested._like(results, ragged)


def _first(args, kwargs):
    for value in (*args, *kwargs.values()):
        if isinstance(value, NestedTensor):
            return value
        if isinstance(value, (list, tuple)) and (found := next((entry for entry in value if isinstance(entry, NestedTensor)), None)) is not None:
            return found
    raise AssertionError("no argument is nested")


# ---- functions that are told an axis ----

#: Function -> place and name of its axis.
_AXES = {
    **dict.fromkeys("softmax log_softmax softmin cumsum cumprod logcumsumexp glu unflatten flip".split(), (1, "dim")),
    **dict.fromkeys("sum mean prod amax amin max min argmax argmin any all logsumexp std var nansum nanmean count_nonzero".split(), (1, "dim")),
    **dict.fromkeys("norm normalize chunk split tensor_split roll".split(), (2, "dim")),
    **dict.fromkeys("select narrow index_select squeeze unsqueeze".split(), (1, "dim")),
}

_REDUCTIONS = frozenset(
    "sum mean prod amax amin max min argmax argmin any all logsumexp std var nansum nanmean count_nonzero norm".split()
)


def _along(func, name, args, kwargs):
    """A function of each tensor along an axis, which is one less of these."""
    place, key = _AXES[name]
    args, kwargs = list(args), dict(kwargs)
    nested = _first(args, kwargs)
    axis = args[place] if len(args) > place else kwargs.get(key, kwargs.get("axis"))
    if name == "normalize" and axis is None:
        axis = 1
    if name in ("chunk", "split", "tensor_split") and axis is None:
        axis = 0
    if name in ("max", "min") and isinstance(axis, Tensor):
        return _each(func, args, kwargs, True)
    if axis is None:
        if name not in _REDUCTIONS:
            raise RuntimeError(f"{name}() of a nested tensor is told an axis")
        # Of all elements: those of a nested tensor are those of its tensors.
        args[args.index(nested) if nested in map(lambda value: value if value is nested else None, args) else 0] = arcgrad.cat(
            [part.reshape(-1) for part in nested._parts]
        )
        return func(*args, **kwargs)
    bound = nested.ndim + (name == "unsqueeze")
    axes = [range(bound)[each] for each in (axis if isinstance(axis, (tuple, list)) else [axis])]
    if 0 in axes:
        raise RuntimeError(f"{name}(): not supported for nested tensors along the axis 0, which is that of the tensors themselves")
    shifted = [each - 1 for each in axes]
    moved = tuple(shifted) if isinstance(axis, (tuple, list)) else shifted[0]
    if len(args) > place:
        args[place] = moved
    else:
        kwargs.pop("axis", None)
        kwargs[key] = moved
    results = [func(*(part if value is nested else value for value in args), **kwargs) for part in nested._parts]
    reduced = name in _REDUCTIONS or name == "select"
    if reduced and nested._ragged in axes:
        # What is left has one size of each axis.
        kinds = results[0]
        if isinstance(kinds, tuple):
            return type(kinds)(arcgrad.stack(column) for column in zip(*results)) if type(kinds) is tuple else type(kinds)(
                [arcgrad.stack(column) for column in zip(*results)]
            )
        return arcgrad.stack(results)
    return _joined(nested, results, _place_after(name, nested, results[0], axes))


def _place_after(name, nested, result, axes):
    """Which axis has several sizes then."""
    if isinstance(result, (tuple, list)):
        result = result[0]
    change = result.ndim - (nested.ndim - 1)
    return nested._ragged + (change if change and min(axes) <= nested._ragged - (change < 0) else 0)


# ---- functions of their own ----


def _transpose(input, dim0, dim1):
    first, second = range(input.ndim)[dim0], range(input.ndim)[dim1]
    if first == second:
        return input
    if 0 in (first, second):
        raise RuntimeError("Transpose is not supported on the batch dimension for jagged NT")
    ragged = {first: second, second: first}.get(input._ragged, input._ragged)
    return input._like([part.transpose(first - 1, second - 1) for part in input._parts], ragged)


def _permute(input, *dims):
    order = [range(input.ndim)[dim] for dim in (dims[0] if isinstance(dims[0], (tuple, list)) else dims)]
    if order[0] != 0:
        raise RuntimeError("permute(): the axis 0 of a nested tensor, which is that of the tensors themselves, stays")
    parts = [part.permute([dim - 1 for dim in order[1:]]) for part in input._parts]
    return input._like(parts, order.index(input._ragged))


def _flatten(input, start_dim=0, end_dim=-1):
    start, end = range(input.ndim)[start_dim], range(input.ndim)[end_dim]
    if start == 0:
        raise RuntimeError("flatten(): not supported for nested tensors from the axis 0, which is that of the tensors themselves")
    ragged = input._ragged if input._ragged < start else start if input._ragged <= end else input._ragged - (end - start)
    return input._like([part.flatten(start - 1, end - 1) for part in input._parts], ragged)


def _attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if attn_mask is not None:
        raise RuntimeError("scaled_dot_product_attention of nested tensors takes no mask: each tensor has its own length")
    if not all(isinstance(each, NestedTensor) for each in (query, key, value)):
        raise RuntimeError("scaled_dot_product_attention: query, key and value are all nested, or none is")
    attend = arcgrad.nn.functional.scaled_dot_product_attention
    options = {"dropout_p": dropout_p, "is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
    return query._like([attend(*parts, **options) for parts in zip(query._parts, key._parts, value._parts)])


def _cat(tensors, dim=0, **_options):
    nested = _first((tensors,), {})
    axis = range(nested.ndim)[dim]
    if axis == 0:
        return nested._like([part for each in tensors for part in each])
    return nested._like([arcgrad.cat(parts, axis - 1) for parts in zip(*tensors)])


def _stack(tensors, dim=0, **_options):
    nested = _first((tensors,), {})
    axis = range(nested.ndim + 1)[dim]
    if axis == 0:
        raise RuntimeError("stack(): not supported for NestedTensor on dim=0")
    parts = [arcgrad.stack(parts, axis - 1) for parts in zip(*tensors)]
    return nested._like(parts, nested._ragged + (axis <= nested._ragged))


def _equal(first, second):
    if not (isinstance(first, NestedTensor) and isinstance(second, NestedTensor)) or len(first) != len(second):
        return False
    return all(arcgrad.equal(*pair) for pair in zip(first, second))


def _allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    return len(input) == len(other) and all(arcgrad.allclose(*pair, rtol, atol, equal_nan) for pair in zip(input, other))


_SPECIAL = {
    "allclose": _allclose,
    "cat": _cat,
    "concat": _cat,
    "equal": _equal,
    "flatten": _flatten,
    "is_same_size": lambda first, second: first.size() == second.size(),
    "mT": lambda input: _transpose(input, -1, -2),
    "numel": NestedTensor.numel,
    "permute": _permute,
    "scaled_dot_product_attention": _attention,
    "stack": _stack,
    "swapaxes": _transpose,
    "swapdims": _transpose,
    "transpose": _transpose,
    "unbind": NestedTensor.unbind,
}

_names.describe(__name__)
