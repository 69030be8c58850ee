/** Arbitrary types, rows and vector encodings for property tests. */
import fc from "fast-check";
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "./batch.ts";
import { constantVector, VectorBuilder } from "./builder.ts";
import type { Vector } from "./vector.ts";

/** One type of every physical type. */
export const SCALAR_TYPES: DataType[] = [
	{ kind: "boolean" },
	{ kind: "integer" },
	{ kind: "date" },
	{ kind: "bigint" },
	{ kind: "timestamp" },
	{ kind: "numeric", precision: 12, scale: 2 },
	{ kind: "numeric", precision: 30, scale: 4 },
	{ kind: "numeric" },
	{ kind: "uuid" },
	{ kind: "real" },
	{ kind: "double" },
	{ kind: "interval" },
	{ kind: "text" },
	{ kind: "bytea" },
];
export const LIST_TYPES: DataType[] = [
	{ kind: "array", element: { kind: "integer" } },
	{ kind: "array", element: { kind: "text" } },
];

const int64 = fc.oneof(fc.bigInt(-5n, 5n), fc.bigInt(-(1n << 63n), (1n << 63n) - 1n));

/** Values of a type, small ones often, so that groups and ties happen. */
export function valuesOf(type: DataType): fc.Arbitrary<SqlValue> {
	switch (type.kind) {
		case "boolean":
			return fc.boolean();
		case "smallint":
			return fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -32768, max: 32767 }));
		case "integer":
		case "date":
			return fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return int64;
		case "numeric": {
			const { precision, scale } = type;
			const limit = 10n ** BigInt(precision ?? 20) - 1n;
			const coefficient = fc.oneof(fc.bigInt(-30n, 30n), fc.bigInt(-limit, limit));
			return precision === undefined
				? fc.record({ coefficient, scale: fc.integer({ min: 0, max: 12 }) })
				: coefficient.map((value) => ({ coefficient: value, scale: scale ?? 0 }));
		}
		case "real":
			return fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1.5, -2, Infinity, -Infinity), fc.float());
		case "double":
			return fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1.5, -2, Infinity, -Infinity), fc.double());
		case "uuid":
			return fc.uuid();
		case "interval":
			return fc.record({
				months: fc.integer({ min: -2, max: 2 }),
				days: fc.integer({ min: -60, max: 60 }),
				microseconds: fc.oneof(fc.constantFrom(0n, 86_400_000_000n, -86_400_000_000n), int64),
			});
		case "bytea":
			return fc.uint8Array({ maxLength: 20 });
		case "array":
			return fc.array(fc.option(valuesOf(type.element)), { maxLength: 4 });
		default:
			return fc.oneof(fc.constantFrom("", "a", "b", "ab", "é", "😀"), fc.string({ unit: "grapheme", maxLength: 24 }));
	}
}

export interface ColumnSpec {
	type: DataType;
	encoding: "flat" | "constant" | "dictionary" | "narrow";
	values: SqlValue[];
}

/** A column of `rowCount` values in some encoding that its type allows. */
function columnsOf(type: DataType, rowCount: number): fc.Arbitrary<ColumnSpec> {
	const physical = physicalType(type);
	const encodings: ColumnSpec["encoding"][] = ["flat", "constant"];
	encodings.push("dictionary");
	if (physical === "i64") encodings.push("narrow");
	const value = fc.oneof({ weight: 5, arbitrary: valuesOf(type) }, { weight: 1, arbitrary: fc.constant(null) });
	return fc.constantFrom(...encodings).chain((encoding): fc.Arbitrary<ColumnSpec> => {
		if (encoding === "constant") return value.map((one) => ({ type, encoding, values: Array.from({ length: rowCount }, () => one) }));
		const pool = fc.array(value, { minLength: 1, maxLength: encoding === "dictionary" ? 12 : 60 });
		return fc.tuple(pool, fc.infiniteStream(fc.nat())).map(([values, stream]) => ({
			type,
			encoding,
			values: Array.from({ length: rowCount }, () => {
				const one = values[(stream.next().value as number) % values.length] as SqlValue;
				return encoding === "narrow" ? narrowed(one) : one;
			}),
		}));
	});
}

