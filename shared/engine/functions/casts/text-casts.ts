/** Casts from and to text, and the few that go one value at a time. Text forms are those of `contracts/values`. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { fitText, parseValue } from "#shared/contracts/values/parse.ts";
import { outOfRange } from "../errors.ts";
import type { Bind } from "../kernel.ts";
import { allocateBytes, allocateLengths } from "../lanes.ts";
import { perValue, perValueBound } from "../per-value.ts";

export const isStringType = (type: DataType): boolean => type.kind === "text" || type.kind === "varchar" || type.kind === "char";

/** The text of a value as a cast gives it: as its output function, but `true` and `false` in full, and CHAR without its padding. */
export function castText(type: DataType, value: SqlValue, timeZone: string): string {
	if (type.kind === "boolean") return value === true ? "true" : "false";
	if (type.kind === "char") return (value as string).replace(/ +$/, "");
	return formatValue(type, value, { timeZone });
}

/** Text at the length of VARCHAR(n) or CHAR(n): `explicit` cuts, else what is not blank raises 22001. */
function fit(type: DataType, text: string, explicit: boolean): string {
	if (type.kind !== "varchar" && type.kind !== "char") return text;
	if (explicit && type.length !== undefined && text.length > type.length) {
		const points = Array.from(text);
		if (points.length > type.length) return points.slice(0, type.length).join("");
	}
	return fitText(type, text);
}

/** CHAR(n) to TEXT: trailing blanks go, in the kernel. */
const stripPadding: Bind =
	({ type }) =>
	(call, operands) => {
		const { kernels } = call.engine;
		const { count, selection, rowCount } = call.rows;
		const vector = (operands[0] as (typeof operands)[0]).vector;
		const starts = call.region.allocate(rowCount * 4);
		const lengths = allocateLengths(call);
		kernels.trim_blanks(2, count, selection, vector.values, vector.offsets, starts, lengths);
		const result = allocateBytes(call, type, lengths);
		kernels.copy_slices(count, selection, vector.values, starts, result.values, result.offsets);
		return result;
	};

/** @returns null where neither side is text */
export function bindTextCast(from: DataType, to: DataType, explicit: boolean): Bind | null {
	if (from.kind === "char" && (to.kind === "text" || (to.kind === "varchar" && to.length === undefined))) return stripPadding;
	if (isStringType(to)) {
		return perValueBound(
			({ statement }) =>
				([value]) =>
					fit(to, castText(from, value as SqlValue, statement.timeZone), explicit),
		);
	}
	if (isStringType(from)) {
		return perValueBound(
			({ statement }) =>
				([value]) =>
					parseValue(to, value as string, { timeZone: statement.timeZone }),
		);
	}
	return null;
}

const INTEGER_BYTES = { smallint: 2, integer: 4, bigint: 8 } as const;

/** Casts by `from->to` that are neither text nor between numbers or times. */
export const OTHER_CASTS: Record<string, Bind> = {
	"boolean->integer": perValue(([value]) => (value === true ? 1 : 0)),
	"integer->boolean": perValue(([value]) => value !== 0),
};
for (const [kind, byteCount] of Object.entries(INTEGER_BYTES)) {
	const type = { kind } as DataType;
	OTHER_CASTS[`${kind}->bytea`] = perValue(([value]) => {
		let rest = BigInt.asUintN(byteCount * 8, BigInt(value as number | bigint));
		const bytes = new Uint8Array(byteCount);
		for (let index = byteCount - 1; index >= 0; index--, rest >>= 8n) bytes[index] = Number(rest & 0xffn);
		return bytes;
	});
	OTHER_CASTS[`bytea->${kind}`] = perValue(([value]) => {
		const bytes = value as Uint8Array;
		if (bytes.length > byteCount) throw outOfRange(type);
		let number = 0n;
		for (const byte of bytes) number = (number << 8n) | BigInt(byte);
		const signed = BigInt.asIntN(byteCount * 8, number);
		return kind === "bigint" ? signed : Number(signed);
	});
}

/** Raised by functions whose result passes the largest value. */
export const tooLong = (): LittoralError => new LittoralError("program_limit_exceeded", "requested length too large");
