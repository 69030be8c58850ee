/** Instants and local clocks: whole columns of TIMESTAMPTZ to and from the time that a zone's clocks show. UTC costs nothing. */
import { zoneOffsetOfLocal, zoneOffsetSeconds } from "#shared/contracts/values/time-zone.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { outOfRange } from "../errors.ts";
import type { KernelCall } from "../kernel.ts";
import { allocateResult, rowsOf } from "../lanes.ts";

const SECOND = 1_000_000n;
/** Offsets are remembered by quarter hour: no zone changes in between. */
const QUARTER_HOUR_SECONDS = 900;

export const isUtc = (zone: string): boolean => /^(?:utc|gmt|z|zulu|etc\/utc|universal)$/i.test(zone);

function shift(call: KernelCall, vector: FlatVector, offsetAt: (seconds: number) => number, sign: 1n | -1n): FlatVector {
	const result = allocateResult(call, vector.type);
	const { i64 } = call.engine.arena.views;
	const known = new Map<number, bigint>();
	for (const row of rowsOf(call)) {
		const value = i64[vector.values / 8 + row] as bigint;
		const seconds = Number(value / SECOND);
		const quarter = Math.floor(seconds / QUARTER_HOUR_SECONDS);
		let offset = known.get(quarter);
		if (offset === undefined) {
			offset = BigInt(offsetAt(quarter * QUARTER_HOUR_SECONDS)) * SECOND;
			known.set(quarter, offset);
		}
		const moved = value + sign * offset;
		if (BigInt.asIntN(64, moved) !== moved) throw outOfRange({ kind: "timestamp" });
		i64[result.values / 8 + row] = moved;
	}
	return result;
}

/** What the zone's clocks show at each instant. @throws invalid_parameter_value (22023) for an unknown zone */
export function toLocal(call: KernelCall, vector: FlatVector, zone: string): FlatVector {
	if (isUtc(zone)) return vector;
	return shift(call, vector, (seconds) => zoneOffsetSeconds(zone, seconds), 1n);
}

/** The instants at which the zone's clocks show these times. @throws invalid_parameter_value (22023) for an unknown zone */
export function toInstant(call: KernelCall, vector: FlatVector, zone: string): FlatVector {
	if (isUtc(zone)) return vector;
	return shift(call, vector, (seconds) => zoneOffsetOfLocal(zone, seconds), -1n);
}
