// Sorting rows of a row store: entries (u64 prefix, u32 row), 12 bytes each. The prefix orders as the first key does as far as it goes; ties ask the rows.
// Merge sort, stable; each call does a bounded part.
import { isNullAt, orderStored } from "./row-store";
import { KIND_BOOL, KIND_BYTES, KIND_F32, KIND_F64, KIND_I128, KIND_I32, KIND_I64, KIND_U128 } from "./value";

const ENTRY_BYTES: usize = 12;

/** Floats in the order of their bits: NaN canonical and last, -0 as 0. */
// @ts-ignore: decorator
@inline
function floatBits(value: f64): u64 {
	const bits: u64 = value != value ? 0x7ff8000000000000 : value == 0 ? 0 : reinterpret<u64>(value);
	return (bits >> 63) != 0 ? ~bits : bits | 0x8000000000000000;
}

function bytesPrefix(at: usize, byteCount: i32): u64 {
	let prefix: u64 = 0;
	for (let index: i32 = 0; index < 8; index++) prefix = (prefix << 8) | (index < byteCount ? <u64>load<u8>(at + index) : 0);
	return prefix;
}

/** 64 bits that never contradict the order of values: equal or smaller for a smaller value. */
function valuePrefix(kind: i32, slot: usize): u64 {
	const sign: u64 = 0x8000000000000000;
	switch (kind) {
		case KIND_BOOL:
			return <u64>load<u8>(slot);
		case KIND_I32:
			return <u64>(<i64>load<i32>(slot)) ^ sign;
		case KIND_I64:
			return load<u64>(slot) ^ sign;
		case KIND_I128:
			return load<u64>(slot, 8) ^ sign;
		case KIND_U128:
			return load<u64>(slot, 8);
		case KIND_F32:
			return floatBits(<f64>load<f32>(slot));
		case KIND_F64:
			return floatBits(load<f64>(slot));
		case KIND_BYTES:
			return bytesPrefix(<usize>load<u32>(slot), load<i32>(slot, 4));
		default:
			return 0;
	}
}

/** Entries of `count` neighbouring rows, by the first key. The top bit of a prefix is kept for NULL. */
export function sort_entries_of(count: i32, first: usize, rowBytes: i32, descriptors: usize, out: usize): void {
	const kind = load<i32>(descriptors);
	const offset = load<i32>(descriptors, 4);
	const bit = load<i32>(descriptors, 8);
	const flags = load<i32>(descriptors, 24);
	const nullPrefix: u64 = (flags & 2) != 0 ? 0 : u64.MAX_VALUE;
	const top: u64 = (flags & 2) != 0 ? 0x8000000000000000 : 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = first + <usize>(index * rowBytes);
		let prefix = nullPrefix;
		if (!isNullAt(row, bit)) {
			prefix = valuePrefix(kind, row + offset);
			prefix = ((flags & 1) != 0 ? ~prefix : prefix) >> 1 | top;
		}
		const entry = out + <usize>index * ENTRY_BYTES;
		store<u64>(entry, prefix);
		store<u32>(entry, <u32>row, 8);
	}
}

// @ts-ignore: decorator
@inline
function notAfter(left: usize, right: usize, columnCount: i32, descriptors: usize): bool {
	const a = load<u64>(left);
	const b = load<u64>(right);
	if (a != b) return a < b;
	return orderStored(<usize>load<u32>(left, 8), <usize>load<u32>(right, 8), columnCount, descriptors) <= 0;
}

// @ts-ignore: decorator
@inline
function moveEntry(to: usize, from: usize): void {
	store<u64>(to, load<u64>(from));
	store<u32>(to, load<u32>(from, 8), 8);
}

/** Sorts `count` entries in place by insertion of runs of 16, then merges through `scratch` (as many entries). Meant for one batch's worth. */
export function sort_run(count: i32, entries: usize, scratch: usize, columnCount: i32, descriptors: usize): void {
	for (let first: i32 = 0; first < count; first += 16) {
		const end = min(first + 16, count);
		for (let index = first + 1; index < end; index++) {
			const prefix = load<u64>(entries + <usize>index * ENTRY_BYTES);
			const row = load<u32>(entries + <usize>index * ENTRY_BYTES, 8);
			store<u64>(scratch, prefix);
			store<u32>(scratch, row, 8);
			let place = index;
			while (place > first && !notAfter(entries + <usize>(place - 1) * ENTRY_BYTES, scratch, columnCount, descriptors)) {
				moveEntry(entries + <usize>place * ENTRY_BYTES, entries + <usize>(place - 1) * ENTRY_BYTES);
				place--;
			}
			moveEntry(entries + <usize>place * ENTRY_BYTES, scratch);
		}
	}
	let from = entries;
	let to = scratch;
	for (let width: i32 = 16; width < count; width <<= 1) {
		for (let first: i32 = 0; first < count; first += width << 1) {
			const middle = min(first + width, count);
			const end = min(first + (width << 1), count);
			let left = first;
			let right = middle;
			for (let index = first; index < end; index++) {
				const takeLeft = left < middle && (right >= end || notAfter(from + <usize>left * ENTRY_BYTES, from + <usize>right * ENTRY_BYTES, columnCount, descriptors));
				moveEntry(to + <usize>index * ENTRY_BYTES, from + <usize>(takeLeft ? left : right) * ENTRY_BYTES);
				if (takeLeft) left++;
				else right++;
			}
		}
		const other = from;
		from = to;
		to = other;
	}
	if (from != entries) memory.copy(entries, from, <usize>count * ENTRY_BYTES);
}

