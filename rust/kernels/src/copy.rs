//! Copies between any two layouts and dtypes.

use std::marker::PhantomData;
use std::ptr;

use super::cast::{cast_kernel, cast_run};
use super::float::group_done;
use super::plan::{PerAxis, Plan, address};
use super::{In, Out, is_row_major, map, require};
use arcgrad_base::parallel;

/// Picoseconds per byte moved: about 10 GB/s on one core, read and written.
const COST_PER_BYTE: u64 = 100;

/// Bytes of a chunk of a contiguous copy: about 10 µs of work.
const CHUNK_BYTES: usize = 1 << 17;

/// Elements that are copied without a plan, which takes longer to make.
const FEW: usize = 256;

/// Sides of the tiles that are copied from one axis order to another: each page that is touched serves for a kilobyte
/// of 4-byte elements, and the pages and bytes of a tile fit the second-level caches for both.
const COPY_TILE: (usize, usize) = (256, 256);

/// Side of the squares that a transposition moves at a time: a whole cache line of 4-byte elements on either side.
const SQUARE: usize = 16;

/// Copies `input` to `output`, element by element, converting as PyTorch does: floats to integers towards zero, integers
/// modulo their width, everything but zero to true. The output may be exactly the input.
///
/// # Panics
/// Where the shapes differ.
pub fn copy(input: In<'_>, output: Out<'_>) {
    output.require_shape(input.shape);
    // SAFETY: both are valid for the shape.
    unsafe { copy_over(input.shape, input, output) }
}

/// [`copy`] of the elements of `shape`.
///
/// # Safety
/// Both operands are valid for `shape` with their strides.
unsafe fn copy_over(shape: &[usize], input: In<'_>, output: Out<'_>) {
    if shape.contains(&0) {
        return;
    }
    if input.dtype != output.dtype {
        let kernel = cast_kernel(input.dtype, output.dtype);
        // SAFETY: the caller's promise is the same.
        return unsafe { map::map(&kernel, ptr::null(), shape, &[input], &[output]) };
    }
    let size = output.dtype.size();
    let numel = shape.iter().product::<usize>();
    if numel * size <= CHUNK_BYTES && is_row_major(shape, input.strides) && is_row_major(shape, output.strides) {
        if !ptr::eq(input.ptr, output.ptr) {
            // SAFETY: so many bytes lie on either side, which are disjoint if they are not the same.
            unsafe { ptr::copy_nonoverlapping(input.ptr, output.ptr, numel * size) };
        }
        return;
    }
    if numel <= FEW {
        let mut axes = shape.iter().zip(input.strides.iter().zip(output.strides));
        let itself = ptr::eq(input.ptr, output.ptr) && axes.all(|(&n, (from, to))| n == 1 || from == to);
        if !itself {
            // SAFETY: as the caller promises.
            unsafe { copy_few(shape, size, (input.ptr, input.strides), (output.ptr, output.strides)) };
        }
        return;
    }
    let mut plan = Plan::<2>::new(
        shape,
        [(output.ptr, size, output.strides), (input.ptr.cast_mut(), size, input.strides)].into_iter(),
    );
    let bytes = plan.len() * size;
    let cost = bytes as u64 * COST_PER_BYTE;
    if plan.ptrs[0] == plan.ptrs[1] && plan.axes.iter().all(|axis| axis.strides[0] == axis.strides[1]) {
        return; // onto itself
    }
    let one_run = match plan.axes.as_slice() {
        [] => true,
        [axis] => axis.strides[0] == size as isize && axis.strides[1] == size as isize,
        _ => false,
    };
    if one_run {
        let plan = &plan;
        parallel::run(bytes.div_ceil(CHUNK_BYTES), cost, &|chunk| {
            let start = chunk * CHUNK_BYTES;
            let n = CHUNK_BYTES.min(bytes - start);
            // SAFETY: `start + n` is at most the number of bytes of either operand, and they are disjoint.
            unsafe {
                ptr::copy_nonoverlapping(plan.ptrs[1].wrapping_add(start), plan.ptrs[0].wrapping_add(start), n);
            }
        });
        return;
    }
    let grid = plan.boxes(COPY_TILE);
    let plan = &plan;
    let strides = [stride_list(plan, 0), stride_list(plan, 1)];
    let boxes = grid.len();
    let per_chunk = (CHUNK_BYTES / size / grid.box_len()).max(1);
    parallel::run(boxes.div_ceil(per_chunk), cost, &|chunk| {
        let (mut origin, mut dims) = (PerAxis::new(), PerAxis::new());
        for index in chunk * per_chunk..boxes.min((chunk + 1) * per_chunk) {
            grid.locate(index, &mut origin, &mut dims);
            let (dst, src) = (address(plan, 0, &origin), address(plan, 1, &origin));
            // SAFETY: the boxes partition the iteration space, for which the caller vouches.
            unsafe { copy_box(size, &dims, dst, &strides[0], src, &strides[1]) };
        }
    });
}

