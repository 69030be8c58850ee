/** What the comparison kernels compute, on JavaScript values. For tests only. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";

const sign = (value: number | bigint): number => (value < 0 ? -1 : value > 0 ? 1 : 0);

function compareBytes(left: Uint8Array, right: Uint8Array): number {
	for (let index = 0; index < Math.min(left.length, right.length); index++) {
		if (left[index] !== right[index]) return sign((left[index] as number) - (right[index] as number));
	}
	return sign(left.length - right.length);
}

const encoder = new TextEncoder();
const microseconds = ({ months, days, microseconds: time }: IntervalValue): bigint =>
	(BigInt(months) * 30n + BigInt(days)) * 86_400_000_000n + time;

/** -1, 0 or 1, in the order of ORDER BY; neither is NULL. */
export function compareValues(type: DataType, left: SqlValue, right: SqlValue): number {
	switch (type.kind) {
		case "real":
		case "double": {
			const [a, b] = [left as number, right as number];
			if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
			return a === b ? 0 : sign(a - b) || (a < b ? -1 : 1);
		}
		case "numeric": {
			const [a, b] = [left as NumericValue, right as NumericValue];
			return sign(a.coefficient * 10n ** BigInt(b.scale) - b.coefficient * 10n ** BigInt(a.scale));
		}
		case "interval":
			return sign(microseconds(left as IntervalValue) - microseconds(right as IntervalValue));
		case "bytea":
			return compareBytes(left as Uint8Array, right as Uint8Array);
		case "char":
			return compareValues({ kind: "text" }, (left as string).replace(/ +$/, ""), (right as string).replace(/ +$/, ""));
		case "text":
		case "varchar":
			return compareBytes(encoder.encode(left as string), encoder.encode(right as string));
		default:
			return (left as number) === (right as number) ? 0 : (left as number) < (right as number) ? -1 : 1;
	}
}
