"""Drawings of graphs: what they show, how large they may get, and where the boxes lie."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arcgrad as ag
from arcgrad import drawing, nn
from arcgrad._layered_layout import layered_layout


def labels(text):
    return re.findall(r'^  n\d+ \[label="(.*?)", fill', text, re.MULTILINE)


def arrows(text):
    """Pairs of titles joined by an arrow, with the label of the arrow."""
    titles = dict(re.findall(r'^  n(\d+) \[label="(.*?)(?:\\n.*?)?", fill', text, re.MULTILINE))
    found = re.findall(r'^  n(\d+) -> n(\d+)(?: \[label="(.*?)"\])?;', text, re.MULTILINE)
    return sorted((titles[a], titles[b], label) for a, b, label in found)


def test_operations_leaves_and_result_are_joined_in_the_direction_of_the_data():
    x = ag.ones(3, requires_grad=True)
    w = ag.ones(3, requires_grad=True)
    text = drawing.dot((x * w).sum(), {"w": w})
    assert arrows(text) == [("Mul", "Sum", ""), ("Sum", "result", ""), ("leaf", "Mul", ""), ("w", "Mul", "")]


def test_shapes_and_dtypes_are_shown():
    x = ag.ones(2, 3, dtype=ag.float64, requires_grad=True)
    assert labels(drawing.dot(x.sum(), {"x": x}, lines=False)) == [
        "Sum\\nscalar  float64",
        "result\\nscalar  float64",
        "x\\n2 × 3  float64",
    ]


def test_an_input_used_twice_is_one_arrow_with_a_count():
    x = ag.ones(1, requires_grad=True)
    assert ("x", "Mul", "2×") in arrows(drawing.dot(x * x, {"x": x}))


def test_shared_parts_are_drawn_once():
    x = ag.ones(1, requires_grad=True)
    y = x.exp()
    text = drawing.dot({"a": y.sin(), "b": y.cos()}, {"x": x})
    assert [label.split("\\n")[0] for label in labels(text)].count("Exp") == 1
    assert {("Exp", "Sin", ""), ("Exp", "Cos", ""), ("Sin", "a", ""), ("Cos", "b", "")} <= set(arrows(text))


def test_leaves_are_named_by_a_module_pairs_or_a_dict():
    model = nn.Linear(2, 1)
    loss = model(ag.ones(1, 2)).sum()
    for params in (model, model.named_parameters(), dict(model.named_parameters())):
        text = drawing.dot(loss, params)
        assert "weight\\n1 × 2" in text and "bias\\n1" in text
    assert "parameter\\n1 × 2" in drawing.dot(loss)


def test_names_may_contain_anything():
    x = ag.ones(1, requires_grad=True)
    assert r'label="a\"b\\c$\n1"' in drawing.dot(x * 2, {'a"b\\c$': x})


def test_saved_tensors_are_shown_on_request():
    x = ag.ones(4, requires_grad=True)
    y = x.exp().sum()
    assert "saved result: 4" in drawing.dot(y, saved=True)
    assert "saved" not in drawing.dot(y)
    y.backward()
    assert "saved" not in drawing.dot(y, saved=True)  # freed, which is no error


def test_a_leaf_and_a_node_are_roots_too():
    x = ag.ones(2, requires_grad=True)
    assert labels(drawing.dot(x, {"x": x})) == ["x\\n2"]
    assert ("x", "Exp", "") in arrows(drawing.dot(x.exp().grad_fn, {"x": x}))
    assert arrows(drawing.dot([x.exp(), x.sin()], {"x": x})) == [
        ("Exp", "result 0", ""),
        ("Sin", "result 1", ""),
        ("x", "Exp", ""),
        ("x", "Sin", ""),
    ]


def test_a_tensor_without_graph_is_an_error():
    with pytest.raises(ValueError, match="does not require grad and does not have a grad_fn"):
        drawing.dot(ag.ones(1))
    with pytest.raises(ValueError, match="max_nodes"):
        drawing.dot(ag.ones(1, requires_grad=True), max_nodes=0)


def test_a_custom_function_is_shown_by_its_name():
    class Twice(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = ag.ones(1, requires_grad=True)
    assert ("x", "Twice", "") in arrows(drawing.dot(Twice.apply(x), {"x": x}))


def test_source_lines_are_shown():
    x = ag.ones(2, requires_grad=True)
    y = x * 3
    y.sin_()
    _, line, text = y.grad_fn.line()
    assert text.strip() == "y.sin_()"
    assert labels(drawing.dot(y, {"x": x})) == [
        f"Sin\\n2\\n{__file__.rpartition('/')[2]}:{line}",
        "result\\n2",
        f"Mul\\n2\\n{__file__.rpartition('/')[2]}:{line - 1}",
        "x\\n2",
    ]
    assert labels(drawing.dot(y, {"x": x}, lines=False)) == ["Sin\\n2", "result\\n2", "Mul\\n2", "x\\n2"]
    assert f"test_drawing.py:{line}<" in drawing.draw(y)


def test_names_of_operations_lose_only_what_says_backward():
    class BackwardPass(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    leaf = ag.ones(4, requires_grad=True)
    base = leaf * 1
    base[:2].mul_(2)
    titles = [label.split("\\n")[0] for label in labels(drawing.dot(BackwardPass.apply(base).sum(), lines=False))]
    assert titles == ["Sum", "result", "BackwardPass", "CopySlices", "Mul", "leaf"]
    assert "SumBackward" in drawing.dot(base.sum())


def test_a_module_is_told_how_its_graph_is_drawn(tmp_path):
    model = nn.Sequential(nn.Linear(2, 1))
    for roots in (model, [model], {"model": model}):
        for attempt in (drawing.dot, drawing.draw, lambda roots: drawing.draw(roots, tmp_path / "graph.svg")):
            with pytest.raises(TypeError, match=r"a module \(Sequential\) has no graph.*draw\(model\(x\), path, model\)"):
                attempt(roots)
    with pytest.raises(TypeError, match="a tensor or a node .* has a graph, int has none"):
        drawing.draw(3)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_needs_neither_a_file_nor_matplotlib(tmp_path):
    program = (
        "import sys, arcgrad as ag\n"
        "sys.modules['matplotlib'] = None\n"
        "x = ag.ones(2, requires_grad=True)\n"
        "ag.drawing.draw((x * x).sum(), 'graph.svg', {'<a & b>': x})\n"
        "picture = ag.drawing.draw((x * x).sum(), params={'<a & b>': x}, max_nodes=2)\n"
        "assert picture == picture._repr_svg_() and len(repr(picture)) < 80\n"
        "try: ag.drawing.draw((x * x).sum(), 'graph.png')\n"
        "except ImportError as error: print(error)\n"
    )
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "pip install matplotlib" in result.stdout and ".svg needs nothing" in result.stdout
    texts = [element.text for element in ElementTree.parse(tmp_path / "graph.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert {"Mul", "Sum", "result", "scalar", "<a & b>", "2×"} <= set(texts)
    assert not (tmp_path / "graph.png").exists()


def test_the_boxes_of_an_svg_lie_inside_it_and_hold_their_texts():
    x = ag.ones(2, requires_grad=True)
    root = ElementTree.fromstring(drawing.draw((x * x).exp().sum(), params={"a rather long name of a tensor": x}).encode())
    name = "{http://www.w3.org/2000/svg}"
    width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
    shift = [float(n) for n in re.findall(r"[\d.]+", root.find(f"{name}g").get("transform"))]
    boxes = root.findall(f"{name}g/{name}g/{name}rect")
    assert len(boxes) == 5
    for box in boxes:
        left, top, wide, high = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= left + shift[0] and left + shift[0] + wide <= width
        assert 0 <= top + shift[1] and top + shift[1] + high <= height
    assert len(root.findall(f"{name}g/{name}polygon")) == len(root.findall(f"{name}g/{name}path")) == 4


def test_large_graphs_are_summarised_and_counted():
    x = ag.ones(1, requires_grad=True)
    y = x
    for _ in range(5_000):
        y = y + 1
    text = drawing.dot(y, {"x": x}, max_nodes=10)
    assert len(labels(text)) == 12  # with the result and one box for the rest
    assert ("⋯", "Add", "") in arrows(text)
    assert "10 of 5,001 operations and leaves" in text


def test_counting_ends_somewhere():
    x = ag.ones(1, requires_grad=True)
    y = x
    for _ in range(100_100):
        y = y + 1
    assert "5 of 100,005 or more operations" in drawing.dot(y, max_nodes=5)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "dot", "gv"])
def test_every_format_is_written(tmp_path, ending):
    x = ag.ones(2, requires_grad=True)
    path = tmp_path / f"graph.{ending}"
    drawing.draw((x * x).sum(), path, {"$x_1$": x})
    data = path.read_bytes()
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "dot": b"digraph", "gv": b"digraph"}[ending]
    assert data.startswith(start)
    if ending == "svg":
        assert ElementTree.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"


def test_other_endings_are_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.png.*graph\.jpg"):
        drawing.draw(ag.ones(1, requires_grad=True), tmp_path / "graph.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_long_graph_still_makes_a_picture_that_opens(tmp_path):
    x = ag.ones(1, requires_grad=True)
    y = x
    for _ in range(1_000):
        y = y + 1
    path = tmp_path / "long.png"
    drawing.draw(y, path, max_nodes=700, dpi=100)
    width, height = (int.from_bytes(path.read_bytes()[i : i + 4], "big") for i in (16, 20))
    assert 29_000 < height <= 30_000 and width > 10


# ---- layout ----


def test_a_chain_is_straight():
    layout = layered_layout([(20, 10)] * 4, [(0, 1), (1, 2), (2, 3)], layer_gap=5)
    assert [x for x, _ in layout.centres] == [10] * 4
    assert [y for _, y in layout.centres] == [5, 20, 35, 50]
    assert (layout.width, layout.height) == (20, 55)


def test_an_empty_graph_has_no_size():
    assert layered_layout([], []) == ([], [], 0.0, 0.0)


def test_a_cycle_is_an_error():
    with pytest.raises(ValueError, match="cycle"):
        layered_layout([(1, 1)] * 2, [(0, 1), (1, 0)])


def test_a_tree_is_drawn_without_crossings():
    # Node i of a binary tree feeds node (i - 1) // 2; numbered so that the given order would cross.
    edges = [(i, (i - 1) // 2) for i in (14, 3, 9, 1, 12, 5, 2, 7, 10, 4, 6, 13, 8, 11)]
    centres = layered_layout([(10, 10)] * 15, edges).centres
    for a, b in edges:
        for c, d in edges:
            if centres[a][1] == centres[c][1]:
                assert (centres[a][0] - centres[c][0]) * (centres[b][0] - centres[d][0]) >= 0


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 25))
    sizes = draw(st.lists(st.tuples(st.floats(1, 200), st.floats(1, 80)), min_size=count, max_size=count))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    edges = draw(st.lists(pairs, max_size=60, unique_by=lambda pair: (min(pair), max(pair))))
    return sizes, [(min(pair), max(pair)) for pair in edges]


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_boxes_never_overlap_and_arrows_point_down_and_pass_beside_boxes(graph):
    sizes, edges = graph
    layout = layered_layout(sizes, edges)
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(layout.centres, sizes)]
    slack = 1e-6
    for left, top, right, bottom in boxes:
        assert left >= -slack and top >= -slack
        assert right <= layout.width + slack and bottom <= layout.height + slack
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] + slack or b[2] <= a[0] + slack or a[3] <= b[1] + slack or b[3] <= a[1] + slack
    for (upper, lower), route in zip(edges, layout.routes):
        assert abs(route[0][1] - boxes[upper][3]) < slack and boxes[upper][0] <= route[0][0] <= boxes[upper][2]
        assert abs(route[-1][1] - boxes[lower][1]) < slack and boxes[lower][0] <= route[-1][0] <= boxes[lower][2]
        assert all(y0 <= y1 for (_, y0), (_, y1) in zip(route, route[1:]))
        for (x0, y0), (x1, y1) in zip(route, route[1:]):
            for number, (left, top, right, bottom) in enumerate(boxes):
                if number not in (upper, lower) and y0 < bottom - slack and top + slack < y1:
                    assert x1 == x0 and not left < x0 < right