/// Copies elements of `size` bytes axis by axis; strides are in elements.
///
/// # Safety
/// Both sides are valid for `shape`, and do not overlap.
unsafe fn copy_few(
    shape: &[usize],
    size: usize,
    (from, from_strides): (*const u8, &[isize]),
    (to, to_strides): (*mut u8, &[isize]),
) {
    let (&[n, ref inner @ ..], &[from_stride, ref from_rest @ ..], &[to_stride, ref to_rest @ ..]) =
        (shape, from_strides, to_strides)
    else {
        // SAFETY: one element on either side.
        return unsafe { ptr::copy_nonoverlapping(from, to, size) };
    };
    let (from_step, to_step) = (from_stride * size as isize, to_stride * size as isize);
    // SAFETY: as promised by the caller, for each position of the axis.
    unsafe {
        match (inner, size) {
            ([], _) if from_stride == 1 && to_stride == 1 => ptr::copy_nonoverlapping(from, to, n * size),
            ([], 1) => copy_line::<u8>(n, (from, from_step), (to, to_step)),
            ([], 2) => copy_line::<u16>(n, (from, from_step), (to, to_step)),
            ([], 4) => copy_line::<u32>(n, (from, from_step), (to, to_step)),
            ([], 8) => copy_line::<u64>(n, (from, from_step), (to, to_step)),
            ([], _) => copy_line::<u128>(n, (from, from_step), (to, to_step)),
            _ => {
                for at in 0..n as isize {
                    let (from, to) = (from.wrapping_offset(at * from_step), to.wrapping_offset(at * to_step));
                    copy_few(inner, size, (from, from_rest), (to, to_rest));
                }
            }
        }
    }
}

/// `n` elements, so many bytes apart on either side.
///
/// # Safety
/// As for [`copy_few`], elements having the size of `U`.
unsafe fn copy_line<U: Copy>(n: usize, (from, from_step): (*const u8, isize), (to, to_step): (*mut u8, isize)) {
    for at in 0..n as isize {
        let (from, to) = (from.wrapping_offset(at * from_step), to.wrapping_offset(at * to_step));
        // SAFETY: as promised by the caller.
        unsafe { to.cast::<U>().write_unaligned(from.cast::<U>().read_unaligned()) };
    }
}

/// Bytes of the rows that [`join_rows`] puts together before it goes on: with what they are copied from they stay in the
/// first-level cache.
const JOINED_BYTES: usize = 1 << 14;

