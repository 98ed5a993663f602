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
        return self._gradient([part.grad for part in self._parts])

    @grad.setter
    def grad(self, value: Any) -> None:
        grads = [None] * len(self) if value is None else list(value)
        if len(grads) != len(self):
            raise RuntimeError(f"assigned grad has data of a different size: of {len(grads)} tensors, for one of {len(self)}")
        for part, grad in zip(self._parts, grads):
            part.grad = grad

    def _gradient(self, grads):
        """The gradients of its tensors as one: zeros where only others have one."""
        if all(grad is None for grad in grads):
            return None
        return self._like([arcgrad.zeros_like(part) if grad is None else grad for part, grad in zip(self._parts, grads)])

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
        chosen = self._parts
        if first is Ellipsis:
            rest = [first, *rest]
            if sum(each is not None and each is not Ellipsis for each in rest) >= self.ndim:
                raise RuntimeError("a nested tensor is indexed with a number or a slice first, where all its axes are")
        elif isinstance(first, int):
            return self._parts[first][tuple(rest)]
        elif isinstance(first, slice):
            chosen = self._parts[first]
        else:
            raise RuntimeError("a nested tensor is indexed with a number, a slice or an ellipsis first")
        if not rest:
            return self._like(chosen)
        parts = [part[tuple(rest)] for part in chosen]
        ragged = self._place_in(rest)
        return arcgrad.stack(parts) if ragged is None and parts else self._like(parts, ragged)

    def _place_in(self, index):
        """Which axis has several sizes where the tensors are indexed; None if that is taken away."""
        missing = self.ndim - 1 - sum(each is not None and each is not Ellipsis for each in index)
        steps = []
        for each in [*index, *([] if any(each is Ellipsis for each in index) else [Ellipsis])]:
            steps.extend([slice(None)] * missing if each is Ellipsis else [each])
        axis, place = 0, 0
        rows = sum(not (each is None or isinstance(each, slice)) for each in steps)
        for each in steps:
            # Positions in a row stay in their place where no number is beside them, which would be one for each.
            a_row = isinstance(each, list) or isinstance(each, Tensor) and each.ndim == 1
            if not (each is None or isinstance(each, slice) or type(each) is int or (a_row and rows == 1)):
                raise RuntimeError(
                    "the tensors of a nested tensor are indexed with numbers, slices, an ellipsis and None, or one row of positions"
                )
            place += type(each) is not int
            axis += each is not None
            if axis == self._ragged and each is not None:
                return None if type(each) is int else place
        raise IndexError("too many indices for a nested tensor")

    def view(self, *shape: Any) -> Any:
        """Each tensor with other sizes; the first one is theirs together, and stays. A size of which there are several is -1."""
        sizes = list(shape[0] if shape and isinstance(shape[0], (tuple, list, Size)) else shape)
        if shape and isinstance(shape[0], arcgrad.dtype):
            return self._like([part.view(shape[0]) for part in self._parts])
        if not sizes or sizes[0] not in (len(self), -1):
            raise RuntimeError(f"view: the first size of a nested tensor is {len(self)}, the number of its tensors, and cannot be changed")
        # The axis of several sizes is where these are; or where a -1 is, that in its old place if another one is worked out beside it.
        ragged = [axis for axis, size in enumerate(sizes) if isinstance(size, _Irregular)]
        free = [axis for axis, size in enumerate(sizes) if axis and size == -1]
        if not ragged:
            ragged = free if len(free) < 2 else [self._ragged] if self._ragged in free else []
        lengths = [part.shape[self._ragged - 1] for part in self._parts]
        if ragged and isinstance(sizes[ragged[0]], _Irregular):
            lengths = list(sizes[ragged[0]].lengths)
        if len(ragged) > 1 or len(lengths) != len(self) or (not ragged and (free or self._layout is arcgrad.jagged)):
            raise RuntimeError(f"view(): cannot view shape {self.size()} as {sizes}")
        whole = []
        for length in lengths:
            new = list(sizes)
            if ragged and (isinstance(sizes[ragged[0]], _Irregular) or len(free) > 1):
                new[ragged[0]] = length
            whole.append(new[1:])
        return self._like([part.reshape(new) for part, new in zip(self._parts, whole)], ragged[0] if ragged else self._ragged)

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
        if name.endswith("_") and not name.endswith("__"):
            if not (args and isinstance(args[0], NestedTensor)):
                raise RuntimeError(f"{name}: a nested tensor cannot be written into one that is not nested")
            if plain in _SPECIAL or (plain in _AXES and plain not in _IN_PLACE_ALONG):
                raise NotImplementedError(f"{name} is not there for nested tensors: {plain} gives another one")
        if plain in _OF_ANY:
            return func(_first(args, kwargs)._parts[0])
        if (special := _SPECIAL.get(plain)) is not None:
            return special(*args, **kwargs)
        if plain in _AXES:
            return _along(func, plain, args, kwargs)
        if plain in _EACH or plain in _elementwise():
            return _each(func, plain, args, kwargs)
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
_OTHERWISE = {
    "__rsub__": "rsub",
    "__radd__": "add",
    "__rmul__": "mul",
    "__rtruediv__": "div",
    "__rfloordiv__": "floordiv",
    "__rmod__": "mod",
    "__rpow__": "pow",
    "__rmatmul__": "rmatmul",
    "__rand__": "and",
    "__ror__": "or",
    "__rxor__": "xor",
    "__rlshift__": "lshift",
    "__rrshift__": "rshift",
}

