"""Profiles: which operations ran, for how long, with which memory, on whose line."""

from __future__ import annotations

import gzip
import json
import threading

import arcgrad as ag
import pytest
from arcgrad.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule

pytestmark = pytest.mark.arcgrad_only


def names(prof):
    return [event.name for event in prof.events()]


def test_operations_operators_and_nodes_are_events_in_the_order_in_which_they_began():
    x = ag.ones(50, 40, requires_grad=True)
    with profile(activities=[ProfilerActivity.CPU]) as prof:
        y = (x * 2).exp()
        y[0].sum().backward()
        x.detach().add_(1)
    views = "aten::detach", "aten::index", "aten::select"  # whose work is none
    assert [name for name in names(prof) if name not in views] == [
        "aten::mul", "aten::exp", "aten::sum", "SumBackward0", "SelectBackward0", "ExpBackward0", "MulBackward0",
        "arcgrad::AccumulateGrad", "aten::add_",
    ]  # fmt: skip


def test_an_event_knows_its_line_shapes_memory_and_time():
    x = ag.ones(100, 30, requires_grad=True)
    with profile(record_shapes=True, profile_memory=True) as prof:
        y = x.mm(x.t())  # the product
        y.sum().backward()
    product = next(event for event in prof.events() if event.name == "aten::mm")
    assert product.input_shapes == [[100, 30], [30, 100]] and product.cpu_memory_usage == 40_000
    assert product.line[0] == __file__ and product.line[2].strip() == "y = x.mm(x.t())  # the product"
    assert 0 < product.cpu_time_total == product.self_cpu_time_total
    node = next(event for event in prof.events() if event.name == "MmBackward0")
    assert node.line == product.line and node.input_shapes == [[100, 100]]


def test_blocks_hold_what_runs_in_them():
    @record_function("decorated")
    def work():
        return ag.ones(3) + 1

    with profile() as prof:
        with record_function("outer"):
            with record_function("inner"):
                ag.ones(1000).cumsum(0)
            work()
    outer = prof.events()[0]
    assert [child.name for child in outer.cpu_children] == ["inner", "decorated"]
    assert [child.name for child in outer.cpu_children[0].cpu_children] == ["aten::ones", "aten::cumsum"]
    assert outer.self_cpu_time_total == pytest.approx(outer.cpu_time_total - sum(c.cpu_time_total for c in outer.cpu_children))
    assert all(event.self_cpu_time_total >= 0 for event in prof.events())
    assert prof.events().self_cpu_time_total == pytest.approx(outer.cpu_time_total)


def test_averages_count_by_name_shape_or_line():
    with profile(record_shapes=True) as prof:
        for size in (3, 4, 4):
            ag.zeros(size).sin()
        ag.zeros(4).sin()
    average = {event.key: event for event in prof.key_averages()}["aten::sin"]
    assert average.count == 4 and average.cpu_time == average.cpu_time_total / 4
    by_shape = [event for event in prof.key_averages(group_by_input_shape=True) if event.key == "aten::sin"]
    assert sorted((str(event.input_shapes), event.count) for event in by_shape) == [("[[3]]", 1), ("[[4]]", 3)]
    by_line = [event for event in prof.key_averages(group_by_stack_n=1) if event.key == "aten::sin"]
    assert sorted(event.count for event in by_line) == [1, 3]
    assert prof.key_averages().total_average().count == 8


def test_the_table_is_sorted_and_sums_up():
    with profile(profile_memory=True) as prof:
        ag.rand(200, 200).mm(ag.rand(200, 200))
        ag.zeros(3)
    averages = prof.key_averages()
    text = averages.table(sort_by="self_cpu_time_total", row_limit=2)
    lines = text.splitlines()
    assert lines[1].split() == "Name Self CPU % Self CPU CPU total % CPU total CPU time avg CPU Mem Self CPU Mem # of Calls".split()
    assert len(lines) == 7 and lines[-1].startswith("Self CPU time total: ")
    first = max(averages, key=lambda event: event.self_cpu_time_total)
    assert lines[3].split()[0] == first.key
    assert "Source Location" in prof.key_averages(group_by_stack_n=1).table() and __file__[-20:] in prof.events().table()
    with pytest.raises(AttributeError):
        averages.table(sort_by="no such column")