/// [`join`] where all parts and the output lie without gaps and are of one dtype, from the axis' position 0 to its end: some rows
/// of all parts, then the next ones. Part by part, the cache lines that two parts have in common were written twice, each time
/// from the second-level cache: 1,024 rows of twice 100 elements took twice as long as in PyTorch. Gives whether it has done so.
fn join_rows(parts: &[In<'_>], axis: usize, output: &Out<'_>) -> bool {
    let size = output.dtype.size();
    let row = |shape: &[usize]| shape[axis..].iter().product::<usize>();
    let (rows, width) = (output.shape[..axis].iter().product::<usize>(), row(output.shape));
    let dense = |part: &In<'_>| part.dtype == output.dtype && is_row_major(part.shape, part.strides);
    let whole = parts.iter().map(|part| row(part.shape)).sum::<usize>() == width;
    let few = width * size <= JOINED_BYTES / 2;
    if rows <= 1 || parts.len() <= 1 || !(whole && few && width > 0) {
        return false;
    }
    if !(is_row_major(output.shape, output.strides) && parts.iter().all(dense)) {
        return false;
    }
    let together = JOINED_BYTES / (width * size);
    let bytes = rows * width * size;
    let per_chunk = (CHUNK_BYTES / (width * size)).next_multiple_of(together);
    parallel::run(rows.div_ceil(per_chunk), bytes as u64 * COST_PER_BYTE, &|chunk| {
        let end = rows.min((chunk + 1) * per_chunk);
        for first in (chunk * per_chunk..end).step_by(together) {
            let count = together.min(end - first);
            let mut to = output.ptr.wrapping_add(first * width * size);
            for part in parts {
                let own = row(part.shape);
                let strides = [(width * size) as isize, (own * size) as isize];
                // SAFETY: rows of the output from `first` on, and the same ones of a part; chunks have rows of their own.
                unsafe {
                    let from = part.ptr.wrapping_add(first * own * size);
                    let unit = size as isize;
                    copy_box(size, &[own, count], to, &[unit, strides[0]], from, &[unit, strides[1]]);
                }
                to = to.wrapping_add(own * size);
            }
        }
    });
    true
}

/// Copies parts behind each other along an axis of `output`, from position `start` of it on, each as [`copy`] does; gives
/// the position behind the last one.
///
/// # Panics
/// Where the axis is not long enough, or a part is of another size along another axis.
pub fn join(parts: &[In<'_>], axis: usize, start: usize, output: &Out<'_>) -> usize {
    let checked = |start: usize, part: &In<'_>| {
        let same_rank = part.shape.len() == output.shape.len() && axis < part.shape.len();
        let mut sizes = part.shape.iter().zip(output.shape).enumerate();
        let fits = same_rank && sizes.all(|(at, (own, all))| own == all || at == axis);
        require(fits && part.shape[axis] <= output.shape[axis] - start, "the shape of a part");
        start + part.shape[axis]
    };
    let end = parts.iter().fold(start, checked);
    if join_rows(parts, axis, output) {
        return end;
    }
    parts.iter().fold(start, |start, part| {
        let ptr = element(output, axis, start);
        // SAFETY: the output from `start` on along the axis is valid for the part's shape.
        unsafe {
            copy_over(part.shape, *part, Out { ptr, dtype: output.dtype, shape: part.shape, strides: output.strides })
        };
        start + part.shape[axis]
    })
}

/// Copies parts of one shape to the positions of an axis of `output`, from `start` on, each as [`copy`] does.
///
/// # Panics
/// Where the axis is not long enough, or a part is of another shape than the output without the axis.
pub fn stack(parts: &[In<'_>], axis: usize, start: usize, output: &Out<'_>) {
    require(axis < output.shape.len() && parts.len() <= output.shape[axis] - start, "the axis of parts");
    let (mut shape, mut strides) = (PerAxis::from_slice(output.shape), PerAxis::from_slice(output.strides));
    shape.remove(axis);
    strides.remove(axis);
    for (at, part) in parts.iter().enumerate() {
        part.require_shape(&shape);
        let ptr = element(output, axis, start + at);
        // SAFETY: one position of the output's axis is valid for what is left of its shape.
        unsafe { copy_over(&shape, *part, Out { ptr, dtype: output.dtype, shape: &shape, strides: &strides }) };
    }
}

/// The address of the first element at a position of an axis.
fn element(output: &Out<'_>, axis: usize, position: usize) -> *mut u8 {
    output.ptr.wrapping_offset(position as isize * output.strides[axis] * output.dtype.size() as isize)
}

/// The byte strides of one operand.
pub(super) fn stride_list<const K: usize>(plan: &Plan<K>, operand: usize) -> PerAxis<isize> {
    plan.axes.iter().map(|axis| axis.strides[operand]).collect()
}

/// The byte strides of a dense block.
pub(super) fn dense_strides(dims: &[usize], size: usize) -> PerAxis<isize> {
    let mut next = size as isize;
    dims.iter()
        .map(|&dim| {
            let stride = next;
            next *= dim as isize;
            stride
        })
        .collect()
}

/// Gathers a box of dtype `from` into dense memory of dtype `to`; `spare` has room for the box in dtype `from`.
///
/// # Safety
/// `src` is valid for `dims` and `strides` (in bytes, innermost first); `dst` and `spare` have room; none overlap.
pub(super) unsafe fn gather(
    dims: &[usize],
    (src, from, strides): (*const u8, arcgrad_base::dtype::DType, &[isize]),
    (dst, to): (*mut u8, arcgrad_base::dtype::DType),
    spare: *mut u8,
) {
    let size = from.size();
    if let [inner @ .., times] = dims
        && let [inner_strides @ .., 0] = strides
        && *times > 1
        && !inner.is_empty()
    {
        // What the outermost axis repeats is gathered once and then doubled.
        // SAFETY: as promised by the caller; the copies stay within the block.
        unsafe {
            gather(inner, (src, from, inner_strides), (dst, to), spare);
            let mut done = inner.iter().product::<usize>() * to.size();
            let all = done * times;
            while done < all {
                let more = done.min(all - done);
                ptr::copy_nonoverlapping(dst, dst.wrapping_add(done), more);
                done += more;
            }
        }
        return;
    }
    let n = dims.iter().product();
    // SAFETY: as promised by the caller.
    unsafe {
        if from == to {
            copy_box(size, dims, dst, &dense_strides(dims, size), src, strides);
        } else if super::plan::is_dense(dims, strides.iter().copied(), size) {
            cast_run(from, src, to, dst, n);
        } else {
            copy_box(size, dims, spare, &dense_strides(dims, size), src, strides);
            cast_run(from, spare, to, dst, n);
        }
    }
}

/// Scatters a dense box of dtype `from` to memory of dtype `to`; `spare` has room for the box in dtype `to`.
///
/// # Safety
/// `dst` is valid for `dims` and `strides` (in bytes, innermost first); `spare` has room; none overlap.
pub(super) unsafe fn scatter(
    dims: &[usize],
    (src, from): (*const u8, arcgrad_base::dtype::DType),
    (dst, to, strides): (*mut u8, arcgrad_base::dtype::DType, &[isize]),
    spare: *mut u8,
) {
    let size = to.size();
    let n = dims.iter().product();
    // SAFETY: as promised by the caller.
    unsafe {
        if from == to {
            copy_box(size, dims, dst, strides, src, &dense_strides(dims, size));
        } else if super::plan::is_dense(dims, strides.iter().copied(), size) {
            cast_run(from, src, to, dst, n);
        } else {
            cast_run(from, src, to, spare, n);
            copy_box(size, dims, dst, strides, spare, &dense_strides(dims, size));
        }
    }
}

/// Copies a box of elements of `size` bytes; strides are in bytes, innermost first.
///
/// # Safety
/// Both sides are valid for `dims`; they do not overlap.
pub(super) unsafe fn copy_box(
    size: usize,
    dims: &[usize],
    dst: *mut u8,
    dst_strides: &[isize],
    src: *const u8,
    src_strides: &[isize],
) {
    // SAFETY: as promised by the caller; the units have the size of the element.
    unsafe {
        match size {
            1 => copy_units::<u8>(dims, dst, dst_strides, src, src_strides),
            2 => copy_units::<u16>(dims, dst, dst_strides, src, src_strides),
            4 => copy_units::<u32>(dims, dst, dst_strides, src, src_strides),
            8 => copy_units::<u64>(dims, dst, dst_strides, src, src_strides),
            _ => copy_units::<u128>(dims, dst, dst_strides, src, src_strides),
        }
    }
}

/// See [`copy_box`].
///
/// # Safety
/// As for [`copy_box`], elements having the size of `U`.
unsafe fn copy_units<U: Copy>(
    dims: &[usize],
    dst: *mut u8,
    dst_strides: &[isize],
    src: *const u8,
    src_strides: &[isize],
) {
    // Begin with an axis along which something moves.
    let skip = dims.iter().take_while(|&&dim| dim == 1).count();
    let (dims, dst_strides, src_strides) = (&dims[skip..], &dst_strides[skip..], &src_strides[skip..]);
    let Some((&n, outer_dims)) = dims.split_first() else {
        // SAFETY: one element on either side.
        return unsafe { dst.cast::<U>().write_unaligned(src.cast::<U>().read_unaligned()) };
    };
    let unit = size_of::<U>() as isize;
    // Two axes at a time: where each side has its own unit-stride axis, and where rows are written without gaps inside.
    let transposed = outer_dims.first().is_some_and(|&m| {
        m > 1
            && n > 1
            && ((dst_strides[0] == unit && src_strides[1] == unit && src_strides[0].abs() > unit)
                || (src_strides[0] == unit && dst_strides[1] == unit && dst_strides[0].abs() > unit))
    });
    let rows_of = match src_strides[0] {
        _ if transposed || dst_strides[0] != unit => None,
        0 => Some(Row::Repeated),
        stride if stride == unit => Some(Row::Plain),
        stride if stride == -unit => Some(Row::Reversed),
        _ => None,
    };
    let used = if transposed || rows_of.is_some() { dims.len().min(2) } else { 1 };
    let mut index: PerAxis<usize> = dims[used..].iter().map(|_| 0).collect();
    let (mut dst, mut src) = (dst, src);
    loop {
        // SAFETY: the odometer stays within `dims`.
        unsafe {
            if transposed {
                let m = dims[1];
                if dst_strides[0] == unit {
                    transpose::<U>(n, m, dst, dst_strides[1], src, src_strides[0]);
                } else {
                    transpose::<U>(m, n, dst, dst_strides[0], src, src_strides[1]);
                }
            } else if let Some(row) = rows_of {
                let (rows, steps) = if used == 2 { (dims[1], [dst_strides[1], src_strides[1]]) } else { (1, [0, 0]) };
                copy_rows::<U>(row, n, rows, dst, src, steps);
            } else {
                copy_run::<U>(n, dst, dst_strides[0], src, src_strides[0]);
            }
        }
        // Step the outer axes; leave after the last.
        let mut axis = 0;
        loop {
            if axis == index.len() {
                return;
            }
            let (dst_step, src_step) = (dst_strides[axis + used], src_strides[axis + used]);
            index[axis] += 1;
            if index[axis] < dims[axis + used] {
                dst = dst.wrapping_offset(dst_step);
                src = src.wrapping_offset(src_step);
                break;
            }
            let back = index[axis] as isize - 1;
            dst = dst.wrapping_offset(-back * dst_step);
            src = src.wrapping_offset(-back * src_step);
            index[axis] = 0;
            axis += 1;
        }
    }
}

/// How the elements of a row lie in what it is copied from.
#[derive(Clone, Copy)]
enum Row {
    /// One after the other.
    Plain,
    /// One element, over and over.
    Repeated,
    /// From the last to the first.
    Reversed,
}

/// Copies `rows` rows of `n` elements, which are `steps` bytes apart (written, read), to rows without gaps.
///
/// # Safety
/// Either side is valid for that, in any alignment; they do not overlap.
unsafe fn copy_rows<U: Copy>(row: Row, n: usize, rows: usize, dst: *mut u8, src: *const u8, steps: [isize; 2]) {
    let rows = Rows::<U> { row, n, rows, dst, src, steps, of: PhantomData };
    pulp::Arch::new().dispatch(rows);
}

/// Rows about to be copied on some instruction set: by pieces of a constant number of elements, the last of which overlaps
/// the one before. With a call of the C library's `memcpy` per row, copies of rows of 3 to 48 elements took up to three times
/// and `roll` by one of rows of 32,768 eleven times what PyTorch takes.
struct Rows<U> {
    row: Row,
    n: usize,
    rows: usize,
    dst: *mut u8,
    src: *const u8,
    steps: [isize; 2],
    of: PhantomData<U>,
}

impl<U: Copy> pulp::WithSimd for Rows<U> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        // SAFETY: as promised by the caller of `copy_rows`; pieces are no longer than a row.
        unsafe {
            match self.n {
                0 => {}
                1 => self.by::<1>(),
                2..4 => self.by::<2>(),
                4..8 => self.by::<4>(),
                8..16 => self.by::<8>(),
                _ => self.by::<16>(),
            }
        }
    }
}

