"""What PyTorch has and arcgrad has not: the truth about it, and errors that say so."""

import importlib
import pickle
import warnings

import pytest

import arcgrad as ag

pytestmark = pytest.mark.arcgrad_only

#: Modules that programs import, or reach as attributes of their parents.
PATHS = """
_C _dynamo _dynamo.config _dynamo.eval_frame cuda.nvtx functional fx.experimental.proxy_tensor fx.passes.shape_prop library
nn.common_types nn.parallel.scatter_gather quasirandom torch_version utils.data.datapipes.iter.combinatorics utils.module_tracker _inductor _jit_internal accelerator amp backends backends.cuda backends.cudnn backends.mkl backends.mps
backends.openmp classes compiler cuda cuda.amp cuda.nccl cuda.sparse distributed distributed._tensor distributed._tensor.device_mesh
distributed._composable distributed._composable.fsdp distributed._tensor.experimental distributed.elastic.multiprocessing.errors
distributed.algorithms._checkpoint.checkpoint_wrapper distributed.autograd distributed.checkpoint distributed.checkpoint.default_planner
distributed.checkpoint.state_dict distributed.device_mesh distributed.fsdp distributed.fsdp.fully_sharded_data_parallel
distributed.fsdp.wrap distributed.nn distributed.optim distributed.rpc distributed.rpc.functions distributed.tensor
distributed.tensor.parallel export futures fx fx.node fx.proxy hub jit jit.annotations mps multiprocessing nn.attention nn.parallel onnx ops
sparse storage types utils.benchmark utils.collect_env utils.cpp_extension utils.model_zoo version
""".split()


@pytest.mark.parametrize("path", PATHS)
def test_a_module_is_there_by_import_and_as_attribute(path):
    module = importlib.import_module(f"arcgrad.{path}")
    assert module.__spec__.name == f"arcgrad.{path}"
    value = ag
    for part in path.split("."):
        value = getattr(value, part)
    assert value is module


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (lambda: ag.cuda.is_available(), False),
        (lambda: ag.cuda.device_count(), 0),
        (lambda: ag.cuda.is_bf16_supported(), False),
        (lambda: ag.cuda.max_memory_allocated(), 0),
        (lambda: ag.cuda.synchronize(), None),
        (lambda: ag.mps.is_available(), False),
        (lambda: ag.xpu.is_available(), False),
        (lambda: ag.backends.mps.is_available(), False),
        (lambda: ag.backends.mkl.is_available(), False),
        (lambda: ag.accelerator.is_available(), False),
        (lambda: ag.accelerator.current_accelerator(), None),
        (lambda: ag.distributed.is_available(), False),
        (lambda: ag.distributed.is_initialized(), False),
        (lambda: ag.distributed.rpc.is_available(), False),
        (lambda: ag.distributed.autograd.is_available(), False),
        (lambda: isinstance(3, ag.SymInt), False),
        (lambda: isinstance(ag.compile(ag.nn.Linear(1, 1)), ag._dynamo.eval_frame.OptimizedModule), False),
        (lambda: ag.jit.is_scripting(), False),
        (lambda: ag.jit.is_tracing(), False),
        (lambda: ag.compiler.is_compiling(), False),
        (lambda: ag.onnx.is_in_onnx_export(), False),
        (lambda: ag.is_autocast_enabled(), False),
        (lambda: ag._C._get_tracing_state(), None),
        (lambda: ag.version.cuda, None),
    ],
)
def test_questions_have_true_answers(question, answer):
    assert question() == answer


