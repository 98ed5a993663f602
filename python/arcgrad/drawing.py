"""Drawings of the graph that backward walks: :func:`dot` for Graphviz's language, :func:`draw` for a picture.

Pictures need no Graphviz: the layout is this library's own, and Matplotlib paints it. Arrows follow the data, from the leaves at
the top to the result at the bottom; backward runs against them.
"""

from __future__ import annotations

import os
import re
from collections import deque
from typing import NamedTuple

import arcgrad as ag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any

__all__ = ["dot", "draw"]

#: How far operations beyond ``max_nodes`` are counted before the count is given up.
_COUNT_LIMIT = 100_000

#: Most pixels along a side of a picture, within what image viewers open.
_MAX_PIXELS = 30_000

#: Fill and border of each kind of box.
_COLOURS = {
    "parameter": ("#dbe9f6", "#3b6fa0"),
    "leaf": ("#eceff1", "#78828a"),
    "operation": ("#ffffff", "#9aa3aa"),
    "result": ("#ddf0dc", "#4b8b4a"),
    "more": ("#ffffff", "#b6bdc3"),
}


class _Box(NamedTuple):
    kind: str
    title: str
    details: tuple[str, ...]
    hint: str  # the full name, where the title is short


class _Drawing(NamedTuple):
    boxes: list[_Box]
    edges: dict[tuple[int, int], int]  # (box above, box below) -> number of parallel edges
    caption: str


def dot(
    roots: Any,
    params: Any = None,
    *,
    saved: bool = False,
    lines: bool = True,
    max_nodes: int = 200,
) -> str:
    """Describes the graph behind ``roots`` in the DOT language.

    Args:
        roots: a tensor, a node (``tensor.grad_fn``), or several of them in a list or tuple, or in a dict by name.
        params: names for the leaves: a Module, a dict from name to tensor, or pairs as ``named_parameters()`` gives them.
        saved: whether to list the tensors that each operation keeps for its gradient.
        lines: whether to show the source line that made each operation, where it is known.
        max_nodes: how many operations and leaves to show at most: those nearest to the roots. The rest is summarised.

    Raises:
        ValueError: a root has no graph, or ``max_nodes`` is less than 1.

    >>> x = ag.ones(2, requires_grad=True)
    >>> print(ag.drawing.dot((2 * x).sum(), {"x": x}, lines=False).splitlines()[0])
    digraph backward {
    """
    return _dot_text(_collect(roots, params, saved, lines, max_nodes))