#: What is the same of all tensors, and asked of one.
_OF_ANY = frozenset(
    "is_complex is_floating_point is_signed is_conj is_neg is_inference is_cpu is_cuda is_meta is_quantized is_sparse_csr is_mkldnn "
    "element_size itemsize get_device".split()
)

#: Functions of each tensor by itself, beside those of each element.
_EACH = frozenset(
    "add sub mul div truediv floordiv mod pow neg abs eq ne lt le gt ge and or xor lshift rshift invert rsub where to float double half "
    "bfloat16 int long bool cpu clone detach contiguous dropout alpha_dropout feature_dropout native_dropout linear layer_norm rms_norm "
    "embedding ones_like zeros_like empty_like full_like rand_like randn_like fill_ fill zero zero_ masked_fill copy nan_to_num gelu "
    "relu leaky_relu elu selu silu mish hardswish hardtanh softplus threshold bernoulli normal uniform clamp clip lerp addcmul addcdiv "
    "type_as isnan isinf isfinite logical_not logical_and logical_or pin_memory retain_grad conj real imag".split()
)

#: Functions whose further tensors belong to all tensors alike, whatever their axes.
_WHOLE = frozenset(("linear", "layer_norm", "rms_norm", "embedding", "to", "type_as"))


def _each(func, name, args, kwargs):
    nested = _first(args, kwargs)
    count = len(nested)
    aligned, jagged = name not in _WHOLE, nested._layout is arcgrad.jagged

    def of(value, at):
        if isinstance(value, NestedTensor):
            if len(value) != count:
                raise RuntimeError(f"nested tensors of {count} and of {len(value)} tensors cannot be computed with together")
            if aligned and (value.ndim != nested.ndim or (jagged and name != "matmul" and value._ragged != nested._ragged)):
                raise RuntimeError(f"{name}: cannot call it with nested tensors of shapes {nested.size()} and {value.size()}")
            return value._parts[at]
        # A tensor with as many axes has one slice for each, or one for all.
        if aligned and isinstance(value, Tensor) and value.ndim >= nested.ndim:
            if value.ndim > nested.ndim or len(value) not in (1, count):
                raise RuntimeError(
                    f"{name}: cannot call it with a nested tensor of shape {nested.size()} and a tensor of shape {tuple(value.shape)}, "
                    f"which has a slice for each of the {count} tensors, or one for all"
                )
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
    if not isinstance(results[0], (Tensor, tuple, list)):
        raise NotImplementedError("what is not a tensor cannot be made nested: unbind() gives the tensors that can be asked one by one")
    if isinstance(results[0], (tuple, list)):
        columns = [_joined(nested, list(column), ragged) for column in zip(*results)]
        return tuple(columns) if type(results[0]) in (tuple, list) else type(results[0])(columns)
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

#: Those that are there in place, too.
_IN_PLACE_ALONG = frozenset(("cumsum", "cumprod"))

_REDUCTIONS = frozenset(
    "sum mean prod amax amin max min argmax argmin any all logsumexp std var nansum nanmean count_nonzero norm".split()
)