def test_a_trace_is_what_browsers_show(tmp_path):
    with profile(record_shapes=True) as prof, record_function("block"):
        ag.ones(3).exp()
    for name, opened in (("trace.json", open), ("trace.json.gz", gzip.open)):
        prof.export_chrome_trace(str(tmp_path / name))
        with opened(tmp_path / name, "rt") as file:
            trace = json.load(file)
        events = {event["name"]: event for event in trace["traceEvents"]}
        assert {event["ph"] for event in trace["traceEvents"]} == {"X"} and events["aten::exp"]["args"]["Input Dims"] == [[3]]
        block, inside = events["block"], events["aten::exp"]
        assert block["ts"] <= inside["ts"] and inside["ts"] + inside["dur"] <= block["ts"] + block["dur"]


def test_a_schedule_records_some_steps_and_hands_each_recording_over():
    seen = []
    plan = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    assert [plan(step) for step in range(6)] == [
        ProfilerAction.NONE, ProfilerAction.NONE, ProfilerAction.WARMUP, ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE,
        ProfilerAction.NONE,
    ]  # fmt: skip
    with profile(schedule=plan, on_trace_ready=lambda prof: seen.append([n for n in names(prof) if "Step" in n])) as prof:
        for _ in range(10):
            ag.ones(2).exp()
            prof.step()
    assert seen == [["ProfilerStep#3", "ProfilerStep#4"], ["ProfilerStep#7", "ProfilerStep#8"]]


def test_traces_go_into_a_directory(tmp_path):
    with profile(on_trace_ready=ag.profiler.tensorboard_trace_handler(str(tmp_path / "log"), "me")):
        ag.ones(2)
    (file,) = (tmp_path / "log").iterdir()
    assert file.name.startswith("me.") and file.name.endswith(".pt.trace.json")


def test_other_threads_are_seen_and_nest_apart():
    with profile() as prof, record_function("main"):
        thread = threading.Thread(target=lambda: ag.ones(4).exp())
        thread.start()
        thread.join()
    events = {event.name: event for event in prof.events()}
    assert events["aten::exp"].thread != events["main"].thread and events["aten::exp"].cpu_parent is None


def test_one_profile_at_a_time_and_none_after_its_end():
    with profile() as prof:
        with pytest.raises(RuntimeError, match="already enabled"):
            profile().start()
    ag.ones(2)
    assert names(prof) == []
    with pytest.raises(AssertionError):
        profile().events()
    with record_function("nobody sees it"):
        pass


def test_a_profile_ends_with_the_error_that_ends_its_block():
    with pytest.raises(ZeroDivisionError), profile() as prof:
        ag.ones(2)
        1 / 0
    assert names(prof) == ["aten::ones"]
    with profile():
        pass


def test_the_older_form():
    with ag.autograd.profiler.profile(record_shapes=True) as prof:
        ag.ones(2, 2).exp()
    assert [event.key for event in prof.function_events] == ["aten::ones", "aten::exp"]
    assert "aten::exp" in prof.table() and "aten::exp" in str(prof) and prof.total_average().count == 2
    with ag.autograd.profiler.profile(enabled=False) as off:
        ag.ones(2)
    assert off.function_events is None


def test_events_can_be_made_by_hand():
    from arcgrad.autograd.profiler_util import EventList, FunctionEvent, FunctionEventAvg

    outer = FunctionEvent(id=0, name="outer", thread=1, start_us=0, end_us=9, node_id=0)
    inner = FunctionEvent(id=1, name="inner", thread=1, start_us=2, end_us=5, node_id=0)
    other = FunctionEvent(id=2, name="other", thread=2, start_us=2, end_us=5)
    events = EventList([inner, other, outer])
    events._populate_cpu_children()
    assert (outer.cpu_children, inner.cpu_parent, other.cpu_parent) == ([inner], outer, None)
    average = FunctionEventAvg().add(outer)
    assert (average.key, average.count, average.cpu_time_total, average.self_cpu_time_total) == ("outer", 1, 9, 6)


def test_the_text_of_a_profile_is_its_table():
    with ag.autograd.profiler.profile(use_kineto=ag.autograd.kineto_available()) as prof:
        assert ag.autograd._profiler_enabled()
        ag.ones(2) + 1
    assert str(prof) == prof.table() and not ag.autograd._profiler_enabled()
