"""Drawings of the graph that backward walks: :func:`dot` for Graphviz's language, :func:`draw` for a picture.

Pictures need no Graphviz: the layout is this library's own. An SVG is written by it, too; pixels and PDF are painted by Matplotlib.
Arrows follow the data, from the leaves at the top to the result at the bottom; backward runs against them.
"""

from __future__ import annotations

import os
import re
from collections import deque
from typing import NamedTuple

import arcgrad as ag
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Self

__all__ = ["Picture", "dot", "draw"]

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


class Picture(str):
    """The text of an SVG picture. Notebooks show the picture."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, text)

    def _repr_svg_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<SVG picture of {len(self):,} characters>"


def draw(
    roots: Any,
    path: str | PathLike[str] | None = None,
    params: Any = None,
    *,
    saved: bool = False,
    lines: bool = True,
    max_nodes: int = 200,
    dpi: int = 144,
) -> Picture | None:
    """Draws the graph behind ``roots``: to a file, or without a path as a :class:`Picture`, which notebooks show.

    Args:
        path: where to; the ending says in which format: ``.svg``, ``.png`` or ``.pdf``, or ``.dot`` / ``.gv`` for what :func:`dot`
            gives.
        dpi: pixels per inch of a ``.png``, less where the picture would have more than 30,000 pixels along a side.

    The other arguments are those of :func:`dot`. A ``.png`` or ``.pdf`` needs Matplotlib.

    >>> x = ag.ones(2, requires_grad=True)
    >>> ag.drawing.draw((2 * x).sum(), params={"x": x})[:5]
    '<?xml'
    """
    if path is None:
        return Picture(_svg(_collect(roots, params, saved, lines, max_nodes)))
    path = os.fspath(path)
    ending = os.path.splitext(os.fsdecode(path))[1].lower()
    if ending not in (".png", ".svg", ".pdf", ".dot", ".gv"):
        raise ValueError(f"draw: the path must end in .png, .svg, .pdf, .dot or .gv, and it is {os.fsdecode(path)!r}")
    drawing = _collect(roots, params, saved, lines, max_nodes)
    if ending in (".png", ".pdf"):
        _paint(drawing, path, ending[1:], dpi)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(_svg(drawing) if ending == ".svg" else _dot_text(drawing))
    return None


# ---- reading the graph ----


def _collect(roots, params, saved, lines, max_nodes) -> _Drawing:
    _check_roots(roots)
    if max_nodes < 1:
        raise ValueError(f"max_nodes must be at least 1, got {max_nodes}")
    names = _named_leaves(params)
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


def _check_roots(roots):
    for name, root in _named_roots(roots):
        if isinstance(root, ag.nn.Module):
            kind = type(root).__name__
            raise TypeError(
                f"nothing to draw for {name}: a module ({kind}) has no graph. One is recorded when the module is called: "
                "draw(model(x), path, model)"
            )
        if not isinstance(root, ag.Tensor) and not (hasattr(root, "name") and hasattr(root, "next_functions")):
            raise TypeError(f"cannot draw {name}: a tensor or a node (tensor.grad_fn) has a graph, {type(root).__name__} has none")


def _named_roots(roots):
    if isinstance(roots, dict):
        return list(roots.items())
    if isinstance(roots, (list, tuple)):
        return [(f"result {i}", root) for i, root in enumerate(roots)] if len(roots) != 1 else [("result", roots[0])]
    return [("result", roots)]


def _named_leaves(params):
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
    place = node.line()
    if place is None:
        return None
    file, number, _ = place
    return f"{os.path.basename(file)}:{number}"


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


# ---- pictures ----
#
# All lengths are points, 1/72 inch.

#: Sizes of titles and details, height of a line as a multiple of them, room inside boxes and around the picture, length of an arrow's tip.
_TITLE, _DETAIL, _LEADING, _PADDING, _MARGIN, _TIP = 9.0, 7.5, 1.35, 6.0, 18.0, 5.0

_INK, _TITLE_INK, _DETAIL_INK = "#6b747b", "#1f2529", "#5b646b"


def _rows(box):
    """The lines of a box: text, size, whether it is bold, colour."""
    return [(box.title, _TITLE, True, _TITLE_INK), *((text, _DETAIL, False, _DETAIL_INK) for text in box.details)]


def _arrange(drawing, extent):
    """Sizes of the boxes, their layout, and width, height and horizontal shift of the picture, where ``extent`` measures a text."""
    from arcgrad._layered_layout import layered_layout

    sizes = [
        (
            max(extent(text, size, bold) for text, size, bold, _ in _rows(box)) + 2 * _PADDING + 4,
            sum(size * _LEADING for _, size, _, _ in _rows(box)) + 2 * _PADDING - 2,
        )
        for box in drawing.boxes
    ]
    layout = layered_layout(sizes, list(drawing.edges))
    caption = extent(drawing.caption, _DETAIL, False) if drawing.caption else 0.0
    width = max(layout.width, caption) + 2 * _MARGIN
    height = layout.height + 2 * _MARGIN + (16 if drawing.caption else 0)
    return sizes, layout, width, height, (width - layout.width) / 2 - _MARGIN


def _curve(route):
    """An arrow without its tip as a starting point and the three points of each cubic piece."""
    points = [*route[:-1], (route[-1][0], route[-1][1] - _TIP)]
    pieces = []
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        # Vertical where it starts and ends, so that consecutive pieces join smoothly.
        half = (y1 - y0) / 2
        pieces.append([(x0, y0 + half), (x1, y1 - half), (x1, y1)])
    return points[0], pieces


def _tip(route):
    """The corners of an arrow's tip."""
    x, y = route[-1]
    return [(x, y), (x - 0.45 * _TIP, y - _TIP), (x + 0.45 * _TIP, y - _TIP)]


