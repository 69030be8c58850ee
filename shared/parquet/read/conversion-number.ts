/**
 * Conversions of fixed-width values. A fast form works on whole batches by kernel and counts the values that do not fit; only when there are any does
 * the exact form go over the batch value by value.
 */
import type { DataType, PhysicalType } from "#shared/contracts/data-type.ts";
import { PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Arena, ArenaViews, Pointer } from "#shared/engine/memory/arena.ts";
import type { Conversion } from "./conversion.ts";
import type { FileType } from "./file-type.ts";
import type { ParquetColumn } from "./footer-schema.ts";
import { PhysicalKind } from "../format.ts";
import { malformed } from "./malformed.ts";
import { SLACK_BYTES } from "../raw-values.ts";

/** How the file's lanes are read as exact integers. */
type SourceLane = "i32" | "u32" | "i64" | "u64" | "i96" | "i128";

/** A value that fits, or why it does not. */
type Exact = bigint | { code: string; detail: string };

interface NumberRule {
	source: SourceLane;
	target: "i32" | "i64" | "i128";
	exact: (value: bigint) => Exact;
	/** By kernel; gives how many values do not fit. null: the lanes are already the target's. */
	fast: ((engine: Engine, count: number, values: Pointer, out: Pointer) => number) | null | undefined;
}

const I32_MAX = 2n ** 31n - 1n;
const I64_MAX = 2n ** 63n - 1n;
const outOfRange = (value: bigint | string, name: string): Exact => ({
	code: "numeric_value_out_of_range",
	detail: `value "${value}" is out of range for type ${name}`,
});
const dateOutOfRange = (name: string): Exact => ({ code: "datetime_field_overflow", detail: `${name} out of range` });

/** Limits of PostgreSQL: 4714-11-24 BC to 5874897-12-31, and for timestamps what 64 bits of microseconds hold. */
const DATE_MIN = -2_440_588n;
const DATE_MAX = 2_145_042_905n;
const TIMESTAMP_MIN = -210_866_803_200_000_000n;
const DAY_MICROSECONDS = 86_400_000_000n;

/** @returns null when the pair is not one of fixed-width values that can be converted */
export function numberConversion(column: ParquetColumn, type: DataType, checked: boolean): Conversion | null {
	const identity = identityConversion(column, type);
	if (identity !== null) return identity;
	const rule = numberRule(column, type, checked);
	return rule === null ? null : applyRule(column, rule);
}

const passThrough: Conversion = (_count, raw) => ({ values: raw.values, offsets: 0 });

function identityConversion(column: ParquetColumn, type: DataType): Conversion | null {
	const file = column.type;
	if (file.kind === "boolean" && type.kind === "boolean") return passThrough;
	if ((file.kind === "float" && type.kind === "real") || (file.kind === "double" && type.kind === "double")) return passThrough;
	if (file.kind === "interval" && type.kind === "interval") return file.byteCount === 16 ? passThrough : widenInterval;
	if (file.kind === "uuid" && type.kind === "uuid") return readUuid;
	if (type.kind !== "double") return null;
	if (file.kind === "float") return toDouble((views, at) => views.f32[at >> 2] as number);
	if (file.kind === "integer" && file.bitWidth <= 32) {
		return file.signed ? toDouble((views, at) => views.i32[at >> 2] as number) : toDouble((views, at) => views.u32[at >> 2] as number);
	}
	return null;
}

/** Four-byte lanes to f64, which holds each of them exactly. */
function toDouble(read: (views: ArenaViews, pointer: Pointer) => number): Conversion {
	return (count, raw, { engine, region }) => {
		const out = region.allocate(count * 8 + SLACK_BYTES);
		const { views } = engine.arena;
		for (let index = 0; index < count; index++) views.f64[(out >> 3) + index] = read(views, raw.values + index * 4);
		return { values: out, offsets: 0 };
	};
}

/** The standard's INTERVAL: u32 months, days, milliseconds. */
const widenInterval: Conversion = (count, raw, { engine, region, report }) => {
	const out = region.allocate(count * 16 + SLACK_BYTES);
	const { data } = engine.arena.views;
	for (let index = 0; index < count; index++) {
		const from = raw.values + index * 12;
		const to = out + index * 16;
		const months = data.getInt32(from, true);
		const days = data.getInt32(from + 4, true);
		if (months < 0 || days < 0) report({ index, code: "interval_field_overflow", detail: "interval out of range" });
		data.setInt32(to, months, true);
		data.setInt32(to + 4, days, true);
		data.setBigInt64(to + 8, BigInt(data.getUint32(from + 8, true)) * 1000n, true);
	}
	return { values: out, offsets: 0 };
};

/** 16 big-endian bytes to the number they are, low half first. */
const readUuid: Conversion = (count, raw, { engine, region }) => {
	const out = region.allocate(count * 16 + SLACK_BYTES);
	engine.kernels.big_endian_to_i128(count, raw.values, 16, out);
	return { values: out, offsets: 0 };
};

