//! Layouts, casts and threads around the inner loop of an elementwise formula.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use std::ptr;

use super::copy::{gather, scatter, stride_list};
use super::plan::{BLOCK, Operand, PerAxis, Plan, address, is_dense};
use super::scratch::with_scratch;
use super::{In, Kernel, MAX_OPERANDS, Out, ROWS, Rows, STREAMS, Still, encode, is_row_major, require, rows_pay};
use arcgrad_base::dtype::DType;
use arcgrad_base::parallel;
use arcgrad_base::scalar::Scalar;

/// Picoseconds that a chunk should take: long against the 0.1 µs that taking one costs, short against the time that
/// threads may wait for each other at the end.
const CHUNK_COST: u64 = 10_000_000;

/// Most elements of a chunk.
const CHUNK: usize = 1 << 15;

/// Contiguous rows shorter than this are gathered into a block rather than handed to the loop one by one.
const ROW: usize = 64;

/// Length of rows from which a loop that does not walk rows itself is called for each of them. Below, what is the same along a row,
/// or for all rows, is written out into a block, and the loop is called once for it: a call takes 20 ns of its own. (100 elements
/// added to each of 1,024 rows took 35 µs row by row, three times what PyTorch takes; 4,096 added to each of 64 about as long as
/// there. What lies between has not been measured.)
const REPEATED: usize = 512;

/// Picoseconds per element, and inputs, of a formula that is done with a group of lanes sooner than memory is, in narrow registers as
/// well. (With three inputs `clamp` of 101,376 elements took 14.7 µs in these and 9.3 in wide ones.)
const CHEAP: (u32, usize) = (250, 2);

/// Operands of nearly all kernels: three inputs and an output, say.
const FEW: usize = 4;

/// Picoseconds per element for each operand that has to be gathered, scattered or converted.
const GATHER_COST: u64 = 400;

/// Sides of a box that is read along one axis and written along another: rows long enough for the loop, columns of two
/// cache lines of 4-byte elements.
const TILE: (usize, usize) = (128, BLOCK / 128);

/// Most axes of a loop that [`run_small`] takes.
const SMALL_RANK: usize = 8;

/// Bytes of an element of the widest dtype.
const WIDEST: usize = 16;

/// Bytes between the blocks of a scratch buffer beyond their size: blocks that lie a multiple of 4,096 bytes apart
/// compete for the same sets of the cache, and loads from one wait for stores to another.
const STAGGER: usize = 192;

