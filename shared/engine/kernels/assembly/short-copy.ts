/** Above this a call of the platform's copy costs less than the steps. */
// @ts-ignore: decorator
@inline
const SHORT_BYTES: usize = 128;

/**
 * Copies bytes that do not overlap. A value's bytes are few, and the platform's copy is a call: these are a load and a store for each eight, the last of them ending where the
 * value ends, over bytes that were copied already. Nothing outside [from, from + byteCount) is read, nor outside [to, to + byteCount) written.
 */
// @ts-ignore: decorator
@inline
export function copyShort(to: usize, from: usize, byteCount: usize): void {
	if (byteCount > SHORT_BYTES) {
		memory.copy(to, from, byteCount);
	} else if (byteCount >= 8) {
		const last = byteCount - 8;
		for (let at: usize = 0; at < last; at += 8) store<u64>(to + at, load<u64>(from + at));
		store<u64>(to + last, load<u64>(from + last));
	} else if (byteCount >= 4) {
		const end = load<u32>(from + byteCount - 4);
		store<u32>(to, load<u32>(from));
		store<u32>(to + byteCount - 4, end);
	} else {
		for (let at: usize = 0; at < byteCount; at++) store<u8>(to + at, load<u8>(from + at));
	}
}