function sourceLane(column: ParquetColumn): SourceLane | null {
	switch (column.physical) {
		case PhysicalKind.int32:
			return column.type.kind === "integer" && !column.type.signed ? "u32" : "i32";
		case PhysicalKind.int64:
			return column.type.kind === "integer" && !column.type.signed ? "u64" : "i64";
		case PhysicalKind.int96:
			return "i96";
		case PhysicalKind.byteArray:
		case PhysicalKind.fixed:
			return column.type.kind === "decimal" ? "i128" : null;
		default:
			return null;
	}
}

function numberRule(column: ParquetColumn, type: DataType, checked: boolean): NumberRule | null {
	const source = sourceLane(column);
	const target = physicalType(type);
	if (source === null || (target !== "i32" && target !== "i64" && target !== "i128")) return null;
	const exact = exactRule(column.type, type);
	return exact === null ? null : { source, target, exact, fast: fastRule(column, type, { source, target, checked }) };
}

/** The exact meaning of a file's integer in the type asked for; null when the pair is refused. */
function exactRule(file: FileType, type: DataType): ((value: bigint) => Exact) | null {
	switch (type.kind) {
		case "smallint":
			return decimalRule(file, 0, 32_767n, "smallint", true);
		case "integer":
			return decimalRule(file, 0, I32_MAX, "integer", true);
		case "bigint":
			return decimalRule(file, 0, I64_MAX, "bigint", true);
		case "numeric": {
			if (type.precision === undefined) return null;
			const { precision, scale = 0 } = type;
			return decimalRule(file, scale, 10n ** BigInt(precision) - 1n, `numeric(${precision},${scale})`, false);
		}
		case "date":
			return file.kind === "date" ? (value) => (value < DATE_MIN || value > DATE_MAX ? dateOutOfRange("date") : value) : null;
		case "time":
			return file.kind === "time" ? timeRule(file.unit) : null;
		case "timestamp":
		case "timestamptz":
			return timestampRule(file, type.kind);
		default:
			return null;
	}
}

/** Integers and decimals to a coefficient of `scale` digits; two's complement types hold one more below zero than above. */
function decimalRule(file: FileType, scale: number, maximum: bigint, name: string, isInteger: boolean): ((value: bigint) => Exact) | null {
	if (file.kind !== "integer" && file.kind !== "decimal") return null;
	const fileScale = file.kind === "decimal" ? file.scale : 0;
	const minimum = isInteger ? -maximum - 1n : -maximum;
	const factor = 10n ** BigInt(Math.abs(scale - fileScale));
	return (value) => {
		if (scale < fileScale && value % factor !== 0n) return outOfRange(decimalText(value, fileScale), name);
		const scaled = scale < fileScale ? value / factor : value * factor;
		return scaled < minimum || scaled > maximum ? outOfRange(decimalText(value, fileScale), name) : scaled;
	};
}

