//! [`Wiping`]: the allocator of the addon, which overwrites all that is freed.
//!
//! Secrets pass through buffers of hyper, of rustls, of the stores' clients and of vectors that grew, none of which wipe
//! what they free. The core wipes what it knows to be secret (`zeroize`); this is for everything else.

use std::alloc::{GlobalAlloc, Layout};

#[cfg(not(any(miri, sanitizer)))]
use mimalloc::MiMalloc as Blocks;
// Checkers of memory know only the blocks of the system.
#[cfg(any(miri, sanitizer))]
use std::alloc::System as Blocks;

/// The size in bytes from which on blocks are not wiped: they hold bodies of API calls, and filling those with zeros would
/// take a tenth of the time of a call. An answer with tokens has at most 1 MiB, and a vector may be twice as long.
const LARGE: usize = 2 * 1024 * 1024 + 1;

/// `MiMalloc`, since requests are allocated on Node's thread and freed on the core's, answers the other way round. Memory
/// is filled with zeros before it is returned to it.
pub(super) struct Wiping;

#[expect(unsafe_code, reason = "the trait's signature")]
// SAFETY: every block is one of `Blocks`, and is returned to it with the layout that it was requested with.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is that of the same method.
        unsafe { Blocks.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { Blocks.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() < LARGE {
            // The compiler cannot leave this out: `MiMalloc` frees in C, which it does not know.
            // SAFETY: the caller gives back a block of this layout, which nothing refers to any more.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        // SAFETY: as above.
        unsafe { Blocks.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size() >= LARGE {
            // SAFETY: as above.
            return unsafe { Blocks.realloc(block, layout, size) };
        }
        // `Blocks` would move a block without wiping the place that it leaves.
        // SAFETY: the caller's promise includes that this size is one of a layout.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks are at least this long, and the new one is nobody else's.
            unsafe { new.copy_from_nonoverlapping(block, layout.size().min(size)) };
            // SAFETY: as above.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_its_content_when_its_size_changes() {
        for size in [1, 4096, LARGE - 1, LARGE] {
            let mut bytes = vec![7; size];
            bytes.reserve_exact(size);
            assert!(bytes == vec![7_u8; size], "{size} bytes that grew");
            bytes.truncate(size / 2);
            bytes.shrink_to_fit();
            assert!(bytes == vec![7_u8; size / 2], "{size} bytes that shrank");
        }
    }
}
