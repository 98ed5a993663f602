"""Files that mean harm, in PyTorch's formats: a clear error, no code run, no more memory than a small multiple of the file."""

import io
import os
import pathlib
import pickle
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arcgrad as ag
from arcgrad import serialization

FOLDER = pathlib.Path(__file__).parents[1] / "oracle" / "files"
REFUSED = (pickle.UnpicklingError, RuntimeError)


def archive(data, records=(("data/0", bytes(16)),), root="archive", **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as entries:
        entries.writestr(f"{root}/data.pkl", data)
        for name, content in records:
            entries.writestr(f"{root}/{name}", content)
    return file.getvalue()


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def name(full):
    module, _, member = full.rpartition(".")
    return b"c" + f"{module}\n{member}\n".encode()


def storage(key="0", kind="torch.FloatStorage", location="cpu", length=4):
    return b"(" + text("storage") + name(kind) + text(key) + text(location) + number(length) + b"tQ"


def tensor(offset=0, size=(4,), stride=(1,), memory=None):
    """The pickle of a tensor over 16 bytes."""
    parts = (memory or storage()) + number(offset) + numbers(size) + numbers(stride) + b"\x89" + name("collections.OrderedDict") + b")R"
    return name("torch._utils._rebuild_tensor_v2") + b"(" + parts + b"tR"


def load(pickled, **options):
    return ag.load(io.BytesIO(archive(b"\x80\x02" + pickled + b".", **options)))


def peak(function):
    """Bytes that Python had at most at a time, beyond what it had before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        try:
            function()
        except REFUSED:
            pass
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_the_helpers_make_a_file_that_loads():
    assert load(tensor(1, (3,), (1,))).tolist() == [0, 0, 0]
    assert load(tensor(0, (2, 5), (2, 0))).shape == (2, 5)


# ---- code ----


class Trap:
    def __init__(self, *args):
        raise AssertionError("code of the file was run")

    __setstate__ = __init__


@pytest.mark.parametrize(
    "full",
    [
        "os.system",
        "posix.system",
        "nt.system",
        "subprocess.Popen",
        "sys.exit",
        "builtins.eval",
        "builtins.exec",
        "builtins.getattr",
        "builtins.__import__",
        "__builtin__.eval",
        "__builtin__.compile",
        "copyreg._reconstructor",
        "functools.partial",
        "operator.methodcaller",
        "torch.load",
        "torch.save",
        "torch.hub.load",
        "torch.jit.load",
        "torch.serialization.load",
        "torch.nn.modules.linear.Linear",
        "torch.utils.data.DataLoader",
        "torch._utils._rebuild_tensor_v2.__globals__",
        "torch.Tensor.numpy",
        "arcgrad.load",
        "arcgrad.serialization.os.system",
        "arcgrad.serialization._files.os",
        "collections.OrderedDict.fromkeys",
        "collections.namedtuple",
        "pickle.loads",
        f"{__name__}.Trap",
    ],
)
@pytest.mark.parametrize("how", ["call", "new", "build", "stack", "instance"])
def test_no_other_name_is_looked_up(full, how):
    argument = text("touch /tmp/arcgrad-was-here") + b"\x85"
    pickled = {
        "call": name(full) + argument + b"R",
        "new": name(full) + argument + b"\x81",
        "build": name(full) + argument + b"b",
        "stack": b"".join(map(text, full.rpartition(".")[::2])) + b"\x93" + argument + b"R",
        "instance": b"(" + argument + b"i" + name(full)[1:],
    }[how]
    with pytest.raises(pickle.UnpicklingError, match="not an allowed global|is blocked|no allowed class|not checked"):
        load(pickled)
    assert not os.path.exists("/tmp/arcgrad-was-here")


def test_modules_of_the_system_cannot_be_allowed():
    with serialization.safe_globals([os.system]), pytest.raises(pickle.UnpicklingError, match="module posix is blocked"):
        load(name("posix.system") + text("true") + b"\x85R")


@pytest.mark.parametrize(
    "pickled",
    [
        name("collections.OrderedDict") + b"}" + text("x") + b"Nsb",  # attributes of a class
        name("torch._utils._rebuild_tensor_v2") + b"}" + text("__code__") + b"Nsb",
        name("torch._utils._rebuild_tensor_v2") + b"}" + text("x") + b"Nsb",
        name("torch.float32") + b"}" + text("x") + b"Nsb",
        name("collections.OrderedDict") + b")R}" + text("items") + b"Nsb",  # a method hidden
        name("collections.OrderedDict") + b")R}" + text("__class__") + name("builtins.set") + b"sb",
        tensor() + b"}" + text("__class__") + b"Nsb",
        tensor() + b"}" + text("data") + b"Nsb",
        tensor() + b"}" + text("tolist") + b"Nsb",
        tensor() + b"N}" + text("grad") + b"Ns\x86b",
        b"]}" + text("x") + b"Nsb",
        b"}}" + text("x") + b"Nsb",
        text("x") + b"NN\x87R",
        name("torch.float32") + b")R",
        name("torch.Tensor") + b")R",
        name("torch.Tensor") + b")\x81",
        name("torch.FloatStorage") + b"K\x04\x85R",
        storage() + b")R",
        name("torch._tensor._rebuild_from_type_v2") + b"(" + name("builtins.bytearray") + name("torch.Tensor") + b")}tR",
        name("torch._tensor._rebuild_from_type_v2") + b"(" + name("torch.serialization._get_layout") + name("torch.Tensor") + text("x") + b"\x85}tR",
        b"\x82\x01",  # a class by a number
        b"(" + name("collections.OrderedDict") + b"o",
        b"Pid\n",
        b"I1\n",
        b"\x97\x98",  # a buffer from elsewhere
    ],
)
def test_nothing_is_reached_into(pickled):
    with pytest.raises(pickle.UnpicklingError):
        load(pickled)


# ---- memory ----


HUGE = 10**12


@pytest.mark.parametrize(
    "pickled",
    [
        name("builtins.bytearray") + number(HUGE) + b"\x85R",
        name("builtins.bytearray") + name("builtins.range") + number(HUGE) + b"\x85R\x85R",
        name("builtins.set") + name("builtins.range") + number(HUGE) + b"\x85R\x85R",
        name("builtins.frozenset") + name("builtins.range") + number(HUGE) + b"\x85R\x85R",
        name("collections.OrderedDict") + name("builtins.range") + number(HUGE) + b"\x85R\x85R",
        name("collections.deque") + name("builtins.range") + number(HUGE) + b"\x85R\x85R",
        name("torch.Size") + name("builtins.range") + number(HUGE) + b"\x85R\x85R",
        name("builtins.bytes") + number(HUGE) + b"\x85R",
        name("_codecs.encode") + text("x") + text("zlib") + b"\x86R",
        b"X" + struct.pack("<I", 2**32 - 1),
        b"T" + struct.pack("<I", 2**31 - 1),
        b"\x8b" + struct.pack("<I", 2**31 - 1),
        b"\x8d" + struct.pack("<Q", 2**63),
        b"\x8e" + struct.pack("<Q", 2**63),
        b"\x96" + struct.pack("<Q", 2**63),
        tensor(memory=storage(length=HUGE)),
        tensor(memory=storage(length=2**61)),
        tensor(size=(HUGE,)),
        name("torch.BoolTensor") + number(HUGE) + b"\x85R",
    ],
)
def test_nothing_announced_is_believed(pickled):
    for how in (lambda: load(pickled), lambda: ag.load(io.BytesIO(old(pickled)))):
        assert peak(how) < 2_000_000
        with pytest.raises(REFUSED):
            how()


def test_the_memo_takes_no_more_than_what_is_in_it():
    assert peak(lambda: load(b"Nr\xff\xff\xff\x7f0Nr\xfe\xff\xff\x7f")) < 2_000_000
    assert load(b"]r\xff\xff\xff\x7fj\xff\xff\xff\x7fa")[0][0][0] is not None  # a list that has itself


def test_compressed_archives_are_refused():
    pickled = b"\x80\x02" + tensor(memory=storage(length=25_000_000)) + b"."
    data = archive(pickled, [("data/0", bytes(100_000_000))], compression=zipfile.ZIP_DEFLATED)
    assert len(data) < 200_000
    assert peak(lambda: ag.load(io.BytesIO(data))) < 2_000_000
    with pytest.raises(RuntimeError, match="compressed"):
        ag.load(io.BytesIO(data))


def test_records_that_overlap_are_refused():
    """Many entries of the directory that mean the same bytes would make of a small file a large one."""
    count = 50
    pickled = b"\x80\x02(" + b"".join(tensor(memory=storage(str(key), length=2500)) for key in range(count)) + b"l."
    data = archive(pickled, [("data/0", bytes(10_000))])
    directory = data.index(b"PK\x01\x02", data.index(b"archive/data/0") + 1000)
    end = data.index(b"PK\x05\x06")
    entries = [data[directory:end]]
    for key in range(1, count):
        last = entries[0][entries[0].rindex(b"PK\x01\x02") :]
        entry = bytearray(last.replace(b"data/0", f"data/{key}".encode()))
        entry[28:30] = struct.pack("<H", len(f"archive/data/{key}"))
        entries.append(bytes(entry))
    listed = b"".join(entries)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, len(listed), directory, 0)
    with pytest.raises(RuntimeError, match="does not lie within it"):
        ag.load(io.BytesIO(data[:directory] + listed + tail))


# ---- depth ----


def test_depth_is_no_danger():
    depth = 60_000
    nested = load(b"]" * depth + b"a" * (depth - 1))
    del nested
    load(b")" + b"\x85" * depth + b"0N")
    with pytest.raises(pickle.UnpicklingError, match="nested too deeply"):
        load(b"})" + b"\x85" * depth + b"Ns")
    with pytest.raises(pickle.UnpicklingError, match="nested too deeply"):
        load(name("builtins.set") + b"])" + b"\x85" * depth + b"a\x85R")
    call = name("torch._tensor._rebuild_from_type_v2") + b"q\x00"
    with pytest.raises(pickle.UnpicklingError):
        load(call + (b"(h\x00" + name("torch.Tensor")) * 5_000 + b")" + b"}t" * 5_000 + b"R")


def test_keys_that_double_are_refused():
    doubling = b")" + b"q\x00h\x00\x86" + b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(1, 60))
    with pytest.raises(pickle.UnpicklingError, match="repeat one another"):
        load(b"}" + doubling + b"Ns")
    with pytest.raises(pickle.UnpicklingError, match="repeat one another"):
        load(name("collections.OrderedDict") + b"](" + doubling + b"Nla\x85R")
    assert load(b"})\x85\x85Ns") == {(((),),): None}


def doubled(first=b"]", pair=b"\x86", depth=60):
    """An object that has another twice, that has another twice …: endless to print, and to hash where it can be."""
    return first + b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + pair for n in range(depth))


@pytest.mark.parametrize("endless", [doubled(), doubled(b")"), b"]" + doubled() + b"a"], ids=["lists", "tuples", "list"])
@pytest.mark.parametrize(
    "around",
    [
        (b"", b"Q"),
        (b"", b")R"),
        (b"", b")\x81"),
        (b"", b"}" + text("x") + b"Nsb"),
        (name("collections.OrderedDict") + b")R", b"b"),
        (name("collections.OrderedDict") + b")R}", b"Nsb"),
        (name("torch.Size"), b"\x85R"),
        (name("torch.device"), b"\x85R"),
        (name("torch.serialization._get_layout"), b"\x85R"),
        (name("collections.defaultdict"), b"\x85R"),
        (name("builtins.complex"), b"\x85R"),
        (name("builtins.range"), b"\x85R"),
        (name("_codecs.encode") + text("x"), b"\x86R"),
        (name("builtins.set"), b"\x85\x85R"),
        (name("torch._utils._rebuild_parameter"), b"\x85R"),
        (name("torch._tensor._rebuild_from_type_v2") + b"(", name("torch.Tensor") + b")}tR"),
        (b"(" + text("storage"), text("0") + text("cpu") + b"K\x04tQ"),
        (b"(" + text("storage") + name("torch.FloatStorage"), text("cpu") + b"K\x04tQ"),
        (name("builtins.list"), b"\x93"),
        (b"", text("x") + b"\x93"),
    ],
)
def test_messages_print_nothing_endless(around, endless):
    with pytest.raises(REFUSED) as caught:
        load(around[0] + endless + around[1])
    assert len(str(caught.value)) < 1000


def test_tensors_in_attributes_of_tensors_are_let_go():
    depth = 20_000
    inner = tensor(size=(), stride=()) + b"q\x00" + b"".join(
        b"0" + tensor(size=(), stride=()) + b"}" + text("deeper") + b"h\x00sbq\x00" for _ in range(depth)
    )
    loaded = load(inner)
    assert loaded.deeper.deeper.item() == 0
    del loaded


def test_a_tensor_has_64_axes_at_most():
    assert load(tensor(0, (1,) * 64, (1,) * 64)).ndim == 64
    for axes in (65, 100_000):
        with pytest.raises(pickle.UnpicklingError, match="axes"):
            load(tensor(0, (1,) * axes, (1,) * axes))


# ---- numbers ----


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (-1, (4,), (1,)),
        (1, (4,), (1,)),
        (4, (1,), (1,)),
        (0, (5,), (1,)),
        (0, (-1,), (1,)),
        (0, (4,), (-1,)),
        (3, (4,), (-1,)),
        (0, (2, 2), (1,)),
        (0, (2**62,), (2**62,)),
        (2**63, (1,), (1,)),
        (0, (2**40, 2**40), (0, 0)),
        (2**62, (2,), (2**62,)),
        (0, (2**64,), (0,)),
    ],
)
def test_views_outside_of_their_storage_are_refused(offset, size, stride):
    with pytest.raises(REFUSED):
        load(tensor(offset, size, stride))
    with pytest.raises(REFUSED):
        ag.load(io.BytesIO(old(tensor(offset, size, stride, memory=old_storage()))))


integers = st.integers(-(2**65), 2**65) | st.integers(-1, 6)


@settings(max_examples=150, deadline=None)
@given(st.lists(integers, max_size=3), st.lists(integers, max_size=3), integers, integers)
def test_any_numbers_give_a_tensor_within_the_file_or_an_error(size, stride, offset, length):
    try:
        loaded = load(tensor(offset, size, stride, storage(length=length)))
    except REFUSED:
        return
    assert loaded.untyped_storage().nbytes() <= 16 and list(loaded.shape) == size
    if loaded.numel() < 1000:
        assert set(loaded.reshape(-1).tolist()) <= {0.0}


@pytest.mark.parametrize(
    "memory",
    [
        storage("1"),
        storage("../0"),
        storage("0/../0"),
        storage(length=5),
        storage(length=-1),
        storage(kind="collections.OrderedDict"),
        storage(location="nowhere"),
        b"(" + text("module") + name("torch.FloatStorage") + text("0") + text("cpu") + b"NtQ",
        text("storage") + b"\x85Q",
        b"NQ",
        b"]Q",
        b"N",
    ],
)
def test_storages_that_are_none_are_refused(memory):
    with pytest.raises(REFUSED):
        load(tensor(memory=memory))


@pytest.mark.parametrize(
    "pickled",
    [
        b"",
        b"0",
        b"(",
        b"1",
        b"R",
        b"((R",
        b"NN",
        b"h\x00",
        b"N(s",
        b"}N",
        b"}(Nu",
        b"]Ns",
        b"}]Ns",
        b"Na",
        b")NR",
        b"\x80\x01N",
        b"\x80\xffN",
        b"c" + b"x" * 5000,
        b"cno newline",
        b"G\x00",
        b"X\x01\x00\x00\x00\xff",
        b"\xff",
        b"\x95" + b"\xff" * 8,
        name("torch.Size") + b"]" + number(-1) + b"a\x85R",
        name("torch.Size") + b"Nq\x00\x85R",
        name("torch.device") + text("quux") + b"\x85R",
        name("collections.defaultdict") + name("torch.Size") + b"\x85R",
        name("collections.deque") + b"]" + number(-1) + b"\x86R",
        name("builtins.complex") + text("1") + b"\x85R",
        name("torch._utils._rebuild_parameter") + b"NNN\x87R",
        name("torch._utils._rebuild_tensor_v2") + b")R",
        name("torch.quint16"),
        name("torch.float128"),
    ],
)
def test_damaged_pickles_are_an_error(pickled):
    with pytest.raises(REFUSED):
        load(pickled)


# ---- archives ----


def test_every_truncation_is_an_error():
    for stem in ("tensor", "legacy_tensor"):
        data = (FOLDER / f"{stem}.pt").read_bytes()
        for length in range(len(data)):
            with pytest.raises(REFUSED):
                ag.load(io.BytesIO(data[:length]))


@pytest.mark.parametrize(
    "data",
    [
        archive(b"N.").replace(b"data.pkl", b"data.pkx"),
        archive(b"N.", [("deeper/data.pkl", b"N.")]),
        archive(b"N.", [("byteorder", b"middle")]),
        archive(b"N.").replace(b"PK\x05\x06", b"PK\x05\x07"),
        archive(b"N.")[:-22],
        b"PK\x03\x04" + bytes(100) + archive(b"N.")[-22:],
    ],
    ids=range(6),
)
def test_damaged_archives_are_an_error(data, tmp_path):
    path = tmp_path / "x.pt"
    path.write_bytes(data)
    for mmap in (False, True):
        with pytest.raises(RuntimeError):
            ag.load(path, mmap=mmap)


# ---- the older format ----


def old_storage(key="0", length=4, part=b"N"):
    return storage(key, length=length)[:-2] + part + b"tQ"


def old(pickled, keys=("0",), lengths=(4,), data=bytes(16)):
    file = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(value, file, 2)
    file.write(b"\x80\x02" + pickled + b".")
    pickle.dump(list(keys), file, 2)
    for length in lengths:
        file.write(struct.pack("<q", length) + data)
    return file.getvalue()


def test_a_part_of_a_storage_is_read():
    whole = tensor(memory=old_storage())
    part = tensor(0, (2,), (1,), old_storage(part=b"(" + text("0.1") + number(1) + number(2) + b"t"))
    first, second = ag.load(io.BytesIO(old(b"(" + whole + part + b"l")))
    first[1] = 7
    assert second.tolist() == [7, 0]


def test_what_is_of_before_tensors_were_variables_is_read():
    variable = name("torch.autograd.variable.Variable") + tensor(memory=old_storage()) + b"\x85R" + b"\x88\x89" + name("collections.OrderedDict") + b")R\x87b"
    assert ag.load(io.BytesIO(old(variable))).requires_grad


@pytest.mark.parametrize(
    "options",
    [
        {"keys": []},
        {"keys": ["1"]},
        {"keys": ["0", "0"]},
        {"keys": [("0",)]},
        {"lengths": [5]},
        {"lengths": [-1]},
        {"lengths": []},
        {"data": bytes(15)},
    ],
)
def test_damaged_lists_of_storages_are_an_error(options):
    with pytest.raises(REFUSED):
        ag.load(io.BytesIO(old(tensor(memory=old_storage()), **options)))


@pytest.mark.parametrize("part", [(-1, 2), (1, 4), (0, -1), (2**63, 1), (5, 0)])
def test_parts_outside_of_their_storage_are_refused(part):
    memory = old_storage(part=b"(" + text("0.1") + number(part[0]) + number(part[1]) + b"t")
    with pytest.raises(REFUSED):
        ag.load(io.BytesIO(old(tensor(0, (1,), (1,), memory))))


def test_other_pickles_are_none_of_pytorchs():
    for protocol in range(2, 6):
        with pytest.raises(RuntimeError, match="is a pickle, but none that PyTorch's save wrote"):
            ag.load(io.BytesIO(pickle.dumps({"x": 1}, protocol)))
        with pytest.raises(RuntimeError):
            ag.load(io.BytesIO(pickle.dumps(0x1950A86A20F9469CFC6C, protocol)))


# ---- at random ----


SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("*.pt"))]
PARTS = [b"(", b")", b"R", b"b", b".", b"0", b"2", b"\x81", b"\x93", b"Q", b"s", b"u", b"a", b"e", b"t", b"\x85", b"h\x01", b"]", b"}", b"\x8f", b"\x90",
         name("posix.system"), name("builtins.set"), name("torch.Size"), number(-1), number(2**62), text("0"), b"X\xff\xff\xff\xff"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_files_never_do_worse_than_an_error(data):
    content = data.draw(st.sampled_from(SAMPLES))
    packed = content[:2] == b"PK" and b"constants.pkl" not in content and data.draw(st.booleans())
    if packed:  # keep the archive whole, to get further
        with zipfile.ZipFile(io.BytesIO(content)) as entries:
            (root,) = {entry.partition("/")[0] for entry in entries.namelist()}
            records = [(entry.partition("/")[2], entries.read(entry)) for entry in entries.namelist()]
        content = dict(records)["data.pkl"]
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        change = data.draw(st.sampled_from(["byte", "bit", "insert", "cut", "put", "repeat"]))
        if change == "byte":
            content[place : place + 1] = bytes([data.draw(st.integers(0, 255))])
        elif change == "bit" and content:
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        elif change == "insert":
            content[place:place] = data.draw(st.sampled_from(PARTS))
        elif change == "cut":
            del content[place : place + data.draw(st.integers(1, 9))]
        elif change == "put":
            part = data.draw(st.sampled_from(PARTS))
            content[place : place + len(part)] = part
        else:
            content[place:place] = content[place : place + 20] * data.draw(st.integers(1, 9))
    content = bytes(content)
    if packed:
        content = archive(content, [(entry, value) for entry, value in records if entry != "data.pkl"], root)
    try:
        ag.load(io.BytesIO(content))
    except REFUSED:
        pass