function decimalText(coefficient: bigint, scale: number): string {
	if (scale === 0) return coefficient.toString();
	const digits = (coefficient < 0n ? -coefficient : coefficient).toString().padStart(scale + 1, "0");
	return `${coefficient < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

type Unit = "millis" | "micros" | "nanos";

function toMicroseconds(value: bigint, unit: Unit): bigint | null {
	if (unit === "micros") return value;
	if (unit === "millis") return value * 1000n;
	return value % 1000n === 0n ? value / 1000n : null;
}

const lostNanoseconds: Exact = { code: "datetime_field_overflow", detail: "value has nanoseconds, which microseconds do not hold" };

function timeRule(unit: Unit): (value: bigint) => Exact {
	return (value) => {
		const microseconds = toMicroseconds(value, unit);
		if (microseconds === null) return lostNanoseconds;
		return microseconds < 0n || microseconds > DAY_MICROSECONDS ? dateOutOfRange("time") : microseconds;
	};
}

/** A date is its midnight; a file's local time is no instant, nor the reverse. */
function timestampRule(file: FileType, name: "timestamp" | "timestamptz"): ((value: bigint) => Exact) | null {
	const inRange = (microseconds: bigint | null): Exact => {
		if (microseconds === null) return lostNanoseconds;
		return microseconds < TIMESTAMP_MIN || microseconds > I64_MAX ? dateOutOfRange("timestamp") : microseconds;
	};
	if (file.kind === "date" && name === "timestamp") return (value) => inRange(value * DAY_MICROSECONDS);
	if (file.kind === "int96") return (value) => inRange(value % 1000n === 0n ? value / 1000n : null);
	if (file.kind === "timestamp") return (value) => inRange(toMicroseconds(value, file.unit));
	return null;
}

/** Whole batches by kernel where the rule is a copy, a sign extension, a checked narrowing or a multiplication. */
function fastRule(
	column: ParquetColumn,
	type: DataType,
	{ source, target, checked }: { source: SourceLane; target: PhysicalType; checked: boolean },
): NumberRule["fast"] {
	const file = column.type;
	const scaleOf = (kind: FileType | DataType): number => (kind.kind === "decimal" || kind.kind === "numeric" ? (kind.scale ?? 0) : 0);
	const sameScale = scaleOf(file) === scaleOf(type);
	if (source === "i64" && target === "i32" && sameScale && (type.kind === "integer" || type.kind === "smallint")) {
		const maximum = type.kind === "integer" ? 2_147_483_647 : 32_767;
		return ({ kernels }, count, values, out) => kernels.narrow_i64(count, values, out, -maximum - 1, maximum);
	}
	if (file.kind === "time") return source === "i64" && file.unit === "micros" && !checked ? null : undefined;
	if (file.kind === "timestamp") return fastTimestamp(file.unit, checked);
	if (!sameScale) return undefined;
	if (source === "i128") {
		if (checked || target !== "i128" || column.physical !== PhysicalKind.fixed) return undefined;
		return ({ kernels }, count, values, out) => kernels.big_endian_to_i128(count, values, column.typeLength, out) + 1;
	}
	const lossless = type.kind !== "numeric" || !checked;
	if (file.kind === "date" && type.kind !== "date") return undefined;
	if (source === "i32" && target === "i64" && lossless) {
		return ({ kernels }, count, values, out) => {
			kernels.widen_i32(count, values, out);
			return 0;
		};
	}
	if (source === "u32" && target === "i64" && lossless) {
		return ({ kernels }, count, values, out) => {
			kernels.widen_u32(count, values, out);
			return 0;
		};
	}
	if (source !== target) return undefined;
	if (!checked || type.kind === "bigint" || type.kind === "integer") return null;
	if (type.kind === "smallint") return checkedRange(-32_768, 32_767);
	return type.kind === "date" ? checkedRange(Number(DATE_MIN), Number(DATE_MAX)) : undefined;
}

function checkedRange(minimum: number, maximum: number): NumberRule["fast"] {
	return ({ kernels, arena }, count, values, out) => {
		arena.views.u8.copyWithin(out, values, values + count * 4);
		return kernels.count_outside_i32(count, values, minimum, maximum);
	};
}

function fastTimestamp(unit: Unit, checked: boolean): NumberRule["fast"] {
	if (unit === "micros") {
		if (!checked) return null;
		return ({ kernels, arena }, count, values, out) => {
			arena.views.u8.copyWithin(out, values, values + count * 8);
			return kernels.count_below_i64(count, values, TIMESTAMP_MIN);
		};
	}
	if (unit !== "millis") return undefined;
	return ({ kernels }, count, values, out) => {
		const bad = kernels.scale_up_i64(count, values, 1000n, out);
		return bad + kernels.count_below_i64(count, out, TIMESTAMP_MIN);
	};
}

function applyRule(column: ParquetColumn, rule: NumberRule): Conversion {
	const width = PHYSICAL_BYTES[rule.target];
	return (count, raw, { engine, region, report }) => {
		if (rule.fast === null) return { values: raw.values, offsets: 0 };
		const out = region.allocate(count * width + SLACK_BYTES);
		if (rule.fast !== undefined && rule.fast(engine, count, raw.values, out) === 0) return { values: out, offsets: 0 };
		let { values } = raw;
		if (rule.source === "i128") {
			values = region.allocate(count * 16 + SLACK_BYTES);
			const { kernels } = engine;
			const failed =
				raw.kind === "bytes"
					? kernels.big_endian_bytes_to_i128(count, raw.offsets, raw.values, values)
					: kernels.big_endian_to_i128(count, raw.values, column.typeLength, values);
			if (failed >= 0) throw malformed(`column "${column.name}" has a decimal of more than 16 bytes, or of none`);
		}
		const { data } = engine.arena.views;
		for (let index = 0; index < count; index++) {
			const result = rule.exact(readLane(engine.arena, rule.source, values, index));
			let value = 0n;
			if (typeof result === "bigint") value = result;
			else report({ index, ...result });
			if (width === 4) data.setInt32(out + index * 4, Number(value), true);
			else data.setBigInt64(out + index * width, BigInt.asIntN(64, value), true);
			if (width === 16) data.setBigInt64(out + index * 16 + 8, value >> 64n, true);
		}
		return { values: out, offsets: 0 };
	};
}

/** Nanoseconds between the Julian epoch of INT96 timestamps and 1970. */
const JULIAN_DAY_OF_EPOCH = 2_440_588n;
const DAY_NANOSECONDS = 86_400_000_000_000n;

function readLane(arena: Arena, lane: SourceLane, values: Pointer, index: number): bigint {
	const { data } = arena.views;
	switch (lane) {
		case "i32":
			return BigInt(data.getInt32(values + index * 4, true));
		case "u32":
			return BigInt(data.getUint32(values + index * 4, true));
		case "i64":
			return data.getBigInt64(values + index * 8, true);
		case "u64":
			return data.getBigUint64(values + index * 8, true);
		case "i96": {
			const nanoseconds = data.getBigInt64(values + index * 12, true);
			return (BigInt(data.getUint32(values + index * 12 + 8, true)) - JULIAN_DAY_OF_EPOCH) * DAY_NANOSECONDS + nanoseconds;
		}
		case "i128":
			return (data.getBigInt64(values + index * 16 + 8, true) << 64n) | data.getBigUint64(values + index * 16, true);
		default:
			throw new Error(`no lane ${String(lane)}`);
	}
}
