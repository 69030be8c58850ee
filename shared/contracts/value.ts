/**
 * One SQL value as a JavaScript value, wherever a single value travels: constants of plans, parameters, defaults, bounds. Columns never do.
 *
 * | type | value |
 * | --- | --- |
 * | boolean | boolean |
 * | smallint, integer | number |
 * | date | number: days since 1970-01-01 |
 * | bigint | bigint |
 * | time | bigint: microseconds since midnight |
 * | timestamp, timestamptz | bigint: microseconds since 1970-01-01 00:00 (UTC) |
 * | real, double | number, NaN and infinities included |
 * | numeric, fixed or free | {@link NumericValue} |
 * | text, varchar, char, jsonb | string |
 * | bytea | Uint8Array |
 * | uuid | string, lower case with hyphens |
 * | interval | {@link IntervalValue} |
 * | array | array of these |
 */
import { z } from "zod";

/** coefficient x 10^-scale; scale >= 0 is the display scale. */
export interface NumericValue {
	coefficient: bigint;
	scale: number;
}
export interface IntervalValue {
	months: number;
	days: number;
	microseconds: bigint;
}
export type SqlValue = null | boolean | number | bigint | string | Uint8Array | NumericValue | IntervalValue | SqlValue[];

export const SqlValue: z.ZodType<SqlValue> = z.lazy(() =>
	z.union([
		z.null(),
		z.boolean(),
		z.custom<number>((value) => typeof value === "number"),
		z.bigint(),
		z.string(),
		z.instanceof(Uint8Array),
		z.object({ coefficient: z.bigint(), scale: z.int().min(0) }),
		z.object({ months: z.int(), days: z.int(), microseconds: z.bigint() }),
		z.array(SqlValue),
	]),
);