impl<U: Copy> Rows<U> {
    /// Copies in pieces of `L` elements.
    ///
    /// # Safety
    /// As for [`copy_rows`]; a row has at least `L` elements.
    #[inline(always)]
    unsafe fn by<const L: usize>(&self) {
        // SAFETY: each piece lies in its row.
        unsafe {
            match self.row {
                Row::Plain => self.each::<L>(|src, dst, at| {
                    let piece = src.add(at).cast::<[U; L]>().read_unaligned();
                    dst.add(at).cast::<[U; L]>().write_unaligned(piece);
                }),
                Row::Repeated => self.each::<L>(|src, dst, at| {
                    let piece = [src.read_unaligned(); L];
                    dst.add(at).cast::<[U; L]>().write_unaligned(piece);
                }),
                Row::Reversed => self.each::<L>(|src, dst, at| {
                    let mut piece = src.sub(at + L - 1).cast::<[U; L]>().read_unaligned();
                    piece.reverse();
                    dst.add(at).cast::<[U; L]>().write_unaligned(piece);
                }),
            }
        }
    }

    /// Calls `piece` for the pieces of each row.
    ///
    /// # Safety
    /// As for [`Self::by`].
    #[inline(always)]
    unsafe fn each<const L: usize>(&self, piece: impl Fn(*const U, *mut U, usize)) {
        let (mut dst, mut src) = (self.dst, self.src);
        for _ in 0..self.rows {
            let (to, from) = (dst.cast::<U>(), src.cast::<U>());
            let mut at = 0;
            while at + 2 * L <= self.n {
                piece(from, to, at);
                at += L;
                group_done();
            }
            piece(from, to, at);
            if at + L < self.n {
                piece(from, to, self.n - L);
            }
            dst = dst.wrapping_offset(self.steps[0]);
            src = src.wrapping_offset(self.steps[1]);
            group_done();
        }
    }
}