/**
 * Merges two neighbouring sorted runs of `from` into `to`, at most `budget` entries a call. `state`, i32 each: 0 next of the left run, 4 next of the right,
 * 8 next of the output. @returns 1 when both runs, [.., middle) and [.., end), are used up
 */
export function sort_merge(budget: i32, state: usize, middle: i32, end: i32, from: usize, to: usize, columnCount: i32, descriptors: usize): i32 {
	let left = load<i32>(state);
	let right = load<i32>(state, 4);
	let out = load<i32>(state, 8);
	for (; budget > 0 && (left < middle || right < end); budget--) {
		const takeLeft = left < middle && (right >= end || notAfter(from + <usize>left * ENTRY_BYTES, from + <usize>right * ENTRY_BYTES, columnCount, descriptors));
		moveEntry(to + <usize>out * ENTRY_BYTES, from + <usize>(takeLeft ? left : right) * ENTRY_BYTES);
		if (takeLeft) left++;
		else right++;
		out++;
	}
	store<i32>(state, left);
	store<i32>(state, right, 4);
	store<i32>(state, out, 8);
	return i32(left >= middle && right >= end);
}

/** Rows of `count` entries, u32 each. */
export function sort_rows_of(count: i32, entries: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) store<u32>(out + (<usize>index << 2), load<u32>(entries + <usize>index * ENTRY_BYTES, 8));
}

/** 1 when no entry sorts before the one in front of it. */
export function sort_is_sorted(count: i32, entries: usize, columnCount: i32, descriptors: usize): i32 {
	for (let index: i32 = 1; index < count; index++) {
		if (!notAfter(entries + <usize>(index - 1) * ENTRY_BYTES, entries + <usize>index * ENTRY_BYTES, columnCount, descriptors)) return 0;
	}
	return 1;
}

/** Next entry of a run; its end stands behind it. */
// @ts-ignore: decorator
@inline
function nextOf(runs: usize, run: i32): usize {
	return <usize>load<u32>(runs + (<usize>run << 3));
}

/** True when the next row of run `a` comes out before that of run `b`: of equal rows, that of the earlier run. */
// @ts-ignore: decorator
@inline
function runBefore(runs: usize, a: i32, b: i32, columnCount: i32, descriptors: usize): bool {
	return a < b
		? notAfter(nextOf(runs, a), nextOf(runs, b), columnCount, descriptors)
		: !notAfter(nextOf(runs, b), nextOf(runs, a), columnCount, descriptors);
}

/** Lets the run at `place` of the heap sink to where it belongs. */
function sinkRun(place: i32, count: i32, heap: usize, runs: usize, columnCount: i32, descriptors: usize): void {
	const sinking = load<i32>(heap + (<usize>place << 2));
	for (;;) {
		let child = 2 * place + 1;
		if (child >= count) break;
		let run = load<i32>(heap + (<usize>child << 2));
		if (child + 1 < count) {
			const right = load<i32>(heap + (<usize>(child + 1) << 2));
			if (runBefore(runs, right, run, columnCount, descriptors)) {
				child++;
				run = right;
			}
		}
		if (!runBefore(runs, run, sinking, columnCount, descriptors)) break;
		store<i32>(heap + (<usize>place << 2), run);
		place = child;
	}
	store<i32>(heap + (<usize>place << 2), sinking);
}

/**
 * Merges sorted runs, stable, until `budget` rows are out or a run is used up. `runs`: per run u32 address of its next entry, u32 end; a run without
 * entries takes no part. `heap`: i32[runCount], scratch. Rows go to `out`, u32 each. @returns how many
 */
export function sort_merge_runs(budget: i32, runCount: i32, runs: usize, heap: usize, out: usize, columnCount: i32, descriptors: usize): i32 {
	let count: i32 = 0;
	for (let run: i32 = 0; run < runCount; run++) {
		if (nextOf(runs, run) < <usize>load<u32>(runs + (<usize>run << 3), 4)) store<i32>(heap + (<usize>(count++) << 2), run);
	}
	if (count == 0) return 0;
	for (let place = (count >> 1) - 1; place >= 0; place--) sinkRun(place, count, heap, runs, columnCount, descriptors);
	let emitted: i32 = 0;
	while (emitted < budget) {
		const first = load<i32>(heap);
		const at = runs + (<usize>first << 3);
		const entry = <usize>load<u32>(at);
		store<u32>(out + (<usize>(emitted++) << 2), load<u32>(entry, 8));
		const next = entry + ENTRY_BYTES;
		store<u32>(at, <u32>next);
		if (next >= <usize>load<u32>(at, 4)) break;
		sinkRun(0, count, heap, runs, columnCount, descriptors);
	}
	return emitted;
}
