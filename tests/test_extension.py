"""What the compiled extension asks of the system it is loaded into."""

import struct
import sys
from pathlib import Path

import pytest


def imported_names(path):
    """Names that a 64-bit ELF library expects others to define."""
    data = Path(path).read_bytes()
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    # Type, offset, bytes and linked section of each section.
    sections = [
        (
            struct.unpack_from("<I", data, at + 4)[0],
            *struct.unpack_from("<QQ", data, at + 24),
            *struct.unpack_from("<I", data, at + 40),
        )
        for at in range(table, table + size * count, size)
    ]
    names = set()
    for kind, offset, length, link in sections:
        if kind != 11:  # dynamic symbols
            continue
        for at in range(offset, offset + length, 24):
            name, _, _, section = struct.unpack_from("<IBBH", data, at)
            if section == 0 and name:
                start = sections[link][1] + name
                names.add(data[start : data.index(b"\0", start)].decode())
    return names


@pytest.mark.arcgrad_only
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF")
def test_no_fused_multiply_add_is_a_call():
    """Outside of code compiled for a processor that has the instruction it is a function of the C library's, ninety
    times slower: whoever uses it there makes the extension ask for that function."""
    from arcgrad import _core

    names = imported_names(_core.__file__)
    assert "memcpy" in names  # the table was read
    assert not names & {"fma", "fmaf"}
