"""Checks that PyTorch reads the files that arcgrad writes.

In two steps, as the two need not be installed together: ``python tests/oracle/files_back.py write FOLDER``, with arcgrad, writes what it
has read from files/ once more; ``python tests/oracle/files_back.py read FOLDER``, with PyTorch, reads that and compares it with
expected.json. PyTorch's weights-only loader reads protocol 2; files of protocol 4 are read without it.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).with_name("files")


def write(folder):
    import arcgrad as ag

    folder.mkdir(exist_ok=True)
    for name in json.loads((HERE / "expected.json").read_text()):
        try:
            value = ag.load(HERE / f"{name}.pt")
        except NotImplementedError as error:
            print(f"{name}: {error}")
            continue
        for protocol in (2, 4):
            ag.save(value, folder / f"{name}@{protocol}.pt", pickle_protocol=protocol)
        ag.save(value, folder / f"{name}@old.pt", _use_new_zipfile_serialization=False)


def read(folder):
    import torch
    from files import describe

    expected = json.loads((HERE / "expected.json").read_text())
    wrong = 0
    paths = sorted(folder.glob("*.pt"))
    for path in paths:
        name, _, how = path.stem.partition("@")
        for mmap in (False, True) if how != "old" else (False,):
            try:
                found = describe(torch.load(path, weights_only=how != "4", mmap=mmap), {})
            except Exception as error:
                print(f"{path.name}: {type(error).__name__}: {error!s:.300}")
                wrong += 1
                continue
            if found != expected[name]:
                print(f"{path.name}: differs")
                wrong += 1
    print(f"{len(paths)} files, {wrong} wrong")
    return wrong


if __name__ == "__main__":
    action, folder = sys.argv[1:]
    sys.exit({"write": write, "read": read}[action](pathlib.Path(folder)))
