"""An operation of the program's: its schema, what was registered for it, and how it is called."""

from __future__ import annotations

import threading

from arcgrad import Tensor, amp, device, dtype, is_autocast_enabled, is_grad_enabled, no_grad
from arcgrad._core import _overrides
from arcgrad._custom_ops.schema import _Schema
from arcgrad.autograd import _levels
from arcgrad.autograd.function import Function
from arcgrad.autograd.graph import increment_version
from arcgrad.utils import _pytree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.library import _Given

_ALIASES = "The most common way to trigger this error is if we have y = custom_op(x) and y and x are the same Tensor."


def _accepts(kind: str, value: Any) -> bool:
    """Whether a value is of a type of a schema. Types that are not known here take anything."""
    if kind.endswith("?"):
        return value is None or _accepts(kind[:-1], value)
    if kind.endswith("]"):
        inner = kind[: kind.rindex("[")]
        if isinstance(value, (list, tuple)):
            return all(_accepts(inner, item) for item in value)
        return kind[-2] != "[" and _accepts(inner, value)
    if kind == "Tensor":
        return isinstance(value, Tensor)
    if kind in ("int", "SymInt"):
        return hasattr(value, "__index__") and not isinstance(value, bool)
    if kind == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool) or hasattr(value, "__float__")
    if kind == "bool":
        return isinstance(value, (bool, int)) or isinstance(value, Tensor) and value.numel() == 1
    if kind == "str":
        return isinstance(value, str)
    return True


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in _pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]


def _are_leaves(values: tuple[Any, ...]) -> bool:
    """Whether none of the values is a container."""
    return all(map(_pytree.tree_is_leaf, values))


#: The structure of the results of the last call on each thread: recorded functions return flat tuples.
_thread = threading.local()