def _along(func, name, args, kwargs):
    """A function of each tensor along an axis, which is one less of these."""
    place, key = _AXES[name]
    args, kwargs = list(args), dict(kwargs)
    nested = _first(args, kwargs)
    if name == "flip" and len(args) > 2:
        args[1:] = [tuple(args[1:])]
    axis = args[place] if len(args) > place else kwargs.get(key, kwargs.get("axis"))
    if name in ("std", "var") and isinstance(axis, bool):
        # It says whether the estimate is unbiased.
        axis = None
    if name == "normalize" and axis is None:
        axis = 1
    if name in ("chunk", "split", "tensor_split") and axis is None:
        axis = 0
    if name in ("max", "min") and isinstance(axis, Tensor):
        return _each(func, name, args, kwargs)
    if axis is None or axis in ((), []):
        if name not in _REDUCTIONS:
            raise RuntimeError(f"{name}() of a nested tensor is told an axis")
        # Of all elements: those of a nested tensor are those of its tensors.
        args[args.index(nested) if nested in map(lambda value: value if value is nested else None, args) else 0] = arcgrad.cat(
            [part.reshape(-1) for part in nested._parts]
        )
        whole = func(*args, **kwargs)
        # With keepdim=True the row has one axis left, and the nested tensor all of its.
        return whole.reshape((1,) * nested.ndim) if whole.ndim else whole
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
    if name in _IN_PLACE_ALONG and all(result is part for result, part in zip(results, nested._parts)):
        return nested
    if name in ("chunk", "split", "tensor_split") and len({len(result) for result in results}) > 1:
        raise RuntimeError(
            f"{name}(): not supported for a nested tensor along the axis of several sizes where there would be several numbers of parts"
        )
    reduced = name in _REDUCTIONS or name == "select" or (name == "squeeze" and results[0].ndim < nested.ndim - 1)
    if reduced and nested._ragged in _gone(name, nested, axes):
        # What is left has one size of each axis.
        kinds = results[0]
        if isinstance(kinds, tuple):
            return type(kinds)(arcgrad.stack(column) for column in zip(*results)) if type(kinds) is tuple else type(kinds)(
                [arcgrad.stack(column) for column in zip(*results)]
            )
        return arcgrad.stack(results)
    return _joined(nested, results, _place_after(name, nested, results[0], axes, args))


def _gone(name, nested, axes):
    """The axes that a function takes away, or makes one of one element."""
    return [axis for axis in axes if name != "squeeze" or all(part.shape[axis - 1] == 1 for part in nested._parts)]


def _place_after(name, nested, result, axes, args):
    """Which axis has several sizes then."""
    if isinstance(result, (tuple, list)):
        result = result[0]
    change = result.ndim - (nested.ndim - 1)
    if change < 0:
        return nested._ragged - sum(axis < nested._ragged for axis in _gone(name, nested, axes))
    if name == "unflatten" and axes[0] == nested._ragged:
        sizes = list(args[2])
        if -1 not in sizes:
            raise RuntimeError("unflatten(): of the axis that has several sizes, one is -1")
        return nested._ragged + sizes.index(-1)
    at_it = name == "unsqueeze"
    return nested._ragged + (change if change and min(axes) < nested._ragged + at_it else 0)


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


def _matmul(input, other):
    nested = _first((input, other), {})
    if nested.ndim < 3:
        raise RuntimeError("matmul(): a nested tensor is one of matrices: it has three axes at least")
    product = _each(arcgrad.matmul, "matmul", (input, other), {})
    if nested._layout is arcgrad.strided:
        return product
    rows, columns = nested.ndim - 2, nested.ndim - 1
    left, right = (each._ragged if isinstance(each, NestedTensor) else None for each in (input, other))
    if left in (columns, None) and right in (rows, None):
        # What is left has one size of each axis.
        return arcgrad.stack(product._parts)
    if left is not None and right is not None and (left != right or left >= rows):
        raise RuntimeError(f"matmul(): not supported between inputs of shapes {input.size()} and {other.size()}")
    return product


def _bmm(input, mat2):
    for name, each in (("batch1", input), ("batch2", mat2)):
        if each.ndim != 3:
            raise RuntimeError(f"bmm: {name} must be a 3D tensor, got {each.ndim}-D")
    return _matmul(input, mat2)


