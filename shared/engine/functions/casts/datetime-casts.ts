/** Casts between DATE, TIME, TIMESTAMP, TIMESTAMPTZ and INTERVAL, by `from->to`. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import { checkArithmetic } from "../errors.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateResult } from "../lanes.ts";
import { toInstant, toLocal } from "../datetime/zone.ts";
import { perValue } from "../per-value.ts";
import type { FlatVector } from "../../vector/vector.ts";

function dateToTimestamp(call: KernelCall, vector: FlatVector, type: DataType): FlatVector {
	const result = allocateResult(call, type);
	const { count, selection } = call.rows;
	const answer = call.engine.kernels.convert_date_timestamp(count, selection, vector.values, result.values);
	if (answer !== 0) checkDate();
	return result;
}

function checkDate(): void {
	checkArithmetic(1, { kind: "timestamp" });
}

function split(call: KernelCall, vector: FlatVector, type: DataType): FlatVector {
	const result = allocateResult(call, type);
	const { count, selection } = call.rows;
	call.engine.kernels.split_timestamp(type.kind === "time" ? 1 : 0, count, selection, vector.values, result.values);
	return result;
}

/** A kernel of one flat operand. */
function unary(run: (call: KernelCall, vector: FlatVector, type: DataType) => FlatVector): Bind {
	return ({ type }): Kernel =>
		(call, operands) => ({ ...run(call, (operands[0] as Operand).vector, type), type });
}

export const DATETIME_CASTS: Record<string, Bind> = {
	"date->timestamp": unary(dateToTimestamp),
	"date->timestamptz": unary((call, vector, type) => toInstant(call, dateToTimestamp(call, vector, type), call.statement.timeZone)),
	"timestamp->date": unary(split),
	"timestamp->time": unary(split),
	"timestamptz->date": unary((call, vector, type) => split(call, toLocal(call, vector, call.statement.timeZone), type)),
	"timestamptz->time": unary((call, vector, type) => split(call, toLocal(call, vector, call.statement.timeZone), type)),
	"timestamp->timestamptz": unary((call, vector) => toInstant(call, vector, call.statement.timeZone)),
	"timestamptz->timestamp": unary((call, vector) => toLocal(call, vector, call.statement.timeZone)),
	"time->interval": perValue(([value]) => ({ months: 0, days: 0, microseconds: value as bigint })),
	"interval->time": perValue(([value]) => {
		const rest = (value as IntervalValue).microseconds % MICROSECONDS_PER_DAY;
		return rest < 0n ? rest + MICROSECONDS_PER_DAY : rest;
	}),
};