/// Runs an elementwise kernel over operands of one shape and any layouts and dtypes. The output may be exactly an input:
/// the same address, dtype and strides.
///
/// # Panics
/// Where the shapes differ, or the kernel wants another number of inputs or parameters.
#[inline]
pub fn apply(kernel: &Kernel, params: &[Scalar], inputs: &[In<'_>], output: Out<'_>) {
    let shape = output.shape;
    require(inputs.len() == kernel.inputs(), "as many inputs as the formula has");
    require(params.len() == kernel.params(), "as many parameters as the formula has");
    inputs.iter().for_each(|input| input.require_shape(shape));
    // SAFETY: the kernel has been given what it expects, and every operand is valid for the shape.
    unsafe { map(kernel, encode(params, kernel.input).as_ptr(), shape, inputs, &[output]) }
}

impl Kernel {
    /// The loop itself over elements that lie as it wants them.
    ///
    /// # Safety
    /// There are as many parameters and addresses of inputs as the kernel has, which is a formula's; `n` elements of its
    /// dtypes lie at each address, one where an input is `still`, the output exactly on an input or apart from all.
    #[inline]
    pub unsafe fn run_dense(&self, params: &[Scalar], inputs: &[*const u8], output: *mut u8, n: usize, still: Still) {
        debug_assert!(self.repeats || still == 0);
        // SAFETY: as promised by the caller.
        unsafe {
            let run = |params| (self.run)(params, inputs.as_ptr(), &raw const output, n, still);
            // Most have none, and do without the room for them.
            if params.is_empty() { run(ptr::dangling()) } else { run(encode(params, self.input).as_ptr()) }
        }
    }
}

/// [`apply`] with any number of outputs.
///
/// `params` points to the kernel's parameters. Operands whose dtype is not the kernel's are converted block by block, as
/// [`copy`](super::copy::copy) does.
///
/// # Safety
/// `params` is what the kernel expects; the numbers of operands are what it expects and at most [`MAX_OPERANDS`] on each
/// side. Every operand is valid for `shape` with its strides. No output overlaps itself or another output, and each is
/// disjoint from every input or exactly the same (address, dtype, strides).
#[inline]
pub(super) unsafe fn map(kernel: &Kernel, params: *const u64, shape: &[usize], inputs: &[In], outputs: &[Out]) {
    let still = inputs.iter().enumerate().fold(0, |still, (k, x)| {
        let is_still = kernel.repeats && x.dtype == kernel.input && x.strides.iter().all(|&stride| stride == 0);
        still | Still::from(is_still) << k
    });
    let fits =
        |(k, x): (usize, &In<'_>)| still >> k & 1 != 0 || (x.dtype == kernel.input && is_row_major(shape, x.strides));
    let dense = inputs.iter().enumerate().all(fits)
        && outputs.iter().all(|y| y.dtype == kernel.output && is_row_major(shape, y.strides));
    if dense {
        // Wrapping: next to an axis of size 0 the others may be of any size.
        let n = shape.iter().fold(1, |n: usize, &size| n.wrapping_mul(size));
        let mut operands = Addresses::new();
        operands.inputs.iter_mut().zip(inputs).for_each(|(to, x)| *to = x.ptr);
        operands.outputs.iter_mut().zip(outputs).for_each(|(to, y)| *to = y.ptr);
        // SAFETY: as promised by the caller.
        unsafe { run_dense(kernel, params, n, &operands, still, inputs.len(), outputs.len()) }
    } else if !shape.contains(&0) {
        // SAFETY: as promised by the caller.
        unsafe {
            if is_small(shape) {
                run_small(kernel, params, shape, inputs, outputs);
            } else if inputs.len() + outputs.len() <= FEW {
                run_blocks::<FEW>(kernel, params, shape, inputs, outputs);
            } else {
                run_blocks::<{ 2 * MAX_OPERANDS }>(kernel, params, shape, inputs, outputs);
            }
        }
    }
}

/// One address per operand, as a loop wants them.
#[derive(Clone, Copy)]
struct Addresses {
    inputs: [*const u8; MAX_OPERANDS],
    outputs: [*mut u8; MAX_OPERANDS],
}

// SAFETY: plain addresses; the caller of `map` vouches for the memory.
unsafe impl Sync for Addresses {}

impl Addresses {
    #[inline]
    fn new() -> Self {
        Self { inputs: [ptr::null(); MAX_OPERANDS], outputs: [ptr::null_mut(); MAX_OPERANDS] }
    }
}

/// The parameters of a kernel, shared among threads.
#[derive(Clone, Copy)]
struct Params(*const u64);

// SAFETY: formulas are `Sync`, and loops only read them.
unsafe impl Sync for Params {}

impl Params {
    fn get(self) -> *const u64 {
        self.0
    }
}

/// Elements per chunk for a kernel of this cost per element: depends on nothing else, so that chunks are the same for
/// any number of threads.
fn chunk_len(cost: u64) -> usize {
    ((CHUNK_COST / cost.max(1)) as usize).clamp(BLOCK, CHUNK) / BLOCK * BLOCK
}

/// All operands contiguous and of the kernel's dtypes, but for inputs that are still.
///
/// # Safety
/// As for [`map`]: `n` contiguous elements of the kernel's dtypes at each address, or one that is still.
#[inline]
unsafe fn run_dense(
    kernel: &Kernel,
    params: *const u64,
    n: usize,
    operands: &Addresses,
    still: Still,
    inputs: usize,
    outputs: usize,
) {
    if n <= BLOCK {
        if n > 0 {
            // SAFETY: as promised by the caller.
            unsafe { (kernel.run)(params, operands.inputs.as_ptr(), operands.outputs.as_ptr(), n, still) };
        }
        return;
    }
    let cost = u64::from(kernel.cost);
    let chunk_len = chunk_len(cost);
    let params = Params(params);
    let passing = streams(kernel);
    parallel::run(n.div_ceil(chunk_len), cost.saturating_mul(n as u64), &|chunk| {
        let start = chunk * chunk_len;
        let mut part = *operands;
        for (_, input) in part.inputs[..inputs].iter_mut().enumerate().filter(|(k, _)| still >> k & 1 == 0) {
            *input = input.wrapping_add(start * kernel.input.size());
        }
        for output in &mut part.outputs[..outputs] {
            *output = output.wrapping_add(start * kernel.output.size());
        }
        let n = chunk_len.min(n - start);
        // SAFETY: the chunks partition the n elements.
        unsafe { (kernel.run)(params.get(), part.inputs.as_ptr(), part.outputs.as_ptr(), n, still | passing) };
    });
}

/// Whether what is the same along rows of `n` elements, or for all of them, is not repeated into a block.
fn takes_rows(kernel: &Kernel, outputs: usize, n: usize) -> bool {
    if walks_rows(kernel, outputs) { rows_pay(kernel.input, n) } else { n >= REPEATED }
}

/// Whether the loop is a formula's, which walks [`ROWS`] itself.
fn walks_rows(kernel: &Kernel, outputs: usize) -> bool {
    kernel.repeats && outputs == 1
}

/// What a loop over more than a block is told of it.
fn streams(kernel: &Kernel) -> Still {
    // Integers have no narrow instructions for some of what they have wide ones for.
    let floats = kernel.input == kernel.output && matches!(kernel.input, DType::F32 | DType::F64);
    let cheap = floats && kernel.cost <= CHEAP.0 && kernel.inputs() <= CHEAP.1;
    if kernel.repeats && cheap { STREAMS } else { 0 }
}

/// Whether [`run_small`] takes a loop of this shape.
fn is_small(shape: &[usize]) -> bool {
    shape.len() <= SMALL_RANK
        && shape.iter().try_fold(1, |n: usize, size| n.checked_mul(*size)).is_some_and(|n| n <= BLOCK)
}

/// A loop of one block: whatever does not lie as the loop wants it goes through scratch memory, in the order of the
/// shape. Working out a better order costs more here than it saves.
///
/// # Safety
/// As for [`map`], of a shape that [`is_small`] and that has no axis of size 0.
#[inline(never)]
unsafe fn run_small(kernel: &Kernel, params: *const u64, shape: &[usize], inputs: &[In], outputs: &[Out]) {
    let n: usize = shape.iter().product();
    // Room for any dtype: what is not touched costs nothing.
    let block_bytes = (n * WIDEST).next_multiple_of(64) + STAGGER;
    with_scratch(block_bytes * (inputs.len() + outputs.len() + 1), |scratch| {
        let block = |operand: usize| scratch.wrapping_add(operand * block_bytes);
        let spare = block(inputs.len() + outputs.len());
        let mut operands = Addresses::new();
        let mut still: Still = 0;
        for (i, x) in inputs.iter().enumerate() {
            operands.inputs[i] = if kernel.repeats
                && x.dtype == kernel.input
                && shape.iter().zip(x.strides).all(|(&size, &stride)| size == 1 || stride == 0)
            {
                still |= 1 << i;
                x.ptr
            } else if x.dtype == kernel.input && is_row_major(shape, x.strides) {
                x.ptr
            } else {
                let walk = Walk::new(shape, x.strides, x.dtype.size());
                // SAFETY: the operand is valid for the shape; a block has room for n elements of any dtype.
                unsafe { gather(walk.dims(), (x.ptr, x.dtype, walk.strides()), (block(i), kernel.input), spare) };
                block(i)
            };
        }
        let lies = |y: &Out<'_>| y.dtype == kernel.output && is_row_major(shape, y.strides);
        for (i, y) in outputs.iter().enumerate() {
            operands.outputs[i] = if lies(y) { y.ptr } else { block(inputs.len() + i) };
        }
        // SAFETY: n elements at each address; an output is an input as it lies, or overlaps none.
        unsafe { (kernel.run)(params, operands.inputs.as_ptr(), operands.outputs.as_ptr(), n, still) };
        for (i, y) in outputs.iter().enumerate().filter(|(_, y)| !lies(y)) {
            let walk = Walk::new(shape, y.strides, y.dtype.size());
            // SAFETY: as for the inputs, and the loop has filled the block.
            unsafe {
                scatter(walk.dims(), (block(inputs.len() + i), kernel.output), (y.ptr, y.dtype, walk.strides()), spare)
            };
        }
    });
}

/// The axes of one small operand, innermost first, merged where they are walked as one.
struct Walk {
    dims: [usize; SMALL_RANK],
    /// In bytes.
    strides: [isize; SMALL_RANK],
    axes: usize,
}

impl Walk {
    fn new(shape: &[usize], strides: &[isize], bytes: usize) -> Self {
        let mut walk = Self { dims: [1; SMALL_RANK], strides: [0; SMALL_RANK], axes: 0 };
        for (&size, &stride) in shape.iter().zip(strides).rev() {
            let stride = stride * bytes as isize;
            if size == 1 {
                continue;
            }
            if walk.axes > 0 {
                let inner = walk.axes - 1;
                if stride == walk.strides[inner] * walk.dims[inner] as isize {
                    walk.dims[inner] *= size;
                    continue;
                }
            }
            walk.dims[walk.axes] = size;
            walk.strides[walk.axes] = stride;
            walk.axes += 1;
        }
        walk
    }

    fn dims(&self) -> &[usize] {
        &self.dims[..self.axes]
    }

    fn strides(&self) -> &[isize] {
        &self.strides[..self.axes]
    }
}

/// The general case: axes simplified, then block by block. Outputs come first among the plan's operands, since their
/// layout decides the order of the axes.
///
/// # Safety
/// As for [`map`], of a shape that has no axis of size 0.
#[inline(never)]
unsafe fn run_blocks<const K: usize>(
    kernel: &Kernel,
    params: *const u64,
    shape: &[usize],
    inputs: &[In],
    outputs: &[Out],
) {
    let of_output = |y: &Out<'_>| (y.dtype, kernel.output);
    let of_input = |x: &In<'_>| (x.dtype, kernel.input);
    // Dtype in memory and in the loop, per operand.
    let dtypes: PerOperand = outputs.iter().map(of_output).chain(inputs.iter().map(of_input)).collect();
    let mut plan = Plan::<K>::new(shape, operands(inputs, outputs));
    let n = plan.len();
    let native = dtypes.iter().all(|(memory, lanes)| memory == lanes);
    let mut still: Still = 0;
    let dense = match plan.axes.as_slice() {
        [] => true,
        [axis] => (0..plan.operands).all(|i| {
            if kernel.repeats && i >= outputs.len() && axis.strides[i] == 0 {
                still |= 1 << (i - outputs.len());
                return true;
            }
            axis.strides[i] == dtypes[i].0.size() as isize
        }),
        _ => false,
    };
    if native && dense {
        let mut addresses = Addresses::new();
        addresses.outputs[..outputs.len()].copy_from_slice(&plan.ptrs[..outputs.len()]);
        for (to, &from) in addresses.inputs.iter_mut().zip(&plan.ptrs[outputs.len()..plan.operands]) {
            *to = from;
        }
        // SAFETY: all operands are contiguous and of the kernel's dtypes.
        return unsafe { run_dense(kernel, params, n, &addresses, still, inputs.len(), outputs.len()) };
    }

    // Where rows are handed to the loop as they lie, a box may be as large as a chunk: setting one up takes as long as a row of
    // 1,000 elements.
    let by_rows = native
        && takes_rows(kernel, outputs.len(), plan.axes[0].size)
        && (0..plan.operands).all(|i| {
            let stride = plan.axes[0].strides[i];
            stride == dtypes[i].0.size() as isize || (kernel.repeats && i >= outputs.len() && stride == 0)
        });
    let grid = if by_rows { plan.linear_boxes(chunk_len(u64::from(kernel.cost))) } else { plan.boxes(TILE) };
    // A box that is larger has no rows short enough to be gathered, but where its only row is the rest of an axis.
    let room = if by_rows { BLOCK } else { grid.box_len() };
    let strides = (0..plan.operands).map(|i| stride_list(&plan, i)).collect();
    let indirect = (0..plan.operands)
        .filter(|&i| {
            dtypes[i].0 != dtypes[i].1
                || plan.axes.first().is_some_and(|axis| axis.strides[i] != dtypes[i].0.size() as isize)
        })
        .count();
    let cost = u64::from(kernel.cost) + GATHER_COST * indirect as u64;
    let params = Params(params);
    let blocks = Blocks { kernel, params, plan: &plan, strides, dtypes, outputs: outputs.len() };
    let boxes = grid.len();
    let per_chunk = (chunk_len(cost) / grid.box_len()).max(1);
    parallel::run(boxes.div_ceil(per_chunk), cost.saturating_mul(n as u64), &|chunk| {
        with_scratch(blocks.scratch_bytes(room), |scratch| {
            let (mut origin, mut dims) = (PerAxis::new(), PerAxis::new());
            let mut present = Present::new();
            for index in chunk * per_chunk..boxes.min((chunk + 1) * per_chunk) {
                grid.locate(index, &mut origin, &mut dims);
                // SAFETY: the boxes partition the iteration space, and the scratch is this thread's own.
                unsafe { blocks.run_box(&origin, &dims, room, scratch, &mut present) };
            }
        });
    });
}

/// Outputs, then inputs.
fn operands<'a>(inputs: &'a [In], outputs: &'a [Out]) -> impl Iterator<Item = Operand<'a>> {
    let outputs = outputs.iter().map(|y| (y.ptr, y.dtype.size(), y.strides));
    outputs.chain(inputs.iter().map(|x| (x.ptr.cast_mut(), x.dtype.size(), x.strides)))
}

type PerOperand = smallvec::SmallVec<[(DType, DType); 4]>;

/// What [`run_blocks`] knows about all boxes.
struct Blocks<'a, const K: usize> {
    kernel: &'a Kernel,
    params: Params,
    plan: &'a Plan<K>,
    strides: smallvec::SmallVec<[PerAxis<isize>; 4]>,
    dtypes: PerOperand,
    outputs: usize,
}

/// What lies in an input's scratch block: a box that is the same as the one before (a broadcast operand) is not
/// gathered again. No output can be such a box: each element of it is written once.
struct Present {
    boxes: [*const u8; MAX_OPERANDS],
    dims: PerAxis<usize>,
}

impl Present {
    fn new() -> Self {
        Self { boxes: [ptr::null(); MAX_OPERANDS], dims: PerAxis::new() }
    }
}

/// How an operand is handed to the loop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// As it lies, the whole box at once.
    Whole,
    /// As it lies, row by row.
    Row,
    /// One element for the whole box.
    Still,
    /// One element for each row.
    StillRow,
    /// Through a scratch block.
    Scratch,
}

