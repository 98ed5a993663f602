//! The allocator of the extension module: mimalloc, asked in the cheapest way that will do.
//!
//! Nearly all that the core allocates is aligned to a word, as every block of mimalloc is. Asking for alignment all the
//! same costs about as much as the allocation itself.

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys as mi;

/// See the module.
pub struct Allocator;

/// What every block is aligned to.
const WORD: usize = size_of::<usize>();

// SAFETY: mimalloc's blocks have at least the size and the alignment asked for, and those of `mi_malloc` are aligned to
// a word; blocks of either kind may be given to `mi_free`, and to `mi_realloc_aligned` with their own alignment.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size will do.
        unsafe {
            if layout.align() <= WORD {
                mi::mi_malloc(layout.size()).cast()
            } else {
                mi::mi_malloc_aligned(layout.size(), layout.align()).cast()
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size will do.
        unsafe {
            if layout.align() <= WORD {
                mi::mi_zalloc(layout.size()).cast()
            } else {
                mi::mi_zalloc_aligned(layout.size(), layout.align()).cast()
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, _layout: Layout) {
        // SAFETY: the caller got the block here.
        unsafe { mi::mi_free(ptr.cast()) }
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller got the block here, with this alignment.
        unsafe { mi::mi_realloc_aligned(ptr.cast(), new_size, layout.align()).cast() }
    }
}

unsafe extern "C" {
    /// Of mimalloc, which `libmimalloc_sys` links. It declares this function only together with another package.
    fn mi_collect(force: bool);
}

/// Gives what the allocator keeps for later back to the operating system.
pub fn give_back() {
    // SAFETY: declared as in mimalloc.h. It may be called at any time, and touches free memory only.
    unsafe { mi_collect(true) };
}