/// Copies `n` elements from steps of `src_stride` to steps of `dst_stride` bytes.
///
/// # Safety
/// `n` elements can be read and written at these steps, in any alignment; the sides do not overlap.
#[inline(always)]
unsafe fn copy_run<U: Copy>(n: usize, dst: *mut u8, dst_stride: isize, src: *const u8, src_stride: isize) {
    let unit = size_of::<U>() as isize;
    // SAFETY: the caller vouches for n elements on either side. The branches differ in what the compiler knows.
    unsafe {
        if dst_stride == unit {
            for i in 0..n {
                let value = src.offset(i as isize * src_stride).cast::<U>().read_unaligned();
                dst.cast::<U>().add(i).write_unaligned(value);
            }
        } else {
            for i in 0..n as isize {
                let value = src.offset(i * src_stride).cast::<U>().read_unaligned();
                dst.offset(i * dst_stride).cast::<U>().write_unaligned(value);
            }
        }
    }
}

/// `dst[j][i] = src[i][j]` for `i < n`, `j < m`; rows of `dst` are `dst_row` bytes apart, rows of `src` `src_row`.
///
/// # Safety
/// `src` has `n` rows of `m` elements, `dst` `m` rows of `n`, in any alignment; they do not overlap.
pub(super) unsafe fn transpose<U: Copy>(
    n: usize,
    m: usize,
    dst: *mut u8,
    dst_row: isize,
    src: *const u8,
    src_row: isize,
) {
    // SAFETY: callers stay below n and m.
    let from = |i: usize, j: usize| unsafe { src.offset(i as isize * src_row).cast::<U>().add(j) };
    // SAFETY: as above.
    let to = |j: usize, i: usize| unsafe { dst.offset(j as isize * dst_row).cast::<U>().add(i) };
    for i in (0..n).step_by(SQUARE) {
        for j in (0..m).step_by(SQUARE) {
            let (rows, columns) = (SQUARE.min(n - i), SQUARE.min(m - j));
            for j in j..j + columns {
                // SAFETY: i + rows ≤ n and j < m.
                unsafe {
                    if rows == SQUARE {
                        // A line is put together in registers and written at once: twice as fast as element by element.
                        let line: [U; SQUARE] = std::array::from_fn(|k| from(i + k, j).read_unaligned());
                        to(j, i).cast::<[U; SQUARE]>().write_unaligned(line);
                    } else {
                        for i in i..n {
                            to(j, i).write_unaligned(from(i, j).read_unaligned());
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Array, DTYPES, Rng};
    use arcgrad_base::dtype::DType;

    /// What PyTorch's copies give on x86.
    fn converted(value: f64, from: DType, to: DType) -> f64 {
        let wide = if value.is_nan() || value.abs() >= 2f64.powi(63) { i64::MIN } else { value as i64 };
        match to {
            DType::Bool => f64::from(value != 0.0),
            DType::U8 => f64::from(wide as u8),
            DType::I8 => f64::from(wide as i8),
            DType::I16 => f64::from(wide as i16),
            DType::I32 if from.is_float() && i32::try_from(wide).is_err() => f64::from(i32::MIN),
            DType::I32 => f64::from(wide as i32),
            DType::I64 => wide as f64,
            DType::F32 => f64::from(value as f32),
            _ => value,
        }
    }

    fn value(rng: &mut Rng, dtype: DType) -> f64 {
        match dtype {
            DType::Bool => rng.below(2) as f64,
            DType::U8 => rng.below(256) as f64,
            DType::I8 => rng.below(256) as f64 - 128.0,
            DType::I16 => rng.below(1 << 16) as f64 - 32768.0,
            DType::I32 => rng.next() as i32 as f64,
            DType::I64 => ((rng.next() as i64) >> 12) as f64,
            _ => {
                let special =
                    [0.0, -0.5, 300.7, -129.2, 3e9, 1e10, -1e19, 1e30, f64::NAN, f64::INFINITY, -f64::INFINITY];
                let value = if rng.one_in(3) { rng.pick(&special) } else { rng.below(2000) as f64 * 0.25 - 250.0 };
                if dtype == DType::F32 { f64::from(value as f32) } else { value }
            }
        }
    }

    #[test]
    fn copies_between_any_layouts_and_dtypes() {
        for seed in 0..1000 {
            let mut rng = Rng(seed);
            let shape = rng.shape();
            let (from, to) = (rng.pick(&DTYPES), rng.pick(&DTYPES));
            let to = if rng.one_in(2) { from } else { to };
            let src = Array::random_layout(&mut rng, from, &shape, true).filled({
                let mut rng = Rng(!seed);
                move || value(&mut rng, from)
            });
            let mut dst = Array::random_layout(&mut rng, to, &shape, false);
            copy(src.input(), dst.output());
            for index in dst.indices() {
                let expected = converted(src.get(&index), from, to);
                let got = dst.get(&index);
                assert!(
                    got == expected || (got.is_nan() && expected.is_nan()),
                    "seed {seed}: {from} {} to {to} at {index:?} of {shape:?}: {got}, expected {expected}",
                    src.get(&index)
                );
            }
        }
    }

    #[test]
    fn large_transposed_copy() {
        let mut rng = Rng(1);
        for (n, m) in [(700, 900), (1, 5000), (5000, 3), (128, 128), (2, 70_000)] {
            let mut src = Array::dense(DType::F32, &[m, n]).filled(|| rng.below(1 << 20) as f64);
            src.shape.swap(0, 1);
            src.strides.swap(0, 1);
            let mut dst = Array::dense(DType::F32, &[n, m]);
            copy(src.input(), dst.output());
            assert_eq!(src.bits(), dst.bits());
        }
    }

    #[test]
    fn empty_and_scalar() {
        let src = Array::dense(DType::I32, &[]).filled(|| 7.0);
        let mut dst = Array::dense(DType::F64, &[]);
        copy(src.input(), dst.output());
        assert_eq!(dst.get(&[]), 7.0);
        let huge = [1 << 40, 0, 1 << 40];
        let input = In { ptr: ptr::null(), dtype: DType::F32, shape: &huge, strides: &[0, 0, 1] };
        let output = Out { ptr: ptr::null_mut(), dtype: DType::I8, shape: &huge, strides: &[0, 0, 1] };
        copy(input, output);
    }

    #[test]
    fn true_bytes_other_than_one_are_true() {
        let bytes = [0u8, 1, 2, 255];
        let mut out = [9.0f32; 4];
        let input = In { ptr: bytes.as_ptr(), dtype: DType::Bool, shape: &[4], strides: &[1] };
        copy(input, Out::of(&mut out, &[4], &[1]));
        assert_eq!(out, [0.0, 1.0, 1.0, 1.0]);
    }
}
