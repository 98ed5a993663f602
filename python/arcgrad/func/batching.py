"""Functions of one example as functions of a batch: :func:`vmap`.

Nothing is looped over: inside, a tensor has the shape of one example and stands for all of them, and every operation is done for
all at once.
"""

from __future__ import annotations

import functools

from arcgrad import Tensor, _names, cat, get_rng_state, set_rng_state
from arcgrad._core import _autograd
from arcgrad.autograd._levels import level, thread
from arcgrad.utils._pytree import _broadcast_to_and_flatten, tree_flatten, tree_leaves, tree_structure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["debug_unwrap", "vmap"]


def _name(func):
    return getattr(func, "__name__", None) or repr(func)


def _mapped_inputs(func, in_dims, args):
    """``(size of the batch, axis or None for each leaf, leaves, structure)`` of the arguments."""
    what = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{what}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, spec = tree_flatten(args)
    dims = _broadcast_to_and_flatten(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{what}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{tree_structure(in_dims)} but inputs has structure {spec}."
        )
    sizes = []
    for number, (leaf, dim) in enumerate(zip(leaves, dims)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(
                f"{what}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(leaf, Tensor):
            raise ValueError(
                f"{what}: Got in_dim={dim} for an input but the input is of type {type(leaf)}. We cannot vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        rank = leaf.dim()
        if not -rank <= dim < rank:
            raise ValueError(
                f"{what}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {rank} so expected "
                f"in_dim to satisfy -{rank} <= in_dim < {rank}."
            )
        dims[number] = dim % rank
        sizes.append(leaf.shape[dims[number]])
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0], dims, leaves, spec


def _output_dims(func, out_dims, result, spec):
    """An axis or None for each leaf of what the function returned."""
    # One tensor may have its axis in a tuple.
    if isinstance(result, Tensor) and isinstance(out_dims, tuple) and len(out_dims) == 1:
        out_dims = out_dims[0]
    dims = _broadcast_to_and_flatten(out_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {tree_structure(out_dims)} but outputs has structure {spec}."
        )
    return dims


def _whole(func, output, dim, number):
    """All examples of an output."""
    name = _name(func)
    if dim is None:
        if isinstance(output, Tensor) and _autograd.unwrap_batched(output, number) is not None:
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return output
    if not isinstance(output, Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(output)}. Did you mean to set out_dims= to "
            "None for output?"
        )
    return _autograd.remove_batch_dim(output, dim, number)


def _run(func, size, dims, leaves, spec, out_dims, randomness, kwargs):
    """``(outputs of all examples, their axes, structure)`` of one run."""
    with level(size, randomness) as number:
        inputs = [
            leaf if dim is None else _autograd.add_batch_dim(leaf, dim, number) for leaf, dim in zip(leaves, dims)
        ]
        result = func(*spec.unflatten(inputs), **kwargs)
        outputs, out_spec = tree_flatten(result)
        out_dims = _output_dims(func, out_dims, result, out_spec)
        wholes = [_whole(func, output, dim, number) for output, dim in zip(outputs, out_dims)]
    return wholes, out_dims, out_spec


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that applies ``func`` to every example of a batch, all at once.

    Args:
        func: takes tensors, or trees of them, and returns such.
        in_dims: the axis of the arguments along which the examples lie; None for arguments that are the same for all. A tuple,
            nested as the arguments are, says so for each.
        out_dims: where that axis is in the results; likewise.
        randomness: what random operations do inside: ``"error"``, ``"same"`` numbers for all examples, or ``"different"`` ones.
        chunk_size: how many examples are computed at a time, to save memory; all of them by default.

    Returns:
        A function of batches. Its keyword arguments are the same for all examples.

    Raises:
        ValueError: axes and arguments do not fit, or batches are of several sizes.
        NotImplementedError: there is no rule for an operation inside.

    >>> import arcgrad as torch
    >>> from arcgrad import vmap
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> vmap(torch.sum)(x)
    tensor([3., 7.])
    >>> vmap(lambda row, scale: row * scale, in_dims=(0, None), out_dims=1)(x, 10.0)
    tensor([[10., 30.],
            [20., 40.]])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not all(dim is None or isinstance(dim, int) for dim in tree_leaves(out_dims)):
            raise ValueError(
                f"vmap({_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of ints "
                "representing where in the outputs the vmapped dimension should appear."
            )
        size, dims, leaves, spec = _mapped_inputs(func, in_dims, args)
        if chunk_size is None or chunk_size >= size:
            wholes, _, out_spec = _run(func, size, dims, leaves, spec, out_dims, randomness, kwargs)
            return out_spec.unflatten(wholes)
        chunks = []
        # The same numbers for all examples are those of every chunk.
        state = get_rng_state() if randomness == "same" else None
        for start in range(0, size, chunk_size):
            if state is not None:
                set_rng_state(state)
            length = min(chunk_size, size - start)
            parts = [leaf if dim is None else leaf.narrow(dim, start, length) for leaf, dim in zip(leaves, dims)]
            wholes, axes, out_spec = _run(func, length, dims, parts, spec, out_dims, randomness, kwargs)
            chunks.append(wholes)
        return out_spec.unflatten(
            parts[0] if axis is None else cat(parts, axis) for axis, parts in zip(axes, map(list, zip(*chunks)))
        )

    return wrapper


def _text(tensor, number):
    """How a tensor is shown that stands for the examples of the batch at level ``number``."""
    whole, dim = _autograd.unwrap_batched(tensor, number)
    depth = 1 + [level for level, _ in thread.levels].index(number)
    lines = "\n".join(f"    {line}" for line in repr(whole).splitlines())
    return f"BatchedTensor(lvl={depth}, bdim={dim}, value=\n{lines}\n)"


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor inside of one that a transformation has made, to look at its values in a debugger.

    Args:
        tensor: a tensor.
        recurse: whether all transformations that are under way are looked through, or the innermost of them only.

    >>> import arcgrad as torch
    >>> def show(x):
    ...     print(torch.func.debug_unwrap(x))
    ...     return x
    >>> result = torch.vmap(show)(torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    for number, size in reversed(thread.levels):
        if size is None:
            inside, tangent = _autograd.unpack_dual(tensor, number)
            found = tangent is not None
        elif found := (whole := _autograd.unwrap_batched(tensor, number)) is not None:
            inside = whole[0]
        if found:
            tensor = inside
            if not recurse:
                break
    return tensor


_names.describe(__name__)