def draw(
    roots: Any,
    path: str | PathLike[str],
    params: Any = None,
    *,
    saved: bool = False,
    lines: bool = True,
    max_nodes: int = 200,
    dpi: int = 144,
) -> None:
    """Draws the graph behind ``roots`` to a file: ``.png``, ``.svg`` or ``.pdf``, or ``.dot`` / ``.gv`` for what :func:`dot` gives.

    Args:
        path: where to; the ending says in which format.
        dpi: pixels per inch of a ``.png``, less where the picture would have more than 30,000 pixels along a side.

    The other arguments are those of :func:`dot`. Pictures need Matplotlib.
    """
    path = os.fspath(path)
    ending = os.path.splitext(os.fsdecode(path))[1].lower()
    if ending not in (".png", ".svg", ".pdf", ".dot", ".gv"):
        raise ValueError(f"draw: the path must end in .png, .svg, .pdf, .dot or .gv, and it is {os.fsdecode(path)!r}")
    drawing = _collect(roots, params, saved, lines, max_nodes)
    if ending in (".dot", ".gv"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(_dot_text(drawing))
    else:
        _paint(drawing, path, ending[1:], dpi)


# ---- reading the graph ----


def _collect(roots, params, saved, lines, max_nodes) -> _Drawing:
    if max_nodes < 1:
        raise ValueError(f"max_nodes must be at least 1, got {max_nodes}")
    names = _names(params)
    boxes, edges = [], {}
    number_of = {}  # node -> its box; holds the nodes, so that their identities last
    unvisited = deque()

    def visit(node):
        """The box of a node; None if there is no room for it."""
        if node not in number_of:
            if len(number_of) >= max_nodes:
                return None
            number_of[node] = len(boxes)
            boxes.append(_describe(node, names, saved, lines))
            unvisited.append(node)
        return number_of[node]

    for name, root in _named_roots(roots):
        if isinstance(root, ag.Tensor) and root.grad_fn is None:
            if not root.requires_grad:
                raise ValueError(
                    f"nothing to draw for {name}: the tensor does not require grad and does not have a grad_fn. Was it computed under "
                    "no_grad, or from tensors that do not require grad?"
                )
            boxes.append(_leaf_box(root, names))
            continue
        above = visit(root.grad_fn if isinstance(root, ag.Tensor) else root)
        if isinstance(root, ag.Tensor):
            boxes.append(_Box("result", name, (_shape(root),), ""))
            # A root without room of its own hangs in the air; the caption says that something is missing.
            if above is not None:
                edges[above, len(boxes) - 1] = 1

    hidden = deque()
    while unvisited:
        node = unvisited.popleft()
        missing = 0
        for above, _ in node.next_functions:
            if above is None:
                continue
            number = visit(above)
            if number is None:
                missing += 1
                hidden.append(above)
            else:
                edge = (number, number_of[node])
                edges[edge] = edges.get(edge, 0) + 1
        if missing:
            edges[len(boxes), number_of[node]] = missing
            boxes.append(_Box("more", "⋯", (), "not shown"))
    caption = ""
    if hidden:
        count, complete = _count(hidden, number_of)
        total = f"{len(number_of) + count:,}" + ("" if complete else " or more")
        caption = f"{len(number_of):,} of {total} operations and leaves: those nearest to the result"
    return _Drawing(boxes, edges, caption)


def _count(pending, known):
    """How many nodes are reachable beyond those known, and whether that is all of them."""
    seen = set()
    while pending:
        node = pending.popleft()
        if node in known or node in seen:
            continue
        if len(seen) == _COUNT_LIMIT:
            return len(seen), False
        seen.add(node)
        pending.extend(above for above, _ in node.next_functions if above is not None)
    return len(seen), True


def _named_roots(roots):
    if isinstance(roots, dict):
        return list(roots.items())
    if isinstance(roots, (list, tuple)):
        return [(f"result {i}", root) for i, root in enumerate(roots)] if len(roots) != 1 else [("result", roots[0])]
    return [("result", roots)]


def _names(params):
    """id of a tensor -> (name, the tensor itself, so that the id stays its own)."""
    if params is None:
        return {}
    if hasattr(params, "named_parameters"):
        params = params.named_parameters()
    pairs = params.items() if isinstance(params, dict) else params
    return {id(tensor): (str(name), tensor) for name, tensor in pairs}


def _shape(tensor):
    dtype = str(tensor.dtype).rpartition(".")[2]
    size = " × ".join(str(n) for n in tensor.shape) or "scalar"
    return size if dtype == "float32" else f"{size}  {dtype}"


def _leaf_box(tensor, names):
    name, _ = names.get(id(tensor), (None, None))
    is_parameter = isinstance(tensor, ag.nn.Parameter)
    kind = "parameter" if is_parameter or name else "leaf"
    return _Box(kind, name or ("parameter" if is_parameter else "leaf"), (_shape(tensor),), "AccumulateGrad")


def _describe(node, names, saved, lines):
    variable = getattr(node, "variable", None)
    if isinstance(variable, ag.Tensor):
        return _leaf_box(variable, names)
    full = node.name()
    title = re.sub(r"Backward\d*$", "", full.rpartition("::")[2]) or full
    details = [_shape(output) for output in getattr(node, "_input_metadata", ())]
    if saved:
        details += _saved_values(node)
    line = _source_line(node) if lines else None
    if line:
        details.append(line)
    return _Box("operation", title, tuple(details), full)


def _saved_values(node):
    for name in dir(node):
        if not name.startswith("_saved_"):
            continue
        try:
            value = getattr(node, name)
        except RuntimeError:  # backward has been through here and freed it
            continue
        for tensor in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(tensor, ag.Tensor):
                yield f"saved {name.removeprefix('_saved_')}: {_shape(tensor)}"


def _source_line(node):
    """``file.py:12`` if the node knows where it was made."""
    place = getattr(node, "line", None)
    place = place() if callable(place) else place
    found = re.match(r"(.+?):(\d+)", place) if isinstance(place, str) else None  # the line's text may follow
    return f"{os.path.basename(found[1])}:{found[2]}" if found else None


# ---- DOT ----


def _dot_text(drawing):
    out = [
        "digraph backward {",
        "  rankdir=TB;",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10, margin="0.12,0.06"];',
        '  edge [color="#6b747b", arrowsize=0.6];',
    ]
    if drawing.caption:
        out.append(f"  label={_quoted(drawing.caption)};")
    for number, box in enumerate(drawing.boxes):
        fill, border = _COLOURS[box.kind]
        label = "\n".join([box.title, *box.details])
        style = ', style="rounded,dashed"' if box.kind == "more" else ""
        tooltip = f", tooltip={_quoted(box.hint)}" if box.hint else ""
        out.append(f'  n{number} [label={_quoted(label)}, fillcolor="{fill}", color="{border}"{style}{tooltip}];')
    for (above, below), count in drawing.edges.items():
        label = f' [label="{count}×"]' if count > 1 else ""
        out.append(f"  n{above} -> n{below}{label};")
    return "\n".join([*out, "}", ""])


