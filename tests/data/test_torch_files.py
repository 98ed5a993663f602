"""PyTorch's files: those it wrote are read equal, ours are read by it (tests/oracle/files.py writes and checks them)."""

import collections
import io
import json
import os
import pathlib
import pickle

import numpy as np
import pytest

import arcgrad as ag
from arcgrad import nn, serialization

FOLDER = pathlib.Path(__file__).parents[1] / "oracle" / "files"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


def implemented(name):
    try:
        ag.empty(0, dtype=getattr(ag, name))
    except (AttributeError, NotImplementedError):
        return False
    return True


def raw(tensor):
    """The bytes of a tensor in row-major order."""
    flat = tensor.detach().contiguous().reshape(-1)
    return flat.view(ag.uint8).numpy().tobytes() if flat.numel() else b""


def describe(value, storages):
    """As tests/oracle/files.py describes what PyTorch reads."""
    if isinstance(value, ag.Tensor):
        storage = value.untyped_storage()
        return {
            "tensor": str(value.dtype).partition(".")[2],
            "parameter": isinstance(value, nn.Parameter),
            "shape": list(value.shape),
            "stride": list(value.stride()),
            "offset": value.storage_offset(),
            "requires_grad": value.requires_grad,
            "storage": storages.setdefault(storage._cdata, len(storages)),
            "nbytes": storage.nbytes(),
            "bytes": raw(value).hex(),
            "attributes": describe(value.__dict__, storages),
        }
    kind = type(value).__name__
    if isinstance(value, dict):
        return {kind: [[describe(key, storages), describe(item, storages)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {kind: [describe(item, storages) for item in value]}
    return {kind: str(sorted(value)) if isinstance(value, set) else str(value).replace("arcgrad.", "")}


def lacking(description):
    """The dtypes in a description that are not there yet."""
    text = json.dumps(description)
    return [name for name in ("float16", "bfloat16", "complex64", "complex128") if f'"tensor": "{name}"' in text and not implemented(name)]


def load(name, how="path", **options):
    path = FOLDER / f"{name}.pt"
    if how == "path":
        return ag.load(path, **options)
    if how == "mmap":
        return ag.load(path, mmap=True, **options)
    if how == "bytes":
        return ag.load(io.BytesIO(path.read_bytes()), **options)
    assert how == "file"
    with open(path, "rb") as file:
        return ag.load(file, **options)


# ---- reading ----


@pytest.mark.parametrize("how", ["path", "mmap", "bytes", "file", "trusted"])
@pytest.mark.parametrize("name", EXPECTED)
def test_what_pytorch_wrote_is_read_equal(name, how):
    options = {}
    if how == "trusted":
        how, options = "path", {"weights_only": False}
    if how == "mmap" and name.startswith("legacy"):
        with pytest.raises(RuntimeError, match="mmap can only be used with archives"):
            load(name, how)
    elif missing := lacking(EXPECTED[name]):
        with pytest.raises(NotImplementedError, match=f"{missing[0]}, which is not implemented in arcgrad yet"):
            load(name, how, **options)
    else:
        assert describe(load(name, how, **options), {}) == EXPECTED[name]


def test_a_loaded_checkpoint_goes_on_as_pytorch_would():
    checkpoint = load("checkpoint")
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    model.load_state_dict(checkpoint["model"])
    adam = ag.optim.AdamW(model.parameters())
    adam.load_state_dict(checkpoint["adam"])
    sgd = ag.optim.SGD(model.parameters(), lr=1.0)
    sgd.load_state_dict(checkpoint["sgd"])
    schedule = ag.optim.lr_scheduler.StepLR(sgd, 1)
    schedule.load_state_dict(checkpoint["schedule"])
    assert adam.param_groups[0]["lr"] == 0.01 and schedule.last_epoch == 2
    assert adam.state[model[0].weight]["step"].item() == 2
    model(ag.arange(15.0).reshape(5, 3)).square().sum().backward()
    adam.step()
    sgd.step()


def test_views_share_memory_again_and_with_the_mapped_file_nothing():
    path = FOLDER / "views.pt"
    before = path.read_bytes()
    for mmap in (False, True):
        loaded = ag.load(path, mmap=mmap)
        loaded["base"].fill_(7)
        assert all(bool((loaded[name] == 7).all()) for name in loaded)
        assert loaded["same"] is loaded["base"]
    assert path.read_bytes() == before


def test_loaded_tensors_can_be_trained_resized_and_copied():
    loaded = load("tensor").requires_grad_()
    (loaded * 2).sum().backward()
    assert loaded.grad.tolist() == [[2, 2]]
    assert load("tensor").resize_(50).shape == (50,)
    assert load("scalar").clone().item() == 3


def test_several_objects_in_one_file_are_read_one_after_the_other():
    data = b"".join((FOLDER / f"legacy_{name}.pt").read_bytes() for name in ("scalar", "tensor", "scalar"))
    file = io.BytesIO(b"before" + data)
    file.seek(6)
    assert [ag.load(file).tolist() for _ in range(3)] == [3, [[1.5, -2.0]], 3]


def test_an_archive_is_found_after_other_bytes():
    file = io.BytesIO(b"before" + (FOLDER / "tensor.pt").read_bytes())
    file.seek(6)
    assert ag.load(file).tolist() == [[1.5, -2.0]]


def test_a_file_object_that_cannot_be_positioned_is_read():
    class Stream(io.RawIOBase):
        def __init__(self, data):
            self.data = io.BytesIO(data)

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.data.readinto(buffer)

    for name in ("tensor", "legacy_tensor"):
        assert ag.load(Stream((FOLDER / f"{name}.pt").read_bytes())).tolist() == [[1.5, -2.0]]


class Slow:
    """A file object with what PyTorch asks for and no more, that gives few bytes at a time."""

    def __init__(self, data, into):
        self.file = io.BytesIO(data)
        if into:
            self.readinto = lambda buffer: self.file.readinto(buffer[:5])

    def read(self, size=-1):
        return self.file.read(size)

    def readline(self, size=-1):
        return self.file.readline(size)

    def tell(self):
        return self.file.tell()

    def seek(self, place, how=0):
        return self.file.seek(place, how)


@pytest.mark.parametrize("into", [True, False])
@pytest.mark.parametrize("name", ["tensor", "legacy_tensor", "views"])
def test_file_objects_need_not_be_files(name, into):
    assert describe(ag.load(Slow((FOLDER / f"{name}.pt").read_bytes(), into)), {}) == EXPECTED[name]


@pytest.mark.parametrize("wrong", [3, None, b"x".__class__, [1]])
def test_what_is_no_file_is_refused(wrong):
    with pytest.raises((TypeError, FileNotFoundError)):
        ag.load(wrong)
    with pytest.raises(TypeError):
        ag.load(io.StringIO("text"))


# ---- what is refused, and permission ----


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("foreign_uint16", "uint16"),
        ("foreign_uint32", "uint32"),
        ("foreign_uint64", "uint64"),
        ("foreign_float8_e4m3fn", "float8_e4m3fn"),
        ("foreign_float8_e5m2", "float8_e5m2"),
        ("foreign_quantised", "quint8"),
    ],
)
def test_what_is_not_there_yet_is_named(name, what):
    if implemented(what):
        pytest.skip("it is there")
    with pytest.raises(NotImplementedError, match=f"{what}.*not implemented in arcgrad yet"):
        load(name)


def test_a_program_of_torchscript_is_refused():
    with pytest.raises(RuntimeError, match="TorchScript"):
        load("script")


@pytest.mark.parametrize("name", ["module", "legacy_module"])
def test_whole_modules_need_trust(name):
    with pytest.raises(pickle.UnpicklingError, match="GLOBAL torch.nn.modules.container.Sequential was not an allowed global"):
        load(name)
    model = load(name, weights_only=False)
    assert isinstance(model, nn.Sequential) and isinstance(model[1], nn.BatchNorm1d)
    expected = load("state_dict")
    assert all(bool((value == expected[key]).all()) for key, value in model.state_dict().items())
    assert model(ag.ones(2, 3)).shape == (2, 2)


def test_classes_can_be_allowed():
    with pytest.raises(pickle.UnpicklingError, match=r"add_safe_globals\(\[PurePosixPath\]\)"):
        load("path")
    assert serialization.get_unsafe_globals_in_checkpoint(FOLDER / "path.pt") == ["pathlib.PurePosixPath"]
    with serialization.safe_globals([pathlib.PurePosixPath]):
        assert load("path") == pathlib.PurePosixPath("a/b")
        assert serialization.get_unsafe_globals_in_checkpoint(FOLDER / "path.pt") == []
    assert serialization.get_safe_globals() == []
    serialization.add_safe_globals([(pathlib.PurePosixPath, "pathlib.PurePosixPath"), (list, "another.name")])
    assert serialization.get_safe_globals() == [pathlib.PurePosixPath, (list, "another.name")]
    serialization.clear_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        load("path")


def test_layers_can_be_allowed_by_their_classes_here():
    classes = [nn.Sequential, nn.Linear, nn.BatchNorm1d, nn.ReLU]
    with serialization.safe_globals(classes):
        assert isinstance(load("module")[0], nn.Linear)


def test_weights_only_and_pickle_module_exclude_each_other():
    with pytest.raises(RuntimeError, match="explicit pickle_module"):
        load("tensor", weights_only=True, pickle_module=pickle)
    assert load("tensor", pickle_module=pickle).tolist() == [[1.5, -2.0]]


# ---- places ----


def with_location(location):
    """A file whose tensor was on another device."""
    return io.BytesIO((FOLDER / "legacy_tensor.pt").read_bytes().replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00" + location.encode()))


def test_tensors_of_a_gpu_need_a_map_location():
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device but.*map_location"):
        ag.load(with_location("cuda:0"))
    with pytest.raises(RuntimeError, match="don't know how to restore data location"):
        ag.load(with_location("quux:0"))
    seen = []

    def place(storage, location):
        seen.append((storage.nbytes(), location))
        return storage

    for location in ("cpu", b"cpu", ag.device("cpu"), {"cuda:0": "cpu"}, place):
        assert ag.load(with_location("cuda:0"), map_location=location).tolist() == [[1.5, -2.0]]
    assert seen == [(8, "cuda:0")]
    with pytest.raises(RuntimeError, match="CUDA"):
        ag.load(with_location("cuda:0"), map_location=lambda storage, location: None)
    with pytest.raises(RuntimeError, match="CUDA"):
        ag.load(with_location("cuda:0"), map_location={"cuda:1": "cpu"})
    with pytest.raises(RuntimeError, match="CUDA"):
        load("tensor", map_location="cuda")
    assert load("tensor", map_location=lambda storage, _: serialization.default_restore_location(storage, "cpu")).shape == (1, 2)
    with pytest.raises(RuntimeError, match="CUDA"):
        load("tensor", map_location=lambda storage, _: serialization.default_restore_location(storage, "cuda:0"))
    assert serialization.location_tag(ag.ones(1).untyped_storage()) == "cpu"
    with pytest.raises(AttributeError, match="cuda"):  # an error of the function is its own
        load("tensor", map_location=lambda storage, location: storage.cuda())


# ---- writing ----


def round_trip(obj, path=None, **options):
    file = path or io.BytesIO()
    ag.save(obj, file, format="pt", **options)
    if path is None:
        file.seek(0)
    return ag.load(file)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ["views", "parameters", "attributes", "containers", "checkpoint", "empty", "layout", "parts_of_one_storage"])
def test_what_was_read_is_written_equal(name, protocol, old):
    loaded = load(name)
    again = round_trip(loaded, pickle_protocol=protocol, _use_new_zipfile_serialization=not old)
    assert describe(again, {}) == EXPECTED[name]


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.pth.tar", "a.ckpt"])
def test_names_of_pytorchs_files_choose_its_format(tmp_path, name):
    path = tmp_path / name
    ag.save({"x": ag.arange(3)}, path)
    assert path.read_bytes()[:4] == b"PK\x03\x04"
    assert ag.load(path, mmap=True)["x"].tolist() == [0, 1, 2]
    ag.save({"x": ag.arange(3)}, path, format="safetensors")
    assert path.read_bytes()[8:9] == b"{" and ag.load(path)["x"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="format"):
        ag.save(1, path, format="npz")


def test_the_format_of_before_archives_is_written_where_it_is_asked_for():
    file = io.BytesIO()
    for value in (1, [ag.ones(2)], {"x": ag.zeros(1)}):
        ag.save(value, file, _use_new_zipfile_serialization=False)
    file.seek(0)
    first, second, third = (ag.load(file) for _ in range(3))
    assert first == 1 and second[0].tolist() == [1, 1] and third["x"].tolist() == [0]


def test_what_safetensors_cannot_hold_says_what_can():
    with pytest.raises(TypeError, match="state_dict.*format='pt'"):
        ag.save(nn.Linear(1, 1), io.BytesIO(), format="safetensors")


def test_what_safetensors_cannot_hold_is_written_in_the_other_format_unless_one_is_named():
    file = io.BytesIO()
    ag.save({"model": nn.Linear(2, 1), "epoch": 3}, file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError):
        ag.load(file)
    file.seek(0)
    loaded = ag.load(file, weights_only=False)
    assert isinstance(loaded["model"], nn.Linear) and loaded["epoch"] == 3


def test_open_files_are_written_in_the_format_that_their_name_says(tmp_path):
    for name, start in (("model.pt", b"PK"), ("model.bin", b"{")):
        with open(tmp_path / name, "wb") as file:
            ag.save({"x": ag.ones(1)}, file)
        data = (tmp_path / name).read_bytes()
        assert data[:2] == start or data[8:9] == start


def test_records_begin_at_multiples_of_64():
    file = io.BytesIO()
    ag.save([ag.full((n,), 77, dtype=ag.uint8) for n in (100, 200, 300)], file, format="pt")
    data = file.getvalue()
    for size in (100, 200, 300):
        assert data.index(b"M" * size) % 64 == 0


def test_memory_seen_as_two_dtypes_is_shared_again():
    numbers = ag.arange(4, dtype=ag.int32)
    one, other = round_trip([numbers, numbers.view(ag.uint8)])
    other[0] = 9
    assert one[0].item() == 9 and other.dtype is ag.uint8


def test_storages_are_written_and_read():
    numbers = ag.arange(4, dtype=ag.int32)
    for old in (False, True):
        for order in (1, -1):
            found = round_trip([numbers, numbers.untyped_storage()][::order], _use_new_zipfile_serialization=not old)[::order]
            assert isinstance(found[1], ag.UntypedStorage) and found[1] == found[0].untyped_storage()
            assert found[0].tolist() == [0, 1, 2, 3] and found[0].dtype is ag.int32


def test_what_numpy_has_can_be_allowed():
    file = io.BytesIO()
    value = {"x": np.float64(1.5), "y": np.arange(3, dtype=np.int32)}
    ag.save(value, file, format="pt")
    names = ["numpy._core.multiarray.scalar", "numpy.dtype", "numpy._core.multiarray._reconstruct", "numpy.ndarray"]
    file.seek(0)
    assert {name.replace("numpy.core", "numpy._core") for name in serialization.get_unsafe_globals_in_checkpoint(file)} == set(names)
    core = getattr(np, "_core", None) or np.core
    classes = [core.multiarray.scalar, core.multiarray._reconstruct, np.ndarray, np.dtype]
    file.seek(0)
    with serialization.safe_globals([*classes, type(np.dtype("f8")), type(np.dtype("i4"))]):
        found = ag.load(file)
    assert found["x"] == 1.5 and found["y"].tolist() == [0, 1, 2] and found["y"].dtype == np.int32


def test_options_that_mean_nothing_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'map_locaton'"):
        load("tensor", map_locaton="cpu")
    assert load("tensor", encoding="latin1").tolist() == [[1.5, -2.0]]


def test_texts_of_python_2_are_decoded_as_asked():
    data = (FOLDER / "legacy_tensor.pt").read_bytes()
    for text in (b"storage", b"cpu"):
        data = data.replace(b"X" + bytes([len(text), 0, 0, 0]) + text, b"U" + bytes([len(text)]) + text)
    assert data.count(b"U\x07storage") == 1
    for encoding in ("utf-8", "latin1", "bytes"):
        assert ag.load(io.BytesIO(data), encoding=encoding).tolist() == [[1.5, -2.0]]


def test_the_same_object_gives_the_same_bytes():
    def saved():
        file = io.BytesIO()
        ag.save({"a": ag.ones(2), "b": ag.nn.Parameter(ag.ones(1))}, file, format="pt")
        return file.getvalue()

    assert saved() == saved()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.tied = self.layer.weight
        self.register_buffer("view", self.layer.weight.detach()[0])


def test_whole_objects_are_pickled_and_need_trust(tmp_path):
    path = tmp_path / "model.pt"
    model = Net()
    generator = ag.Generator().manual_seed(5)
    optimizer = ag.optim.SGD(model.parameters(), lr=0.1)
    ag.save([model, generator, optimizer], path)
    with pytest.raises(pickle.UnpicklingError, match="Net was not an allowed global"):
        ag.load(path)
    loaded, drawn, steps = ag.load(path, weights_only=False)
    assert loaded.tied is loaded.layer.weight and steps.param_groups[0]["params"][0] is loaded.layer.weight
    assert loaded.view.data_ptr() == loaded.layer.weight.data_ptr()
    assert drawn.initial_seed() == 5
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        ag.save(lambda: 1, path)
    assert isinstance(ag.load(path, weights_only=False)[0], Net)  # the old file


class Tagged(ag.Tensor):
    def __reduce_ex__(self, protocol):
        return make_tagged, (self.tolist(),)


def make_tagged(values):
    return ag.tensor(values).as_subclass(Tagged)


class Plain(ag.Tensor):
    pass


def test_classes_of_tensors_are_written_as_they_say():
    for kind, names in ((Tagged, [f"{__name__}.make_tagged"]), (Plain, [f"{__name__}.Plain"])):
        file = io.BytesIO()
        value = ag.arange(6.0).reshape(2, 3).t().as_subclass(kind)
        ag.save(value, file, format="pt")
        file.seek(0)
        assert serialization.get_unsafe_globals_in_checkpoint(file) == names
        file.seek(0)
        with pytest.raises(pickle.UnpicklingError):
            ag.load(file)
        file.seek(0)
        trusted = ag.load(file, weights_only=False)
        file.seek(0)
        with serialization.safe_globals([make_tagged, Plain]):
            allowed = ag.load(file)
        assert type(trusted) is type(allowed) is kind and trusted.tolist() == allowed.tolist() == value.tolist()


def test_a_path_need_not_be_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.pt"
    ag.save(ag.ones(1), path)
    assert ag.load(path).item() == 1


def test_a_state_dict_keeps_its_versions():
    model = nn.Sequential(nn.BatchNorm1d(2))
    state = round_trip(model.state_dict())
    assert type(state) is collections.OrderedDict and state._metadata == model.state_dict()._metadata


@pytest.mark.parametrize("new", [True, False])
def test_storages_come_back_as_such_and_share_memory_with_tensors(tmp_path, new):
    x = ag.arange(4.0)
    ag.save([x, x.storage(), x[1:3]], tmp_path / "x.pt", _use_new_zipfile_serialization=new)
    whole, storage, part = ag.load(tmp_path / "x.pt")
    assert isinstance(storage, ag.storage.TypedStorage) and storage.dtype is ag.float32
    whole.fill_(7.0)
    assert storage.tolist() == 4 * [7.0] and part.tolist() == [7.0, 7.0]
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        ag.save([x.view(ag.int32), x.storage()], tmp_path / "y.pt")


@pytest.mark.parametrize("name", ["uint16", "uint64", "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("new", [True, False])
def test_dtypes_that_are_kept_are_in_files(tmp_path, name, new):
    x = ag.tensor([[1.0, 2.0], [0.0, 4.0]]).to(getattr(ag, name))
    ag.save({"x": x, "t": x.t()}, tmp_path / "x.pt", _use_new_zipfile_serialization=new)
    loaded = ag.load(tmp_path / "x.pt", weights_only=True)
    assert loaded["x"].dtype is x.dtype and loaded["x"].tolist() == x.tolist() and loaded["t"].tolist() == x.t().tolist()
