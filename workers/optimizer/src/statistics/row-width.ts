/** Bytes that values take in memory and in files. */
import { PHYSICAL_BYTES, physicalType, type DataType } from "#shared/contracts/data-type.ts";

/** Content bytes of a text value of which nothing is known (PostgreSQL's get_typavgwidth takes 32). */
export const BYTES_VALUE_DEFAULT = 32;

/** @returns estimated bytes of one value, offsets included */
export function valueByteCount(type: DataType): number {
	const physical = physicalType(type);
	const fixed = PHYSICAL_BYTES[physical];
	if (physical !== "bytes") return fixed;
	const length = type.kind === "varchar" || type.kind === "char" ? type.length : undefined;
	return fixed + Math.min(length ?? BYTES_VALUE_DEFAULT, BYTES_VALUE_DEFAULT);
}

export function rowByteCount(types: DataType[]): number {
	return types.reduce((sum, type) => sum + valueByteCount(type), 0);
}
