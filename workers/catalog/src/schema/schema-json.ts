/**
 * A table's schema as JSON in D1. Defaults hold SQL values, of which JSON knows only some: the others are objects with one key, `$bigint`,
 * `$bytes` (hex) or `$number` (NaN and the infinities). No SQL value of its own has such a key.
 */
import { TableSchema } from "#shared/contracts/table.ts";

export function encodeSchema(schema: TableSchema): string {
	return JSON.stringify(schema, (_key, value: unknown) => {
		if (typeof value === "bigint") return { $bigint: value.toString() };
		if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
		if (value instanceof Uint8Array) return { $bytes: Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("") };
		return value;
	});
}

/** @throws Error on text that {@link encodeSchema} did not write */
export function decodeSchema(text: string): TableSchema {
	return TableSchema.parse(
		JSON.parse(text, (_key, value: unknown) => {
			if (typeof value !== "object" || value === null) return value;
			if ("$bigint" in value) return BigInt(value.$bigint as string);
			if ("$number" in value) return Number(value.$number);
			if ("$bytes" in value) {
				const hex = value.$bytes as string;
				return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
			}
			return value;
		}),
	);
}
