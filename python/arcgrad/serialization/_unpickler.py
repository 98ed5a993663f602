"""Reading pickles without running anything that they bring along.

A pickle is a program for a small stack machine. This is that machine with the dangerous parts left out: a name in the stream is looked
up in a table (:mod:`arcgrad.serialization._safe_globals`) and never imported, only functions from that table are called, and only
attributes that hide nothing are set. The opcodes are those of protocols 2 to 5, as :mod:`pickletools` documents them.

Nothing in the stream makes the reader ask for more memory than a fixed multiple of the stream's length.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict, defaultdict, deque
from pickle import UnpicklingError

from . import _safe_globals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, IO

#: Containers in one another that a key may consist of: hashing goes down to the innermost by recursion.
_MAX_KEY_DEPTH = 100
#: Elements that may be hashed in all: a tuple that has another twice, that has another twice … is long to hash and short to write.
_MAX_HASHED = 20_000_000
#: Characters of a name of a class.
_MAX_NAME = 1000

_MARK = object()

#: What entries are set in, and what elements are appended to.
_MAPPINGS = {dict: dict.__setitem__, OrderedDict: OrderedDict.__setitem__, Counter: dict.__setitem__, defaultdict: dict.__setitem__}
_SEQUENCES = {list: list.append, deque: deque.append}


class _OfCaller(Exception):
    """Carries an error of ``persistent_load`` out of the machine: the stream is not to blame."""

    def __init__(self, error):
        self.error = error


class Unpickler:
    """Reads one object of a stream.

    Args:
        file: open for reading bytes.
        available (int): how many bytes of it may be read.
        persistent_load: makes an object of a persistent id; without it there can be none.
        encoding, errors (str): how byte strings of Python 2 become texts; ``encoding="bytes"`` leaves them as they are.
    """

    def __init__(
        self,
        file: IO[bytes],
        available: int,
        persistent_load: Callable[[Any], Any] | None = None,
        encoding: str = "utf-8",
        errors: str = "strict",
    ) -> None:
        self._file = file
        self._available = available
        self._persistent_load = persistent_load
        self._encoding = encoding
        self._errors = errors
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        # id → the tuple, elements to hash it, levels: of the tuples that contain tuples.
        self._nested: dict[int, tuple[Any, int, int]] = {}
        self._hashed = 0

    def load(self) -> Any:
        """The object.

        Raises:
            UnpicklingError: the stream is damaged, or asks for something that is not allowed.
        """
        try:
            while True:
                code = self._take(1)
                if code == pickle.STOP:
                    result = self._pop()
                    if self._stack:
                        raise UnpicklingError("the pickle is damaged: it ends with more than one object")
                    return result
                action = _ACTIONS.get(code)
                if action is None:
                    raise UnpicklingError(f"Unsupported operand {code[0]}: {_why_unsupported(code)}")
                action(self)
        except _OfCaller as passed:
            raise passed.error from None
        except (UnpicklingError, NotImplementedError, MemoryError):
            raise
        except RecursionError as error:
            raise UnpicklingError("the pickle is nested too deeply") from error
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, struct.error) as error:
            raise UnpicklingError(f"the pickle is damaged: {type(error).__name__}: {error}") from error

    # ---- the stream ----

    def _take(self, length):
        if length > self._available:
            raise UnpicklingError(f"the pickle is truncated: {length:,} bytes are announced, and {self._available:,} are left")
        data = self._file.read(length)
        if len(data) < length:
            raise UnpicklingError("the pickle is truncated")
        self._available -= length
        return data

    def _number(self, size):
        return int.from_bytes(self._take(size), "little")

    def _line(self):
        line = self._file.readline(min(_MAX_NAME, self._available))
        self._available -= len(line)
        if line[-1:] != b"\n":
            raise UnpicklingError("the pickle is damaged: a name does not end")
        return line[:-1].decode("utf-8")

    # ---- the stack ----

    def _since_mark(self):
        stack = self._stack
        for place in range(len(stack) - 1, -1, -1):
            if stack[place] is _MARK:
                break
        else:
            raise UnpicklingError("the pickle is damaged: there is no mark")
        items = stack[place + 1 :]
        del stack[place:]
        return items

    def _pop(self):
        value = self._stack.pop()
        if value is _MARK:
            raise UnpicklingError("the pickle is damaged: a mark where a value should be")
        return value

    def _top(self):
        value = self._stack[-1]
        if value is _MARK:
            raise UnpicklingError("the pickle is damaged: a mark where a value should be")
        return value

    # ---- keys ----

    def _extent(self, value):
        """Elements to hash and levels of a value."""
        known = self._nested.get(id(value))
        if known is not None:
            return known[1:]
        return (1 + len(value), 1) if isinstance(value, tuple) else (1, 0)

    def _tuple(self, items):
        result = tuple(items)
        if any(isinstance(item, tuple) for item in result):
            extents = [self._extent(item) for item in result]
            size = min(1 + sum(size for size, _ in extents), _MAX_HASHED + 1)
            self._nested[id(result)] = (result, size, 1 + max(depth for _, depth in extents))
        self._stack.append(result)

    def _key(self, value):
        """Lets a value be hashed, unless that takes for ever or goes too deep."""
        size, depth = self._extent(value)
        self._hashed += size
        if depth > _MAX_KEY_DEPTH or self._hashed > _MAX_HASHED:
            raise UnpicklingError("the keys of the pickle are nested too deeply, or repeat one another too often")
        return value

    def _hash_all(self, value):
        """The same for what a function that is called hashes: keys in its arguments, pairs of them in lists."""
        for item in value if isinstance(value, (list, tuple, dict)) else ():
            self._key(item)
            for part in item if isinstance(item, list) else ():
                self._key(part)

    # ---- numbers, texts, bytes ----

    def _protocol(self):
        protocol = self._number(1)
        if not 2 <= protocol <= pickle.HIGHEST_PROTOCOL:
            raise UnpicklingError(f"unsupported pickle protocol: {protocol}")

    def _frame(self):
        self._take(8)  # its length: all is read as it comes

    def _push(self, value):
        self._stack.append(value)

    def _int(self):
        self._push(int.from_bytes(self._take(4), "little", signed=True))

    def _long(self, size):
        self._push(int.from_bytes(self._take(self._number(size)), "little", signed=True))

    def _float(self):
        self._push(struct.unpack(">d", self._take(8))[0])

    def _text(self, size):
        self._push(self._take(self._number(size)).decode("utf-8", "surrogatepass"))

    def _byte_string(self, size):
        data = self._take(self._number(size))
        self._push(data if self._encoding == "bytes" else data.decode(self._encoding, self._errors))

    def _bytes(self, size):
        self._push(self._take(self._number(size)))

    def _bytearray(self):
        self._push(bytearray(self._take(self._number(8))))

    # ---- containers ----

    def _last(self, count):
        items = [self._pop() for _ in range(count)]
        self._tuple(reversed(items))

    def _dict(self):
        items = self._since_mark()
        self._push({})
        self._set(items)

    def _set(self, items):
        target = self._top()
        if len(items) % 2:
            raise UnpicklingError("the pickle is damaged: a key without a value")
        set_item = _MAPPINGS.get(type(target))
        if set_item is None:
            self._allowed_instance(target, "SETITEM")
            set_item = type(target).__setitem__
        for key, value in zip(items[::2], items[1::2]):
            set_item(target, self._key(key), value)

    def _set_one(self):
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def _append(self, items):
        target = self._top()
        append = _SEQUENCES.get(type(target))
        if append is None:
            self._allowed_instance(target, "APPEND")
            append = type(target).append
        for item in items:
            append(target, item)

    def _add(self):
        items = self._since_mark()
        target = self._top()
        if type(target) is not set:
            raise UnpicklingError(f"Can only add to a set, but got {type(target)}")
        for item in items:
            target.add(self._key(item))

    def _frozenset(self):
        items = self._since_mark()
        self._push(frozenset(map(self._key, items)))

    # ---- the memo ----

    def _get(self, size):
        self._push(self._memo[self._number(size)])

    def _put(self, number):
        self._memo[number] = self._top()

    # ---- names and calls ----

    def _global(self, module, name):
        if not isinstance(module, str) or not isinstance(name, str) or len(module) + len(name) > _MAX_NAME:
            raise UnpicklingError("the pickle is damaged: a name is no text, or too long")
        self._push(_safe_globals.find(module, name))

    def _stack_global(self):
        name, module = self._pop(), self._pop()
        self._global(module, name)

    def _allowed_instance(self, value, action):
        if not _safe_globals.is_allowed(type(value)):
            raise UnpicklingError(f"Can not {action} an object of type {_safe_globals.full_name(type(value))}")

    def _call(self, function, args, kwargs):
        if not isinstance(args, tuple) or not isinstance(kwargs, dict):
            raise UnpicklingError("the pickle is damaged: arguments that are no tuple")
        for value in args:
            self._hash_all(value)
        self._push(_safe_globals.call(function, args, kwargs))

    def _reduce(self):
        args, function = self._pop(), self._pop()
        self._call(function, args, {})

    def _new(self, args, kwargs):
        cls = self._pop()
        if not isinstance(cls, type) or not _safe_globals.is_allowed(cls):
            # Of the classes that need no permission none is made otherwise than by a call.
            self._call(cls, args, kwargs)
            return
        self._push(cls.__new__(cls, *args, **kwargs))

    def _new_object(self):
        self._new(self._pop(), {})

    def _new_object_with_names(self):
        kwargs, args = self._pop(), self._pop()
        self._new(args, kwargs)

    def _build(self):
        state = self._pop()
        _safe_globals.set_state(self._top(), state)

    def _persistent(self):
        if self._persistent_load is None:
            raise UnpicklingError("the pickle is damaged: a persistent id in a part that has none")
        persistent_id = self._pop()
        try:
            self._push(self._persistent_load(persistent_id))
        except Exception as error:
            raise _OfCaller(error) from None


_ACTIONS: dict[bytes, Callable[[Unpickler], Any]] = {
    pickle.PROTO: Unpickler._protocol,
    pickle.FRAME: Unpickler._frame,
    pickle.MARK: lambda self: self._push(_MARK),
    pickle.POP: lambda self: self._stack.pop(),
    pickle.POP_MARK: Unpickler._since_mark,
    pickle.DUP: lambda self: self._push(self._top()),
    pickle.NONE: lambda self: self._push(None),
    pickle.NEWTRUE: lambda self: self._push(True),
    pickle.NEWFALSE: lambda self: self._push(False),
    pickle.BININT: Unpickler._int,
    pickle.BININT1: lambda self: self._push(self._number(1)),
    pickle.BININT2: lambda self: self._push(self._number(2)),
    pickle.LONG1: lambda self: self._long(1),
    pickle.LONG4: lambda self: self._long(4),
    pickle.BINFLOAT: Unpickler._float,
    pickle.BINUNICODE: lambda self: self._text(4),
    pickle.SHORT_BINUNICODE: lambda self: self._text(1),
    pickle.BINUNICODE8: lambda self: self._text(8),
    pickle.BINSTRING: lambda self: self._byte_string(4),
    pickle.SHORT_BINSTRING: lambda self: self._byte_string(1),
    pickle.BINBYTES: lambda self: self._bytes(4),
    pickle.SHORT_BINBYTES: lambda self: self._bytes(1),
    pickle.BINBYTES8: lambda self: self._bytes(8),
    pickle.BYTEARRAY8: Unpickler._bytearray,
    pickle.EMPTY_TUPLE: lambda self: self._push(()),
    pickle.TUPLE1: lambda self: self._last(1),
    pickle.TUPLE2: lambda self: self._last(2),
    pickle.TUPLE3: lambda self: self._last(3),
    pickle.TUPLE: lambda self: self._tuple(self._since_mark()),
    pickle.EMPTY_LIST: lambda self: self._push([]),
    pickle.LIST: lambda self: self._push(self._since_mark()),
    pickle.APPEND: lambda self: self._append([self._pop()]),
    pickle.APPENDS: lambda self: self._append(self._since_mark()),
    pickle.EMPTY_DICT: lambda self: self._push({}),
    pickle.DICT: Unpickler._dict,
    pickle.SETITEM: Unpickler._set_one,
    pickle.SETITEMS: lambda self: self._set(self._since_mark()),
    pickle.EMPTY_SET: lambda self: self._push(set()),
    pickle.ADDITEMS: Unpickler._add,
    pickle.FROZENSET: Unpickler._frozenset,
    pickle.BINGET: lambda self: self._get(1),
    pickle.LONG_BINGET: lambda self: self._get(4),
    pickle.BINPUT: lambda self: self._put(self._number(1)),
    pickle.LONG_BINPUT: lambda self: self._put(self._number(4)),
    pickle.MEMOIZE: lambda self: self._put(len(self._memo)),
    pickle.GLOBAL: lambda self: self._global(self._line(), self._line()),
    pickle.STACK_GLOBAL: Unpickler._stack_global,
    pickle.REDUCE: Unpickler._reduce,
    pickle.NEWOBJ: Unpickler._new_object,
    pickle.NEWOBJ_EX: Unpickler._new_object_with_names,
    pickle.BUILD: Unpickler._build,
    pickle.BINPERSID: Unpickler._persistent,
}


def _why_unsupported(code):
    if code in (pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.INST, pickle.OBJ):
        return "it makes an object of a class that is not checked"
    if code in (pickle.INT, pickle.LONG, pickle.FLOAT, pickle.STRING, pickle.UNICODE, pickle.GET, pickle.PUT, pickle.PERSID):
        return "it belongs to the text protocol 0; save with protocol 2"
    return "the pickle is damaged"
