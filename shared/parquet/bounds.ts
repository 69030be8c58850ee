/** Between the file's PLAIN-encoded statistics and memcomparable bounds (`contracts/snapshot.ts`). */
import { STATISTICS_BOUND_BYTES_MAX } from "#shared/base/limits.ts";
import { truncateLower, truncateUpper } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";

const isText = (type: DataType): boolean => type.kind === "text" || type.kind === "varchar" || type.kind === "char";

/** Big-endian with the sign bit flipped <-> little-endian two's complement; the same steps either way. */
function flipInteger(bytes: Uint8Array): Uint8Array {
	const copy = bytes.slice();
	copy[0] = (copy[0] as number) ^ 0x80;
	return copy.reverse();
}

/**
 * A bound as the PLAIN value that Parquet's statistics hold.
 * @param plainWidth bytes of a PLAIN value, 0 for byte arrays and booleans
 */
export function boundToPlain(type: DataType, bound: Uint8Array, plainWidth: number): Uint8Array {
	switch (type.kind) {
		case "real":
		case "double": {
			const copy = bound.slice();
			if ((copy[0] as number) >= 0x80) copy[0] = (copy[0] as number) ^ 0x80;
			else for (let index = 0; index < copy.length; index++) copy[index] = ~(copy[index] as number);
			return copy.reverse();
		}
		case "numeric":
			if (plainWidth === 16) {
				const copy = bound.slice();
				copy[0] = (copy[0] as number) ^ 0x80;
				return copy;
			}
			return flipInteger(bound).slice(0, plainWidth);
		case "smallint":
		case "integer":
		case "date":
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return flipInteger(bound);
		default:
			return bound;
	}
}

/** A lower bound of at most STATISTICS_BOUND_BYTES_MAX bytes; text is cut between characters. */
export function cutLower(type: DataType, bytes: Uint8Array): Uint8Array {
	if (bytes.length <= STATISTICS_BOUND_BYTES_MAX || !isText(type)) return truncateLower(bytes);
	return bytes.slice(0, characterEnd(bytes, STATISTICS_BOUND_BYTES_MAX));
}

// A bound may begin with U+FEFF, which a decoder cuts off unless told not to.
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** An upper bound likewise, rounded up: the last character that can be is raised by one, so that text stays text. Null where none can be. */
export function cutUpper(type: DataType, bytes: Uint8Array): Uint8Array | null {
	if (bytes.length <= STATISTICS_BOUND_BYTES_MAX) return bytes.slice();
	if (!isText(type)) return truncateUpper(bytes);
	const characters = Array.from(decoder.decode(bytes.subarray(0, characterEnd(bytes, STATISTICS_BOUND_BYTES_MAX))));
	while (characters.length > 0) {
		const point = (characters.pop() as string).codePointAt(0) as number;
		if (point >= 0x10ffff) continue;
		characters.push(String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1));
		const raised = new TextEncoder().encode(characters.join(""));
		// A raised character may take a byte more than the one before it.
		if (raised.length <= STATISTICS_BOUND_BYTES_MAX) return raised;
		characters.pop();
	}
	return null;
}

/** The last place at or before `limit` where a character begins. */
function characterEnd(bytes: Uint8Array, limit: number): number {
	let end = limit;
	while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
	return end;
}
