// Windows: rows of a sorted input get the numbers of their partition and of their peers. Row numbers count from the first row of the input, as u32.
import { orderSlots, orderStored } from "./row-store";

/**
 * Numbers `count` rows (u32 addresses) that follow the row at `previous` (0: none). At `extra` of each row, u32: 0 number of its partition's first row, 4 of its first peer, 8 its
 * group of peers within the partition, from 1.
 */
export function window_number(count: i32, rows: usize, previous: usize, first: u32, extra: i32, partitionCount: i32, partitionKeys: usize, orderCount: i32, orderKeys: usize): void {
	let last = previous;
	for (let index: i32 = 0; index < count; index++) {
		const row = <usize>load<u32>(rows + (<usize>index << 2));
		const number = first + <u32>index;
		if (last == 0 || orderStored(last, row, partitionCount, partitionKeys) != 0) {
			store<u32>(row + extra, number);
			store<u32>(row + extra, number, 4);
			store<u32>(row + extra, 1, 8);
		} else {
			const peers = orderStored(last, row, orderCount, orderKeys) == 0;
			store<u32>(row + extra, load<u32>(last + extra));
			store<u32>(row + extra, peers ? load<u32>(last + extra, 4) : number, 4);
			store<u32>(row + extra, load<u32>(last + extra, 8) + u32(!peers), 8);
		}
		last = row;
	}
}

/** Column `extra` of rows (u32 addresses), u32 each. */
export function window_numbers_of(count: i32, rows: usize, extra: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		store<u32>(out + (<usize>index << 2), load<u32>(<usize>load<u32>(rows + (<usize>index << 2)) + extra));
	}
}

/** A slot of one stored row against another slot of another one: below 0, 0 or above, as the sort key that the descriptors (32 bytes each) name orders them. */
export function window_order(left: usize, leftDescriptor: usize, right: usize, rightDescriptor: usize): i32 {
	return orderSlots(left, leftDescriptor, right, rightDescriptor);
}