class _Operator:
    """An operation of the program's: its schema, and what was registered for it."""

    def __init__(self, namespace: str, schema: str) -> None:
        self.schema = _Schema(schema)
        self.namespace, self.name = namespace, self.schema.name.partition(".")[0]
        self.overload = self.schema.name.partition(".")[2] or "default"
        self.qualname = f"{namespace}::{self.name}"
        #: The object by which programs call it.
        self.entry: Any = None
        #: What each argument is unless it is given.
        self._defaults = {argument.name: argument.default for argument in self.schema.arguments}
        #: By type of device; None is for all of them.
        self.kernels: dict[str | None, Callable[..., Any] | None] = {}
        #: A function of differentiable operations, in the place of a kernel.
        self.composite: Callable[..., Any] | None = None
        #: A function that is called with tensors that record, and sees to the gradient itself.
        self.autograd: Callable[..., Any] | None = None
        self.fake: Callable[..., Any] | None = None
        self.backward: Callable[..., Any] | None = None
        self.setup_context: Callable[..., Any] | None = None
        self.vmap: Callable[..., Any] | None = None
        self.autocast: dict[str, dtype] = {}
        self.disabled: set[str] = set()
        #: What libraries registered.
        self.given: list[_Given] = []
        #: The recorded functions, by the structure of the arguments.
        self._functions: list[tuple[Any, type[Function]]] = []
        #: Those of arguments none of which is a container, by their number.
        self._flat: dict[int, type[Function]] = {}

    @property
    def declaration(self) -> str:
        return f"{self.namespace}::{self.schema.name}{self.schema.text}"

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All arguments, with their defaults: those with a place, and those without."""
        where = f"Declaration: {self.declaration}"
        positional = [argument for argument in self.schema.arguments if not argument.kwarg_only]
        if len(args) > len(positional):
            raise RuntimeError(
                f"{self.qualname}() expected at most {len(positional)} argument(s) but received {len(args)} argument(s). {where}"
            )
        left = dict(kwargs)
        placed: list[Any] = []
        named: dict[str, Any] = {}
        for number, argument in enumerate(self.schema.arguments):
            if not argument.kwarg_only and number < len(args):
                value = args[number]
            elif argument.name in left:
                value = left.pop(argument.name)
            elif argument.has_default_value():
                value = argument.default
                if argument.type.startswith("ScalarType") and isinstance(value, str):
                    import arcgrad

                    value = getattr(arcgrad, value)
                elif argument.type.startswith("Device") and isinstance(value, str):
                    value = device(value)
            else:
                raise RuntimeError(f"{self.qualname}() is missing value for argument '{argument.name}'. {where}")
            if not _accepts(argument.type, value):
                said = argument.type.replace("SymInt", "int")
                raise RuntimeError(
                    f"{self.qualname}() Expected a value of type '{said}' for argument '{argument.name}' but instead found type "
                    f"'{type(value).__name__}'.\nPosition: {number}\nValue: {value!r}\n{where}"
                )
            if argument.kwarg_only:
                named[argument.name] = value
            else:
                placed.append(value)
        if left:
            raise RuntimeError(f"Unknown keyword argument '{next(iter(left))}' for operator '{self.qualname}'. {where}")
        return tuple(placed), named

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the innermost dispatch mode makes of the call; without one, the kernel for where the arguments are."""
        if not _overrides.dispatch_modes():
            return self._by_kernel(args, kwargs)
        mode = _overrides.pop_dispatch_mode()
        try:
            results = mode.__torch_dispatch__(self.entry, (), args, kwargs)
        finally:
            _overrides.push_dispatch_mode(mode)
        if results is NotImplemented:
            raise TypeError(f"{type(mode).__name__}.__torch_dispatch__ returned NotImplemented for {self.qualname}")
        return results

    def _by_kernel(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = _tensors((args, kwargs))
        where = given[0].device.type if given else "cpu"
        wanted = kwargs.get("device")
        if not given and wanted is not None:
            where = device(wanted).type
        kernel = self.fake if where == "meta" else None
        kernel = kernel or self.kernels.get(where)
        if kernel is None and where != "meta":
            kernel = self.kernels.get(None)
        if kernel is None or where in self.disabled:
            if where == "meta":
                raise RuntimeError(
                    f"There was no fake impl registered for {self.qualname}. Tensors on the meta device need one: use "
                    f"`{self.name}.register_fake` to add an fake impl."
                )
            raise NotImplementedError(
                f"Could not run '{self.qualname}' with arguments from the '{where.upper()}' backend: no kernel is registered for it"
            )
        written = self._written(args, kwargs) if self.schema.is_mutable else []
        versions = [tensor._version for tensor in written]
        results = kernel(*self._said(args), **{name: value for name, value in kwargs.items() if not self._is_default(name, value)})
        if not self.schema.is_mutable:
            self._check_aliases(given, _tensors(results))
        # A kernel may write past arcgrad, and who keeps the old values for a gradient has to learn of it.
        increment_version([tensor for tensor, version in zip(written, versions) if tensor._version == version])
        return results

    def _written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
        """The tensors that the operation writes to, but those that count no versions."""
        placed = iter(args)
        values = [kwargs[argument.name] if argument.kwarg_only else next(placed) for argument in self.schema.arguments]
        written = [value for argument, value in zip(self.schema.arguments, values) if argument.is_write]
        return [tensor for tensor in _tensors(written) if not tensor.is_inference()]

    def _said(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments without those at the end that have their default: kernels have defaults of their own."""
        count = len(args)
        while count and self._is_default(self.schema.arguments[count - 1].name, args[count - 1]):
            count -= 1
        return args[:count]

    def _is_default(self, name: str, value: Any) -> bool:
        default = self._defaults[name]
        return value is default or type(value) is type(default) and not isinstance(value, Tensor) and value == default

    def _check_aliases(self, given: list[Tensor], made: list[Tensor]) -> None:
        held = {id(tensor) for tensor in given} | {_memory(tensor) for tensor in given if _memory(tensor)}
        for tensor in made:
            memory = _memory(tensor)
            if id(tensor) in held or memory and memory in held:
                raise RuntimeError(
                    f"{self.qualname}: The output of this custom operator (1) must not also be an input to this custom operator and "
                    f"(2) may not alias any inputs to this custom operator or other returns. {_ALIASES} Please instead return a clone "
                    "of the offending output tensor(s) (e.g. return x.clone()) or refactor the custom operator to not return y."
                )
            held |= {id(tensor), memory}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        placed, named = self.bind(args, kwargs)
        given = _tensors((placed, named))
        where = given[0].device.type if given else "cpu"
        cast = self.autocast.get(where)
        if cast is not None and is_autocast_enabled(where):
            placed, named = _pytree.tree_map_only(
                Tensor, lambda tensor: tensor.to(cast) if tensor.is_floating_point() else tensor, (placed, named)
            )
            with amp.autocast(where, enabled=False):
                return self._recorded(placed, named)
        return self._recorded(placed, named)

    def _recorded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.autograd is not None:
            return self.autograd(*args, **kwargs)
        if self.composite is not None:
            return self.composite(*args, **kwargs)
        if (self.schema.is_mutable or not _levels.thread.levels) and not (
            is_grad_enabled() and any(tensor.requires_grad for tensor in _tensors((args, kwargs)))
        ):
            # Nothing to be recorded: results stay the objects that the kernel returns, which may be arguments that it writes to.
            with no_grad():
                return self.run(args, kwargs)
        if not kwargs and _are_leaves(args):
            # The usual call has nothing to be taken apart.
            function = self._flat.get(len(args))
            if function is None:
                function = self._flat[len(args)] = self._function(_pytree.tree_structure((args, kwargs)), True)
            results = function.apply(*args)
        else:
            leaves, tree = _pytree.tree_flatten((args, kwargs))
            # An operation is called with few structures.
            function = next((made for known, made in self._functions if known == tree), None)
            if function is None:
                function = self._function(tree, False)
                self._functions.append((tree, function))
            results = function.apply(*leaves)
        return _pytree.tree_unflatten(results if isinstance(results, tuple) else (results,), _thread.structure)

    def _function(self, tree: Any, flat: bool) -> type[Function]:
        """The recorded function for arguments of one structure; leaves the structure of its results in ``_thread``. With ``flat``
        every argument has a place and is no container."""
        operator = self

        def arguments(leaves: tuple[Any, ...]) -> Any:
            return (leaves, {}) if flat else _pytree.tree_unflatten(leaves, tree)

        def forward(*leaves: Any) -> Any:
            args, kwargs = arguments(leaves)
            results = operator.run(args, kwargs)
            values, _thread.structure = _pytree.tree_flatten(results)
            return tuple(values)

        def setup_context(ctx: Any, inputs: tuple[Any, ...], outputs: Any) -> None:
            ctx._structure = structure = _thread.structure
            # An argument that was written to and is returned stays the object that it is.
            returned = {id(output) for output in (outputs if isinstance(outputs, tuple) else (outputs,))}
            ctx.mark_dirty(*(leaf for leaf in inputs if isinstance(leaf, Tensor) and id(leaf) in returned))
            if operator.setup_context is None:
                return
            args, kwargs = arguments(inputs)
            results = _pytree.tree_unflatten(outputs if isinstance(outputs, tuple) else (outputs,), structure)
            if kwargs:
                operator.setup_context(ctx=ctx, inputs=args, keyword_only_inputs=kwargs, output=results)
            else:
                operator.setup_context(ctx=ctx, inputs=args, output=results)
            # It may have called others.
            _thread.structure = structure

        def backward(ctx: Any, *grads: Any) -> Any:
            if operator.backward is None:
                raise RuntimeError(
                    f"Trying to backward through {operator.namespace}.{operator.name}.{operator.overload} but no autograd formula was "
                    "registered. Please use register_autograd to add one."
                )
            structured = _pytree.tree_unflatten(grads, ctx._structure)
            found = operator.backward(ctx, *(structured if isinstance(structured, tuple) else (structured,)))
            return operator._laid_out(found, tree)

        def vmap(info: Any, in_dims: tuple[Any, ...], *leaves: Any) -> Any:
            if operator.vmap is None:
                raise RuntimeError(f"{operator.qualname} has no batching rule: register_vmap adds one")
            args, kwargs = arguments(leaves)
            dims, named = arguments(in_dims)
            results, out_dims = operator.vmap(info, dims, *args, **kwargs)
            values, _thread.structure = _pytree.tree_flatten(results)
            if out_dims is None or isinstance(out_dims, int):
                return tuple(values), (out_dims,) * len(values)
            return tuple(values), tuple(_pytree.tree_leaves(out_dims))

        body = {rule.__name__: staticmethod(rule) for rule in (forward, setup_context, backward, vmap)}
        return type(f"GeneratedBackwardFor_{self.namespace}_{self.name}_{self.overload}", (Function,), body)

    def _laid_out(self, found: Any, tree: Any) -> tuple[Any, ...]:
        """One gradient for every leaf of the arguments, of what a rule returns for every argument."""
        args_tree, kwargs_tree = tree.children()
        count = args_tree.num_children
        given = found if isinstance(found, tuple) else (found,)
        if len(given) != count:
            raise RuntimeError(
                f"{self.qualname}: expected the backward function to return {count} gradient(s), one for each argument, got {len(given)}"
            )
        laid: list[Any] = []
        for gradient, part in zip(given, args_tree.children()):
            if isinstance(gradient, (list, tuple)):
                laid += gradient
            else:
                laid += [gradient] * (1 if gradient is not None else part.num_leaves)
        return (*laid, *[None] * kwargs_tree.num_leaves)


def _memory(tensor: Tensor) -> int:
    """Where the data of a tensor lie; 0 for those without."""
    if tensor.device.type == "meta" or not tensor.numel():
        return 0
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return 0