def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# ---- picture ----


def _paint(drawing, path, format, dpi):
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
    from matplotlib.path import Path
    from matplotlib.textpath import TextToPath

    from arcgrad._layered_layout import layered_layout

    # All lengths are points, 1/72 inch.
    bold, plain = FontProperties(weight="bold", size=9), FontProperties(size=7.5)
    leading, padding, margin, arrow = 1.35, 6.0, 18.0, 5.0
    measure = TextToPath()

    def rows(box):
        return [(box.title, bold), *((text, plain) for text in box.details)]

    def extent(text, font):
        return measure.get_text_width_height_descent(text, font, ismath=False)[0]

    sizes = [
        (
            max(extent(text, font) for text, font in rows(box)) + 2 * padding + 4,
            sum(font.get_size_in_points() * leading for _, font in rows(box)) + 2 * padding - 2,
        )
        for box in drawing.boxes
    ]
    layout = layered_layout(sizes, list(drawing.edges))
    caption_width = extent(drawing.caption, plain) if drawing.caption else 0.0
    width = max(layout.width, caption_width) + 2 * margin
    height = layout.height + 2 * margin + (16 if drawing.caption else 0)
    shift = (width - layout.width) / 2 - margin

    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-margin - shift, width - margin - shift), ylim=(height - margin, -margin))
    axes.axis("off")

    ink = "#6b747b"
    for (_, count), route in zip(drawing.edges.items(), layout.routes):
        tip = route[-1]
        points = [*route[:-1], (tip[0], tip[1] - arrow)]
        vertices, codes = [points[0]], [Path.MOVETO]
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            # Vertical where it starts and ends, so that consecutive pieces join smoothly.
            half = (y1 - y0) / 2
            vertices += [(x0, y0 + half), (x1, y1 - half), (x1, y1)]
            codes += [Path.CURVE4] * 3
        axes.add_patch(PathPatch(Path(vertices, codes), fill=False, edgecolor=ink, linewidth=0.9))
        corners = [tip, (tip[0] - 0.45 * arrow, tip[1] - arrow), (tip[0] + 0.45 * arrow, tip[1] - arrow)]
        axes.add_patch(Polygon(corners, closed=True, facecolor=ink, edgecolor="none"))
        if count > 1:
            axes.text(tip[0] + 5, tip[1] - arrow - 2, f"{count}×", fontproperties=plain, color=ink)
    for box, (x, y), (box_width, box_height) in zip(drawing.boxes, layout.centres, sizes):
        fill, border = _COLOURS[box.kind]
        axes.add_patch(
            FancyBboxPatch(
                (x - box_width / 2, y - box_height / 2),
                box_width,
                box_height,
                boxstyle="round,pad=0,rounding_size=5",
                facecolor=fill,
                edgecolor=border,
                linewidth=1.0,
                linestyle=(0, (3, 2)) if box.kind == "more" else "solid",
            )
        )
        top = y - box_height / 2 + padding - 1
        for text, font in rows(box):
            line = font.get_size_in_points() * leading
            colour = "#1f2529" if font is bold else "#5b646b"
            # parse_math off: names from a program may contain dollar signs.
            axes.text(x, top + line / 2, text, fontproperties=font, color=colour, ha="center", va="center", parse_math=False)
            top += line
    if drawing.caption:
        axes.text(-shift - margin + width / 2, height - 1.6 * margin, drawing.caption, fontproperties=plain, color=ink, ha="center")
    figure.savefig(path, format=format, dpi=max(1.0, min(dpi, _MAX_PIXELS * 72 / max(width, height))), facecolor="white")
