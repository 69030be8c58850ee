/** date_trunc: timestamps by a kernel, in the local time of their zone; intervals one value at a time. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { outOfRange } from "../errors.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateResult, rowsOf } from "../lanes.ts";
import { perValue } from "../per-value.ts";
import { toInstant, toLocal } from "./zone.ts";
import { UNIT_OPCODE_HOUR, unsupported, unitOpcode } from "./field-names.ts";
import { firstLane } from "./first-lane.ts";

/** @param zoneOf the zone whose days and months are meant; null for timestamps without one */
function bindTruncate(type: DataType, zoneOf: ((call: KernelCall, operands: Operand[]) => string) | null): Bind {
	const truncate: Kernel = (call, operands) => {
		const [name, input] = operands as [Operand, Operand];
		const unit = unitOpcode(readValue(call.engine, name.vector, 0) as string, type);
		const zone = zoneOf?.(call, operands) ?? "UTC";
		const source = input.constant === 1 ? firstLane(call, input) : input.vector;
		const local = toLocal(call, source, zone);
		const result = allocateResult(call, type);
		const { count, selection } = call.rows;
		if (call.engine.kernels.date_trunc_i64(unit, count, selection, local.values, result.values) !== 0) throw outOfRange(type);
		return unit < UNIT_OPCODE_HOUR ? toInstant(call, result, zone) : keepOffset(call, { source, local, truncated: result });
	};
	return () => (call, operands) => {
		const varying = operands.some((operand, index) => index !== 1 && operand.constant === 0);
		if (!varying || call.rows.rowCount === 1) return truncate(call, operands);
		return truncateEach(call, operands, truncate, type);
	};
}

/** Hours and finer units keep the offset of the instant itself: in an hour that happens twice, the start is that of the same hour. */
function keepOffset(call: KernelCall, parts: { source: FlatVector; local: FlatVector; truncated: FlatVector }): FlatVector {
	const { source, local, truncated } = parts;
	if (source === local) return truncated;
	const { i64 } = call.engine.arena.views;
	for (const row of rowsOf(call)) {
		const offset = (i64[local.values / 8 + row] as bigint) - (i64[source.values / 8 + row] as bigint);
		i64[truncated.values / 8 + row] = (i64[truncated.values / 8 + row] as bigint) - offset;
	}
	return truncated;
}

/** Units or zones that differ by row: one run per row. */
function truncateEach(call: KernelCall, operands: Operand[], truncate: Kernel, type: DataType): FlatVector {
	const result = allocateResult(call, type);
	const { u16, i32, i64 } = call.engine.arena.views;
	const selection = call.region.allocate(2);
	for (const row of rowsOf(call)) {
		u16[selection / 2] = row;
		const ones = operands.map((operand, index): Operand => {
			if (index === 1 || operand.constant === 1) return operand;
			const start = i32[operand.vector.offsets / 4 + row] as number;
			const offsets = call.region.allocate(8);
			i32[offsets / 4] = 0;
			i32[offsets / 4 + 1] = (i32[operand.vector.offsets / 4 + row + 1] as number) - start;
			return { vector: { ...operand.vector, values: operand.vector.values + start, offsets, validity: 0 }, constant: 1 };
		});
		const part = truncate({ ...call, rows: { ...call.rows, selection, count: 1 } }, ones);
		i64[result.values / 8 + row] = i64[part.values / 8 + row] as bigint;
	}
	return result;
}

/** Microseconds of the units that an interval's time has. */
const INTERVAL_UNITS: Record<number, bigint> = { 8: 3_600_000_000n, 9: 60_000_000n, 10: 1_000_000n, 11: 1000n, 12: 1n };
const MONTHS_OF_UNIT: Record<number, number> = { 0: 12_000, 1: 1200, 2: 120, 3: 12, 4: 3, 5: 1 };

function truncateInterval(text: string, value: IntervalValue): IntervalValue {
	const type: DataType = { kind: "interval" };
	const unit = unitOpcode(text, type);
	if (unit === 6) throw unsupported(text, type);
	const size = INTERVAL_UNITS[unit];
	if (size !== undefined) return { ...value, microseconds: (value.microseconds / size) * size };
	const months = MONTHS_OF_UNIT[unit];
	if (months === undefined) return { ...value, microseconds: 0n };
	return { months: Math.trunc(value.months / months) * months, days: 0, microseconds: 0n };
}

export const DATE_TRUNC_KERNELS: Record<string, Bind> = {
	"date_trunc(text,timestamp)": bindTruncate({ kind: "timestamp" }, null),
	"date_trunc(text,timestamptz)": bindTruncate({ kind: "timestamptz" }, (call) => call.statement.timeZone),
	"date_trunc(text,timestamptz,text)": bindTruncate(
		{ kind: "timestamptz" },
		(call, operands) => readValue(call.engine, (operands[2] as Operand).vector, 0) as string,
	),
	"date_trunc(text,interval)": perValue(([text, value]) => truncateInterval(text as string, value as IntervalValue)),
};