@pytest.mark.parametrize(
    "call",
    [
        lambda: ag.cuda.set_device(0),
        lambda: ag.cuda.Event(enable_timing=True),
        lambda: ag.cuda.FloatTensor(2),
        lambda: ag.cuda.get_device_name(),
        lambda: ag.accelerator.set_device_index(0),
        lambda: ag.distributed.init_process_group("gloo", rank=0, world_size=1),
        lambda: ag.distributed.fsdp.FullyShardedDataParallel(ag.nn.Linear(1, 1)),
        lambda: ag.fx.replace_pattern(None, None, None),
        lambda: ag.jit.save(ag.nn.Linear(1, 1), "file"),
        lambda: ag.onnx.export(ag.nn.Linear(1, 1), ag.ones(1), "file"),
        lambda: ag.export.export(ag.nn.Linear(1, 1), (ag.ones(1),)),
        lambda: ag.utils.cpp_extension.load("name", ["file.cpp"]),
        lambda: ag.hub.load("owner/repository", "model"),
    ],
)
def test_what_cannot_be_done_says_so(call):
    with pytest.raises(NotImplementedError, match=r"arcgrad\.[\w.]+ is not available: "):
        call()


def test_absent_names_can_be_mentioned():
    assert not isinstance(ag.ones(1), ag.cuda.FloatTensor)
    assert repr(ag.distributed.ReduceOp.SUM) == "<absent arcgrad.distributed.ReduceOp.SUM>"

    class Store(ag.distributed.Store):
        pass

    with pytest.raises(NotImplementedError):
        Store()
    assert ag.distributed.fsdp.FullyShardedDataParallel is ag.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel


def test_what_would_be_compiled_runs_as_it_is():
    def double(x):
        return 2 * x

    layer = ag.nn.Linear(2, 1)
    assert ag.jit.script(double) is double and ag.jit.ignore(double) is double and ag.jit.unused(double) is double
    assert ag.jit.trace(layer, example_inputs=ag.ones(2), check_trace=False) is layer
    assert isinstance(layer, ag.jit.ScriptModule) and not isinstance(ag.nn.Linear(2, 1), ag.jit.ScriptModule)
    assert ag.compile(layer, fullgraph=True, dynamic=False, mode="max-autotune", backend="inductor") is layer
    assert ag.compile(mode="reduce-overhead")(double) is double and ag._dynamo.disable(double) is double
    assert ag.jit.annotate(list[int], [1]) == [1]
    with pytest.raises(RuntimeError, match="Either mode or options"):
        ag.compile(layer, mode="default", options={})


@pytest.mark.parametrize(
    ("value", "kind", "answer"),
    [
        ([1, 2], list[int], True),
        ([1, "a"], list[int], False),
        ({"a": 1}, dict[str, int], True),
        ((1, "a"), tuple[int, str], True),
        (None, int | None, False),
        (3, (str, int), True),
    ],
)
def test_jit_isinstance_looks_into_containers(value, kind, answer):
    if kind == int | None:
        import typing

        kind, answer = typing.Optional[int], True
    assert ag.jit.isinstance(value, kind) is answer


def test_flags_keep_what_is_written():
    before = ag.backends.cudnn.deterministic
    with ag.backends.cudnn.flags(enabled=False, deterministic=True):
        assert ag.backends.cudnn.deterministic and not ag.backends.cudnn.enabled
    assert ag.backends.cudnn.deterministic is before and ag.backends.cudnn.enabled
    with ag.backends.cuda.sdp_kernel(enable_flash=False):
        assert not ag.backends.cuda.flash_sdp_enabled()
    assert ag.backends.cuda.flash_sdp_enabled()
    ag.use_deterministic_algorithms(True, warn_only=True)
    assert ag.are_deterministic_algorithms_enabled() and ag.get_deterministic_debug_mode() == 1
    ag.use_deterministic_algorithms(False)
    ag.set_float32_matmul_precision("high")
    assert ag.get_float32_matmul_precision() == "high"
    ag.set_float32_matmul_precision("highest")


def test_regions_for_devices_that_are_not_there_cast_nothing():
    x = ag.ones(2, 2)
    with pytest.warns(UserWarning, match="no such device"), ag.cuda.amp.autocast():
        assert not ag.is_autocast_enabled()
        assert (x @ x).dtype is ag.float32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ag.autocast("cuda", enabled=False):
            assert (x @ x).dtype is ag.float32