function narrowed(value: SqlValue): SqlValue {
	if (typeof value === "bigint") return BigInt.asIntN(32, value);
	if (value === null) return value;
	const numeric = value as { coefficient: bigint; scale: number };
	return { ...numeric, coefficient: BigInt.asIntN(32, numeric.coefficient) };
}

/** Lays a column out in the encoding it names. */
export function buildVector(engine: Engine, region: Region, spec: ColumnSpec): Vector {
	const { type, encoding, values } = spec;
	if (encoding === "constant") return constantVector(engine, region, type, values[0] ?? null);
	if (encoding === "dictionary") {
		const entries = new Map<string, number>();
		const dictionary = new VectorBuilder(engine, region, type, 8);
		const codes = new VectorBuilder(engine, region, { kind: "integer" }, values.length);
		for (const value of values) {
			const key = Object.is(value, -0)
				? "-0"
				: JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : typeof part === "number" ? String(part) : part));
			if (value !== null && !entries.has(key)) {
				entries.set(key, entries.size);
				dictionary.append(value);
			}
			codes.append(value === null ? null : (entries.get(key) as number));
		}
		const built = codes.finish();
		const entryValues = dictionary.finish();
		return {
			kind: "dictionary",
			type,
			physical: entryValues.physical,
			codes: built.values,
			validity: built.validity,
			dictionary: { values: entryValues, entryCount: entries.size },
		};
	}
	const builder = new VectorBuilder(engine, region, type, 16);
	for (const value of values) builder.append(value);
	const flat = builder.finish();
	if (encoding !== "narrow") return flat;
	const { views } = engine.arena;
	const narrow = region.allocate(values.length * 4);
	for (let row = 0; row < values.length; row++) views.i32[narrow / 4 + row] = Number(views.i64[flat.values / 8 + row]);
	return { ...flat, physical: "i32", values: narrow };
}

/** Ascending positions below `rowCount`, or null for all. */
function selectionsOf(rowCount: number): fc.Arbitrary<number[] | null> {
	if (rowCount === 0) return fc.constant(null);
	return fc.option(fc.uniqueArray(fc.integer({ min: 0, max: rowCount - 1 }), { maxLength: 60 }).map((rows) => rows.sort((a, b) => a - b)));
}

/** Row counts, the edges of bitmaps and of a batch included. */
const ROW_COUNTS = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(63, 64, 65, 1000, 2047, 2048));

export interface BatchSpec {
	rowCount: number;
	columns: ColumnSpec[];
	selection: number[] | null;
}

export function batchesOf(types: DataType[], rowCounts: fc.Arbitrary<number> = ROW_COUNTS): fc.Arbitrary<BatchSpec> {
	return rowCounts.chain((rowCount) =>
		fc.record({
			rowCount: fc.constant(rowCount),
			columns: fc.tuple(...types.map((type) => columnsOf(type, rowCount))),
			selection: selectionsOf(rowCount),
		}),
	);
}

export function buildBatch(engine: Engine, region: Region, spec: BatchSpec): Batch {
	const columns = spec.columns.map((column) => buildVector(engine, region, column));
	if (spec.selection === null) return { rowCount: spec.rowCount, columns, selection: 0, selectedCount: spec.rowCount };
	const selection = region.allocate(spec.selection.length * 2);
	engine.arena.views.u16.set(spec.selection, selection / 2);
	return { rowCount: spec.rowCount, columns, selection, selectedCount: spec.selection.length };
}

/** The live rows that the batch was made of. */
export function liveRows(spec: BatchSpec): SqlValue[][] {
	const positions = spec.selection ?? Array.from({ length: spec.rowCount }, (_, row) => row);
	return positions.map((row) => spec.columns.map((column) => stored(column.type, column.values[row] ?? null)));
}

/** A value as it comes back: a REAL is rounded to 32 bits. */
function stored(type: DataType, value: SqlValue): SqlValue {
	return type.kind === "real" && value !== null ? Math.fround(value as number) : value;
}
