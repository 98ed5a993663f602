"""Lines of blame: every autograd error names the lines of the program that matter (design: blame)."""

import ast
import gc
import linecache
import textwrap
import warnings
import weakref
from pathlib import Path

import arcgrad as ag
import pytest

pytestmark = pytest.mark.arcgrad_only

HERE = Path(__file__).name
SOURCE = Path(__file__).read_text().splitlines()


def leaf(*values):
    return ag.tensor(list(values), dtype=ag.float64, requires_grad=True)


def line(marker):
    """The number of the line of this file that ends in this comment."""
    found = [i for i, text in enumerate(SOURCE, 1) if text.rstrip().endswith(f"# {marker}")]
    assert len(found) == 1, f"{marker}: lines {found}"
    return found[0]


def names(message, marker):
    return f"{HERE}:{line(marker)}" in message


def error_of(call, *args, **kwargs):
    with pytest.raises(RuntimeError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


# ---- in-place ----------------------------------------------------------------------------------------------------


def test_the_in_place_error_names_both_lines():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()  # saved here
    y.add_(1)  # changed here
    message = error_of(z.sum().backward)
    assert names(message, "saved here") and names(message, "changed here")
    assert "modified by an inplace operation" in message


def test_the_last_change_is_the_one_named():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    y.add_(1)  # first change
    y.mul_(2)  # last change
    message = error_of(z.sum().backward)
    assert names(message, "last change") and not names(message, "first change")


def test_a_change_by_index_is_named():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    y[0] = 5.0  # changed by index
    assert names(error_of(z.sum().backward), "changed by index")


def test_a_change_by_an_operator_is_named():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    y += 5.0  # changed by an operator
    assert names(error_of(z.sum().backward), "changed by an operator")


def test_a_change_through_a_view_is_named():
    x = leaf(1.0, 2.0)
    y = x * 1
    v = y[:1]
    z = y.sin()
    v.zero_()  # changed through a view
    assert names(error_of(z.sum().backward), "changed through a view")


def test_a_change_through_detach_is_named():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    y.detach().zero_()  # changed through detach
    assert names(error_of(z.sum().backward), "changed through detach")


def test_a_change_by_out_is_named():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    ag.exp(ag.ones(2, dtype=ag.float64), out=y.detach())  # changed by out
    assert names(error_of(z.sum().backward), "changed by out")


def test_a_change_by_a_parameter_update_is_named():
    w = leaf(1.0)
    loss = w * w
    with ag.no_grad():
        w.sub_(0.1)  # updated too early
    assert names(error_of(loss.backward), "updated too early")


def test_a_change_by_an_optimizer_names_the_users_line():
    w = ag.nn.Parameter(ag.ones(2))
    optimizer = ag.optim.SGD([w], lr=0.1)
    loss = (w * w).sum()  # saved for the step
    loss.backward(retain_graph=True)
    optimizer.step()  # the step
    message = error_of(loss.backward)
    assert names(message, "saved for the step") and names(message, "the step")


def test_lines_inside_functions_and_comprehensions():
    x = leaf(1.0, 2.0)
    ys = [x * 1 for _ in range(3)]
    zs = [y.sin() for y in ys]  # saved in a comprehension

    def change(y):
        y.add_(1)  # changed in a function

    change(ys[1])
    zs[0].sum().backward()
    message = error_of(zs[1].sum().backward)
    assert names(message, "saved in a comprehension") and names(message, "changed in a function")


def test_a_statement_over_several_lines():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = ag.add(
        y.sin(),  # saved on a line of its own
        1,
    ).sum()
    y.add_(1)
    assert names(error_of(z.backward), "saved on a line of its own")


def test_lines_through_layers_are_the_users():
    layer = ag.nn.Linear(2, 2)
    x = ag.ones(1, 2, requires_grad=True) * 1
    y = layer(x)  # the call of the layer
    with ag.no_grad():
        x.add_(1)
    message = error_of(y.sum().backward)
    assert names(message, "the call of the layer")


def test_lines_through_functional_are_the_users():
    x = ag.ones(4, 3, requires_grad=True) * 1
    y = ag.nn.functional.softplus(x)  # the call of softplus
    with ag.no_grad():
        x.add_(1)
    message = error_of(y.sum().backward)
    assert names(message, "the call of softplus")


def test_lines_inside_a_custom_function():
    class Square(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = leaf(2.0)
    y = x * 1
    z = Square.apply(y)
    y.add_(1)  # changed after the call
    assert names(error_of(z.backward), "changed after the call")


def test_what_the_error_still_says():
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = y.sin()
    y.add_(1)
    message = error_of(z.sum().backward)
    assert "[2]" in message and "is at version 1; expected version 0" in message and "ExpBackward0" in message


# ---- second backward ---------------------------------------------------------------------------------------------


def test_a_second_backward_names_the_first():
    x = leaf(2.0)
    y = x.exp()
    y.backward()  # the first backward
    message = error_of(y.backward)
    assert "Trying to backward through the graph a second time" in message
    assert names(message, "the first backward")


def test_a_second_backward_after_grad_names_the_grad():
    x = leaf(2.0)
    y = x.exp()
    ag.autograd.grad(y, x)  # the first grad
    assert names(error_of(y.backward), "the first grad")


def test_a_second_backward_through_a_shared_part_names_the_first():
    x = leaf(2.0)
    y = x.exp()
    a, b = y * 2, y * 3
    a.backward()  # the backward of a sibling
    assert names(error_of(b.backward), "the backward of a sibling")


def test_reading_a_freed_saved_value_names_the_backward():
    x = leaf(2.0)
    y = x.exp()
    y.backward()  # it was freed here
    assert names(error_of(lambda: y.grad_fn._saved_result), "it was freed here")


# ---- explain_grad ------------------------------------------------------------------------------------------------


def explain(x):
    return str(ag.explain_grad(x))


def test_explain_before_any_backward():
    x = leaf(1.0)
    assert "backward" in explain(x)


def test_explain_a_tensor_that_does_not_require_grad():
    assert "requires_grad" in explain(ag.ones(1))


def test_explain_a_cut_by_detach():
    x = leaf(1.0)
    y = (x * 2).detach()  # cut here
    w = leaf(1.0)
    (y * w).backward()
    assert x.grad is None and "detach" in explain(x) and names(explain(x), "cut here")


def test_explain_a_cut_by_no_grad():
    x, w = leaf(1.0), leaf(1.0)
    with ag.no_grad():
        y = x * 2  # computed without grad
    (y * w).backward()
    text = explain(x)
    assert "no_grad" in text and names(text, "computed without grad")


def test_explain_a_cut_by_an_integer():
    x, w = leaf(1.0), leaf(1.0)
    y = x.long()  # became an integer
    (y * w).backward()
    assert names(explain(x), "became an integer")


def test_explain_a_non_leaf():
    x = leaf(1.0)
    y = x * 2  # a non-leaf
    (y * 3).backward()
    assert "retain_grad" in explain(y)


def test_explain_zeros():
    x = leaf(-1.0, -2.0)
    x.relu().sum().backward()
    assert x.grad.tolist() == [0.0, 0.0] and "zero" in explain(x).lower()


def test_explain_nan_names_the_op_that_made_it_first():
    x = leaf(0.0)
    y = x.exp().log().sqrt()  # the root of zero
    (y * 0).backward()
    text = explain(x)
    assert x.grad.isnan().all() and "nan" in text.lower() and "SqrtBackward0" in text


def test_explain_nan_says_where_it_cannot_be_certain():
    x = ag.zeros(1000, dtype=ag.float64, requires_grad=True)
    (x.sqrt() * 0).sum().backward()
    assert "detect_anomaly" in explain(x)  # nothing small was NaN
    y = leaf(0.0)
    (y.expand(1000).clone().sqrt() * 0).sum().backward()
    text = explain(y)
    assert y.grad.isnan().all() and "larger tensors" in text and "ExpandBackward0" in text


def test_explain_nan_forgets_what_a_later_pass_does_not_repeat():
    x = leaf(0.0)
    (x.sqrt() * 0).sum().backward()
    (x.log() * 0).sum().backward()
    assert "LogBackward0" in explain(x)


def test_explain_a_gradient_that_is_there():
    x = leaf(1.0)
    (x * 2).backward()
    assert isinstance(explain(x), str) and explain(x)


def test_explain_refuses_what_is_no_tensor():
    with pytest.raises(TypeError):
        ag.explain_grad(3)


# ---- NaN ---------------------------------------------------------------------------------------------------------


def test_anomaly_names_the_forward_line_of_the_nan():
    x = leaf(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ag.autograd.detect_anomaly():
            y = x.sqrt() * 0  # the nan is made here
            message = error_of(y.backward)
    assert "returned nan values in its 0th output" in message and names(message, "the nan is made here")


def test_anomaly_works_for_graphs_recorded_before_it_was_switched_on():
    x = leaf(0.0)
    y = x.sqrt() * 0  # recorded without anomaly mode
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ag.autograd.detect_anomaly():
            message = error_of(y.backward)
    assert names(message, "recorded without anomaly mode")


def test_nodes_made_in_backward_inherit_the_line():
    x = leaf(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ag.autograd.detect_anomaly():
            y = x**1.5  # the power
            (g,) = ag.autograd.grad(y, x, create_graph=True)
            message = error_of((g * 0).backward)
    assert names(message, "the power")


# ---- other errors of a rule --------------------------------------------------------------------------------------


def test_a_wrong_gradient_names_function_and_position():
    class Wrong(ag.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, ag.ones(7)

    y = Wrong.apply(leaf(1.0, 2.0), leaf(1.0, 2.0))
    message = error_of(y.sum().backward)
    assert "WrongBackward" in message and "index 1" in message


# ---- code objects that die ---------------------------------------------------------------------------------------


def run_source(source, name):
    """Runs a program whose code object is dropped right after, as a notebook cell or an exec'd string is."""
    namespace = {"ag": ag, "leaf": leaf}
    exec(compile(textwrap.dedent(source), name, "exec"), namespace)
    result = {k: namespace[k] for k in ("y", "z", "x") if k in namespace}
    namespace.clear()
    gc.collect()
    return result


def test_code_that_is_gone_is_still_named():
    made = run_source(
        """
        def f():
            x = leaf(1.0)
            y = x * 1
            z = y.sin()
            return x, y, z
        x, y, z = f()
        del f
        """,
        "<cell 17>",
    )
    made["y"].add_(1)
    message = error_of(made["z"].backward)
    assert "<cell 17>:5" in message


def test_addresses_of_dead_code_are_not_mistaken_for_others():
    kept = []
    for i in range(300):
        made = run_source("\n" * i + "x = leaf(1.0)\ny = x * 1\nz = y.sin()\n", f"<cell {i}>")
        kept.append(made)
        gc.collect(0)
    for i, made in enumerate(kept):
        made["y"].add_(1)
        message = error_of(made["z"].backward)
        assert f"<cell {i}>:{i + 3}" in message


def test_the_table_of_code_is_bounded():
    """When it is full, file and line are kept only; nothing breaks and nothing grows without end."""
    last, codes = None, []
    for i in range(20_000):
        namespace = {"ag": ag, "x": ag.ones(1, requires_grad=True)}
        code = compile("y = x * 1\nz = y.sin()\n", f"<many {i}>", "exec")
        exec(code, namespace)
        codes.append(weakref.ref(code))
        last = namespace
    del code
    kept = sum(code() is not None for code in codes)
    assert 0 < kept <= 1 << 14 and codes[-1]() is None
    last["y"].add_(1)
    assert "<many 19999>:2" in error_of(last["z"].backward)


def test_the_list_of_files_is_bounded(run_python):
    """Where it is full, too, the lines of new files are not known; those of files in it are. In a process of its own,
    as the lists stay full."""
    out = run_python(
        """
        import arcgrad as ag

        x = ag.ones(1, requires_grad=True)
        code = compile("y = x * 1; z = y.sin()", "<first>", "exec")

        def place(file):
            "The line that is named for what a program of this name records."
            program = {"x": x}
            exec(code.replace(co_filename=file), program)
            program["y"].add_(1)
            try:
                program["z"].backward()
            except RuntimeError as error:
                return next(line for line in str(error).splitlines() if "saved by" in line).partition(" at ")[2]

        def run(names):
            for name in names:
                exec(code.replace(co_filename=name), {"x": x})

        run(f"<code {i}>" for i in range(1 << 14))
        run(f"<file {i}>" for i in range((1 << 18) - 1))
        print([place(name) for name in ("<last>", "<beyond>", "<file 7>", "<last>")])
        """,
        timeout=120,
    )
    assert out.strip() == str(["<last>:1", "an unknown line", "<file 7>:1", "<last>:1"])


def test_the_source_text_is_shown_where_it_is_known():
    name = "<shown>"
    source = "x = leaf(1.0)\ny = x * 1\nz = y.sin()\n"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        made = run_source(source, name)
        made["y"].add_(1)
        assert "z = y.sin()" in error_of(made["z"].backward)
    finally:
        del linecache.cache[name]


def test_the_source_line_of_this_file_is_shown():
    x = leaf(1.0)
    y = x * 1
    z = y.sin()
    y.add_(1)
    message = error_of(z.backward)
    assert "z = y.sin()" in message and "y.add_(1)" in message


def test_a_line_without_a_source_file():
    made = run_source("x = leaf(1.0)\ny = x * 1\nz = y.sin()\n", "/nowhere/at/all.py")
    made["y"].add_(1)
    assert "/nowhere/at/all.py:3" in error_of(made["z"].backward)


def test_lines_in_threads():
    import threading

    x = leaf(1.0)
    y = x * 1
    z = y.sin()

    def change():
        y.add_(1)  # changed in a thread

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert names(error_of(z.backward), "changed in a thread")


def test_markers_are_unique():
    """The tests of this file find their lines by the comments at their ends."""
    used = {
        node.args[1].value
        for node in ast.walk(ast.parse("\n".join(SOURCE)))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "names"
        and isinstance(node.args[1], ast.Constant)
    }
    for marker in used:
        line(marker)