def test_a_scaler_leaves_out_steps_whose_gradients_are_not_finite():
    scaler = ag.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    p = ag.nn.Parameter(ag.tensor([1.0]))
    optimizer = ag.optim.SGD([p], lr=0.5)
    for factor, scale, value in ((1.0, 8.0, 0.5), (1.0, 16.0, 0.0), (float("inf"), 8.0, 0.0), (1.0, 8.0, -0.5)):
        optimizer.zero_grad()
        scaler.scale(p.sum() * factor).backward()
        scaler.step(optimizer)
        scaler.update()
        assert (scaler.get_scale(), p.item()) == (scale, value)
    scaler.scale(p.sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called"):
        scaler.unscale_(optimizer)
    other = ag.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.get_scale() == scaler.get_scale()


def test_a_scaler_for_a_device_that_is_not_there_passes_on():
    with pytest.warns(UserWarning, match="disabled"):
        scaler = ag.cuda.amp.GradScaler()
    p = ag.nn.Parameter(ag.tensor([1.0]))
    optimizer = ag.optim.SGD([p], lr=0.5)
    scaler.scale(p.sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert (p.item(), scaler.get_scale(), scaler.state_dict()) == (0.5, 1.0, {})


def test_files_are_downloaded_whole_or_not_at_all(tmp_path):
    source = tmp_path / "weights-0123.safetensors"
    ag.save({"w": ag.arange(3.0)}, source)
    url = source.as_uri()
    folder = tmp_path / "models"
    assert ag.hub.load_state_dict_from_url(url, folder, map_location="cpu", progress=False)["w"].tolist() == [0.0, 1.0, 2.0]
    assert [path.name for path in folder.iterdir()] == ["weights-0123.safetensors"]
    with pytest.raises(RuntimeError, match="invalid hash value"):
        ag.hub.load_state_dict_from_url(url, tmp_path / "others", check_hash=True, progress=False)
    assert list((tmp_path / "others").iterdir()) == []


def _write(index, path):
    if index == 1 and path.endswith("fail"):
        raise ValueError("from the second")
    open(f"{path}{index}", "w").close()


def test_spawn_runs_a_function_in_processes(tmp_path):
    ag.multiprocessing.start_processes(_write, (str(tmp_path / "p"),), nprocs=2, start_method="fork")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p0", "p1"]
    with pytest.raises(ag.multiprocessing.ProcessRaisedException, match="from the second"):
        ag.multiprocessing.start_processes(_write, (str(tmp_path / "fail"),), nprocs=2, start_method="fork")


def test_devices_can_be_named_and_not_used():
    for text, kind, index in (("cuda", "cuda", None), ("cuda:1", "cuda", 1), ("mps", "mps", None)):
        device = ag.device(text)
        assert (device.type, device.index, str(device)) == (kind, index, text)
        assert device != ag.device("cpu") and device == ag.device(kind, index) and hash(device) == hash(ag.device(text))
        for use in (
            lambda d: ag.zeros(2, device=d),
            lambda d: ag.ones(2).to(d),
            lambda d: ag.Generator(device=d),
            ag.set_default_device,
        ):
            with pytest.raises(RuntimeError, match=f"arcgrad computes on the CPU only: there is no device '{text}'"):
                use(device)
    with pytest.raises(RuntimeError, match="Expected one of cpu, cuda, .* at start of device string: gpu"):
        ag.device("gpu")
    with ag.device("cpu"):
        assert ag.zeros(1).device == ag.get_default_device()


def test_channels_last_is_an_order_of_elements():
    x = ag.arange(48.0).reshape(2, 3, 2, 4)
    last = x.to(memory_format=ag.channels_last)
    assert last.stride() == (24, 1, 12, 3) and last.tolist() == x.tolist()
    assert last.is_contiguous(memory_format=ag.channels_last) and not last.is_contiguous()
    assert not x.is_contiguous(memory_format=ag.channels_last)
    assert (
        x.contiguous(memory_format=ag.channels_last).stride() == x.clone(memory_format=ag.channels_last).stride() == last.stride()
    )
    assert ag.zeros_like(x, memory_format=ag.channels_last).stride() == last.stride()
    assert last.to(memory_format=ag.channels_last) is last and last.contiguous().stride() == x.stride()
    volume = ag.ones(1, 2, 2, 2, 2).contiguous(memory_format=ag.channels_last_3d)
    assert volume.stride() == (16, 1, 8, 4, 2)
    with pytest.raises(RuntimeError, match="required rank 4 tensor to use channels_last format"):
        ag.ones(2, 3).contiguous(memory_format=ag.channels_last)
    w = x.clone().requires_grad_()
    (w.to(memory_format=ag.channels_last) * x).sum().backward()
    assert w.grad.tolist() == x.tolist()
    layer = ag.nn.Conv2d(3, 2, 1).to(memory_format=ag.channels_last)
    assert layer.weight.is_contiguous(memory_format=ag.channels_last)


def test_a_forked_call_has_been_made_when_it_is_waited_for():
    future = ag.jit.fork(lambda x, y: x + y, ag.ones(1), y=2)
    assert future.done() and ag.jit.wait(future).tolist() == [3.0]
    with pytest.raises(ZeroDivisionError):
        ag.jit.fork(lambda: 1 / 0)


def test_volatile_says_that_it_is_gone():
    with pytest.warns(UserWarning, match="volatile was removed"):
        assert ag.ones(1).volatile is False


def test_the_scale_of_a_scaler_is_a_tensor_that_is_made_when_it_is_needed():
    scaler = ag.amp.GradScaler("cpu", init_scale=4.0, growth_interval=1)
    assert scaler._scale is None and scaler.get_scale() == 4.0
    p = ag.nn.Parameter(ag.tensor([1.0, 2.0]))
    optimizer = ag.optim.SGD([p], lr=0.5)
    scaler.scale(p.sum()).backward()
    assert scaler._scale.dtype is ag.float32 and scaler._growth_tracker.item() == 0
    assert [found.item() for found in scaler._check_inf_per_device(optimizer).values()] == [0.0]
    with pytest.raises(AssertionError, match="may only be pickled at the beginning of an iteration"):
        pickle.dumps(scaler)
    scaler.step(optimizer)
    scaler.update()
    other = pickle.loads(pickle.dumps(scaler))
    assert (other.get_scale(), other.is_enabled(), p.tolist()) == (8.0, True, [0.5, 1.5])


def test_a_scaler_refuses_gradients_of_half_precision():
    p = ag.nn.Parameter(ag.ones(2, dtype=ag.float16))
    scaler = ag.amp.GradScaler("cpu")
    scaler.scale(p.float().sum()).backward()
    with pytest.raises(ValueError, match="Attempting to unscale FP16 gradients"):
        scaler.unscale_(ag.optim.SGD([p], lr=0.5))


def test_an_optimizer_that_scales_by_itself_is_told_the_scale():
    class Own(ag.optim.SGD):
        _step_supports_amp_scaling = True

        def step(self, closure=None):
            seen.append((self.grad_scale.item(), self.found_inf.item()))

    seen, p = [], ag.nn.Parameter(ag.tensor([1.0]))
    scaler, optimizer = ag.amp.GradScaler("cpu", init_scale=2.0), Own([p], lr=0.5)
    scaler.scale(p.sum() * float("inf")).backward()
    scaler.step(optimizer)
    scaler.update()
    assert seen == [(2.0, 1.0)] and scaler.get_scale() == 1.0 and not hasattr(optimizer, "grad_scale")


def test_the_old_names_of_mixed_precision_on_the_cpu():
    with pytest.warns(FutureWarning, match="torch.cpu.amp.autocast"), ag.cpu.amp.autocast():
        assert (ag.ones(2, 2) @ ag.ones(2, 2)).dtype is ag.bfloat16
    with pytest.warns(FutureWarning, match="torch.cpu.amp.GradScaler"):
        assert ag.cpu.amp.GradScaler(init_scale=2.0).get_scale() == 2.0
    with ag.cpu.stream(ag.cpu.Stream()) as nothing:
        assert nothing is None and isinstance(ag.cpu.current_stream(), ag.cpu.Stream)
