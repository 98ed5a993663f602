"""Writes files/: one small file of each kind that PyTorch writes, for the tests of loading.

Run once, with the PyTorch to compare with: python tests/oracle/files.py

What is in them is described by `expected.json`: of each tensor dtype, shape, strides, offset, whether it wants gradients, the size
of its storage, and its bytes in row-major order; which tensors share a storage; and the types of the containers.
"""

import collections
import json
import pathlib
import sys
import zipfile

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).with_suffix("")

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
#: Dtypes and kinds that are refused.
FOREIGN = ["uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"]


def numbers(dtype):
    values = torch.tensor([[0.0, 1.0, -2.5], [3.0, 100.0, -7.0]], dtype=torch.float64)
    if dtype.is_complex:
        values = torch.complex(values, values.flip(0))
    return (values.abs() if dtype in (torch.uint8, torch.uint16, torch.uint32, torch.uint64) else values).to(dtype)


def training():
    """A model and optimizers after two steps."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    adam = torch.optim.AdamW(model.parameters(), lr=0.01)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(sgd, 1)
    for _ in range(2):
        model(torch.arange(15.0).reshape(5, 3)).square().sum().backward()
        adam.step()
        sgd.step()
        schedule.step()
    return model, {"model": model.state_dict(), "adam": adam.state_dict(), "sgd": sgd.state_dict(), "schedule": schedule.state_dict()}


def kinds():
    base = torch.arange(12.0)
    parameter = nn.Parameter(torch.ones(2))
    named = nn.Parameter(torch.ones(2), requires_grad=False)
    named.note = "kept"
    marked = torch.ones(2)
    marked.note = ["kept", 1]
    leaf = torch.ones(2, requires_grad=True)
    model, checkpoint = training()
    yield "tensor", torch.tensor([[1.5, -2.0]])
    yield "scalar", torch.tensor(3, dtype=torch.int64)
    yield "empty", {"none": torch.zeros(0), "shaped": torch.zeros(2, 0, 3)}
    for name in DTYPES:
        yield f"dtype_{name}", {"x": numbers(getattr(torch, name)), "t": numbers(getattr(torch, name)).t()}
    yield "views", {
        "base": base,
        "part": base[2:7],
        "steps": base[1::3],
        "transposed": base.view(3, 4).t(),
        "expanded": base[:1].expand(3, 4),
        "same": base,
        "windows": base.unfold(0, 4, 2),
    }
    yield "parts_of_one_storage", [base[3:6], base[5:9]]
    yield "parameters", [parameter, named, parameter, leaf, leaf * 2]
    yield "attributes", [marked]
    yield (
        "containers",
        {
            "list": [1, [2.5, [None]]],
            "tuple": (1, (2, "x"), ()),
            "set": {1, 2},
            "ordered": collections.OrderedDict([("b", 1), ("a", torch.ones(1))]),
            "counts": collections.Counter("aab"),
            "texts": ["", "Grüße", "\U0001f600", b"", b"\x00\xff", bytearray(b"abc")],
            "numbers": [0, -1, 255, 65535, 2**31, -(2**31) - 1, 2**63, -(2**200), 1e300, -0.0, 3 - 4j, True, False],
            "types": [torch.Size([2, 3]), torch.float32, torch.int64, torch.device("cpu")],
            3: "int key",
            (1, ("a", None)): "tuple key",
        },
    )
    yield "layout", torch.strided
    yield "checkpoint", checkpoint
    yield "state_dict", model.state_dict()


def describe(value, storages):
    if isinstance(value, torch.Tensor):
        storage = value.untyped_storage()
        flat = value.detach().contiguous().reshape(-1)
        return {
            "tensor": str(value.dtype).partition(".")[2],
            "parameter": isinstance(value, nn.Parameter),
            "shape": list(value.shape),
            "stride": list(value.stride()),
            "offset": value.storage_offset(),
            "requires_grad": value.requires_grad,
            "storage": storages.setdefault(storage._cdata, len(storages)),
            "nbytes": storage.nbytes(),
            "bytes": bytes(flat.view(torch.uint8).tolist()).hex() if flat.numel() else "",
            "attributes": describe(value.__dict__, storages),
        }
    kind = type(value).__name__
    if isinstance(value, dict):
        return {kind: [[describe(key, storages), describe(item, storages)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {kind: [describe(item, storages) for item in value]}
    return {kind: str(sorted(value)) if isinstance(value, set) else str(value).replace("torch.", "")}


def loaded_by_torch(path):
    value = torch.load(path, weights_only=False)
    return describe(value, {})


def write(name, value, expected, **options):
    path = FOLDER / f"{name}.pt"
    torch.save(value, path, **options)
    expected[name] = loaded_by_torch(path)


def big_endian(source, target):
    """The archive as a machine of the other byte order would have written it: of float32 tensors."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("byteorder"):
                data = b"big"
            elif "/data/" in name:
                data = b"".join(data[start : start + 4][::-1] for start in range(0, len(data), 4))
            new.writestr(name, data)


def main():
    FOLDER.mkdir(exist_ok=True)
    expected = {}
    for name, value in kinds():
        write(name, value, expected)
        if name != "layout" and not name.startswith("dtype_"):
            write(f"legacy_{name}", value, expected, _use_new_zipfile_serialization=False)
    for name in ("float32", "bool", "float16", "complex128"):
        write(f"legacy_dtype_{name}", numbers(getattr(torch, name)), expected, _use_new_zipfile_serialization=False)
    for protocol in (3, 4, 5):
        write(f"protocol_{protocol}", [{"x": torch.ones(2), "s": {1}, "b": bytearray(b"ab")}, (1, 2, 3, 4)], expected, pickle_protocol=protocol)
        write(f"legacy_protocol_{protocol}", [torch.ones(2)], expected, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    big_endian(FOLDER / "tensor.pt", FOLDER / "big_endian.pt")
    expected["big_endian"] = expected["tensor"]
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=0, separators=(",", ":")))
    # What is refused, or needs permission.
    for name in FOREIGN:
        torch.save(numbers(getattr(torch, name)), FOLDER / f"foreign_{name}.pt")
    torch.save(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8), FOLDER / "foreign_quantised.pt")
    torch.save(training()[0], FOLDER / "module.pt")
    torch.save(training()[0], FOLDER / "legacy_module.pt", _use_new_zipfile_serialization=False)
    torch.save(collections.deque([1]), FOLDER / "deque.pt")
    torch.save(pathlib.PurePosixPath("a/b"), FOLDER / "path.pt")
    torch.save({"sparse": torch.eye(3).to_sparse()}, FOLDER / "sparse.pt")
    torch.save(torch.empty(2, 3, device="meta"), FOLDER / "meta.pt")
    torch.jit.script(nn.Linear(1, 1)).save(FOLDER / "script.pt")


if __name__ == "__main__":
    sys.exit(main())
