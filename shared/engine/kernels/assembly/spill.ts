// Sharing rows out over partitions by bits of their hashes.
import { livePosition } from "./row-store";

/**
 * Groups the live rows by `hash >> shift` modulo `partitionCount` (a power of two): u16 positions at `out`, each partition's in ascending order, and where each partition
 * ends, u32 at `ends`.
 */
export function spill_partition(count: i32, selection: usize, hashes: usize, shift: i32, partitionCount: i32, out: usize, ends: usize): void {
	const mask = <u32>partitionCount - 1;
	memory.fill(ends, 0, <usize>partitionCount << 2);
	for (let index: i32 = 0; index < count; index++) {
		const at = ends + (<usize>((load<u32>(hashes + (<usize>livePosition(selection, index) << 2)) >> shift) & mask) << 2);
		store<u32>(at, load<u32>(at) + 1);
	}
	let start: u32 = 0;
	for (let partition: i32 = 0; partition < partitionCount; partition++) {
		const at = ends + (<usize>partition << 2);
		const size = load<u32>(at);
		store<u32>(at, start);
		start += size;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const at = ends + (<usize>((load<u32>(hashes + (<usize>row << 2)) >> shift) & mask) << 2);
		const place = load<u32>(at);
		store<u16>(out + (<usize>place << 1), <u16>row);
		store<u32>(at, place + 1);
	}
}