impl<const K: usize> Blocks<'_, K> {
    /// Bytes from one scratch block to the next.
    fn block_bytes(&self, box_len: usize) -> usize {
        let widest = self.dtypes.iter().map(|(memory, lanes)| memory.size().max(lanes.size())).max().unwrap_or(1);
        (box_len * widest).next_multiple_of(64) + STAGGER
    }

    /// One block per operand and one spare.
    fn scratch_bytes(&self, box_len: usize) -> usize {
        self.block_bytes(box_len) * (self.dtypes.len() + 1)
    }

    fn takes_rows(&self, n: usize) -> bool {
        takes_rows(self.kernel, self.outputs, n)
    }

    fn access(&self, operand: usize, dims: &[usize]) -> Access {
        let (memory, lanes) = self.dtypes[operand];
        let strides = &self.strides[operand];
        let may_be_still = self.kernel.repeats && operand >= self.outputs;
        if memory != lanes {
            Access::Scratch
        } else if may_be_still && dims.iter().zip(strides).all(|(&dim, &stride)| dim == 1 || stride == 0) {
            Access::Still
        } else if is_dense(dims, strides.iter().copied(), memory.size()) {
            Access::Whole
        } else if strides[0] == memory.size() as isize && (self.takes_rows(dims[0]) || dims[0] >= ROW) {
            // A row that is the same for all, and no whole number of groups: gathered once, for one run over the box.
            let repeated = operand >= self.outputs && strides[1..].iter().all(|&stride| stride == 0);
            if repeated && !self.takes_rows(dims[0]) { Access::Scratch } else { Access::Row }
        } else if may_be_still && strides[0] == 0 && self.takes_rows(dims[0]) {
            Access::StillRow
        } else {
            Access::Scratch
        }
    }

    /// Runs the kernel over one box.
    ///
    /// # Safety
    /// The box lies within the plan; `scratch` has `scratch_bytes(box_len)` bytes and what `present` says in it. Operands that
    /// are gathered or scattered have at most `box_len` elements in a box.
    unsafe fn run_box(
        &self,
        origin: &[usize],
        dims: &PerAxis<usize>,
        box_len: usize,
        scratch: *mut u8,
        present: &mut Present,
    ) {
        let n: usize = dims.iter().product();
        let block_bytes = self.block_bytes(box_len);
        let block = |operand: usize| scratch.wrapping_add(operand * block_bytes);
        let spare = block(self.dtypes.len());
        let mut addresses = Addresses::new();
        let mut accesses = [Access::Whole; 2 * MAX_OPERANDS];
        for operand in 0..self.dtypes.len() {
            let access = self.access(operand, dims);
            accesses[operand] = access;
            let memory = address(self.plan, operand, origin);
            let at = if access == Access::Scratch { block(operand) } else { memory };
            if operand < self.outputs {
                addresses.outputs[operand] = at;
                continue;
            }
            let input = operand - self.outputs;
            addresses.inputs[input] = at;
            if access == Access::Scratch && present.dims != *dims {
                *present = Present::new();
                present.dims.clone_from(dims);
            }
            if access == Access::Scratch && present.boxes[input] != memory.cast_const() {
                present.boxes[input] = memory;
                let (from, to) = self.dtypes[operand];
                // SAFETY: the box is valid, the blocks have room for it.
                unsafe { gather(dims, (memory, from, &self.strides[operand]), (at, to), spare) };
            }
        }
        // SAFETY: every address is good for the box in the kernel's dtypes, row by row where rows are apart.
        unsafe {
            if accesses.iter().any(|access| matches!(access, Access::Row | Access::StillRow)) {
                self.run_rows(dims, &mut addresses, &accesses);
            } else {
                let (inputs, outputs) = (addresses.inputs.as_ptr(), addresses.outputs.as_ptr());
                (self.kernel.run)(self.params.get(), inputs, outputs, n, self.still(&accesses) | streams(self.kernel));
            }
        }
        for output in 0..self.outputs {
            if accesses[output] == Access::Scratch {
                let (to, from) = self.dtypes[output];
                let memory = address(self.plan, output, origin);
                // SAFETY: the box is valid, and the loop has filled the block.
                unsafe { scatter(dims, (block(output), from), (memory, to, &self.strides[output]), spare) };
            }
        }
    }

    /// The inputs that are one element for as long as the loop runs.
    fn still(&self, accesses: &[Access]) -> Still {
        let inputs = accesses[self.outputs..self.dtypes.len()].iter().enumerate();
        inputs
            .filter(|(_, access)| matches!(access, Access::Still | Access::StillRow))
            .fold(0, |still, (k, _)| still | 1 << k)
    }

    /// Runs the kernel over a box row by row.
    ///
    /// # Safety
    /// As for [`Self::run_box`], whose addresses and accesses these are: an operand that is walked neither by rows nor
    /// still has the whole box in a row.
    unsafe fn run_rows(&self, dims: &[usize], addresses: &mut Addresses, accesses: &[Access]) {
        let n = dims[0];
        let by_row = |operand: usize| matches!(accesses[operand], Access::Row | Access::StillRow | Access::Still);
        // The loop of a formula walks the rows of an axis itself.
        let together = walks_rows(self.kernel, self.outputs) && rows_pay(self.kernel.input, n);
        let still = self.still(accesses) | streams(self.kernel);
        let (first, rows) = if together { (2.min(dims.len()), dims.get(1).map_or(1, |&rows| rows)) } else { (1, 1) };
        let step = |operand: usize| {
            let row = (n * self.dtypes[operand].1.size()) as isize;
            if by_row(operand) { self.strides[operand].get(1).map_or(0, |&stride| stride) } else { row }
        };
        let (dims, outer) = (&dims[first..], first);
        let mut index: PerAxis<usize> = dims.iter().map(|_| 0).collect();
        let mut operands = Rows { inputs: addresses.inputs, count: rows, steps: [0; MAX_OPERANDS], step_out: step(0) };
        for (input, to) in operands.steps[..self.dtypes.len() - self.outputs].iter_mut().enumerate() {
            *to = step(self.outputs + input);
        }
        for _ in 0..dims.iter().product() {
            // SAFETY: as promised by the caller.
            unsafe {
                let (inputs, outputs) = (addresses.inputs.as_ptr(), addresses.outputs.as_ptr());
                if together {
                    operands.inputs = addresses.inputs;
                    let inputs = (&raw const operands).cast();
                    (self.kernel.run)(self.params.get(), inputs, outputs, n, still | ROWS);
                } else {
                    (self.kernel.run)(self.params.get(), inputs, outputs, n, still);
                }
            }
            // The axis that moves by one; all inner ones go back to their start.
            let Some(axis) = (0..index.len()).find(|&axis| index[axis] + 1 < dims[axis]) else { break };
            for operand in 0..self.dtypes.len() {
                let step = if by_row(operand) {
                    let strides = &self.strides[operand][outer..];
                    let back: isize = (0..axis).map(|inner| index[inner] as isize * strides[inner]).sum();
                    strides[axis] - back
                } else {
                    (n * rows * self.dtypes[operand].1.size()) as isize
                };
                if operand < self.outputs {
                    addresses.outputs[operand] = addresses.outputs[operand].wrapping_offset(step);
                } else {
                    let input = &mut addresses.inputs[operand - self.outputs];
                    *input = input.wrapping_offset(step);
                }
            }
            index[..axis].fill(0);
            index[axis] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;
    use crate::testing::{Array, DTYPES, Number, Rng, indices};
    use arcgrad_base::parallel::set_num_threads;

    /// `2 x + y`, and whether it is positive, over elements of one type.
    ///
    /// # Safety
    /// Two inputs and an output of `n` elements, and a parameter.
    unsafe fn test_loop<T: Element + Number, U: Element + Number, const PREDICATE: bool>(
        params: *const u64,
        inputs: *const *const u8,
        outputs: *const *mut u8,
        n: usize,
        still: Still,
    ) {
        // SAFETY: the tests pass two inputs, one or two outputs and an `f64`, or rows of such.
        unsafe {
            if still & ROWS != 0 {
                let rows = &*inputs.cast::<Rows>();
                for row in 0..rows.count as isize {
                    let x = [0, 1].map(|k| rows.inputs[k].wrapping_offset(rows.steps[k] * row));
                    let z = (*outputs).wrapping_offset(rows.step_out * row);
                    test_loop::<T, U, PREDICATE>(params, x.as_ptr(), &raw const z, n, still & !ROWS);
                }
                return;
            }
            let factor = f64::from_bits(params.read());
            let (x, y, z) = ((*inputs).cast::<T>(), (*inputs.add(1)).cast::<T>(), (*outputs).cast::<U>());
            let [x_step, y_step] = [0, 1].map(|k| usize::from(still >> k & 1 == 0));
            for i in 0..n {
                let value = factor * x.add(i * x_step).read().number() + y.add(i * y_step).read().number();
                z.add(i).write(U::from_number(if PREDICATE { f64::from(value > 0.0) } else { value }));
            }
        }
    }

    fn kernel(index: usize) -> (Kernel, bool) {
        let (run, input, output, predicate): (crate::LoopFn, _, _, _) = match index {
            0 => (test_loop::<f32, f32, false>, DType::F32, DType::F32, false),
            1 => (test_loop::<f64, f64, false>, DType::F64, DType::F64, false),
            2 => (test_loop::<i32, i32, false>, DType::I32, DType::I32, false),
            _ => (test_loop::<f32, crate::element::B8, true>, DType::F32, DType::Bool, true),
        };
        // A high cost, so that helpers take part.
        (Kernel { run, input, output, inputs: 2, params: 1, cost: 100_000, repeats: true }, predicate)
    }

    /// [`map`], or every other time the way that small loops do not take by themselves.
    ///
    /// # Safety
    /// As for [`map`].
    unsafe fn map_either_way(
        turn: u64,
        kernel: &Kernel,
        params: *const u64,
        shape: &[usize],
        inputs: &[In],
        outputs: &[Out],
    ) {
        // SAFETY: as promised by the caller.
        unsafe {
            if turn.is_multiple_of(2) || shape.contains(&0) {
                map(kernel, params, shape, inputs, outputs);
            } else {
                run_blocks::<FEW>(kernel, params, shape, inputs, outputs);
            }
        }
    }

    #[test]
    fn any_layout_and_dtype() {
        let factor = 2.0f64.to_bits();
        for seed in 0..2000 {
            let mut rng = Rng(seed);
            let shape = rng.shape();
            let (kernel, predicate) = kernel(rng.below(4));
            let native = rng.one_in(2);
            // Small values: exact in every dtype, also twice themselves plus another.
            let mut operand = |dtype: DType, broadcast| {
                let mut values = Rng(rng.next());
                Array::random_layout(&mut rng, dtype, &shape, broadcast).filled(|| match dtype {
                    DType::Bool => values.below(2) as f64,
                    DType::U8 => values.below(40) as f64,
                    _ => values.below(80) as f64 - 40.0,
                })
            };
            let (x, y, mut z) = if native {
                (operand(kernel.input, true), operand(kernel.input, true), operand(kernel.output, false))
            } else {
                let mut dtype = Rng(!seed);
                (
                    operand(dtype.pick(&DTYPES), true),
                    operand(dtype.pick(&DTYPES), true),
                    operand(if predicate { DType::Bool } else { dtype.pick(&DTYPES[3..]) }, false),
                )
            };
            // SAFETY: three arrays of that shape.
            unsafe {
                map_either_way(seed, &kernel, &raw const factor, &shape, &[x.input(), y.input()], &[z.output()]);
            }
            for index in indices(&shape) {
                let value = 2.0 * x.get(&index) + y.get(&index);
                let expected = if predicate { f64::from(value > 0.0) } else { value };
                assert_eq!(z.get(&index), expected, "seed {seed} at {index:?} of {shape:?}");
            }
        }
    }

    #[test]
    fn an_output_may_be_an_input() {
        let factor = 2.0f64.to_bits();
        for seed in 0..1000 {
            let mut rng = Rng(seed);
            let shape = rng.shape();
            let (kernel, _) = kernel(rng.below(3));
            let dtype = rng.pick(&[kernel.output, DType::I64]);
            let mut values = Rng(!seed);
            let mut z = Array::random_layout(&mut rng, dtype, &shape, false).filled(|| values.below(80) as f64);
            let before: Vec<f64> = indices(&shape).iter().map(|index| z.get(index)).collect();
            let output = z.output();
            let input = In { ptr: output.ptr, dtype, shape: output.shape, strides: output.strides };
            // SAFETY: one array of that shape, as output and as both inputs.
            unsafe { map_either_way(seed, &kernel, &raw const factor, &shape, &[input, input], &[output]) };
            for (index, before) in indices(&shape).iter().zip(before) {
                assert_eq!(z.get(index), 3.0 * before, "seed {seed} at {index:?} of {shape:?}");
            }
        }
    }

    #[test]
    fn sixty_four_axes() {
        let factor = 2.0f64.to_bits();
        let mut shape = vec![1; 64];
        for axis in [3, 20, 21, 50, 63] {
            shape[axis] = 2;
        }
        let x = Array::random_layout(&mut Rng(1), DType::F32, &shape, false).filled(|| 3.0);
        let mut z = Array::random_layout(&mut Rng(2), DType::F32, &shape, false);
        // SAFETY: arrays of that shape.
        unsafe { map(&kernel(0).0, &raw const factor, &shape, &[x.input(), x.input()], &[z.output()]) };
        assert!(z.bits().iter().all(|&bits| f64::from_bits(bits) == 9.0));
    }

    #[test]
    fn two_outputs_and_a_large_transposed_input() {
        /// # Safety
        /// Two inputs and two outputs of `n` elements of `f32`.
        unsafe fn sum_and_difference(
            _: *const u64,
            inputs: *const *const u8,
            outputs: *const *mut u8,
            n: usize,
            _: Still,
        ) {
            // SAFETY: two inputs and two outputs of f32.
            unsafe {
                for i in 0..n {
                    let (x, y) = ((*inputs).cast::<f32>().add(i).read(), (*inputs.add(1)).cast::<f32>().add(i).read());
                    (*outputs).cast::<f32>().add(i).write(x + y);
                    (*outputs.add(1)).cast::<f32>().add(i).write(x - y);
                }
            }
        }
        let kernel = Kernel {
            run: sum_and_difference,
            input: DType::F32,
            output: DType::F32,
            inputs: 2,
            params: 0,
            cost: 200,
            repeats: false,
        };
        let (n, m) = (300, 1100);
        let mut rng = Rng(3);
        let x = Array::dense(DType::F32, &[n, m]).filled(|| rng.below(1000) as f64);
        let mut y = Array::dense(DType::F32, &[m, n]).filled(|| rng.below(1000) as f64);
        y.shape.swap(0, 1);
        y.strides.swap(0, 1);
        let (mut s, mut d) = (Array::dense(DType::F32, &[n, m]), Array::dense(DType::F32, &[n, m]));
        for threads in [1, 2, 5] {
            set_num_threads(threads);
            // SAFETY: four arrays of that shape.
            unsafe { map(&kernel, ptr::null(), &[n, m], &[x.input(), y.input()], &[s.output(), d.output()]) };
            for index in indices(&[n, m]) {
                assert_eq!(s.get(&index), x.get(&index) + y.get(&index));
                assert_eq!(d.get(&index), x.get(&index) - y.get(&index));
            }
        }
    }
}
