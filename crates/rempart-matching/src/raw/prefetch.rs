//! Asking for memory before it is needed.

/// Has the processor fetch what stands at a place, where it is there and the processor can.
#[inline]
pub(crate) fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(byte) = bytes.get(at) {
        #[expect(unsafe_code, reason = "a hint to the processor")]
        // SAFETY: a prefetch reads nothing that could be seen, and the address is within a slice.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}