def _attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if attn_mask is not None:
        raise RuntimeError("scaled_dot_product_attention of nested tensors takes no mask: each tensor has its own length")
    if not all(isinstance(each, NestedTensor) for each in (query, key, value)):
        raise RuntimeError("scaled_dot_product_attention: query, key and value are all nested, or none is")
    if len({len(each) for each in (query, key, value)}) > 1:
        raise RuntimeError(
            "scaled_dot_product_attention: query, key and value are to be made of as many tensors, "
            f"but are of {len(query)}, {len(key)} and {len(value)}"
        )
    attend = arcgrad.nn.functional.scaled_dot_product_attention
    options = {"dropout_p": dropout_p, "is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
    return query._like([attend(*parts, **options) for parts in zip(query._parts, key._parts, value._parts)])


def _cat(tensors, dim=0, *, axis=None):
    nested = _first((tensors,), {})
    place = range(nested.ndim)[dim if axis is None else axis]
    ragged = {each._ragged for each in tensors if isinstance(each, NestedTensor) and each._layout is arcgrad.jagged}
    if len(ragged) > 1 or any(each.ndim != nested.ndim for each in tensors) or (place and len({len(each) for each in tensors}) > 1):
        raise RuntimeError("cat(): expected all nested tensors to have matching ragged structures outside of the concatenated dim")
    if place == 0:
        return nested._like([part for each in tensors for part in each])
    return nested._like([arcgrad.cat(parts, place - 1) for parts in zip(*tensors)])


def _stack(tensors, dim=0):
    nested = _first((tensors,), {})
    axis = range(nested.ndim + 1)[dim]
    if axis == 0:
        raise RuntimeError("stack(): not supported for NestedTensor on dim=0")
    ragged = {each._ragged for each in tensors if isinstance(each, NestedTensor) and each._layout is arcgrad.jagged}
    if len(ragged) > 1 or len({len(each) for each in tensors}) > 1:
        raise RuntimeError("stack(): expected all nested tensors to have the same nested structure")
    parts = [arcgrad.stack(parts, axis - 1) for parts in zip(*tensors)]
    return nested._like(parts, nested._ragged + (axis <= nested._ragged))


def _type(input, dtype=None, **options):
    if dtype is None:
        return input._parts[0].type()
    return input._like([part.type(dtype, **options) for part in input._parts])


def _grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """Gradients with respect to the tensors, as one: of those that are not used, beside others that are, zeros."""
    if is_grads_batched:
        raise RuntimeError("grad(): is_grads_batched=True is not there for nested tensors")
    inputs = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    found = iter(
        arcgrad.autograd.grad(
            _flat(outputs),
            _flat(inputs),
            None if grad_outputs is None else _flat(grad_outputs),
            retain_graph,
            create_graph,
            only_inputs,
            allow_unused if materialize_grads else True,
            materialize_grads=materialize_grads,
        )
    )
    grads = []
    for value in inputs:
        if isinstance(value, NestedTensor):
            grads.append(value._gradient([next(found) for _ in value._parts]))
        else:
            grads.append(next(found))
        if grads[-1] is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
    return tuple(grads)


def _flat(values):
    """Tensors, with those that nested ones are made of in their place."""
    flat = []
    for value in values if isinstance(values, (tuple, list)) else [values]:
        flat.extend(value._parts if isinstance(value, NestedTensor) else [value])
    return flat


def _equal(first, second):
    if not (isinstance(first, NestedTensor) and isinstance(second, NestedTensor)) or len(first) != len(second):
        return False
    return all(arcgrad.equal(*pair) for pair in zip(first, second))


def _allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    return len(input) == len(other) and all(arcgrad.allclose(*pair, rtol, atol, equal_nan) for pair in zip(input, other))


_SPECIAL = {
    "allclose": _allclose,
    "bmm": _bmm,
    "cat": _cat,
    "concat": _cat,
    "equal": _equal,
    "flatten": _flatten,
    "grad": _grad,
    "is_same_size": lambda input, other: input.size() == other.size(),
    "matmul": _matmul,
    "mT": lambda input: _transpose(input, -1, -2),
    "nbytes": lambda input: sum(part.nbytes for part in input._parts),
    "nelement": lambda input: input.numel(),
    "numel": lambda input: input.numel(),
    "permute": _permute,
    "rmatmul": lambda input, other: _matmul(other, input),
    "scaled_dot_product_attention": _attention,
    "stack": _stack,
    "swapaxes": _transpose,
    "swapdims": _transpose,
    "transpose": _transpose,
    "type": _type,
    "unbind": NestedTensor.unbind,
}

_names.describe(__name__)
