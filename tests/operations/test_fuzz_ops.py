"""Random arguments for every operation of the op table: the answer is a result or an ordinary exception.

Nothing crashes, hangs or panics, and what raises has changed none of its arguments. Arguments of the wrong kind end at
the parser, so most calls are repaired: an error that says which argument must be what is taken at its word, and the call
is repeated until it gets as far as the operation itself.
"""

from __future__ import annotations

import random
import re
import warnings

import arcgrad as ag
import numpy as np
import pytest

pytestmark = pytest.mark.arcgrad_only

#: What a program may have to catch for wrong input: see `test_bad_input.py`.
ORDINARY = (
    RuntimeError,
    TypeError,
    ValueError,
    IndexError,
    OverflowError,
    MemoryError,
    AttributeError,
    ag.linalg.LinAlgError,
)
DTYPES = [ag.float32, ag.float64, ag.int64, ag.int32, ag.int16, ag.int8, ag.uint8, ag.bool]
SHAPES = [(), (1,), (3,), (0,), (2, 3), (3, 2), (3, 3), (2, 0), (2, 3, 4), (1, 1, 4, 4), (2, 2, 3, 3), (1, 2, 2, 3, 3)]
NUMBERS = [0, 1, -1, 2, 3, 5, -7, 0.5, 100]
SPECIAL = [float("nan"), float("inf"), -float("inf"), 1e30]
# No sizes between: a gigabyte is a legitimate wish, and takes its time.
INTEGERS = [-(2**63), -(2**40), -129, -3, -2, -1, 0, 1, 2, 3, 4, 7, 2**40, 2**62, 2**63 - 1, 2**63, 10**30]
FLOATS = [0.0, 0.5, -1.5, 1.0, 2.0, 1e300, *SPECIAL]
TEXTS = ["", "mean", "sum", "none", "floor", "tanh", "same", "ij,jk->ik", "...", "nearest", "fro", "x" * 100]


class Hostile:
    """An object that raises whatever it is asked."""

    def refuse(self, *_args, **_kwargs):
        raise ValueError("refused")

    __index__ = __float__ = __len__ = __iter__ = __bool__ = __array__ = __eq__ = __getitem__ = refuse
    __hash__ = None