def _texts(box, centre, size):
    """The lines of a box with the heights of their middles."""
    top = centre[1] - size[1] / 2 + _PADDING - 1
    for text, points, bold, colour in _rows(box):
        yield text, points, bold, colour, top + points * _LEADING / 2
        top += points * _LEADING


def _estimate(text, size, bold):
    """Width of a text in an unknown font: that of DejaVu Sans, which is wide, on average; other scripts take a square per character."""
    per_letter = 0.66 if bold else 0.6
    return size * sum(per_letter if letter < "\u2e80" else 1.0 for letter in text)


def _svg(drawing):
    from xml.sax.saxutils import escape, quoteattr

    sizes, layout, width, height, shift = _arrange(drawing, _estimate)
    left = _MARGIN + shift

    def n(value):
        return f"{value:.2f}".rstrip("0").rstrip(".")

    def points(*pairs):
        return " ".join(f"{n(x)},{n(y)}" for x, y in pairs)

    def text(content, x, y, size, colour, bold=False, anchor="middle"):
        weight = ' font-weight="bold"' if bold else ""
        # Half the height of a small letter below the middle: the baseline.
        return f'<text x="{n(x)}" y="{n(y + 0.35 * size)}" font-size="{n(size)}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(content)}</text>'

    out = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{n(width)}pt" height="{n(height)}pt" viewBox="0 0 {n(width)} {n(height)}" '
        'font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif">',
        f'<rect width="{n(width)}" height="{n(height)}" fill="white"/>',
        f'<g transform="translate({n(left)} {n(_MARGIN)})">',
    ]
    for (_, count), route in zip(drawing.edges.items(), layout.routes):
        start, pieces = _curve(route)
        curves = " ".join(f"C {points(*piece)}" for piece in pieces)
        out.append(f'<path d="M {points(start)} {curves}" fill="none" stroke="{_INK}" stroke-width="0.9"/>')
        out.append(f'<polygon points="{points(*_tip(route))}" fill="{_INK}"/>')
        if count > 1:
            x, y = route[-1]
            out.append(text(f"{count}×", x + 5, y - _TIP - 2, _DETAIL, _INK, anchor="start"))
    for box, (x, y), (box_width, box_height) in zip(drawing.boxes, layout.centres, sizes):
        fill, border = _COLOURS[box.kind]
        dashes = ' stroke-dasharray="3 2"' if box.kind == "more" else ""
        hint = f"<title>{escape(box.hint)}</title>" if box.hint else ""
        out.append(
            f'<g>{hint}<rect x="{n(x - box_width / 2)}" y="{n(y - box_height / 2)}" width="{n(box_width)}" height="{n(box_height)}" rx="5" '
            f"fill={quoteattr(fill)} stroke={quoteattr(border)}{dashes}/>"
        )
        out += [text(line, x, middle, size, colour, bold) for line, size, bold, colour, middle in _texts(box, (x, y), (box_width, box_height))]
        out.append("</g>")
    out.append("</g>")
    if drawing.caption:
        out.append(text(drawing.caption, width / 2, height - 0.6 * _MARGIN, _DETAIL, _INK))
    return "\n".join([*out, "</svg>", ""])


def _paint(drawing, path, format, dpi):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"draw: a .{format} needs Matplotlib: pip install matplotlib. An .svg needs nothing") from error
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
    from matplotlib.path import Path
    from matplotlib.textpath import TextToPath

    fonts = {(_TITLE, True): FontProperties(weight="bold", size=_TITLE), (_DETAIL, False): FontProperties(size=_DETAIL)}
    plain = fonts[_DETAIL, False]
    measure = TextToPath()

    def extent(text, size, bold):
        return measure.get_text_width_height_descent(text, fonts[size, bold], ismath=False)[0]

    sizes, layout, width, height, shift = _arrange(drawing, extent)
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-_MARGIN - shift, width - _MARGIN - shift), ylim=(height - _MARGIN, -_MARGIN))
    axes.axis("off")

    for (_, count), route in zip(drawing.edges.items(), layout.routes):
        start, pieces = _curve(route)
        vertices, codes = [start], [Path.MOVETO]
        for piece in pieces:
            vertices += piece
            codes += [Path.CURVE4] * 3
        axes.add_patch(PathPatch(Path(vertices, codes), fill=False, edgecolor=_INK, linewidth=0.9))
        axes.add_patch(Polygon(_tip(route), closed=True, facecolor=_INK, edgecolor="none"))
        if count > 1:
            x, y = route[-1]
            axes.text(x + 5, y - _TIP - 2, f"{count}×", fontproperties=plain, color=_INK)
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
        for text, size, bold, colour, middle in _texts(box, (x, y), (box_width, box_height)):
            # parse_math off: names from a program may contain dollar signs.
            axes.text(x, middle, text, fontproperties=fonts[size, bold], color=colour, ha="center", va="center", parse_math=False)
    if drawing.caption:
        axes.text(-shift - _MARGIN + width / 2, height - 1.6 * _MARGIN, drawing.caption, fontproperties=plain, color=_INK, ha="center")
    figure.savefig(path, format=format, dpi=max(1.0, min(dpi, _MAX_PIXELS * 72 / max(width, height))), facecolor="white")


_names.describe(__name__)
