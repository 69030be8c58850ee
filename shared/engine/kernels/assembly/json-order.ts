// The order of JSONB values, and their hash, over their stored text (see json-scan.ts).
import { countOf, inside, isEmpty, jsonEnd, next, QUOTE, RANK_ARRAY, RANK_OBJECT, rankOf, stringEnd, unit, unitBytes, valueOf } from "./json-scan";

const PRIME: u64 = 0x9e3779b97f4a7c15;

// @ts-ignore: decorator
@inline
function orderOf(left: i64, right: i64): i32 {
	return i32(left > right) - i32(left < right);
}

/** Contents of two string literals, by their bytes. */
function orderStrings(left: usize, leftEnd: usize, right: usize, rightEnd: usize): i32 {
	left++;
	right++;
	leftEnd--;
	rightEnd--;
	while (left < leftEnd && right < rightEnd) {
		const a = unit(left, leftEnd);
		const b = unit(right, rightEnd);
		if (a != b) return a < b ? -1 : 1;
		left += unitBytes(left, leftEnd);
		right += unitBytes(right, rightEnd);
	}
	return i32(left < leftEnd) - i32(right < rightEnd);
}

function pointOf(at: usize, end: usize): usize {
	while (at < end && load<u8>(at) != 0x2e) at++;
	return at;
}

/** Numbers written out in full: sign, digits in front of the point, digits behind it, where zeros at the end do not count. */
function orderNumbers(left: usize, leftEnd: usize, right: usize, rightEnd: usize): i32 {
	const negative = left < leftEnd && load<u8>(left) == 0x2d;
	if (negative != (right < rightEnd && load<u8>(right) == 0x2d)) return negative ? -1 : 1;
	if (negative) {
		left++;
		right++;
	}
	const sign: i32 = negative ? -1 : 1;
	const leftPoint = pointOf(left, leftEnd);
	const rightPoint = pointOf(right, rightEnd);
	if (leftPoint - left != rightPoint - right) return leftPoint - left > rightPoint - right ? sign : -sign;
	while (left < leftEnd || right < rightEnd) {
		const a: u8 = left < leftEnd ? load<u8>(left++) : 0x30;
		const b: u8 = right < rightEnd ? load<u8>(right++) : 0x30;
		// The points stand at one place; where one number has none, the other's counts as nothing.
		const one: u8 = a == 0x2e ? 0x30 : a;
		const other: u8 = b == 0x2e ? 0x30 : b;
		if (one != other) return one > other ? sign : -sign;
	}
	return 0;
}

/** Two values inside documents: by type; then scalars by value, containers by their number of items, then item by item. */
function orderInside(left: usize, leftEnd: usize, right: usize, rightEnd: usize): i32 {
	const rank = rankOf(left, leftEnd);
	const types = orderOf(rank, rankOf(right, rightEnd));
	if (types != 0) return types;
	if (rank == 1) return orderStrings(left, leftEnd, right, rightEnd);
	if (rank == 2) return orderNumbers(left, leftEnd, right, rightEnd);
	if (rank == 3) return orderOf(load<u8>(left) == 0x74 ? 1 : 0, load<u8>(right) == 0x74 ? 1 : 0);
	if (rank < RANK_ARRAY) return 0;
	const sizes = orderOf(countOf(left, leftEnd), countOf(right, rightEnd));
	if (sizes != 0 || isEmpty(left, leftEnd)) return sizes;
	let a = inside(left);
	let b = inside(right);
	while (a < leftEnd && b < rightEnd) {
		if (rank == RANK_OBJECT) {
			const aEnd = stringEnd(a, leftEnd);
			const bEnd = stringEnd(b, rightEnd);
			const keys = orderStrings(a, aEnd, b, bEnd);
			if (keys != 0) return keys;
			a = valueOf(aEnd, leftEnd);
			b = valueOf(bEnd, rightEnd);
		}
		const aEnd = jsonEnd(a, leftEnd);
		const bEnd = jsonEnd(b, rightEnd);
		const items = orderInside(a, aEnd, b, bEnd);
		if (items != 0) return items;
		a = next(aEnd, leftEnd);
		b = next(bEnd, rightEnd);
	}
	return 0;
}

/**
 * Two documents in PostgreSQL's order. A scalar document counts as an array of one: it is above the empty array, and below every other.
 * @see PostgreSQL, compareJsonbContainers
 */
export function orderJson(left: usize, leftBytes: i32, right: usize, rightBytes: i32): i32 {
	const leftEnd = left + <usize>leftBytes;
	const rightEnd = right + <usize>rightBytes;
	const leftRank = rankOf(left, leftEnd);
	const rightRank = rankOf(right, rightEnd);
	if (leftRank < RANK_ARRAY && rightRank == RANK_ARRAY) return isEmpty(right, rightEnd) ? 1 : -1;
	if (rightRank < RANK_ARRAY && leftRank == RANK_ARRAY) return isEmpty(left, leftEnd) ? -1 : 1;
	return orderInside(left, leftEnd, right, rightEnd);
}

/** Of the canonical text, but zeros at the end of a fraction do not count. */
export function hashJson(at: usize, byteCount: i32): u64 {
	const end = at + <usize>byteCount;
	let hash: u64 = PRIME;
	while (at < end) {
		const byte = load<u8>(at);
		let stop = at + 1;
		if (byte == QUOTE) stop = stringEnd(at, end);
		const isNumber = byte == 0x2d || byte - 0x30 < 10;
		let counted = stop;
		if (isNumber) {
			let point: usize = 0;
			for (; stop < end && (load<u8>(stop) == 0x2e || load<u8>(stop) - 0x30 < 10); stop++) if (load<u8>(stop) == 0x2e) point = stop;
			counted = stop;
			if (point != 0) {
				while (load<u8>(counted - 1) == 0x30) counted--;
				if (counted - 1 == point) counted = point;
			}
		}
		for (; at < counted; at++) hash = (hash ^ <u64>load<u8>(at)) * PRIME ^ (hash >> 47);
		at = stop;
	}
	return hash ^ (hash >> 29);
}