class Fuzz:
    """Draws arguments."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def tensor(self, dtype=None):
        rng = self.rng
        dtype = dtype or (rng.choice(DTYPES) if rng.random() < 0.4 else ag.float32 if rng.random() < 0.7 else ag.int64)
        shape = rng.choice(SHAPES)
        values = NUMBERS + SPECIAL if dtype.is_floating_point and rng.random() < 0.3 else NUMBERS
        array = np.array([rng.choice(values) for _ in range(int(np.prod(shape)))], dtype="float64").reshape(shape)
        tensor = ag.from_numpy(array).to(dtype)
        layout = rng.random()
        if layout < 0.15 and tensor.ndim >= 2:
            tensor = tensor.transpose(0, -1)
        elif layout < 0.25 and tensor.ndim:
            tensor = tensor[::2]
        elif layout < 0.32 and tensor.ndim and tensor.shape[0]:
            tensor = tensor[:1].expand(4, *tensor.shape[1:])
        if dtype.is_floating_point and rng.random() < 0.3:
            tensor = tensor.detach().requires_grad_()
        return tensor

    def integer(self):
        return self.rng.choice(INTEGERS) if self.rng.random() < 0.3 else self.rng.choice([-1, 0, 1, 2, 3])

    def sequence(self, element):
        return self.rng.choice([list, tuple])([element() for _ in range(self.rng.randrange(5))])

    def anything(self, depth=0):
        rng, kind = self.rng, self.rng.random()
        if kind < 0.45:
            return self.tensor()
        if kind < 0.62:
            return self.integer()
        if kind < 0.70:
            return rng.choice(FLOATS)
        if kind < 0.76:
            return rng.choice([True, False, None])
        if kind < 0.80:
            return rng.choice([*TEXTS, b"bytes", "\ud800"])
        if kind < 0.83:
            return rng.choice([*DTYPES, ag.float16, ag.complex64, ag.strided, ag.device("cpu"), ag.Generator()])
        if kind < 0.94 and depth < 2:
            return self.sequence(lambda: self.anything(depth + 1))
        if kind < 0.97:
            arrays = [np.ones(2), np.array(["a"]), np.float32(2), np.array(3), np.ones((2, 3))[:, ::-1], np.array([None])]
            return rng.choice(arrays)
        return rng.choice([Hostile(), object(), {}, {1: 2}, set(), range(3), slice(None), Ellipsis, 1j, print, int])

    def of_kind(self, kind):
        """An argument of the kind that an error asked for."""
        for name, draw in (
            ("tuple of Tensors", lambda: self.sequence(self.tensor)),
            ("tuple of ints", lambda: self.sequence(self.integer)),
            ("tuple of bools", lambda: self.sequence(lambda: self.rng.random() < 0.5)),
            ("tuple of floats", lambda: self.sequence(lambda: self.rng.choice(FLOATS))),
            ("Tensor", self.tensor),
            ("Number", lambda: self.rng.choice(FLOATS)),
            ("int", self.integer),
            ("float", lambda: self.rng.choice(FLOATS)),
            ("bool", lambda: self.rng.random() < 0.5),
            ("str", lambda: self.rng.choice(TEXTS)),
            ("dtype", lambda: self.rng.choice(DTYPES)),
            ("Generator", ag.Generator),
        ):
            if name in kind:
                return draw()
        return self.anything()

    def repaired(self, text, args, kwargs):
        """The arguments as the message of a TypeError asks for them, or None if it does not say."""
        args, kwargs = list(args), dict(kwargs)
        if found := re.search(r"argument '(\w+)'(?: \(position (\d+)\))? must be ([\w ]+)", text):
            name, position, kind = found.groups()
            if name in kwargs:
                kwargs[name] = self.of_kind(kind)
            elif position and int(position) <= len(args):
                args[int(position) - 1] = self.of_kind(kind)
            else:
                return None
        elif found := re.search(r"takes (?:from \d+ to )?(\d+) positional", text):
            del args[int(found[1]) :]
        elif found := re.search(r"unexpected keyword argument '(\w+)'|multiple values for argument '(\w+)'", text):
            kwargs.pop(found[1] or found[2], None)
        elif found := re.search(r"[Mm]issing[\w ()]* arguments?:? '?(\w+)", text):
            kwargs[found[1]] = self.anything()
        else:
            return None
        return args, kwargs


def tensors_in(value):
    if isinstance(value, ag.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)


def state(tensors):
    return [(t.shape, t.stride(), t.requires_grad, t.is_leaf, t.detach().numpy().tobytes()) for t in tensors]


def shown(value):
    if isinstance(value, ag.Tensor):
        return f"<{value.dtype} {tuple(value.shape)} {value.stride()} {value.tolist()}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown, value))}]"
    return "<hostile>" if isinstance(value, Hostile) else ascii(value)


KEYWORDS = """dim axis keepdim dtype out p size dims alpha value other weight bias stride padding reduction mode eps
    training index source generator unbiased correction rounding_mode input max min no_such_keyword""".split()


def operations():
    """Every name of the table in every place: function, method, in-place form."""
    places = {"": ag, "nn.functional": ag.nn.functional, "linalg": ag.linalg, "fft": ag.fft, "special": ag.special, "Tensor": ag.Tensor}
    places["_core.nn"] = ag._core.nn
    found = {}
    for row in ag._core.registry():
        for place in (places[row["namespace"]], ag.Tensor):
            for name in (row["name"], row["name"] + "_"):
                function = getattr(place, name, None)
                if callable(function):
                    found[f"{place.__name__}.{name}"] = function
    return sorted(found.items())


def one_call(fuzz, name, function):
    args = [fuzz.anything() for _ in range(fuzz.rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7]))]
    if args and fuzz.rng.random() < 0.8:
        args[0] = fuzz.tensor()
    keywords = fuzz.rng.sample(KEYWORDS, fuzz.rng.choice([0, 0, 0, 0, 1, 1, 2]))
    kwargs = {keyword: fuzz.anything() for keyword in keywords}
    for _ in range(8):
        tensors = list(tensors_in([args, list(kwargs.values())]))
        before = state(tensors)
        text = f"{name}({', '.join(map(shown, args))}, {', '.join(f'{k}={shown(v)}' for k, v in kwargs.items())})"
        try:
            function(*args, **kwargs)
            return
        except ORDINARY as error:
            message = str(error)
            if type(error).__module__ not in ("builtins", "arcgrad.linalg", "numpy", "numpy.exceptions", "numpy._core._exceptions"):
                pytest.fail(f"{text} raised {type(error)}: {message}")
            assert message and "panic" not in message.lower(), text
            assert state(tensors) == before, f"{text} raised {message!r} and changed an argument"
            repaired = fuzz.repaired(message, args, kwargs) if isinstance(error, TypeError) else None
            if repaired is None:
                return
            args, kwargs = repaired
        except BaseException as error:
            pytest.fail(f"{text} raised {type(error).__name__}: {error}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(8))
def test_random_arguments_give_a_result_or_an_ordinary_exception(seed):
    warnings.simplefilter("ignore")
    fuzz = Fuzz(seed)
    for name, function in operations():
        for _ in range(4):
            one_call(fuzz, name, function)
