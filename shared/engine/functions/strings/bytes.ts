/** Single bytes and bits of bytea, and its forms of functions that text has too. Bits count from the lowest of each byte. */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { outOfRange } from "../errors.ts";
import type { Bind } from "../kernel.ts";
import { perValue } from "../per-value.ts";

function checkIndex(index: bigint | number, count: number): number {
	if (index < 0 || index >= count) {
		throw new LittoralError("array_subscript_error", `index ${index} out of valid range, 0..${count - 1}`);
	}
	return Number(index);
}

/** A copy with one byte changed. */
function withByte(bytes: Uint8Array, index: number, value: number): Uint8Array {
	const copy = bytes.slice();
	copy[index] = value;
	return copy;
}

function getBit([input, index]: SqlValue[]): SqlValue {
	const bytes = input as Uint8Array;
	const at = checkIndex(index as bigint, bytes.length * 8);
	return ((bytes[at >> 3] as number) >> (at & 7)) & 1;
}

function setBit([input, index, bit]: SqlValue[]): SqlValue {
	const bytes = input as Uint8Array;
	const at = checkIndex(index as bigint, bytes.length * 8);
	if (bit !== 0 && bit !== 1) throw new LittoralError("invalid_parameter_value", "new bit must be 0 or 1");
	const mask = 1 << (at & 7);
	const old = bytes[at >> 3] as number;
	return withByte(bytes, at >> 3, bit === 1 ? old | mask : old & ~mask);
}

function setBits(byte: number): number {
	let count = 0;
	for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
	return count;
}

function trim(bytes: Uint8Array, characters: Uint8Array, sides: { start: boolean; end: boolean }): Uint8Array {
	const set = new Set(characters);
	let start = 0;
	let end = bytes.length;
	if (sides.start) while (start < end && set.has(bytes[start] as number)) start++;
	if (sides.end) while (end > start && set.has(bytes[end - 1] as number)) end--;
	return bytes.slice(start, end);
}
const trims = (sides: { start: boolean; end: boolean }): Bind =>
	perValue(([bytes, characters]) => trim(bytes as Uint8Array, characters as Uint8Array, sides));

function position(bytes: Uint8Array, wanted: Uint8Array): number {
	for (let at = 0; at + wanted.length <= bytes.length; at++) if (wanted.every((byte, index) => bytes[at + index] === byte)) return at + 1;
	return 0;
}

const negativeLength = (): LittoralError => new LittoralError("substring_error", "negative substring length not allowed");

/** What stands at `start` (from 1), `length` items long, replaced. @throws 22011, 22003 */
export function overlayBounds(start: number, length: number): { before: number; after: number } {
	if (start <= 0) throw negativeLength();
	if (start + length > 2_147_483_647) throw outOfRange({ kind: "integer" });
	return { before: start - 1, after: Math.max(0, start + length - 1) };
}

function overlay([input, replacement, start, length]: SqlValue[]): SqlValue {
	const [bytes, added] = [input as Uint8Array, replacement as Uint8Array];
	const { before, after } = overlayBounds(start as number, (length as number | undefined) ?? added.length);
	return Uint8Array.from([...bytes.subarray(0, before), ...added, ...bytes.subarray(after)]);
}

export const BYTE_KERNELS: Record<string, Bind> = {
	"get_byte(bytea,integer)": perValue(([input, index]) => {
		const bytes = input as Uint8Array;
		return bytes[checkIndex(index as number, bytes.length)] as number;
	}),
	"set_byte(bytea,integer,integer)": perValue(([input, index, value]) => {
		const bytes = input as Uint8Array;
		return withByte(bytes, checkIndex(index as number, bytes.length), (value as number) & 0xff);
	}),
	"get_bit(bytea,bigint)": perValue(getBit),
	"set_bit(bytea,bigint,integer)": perValue(setBit),
	"bit_count(bytea)": perValue(([bytes]) => BigInt((bytes as Uint8Array).reduce((count, byte) => count + setBits(byte), 0))),
	"reverse(bytea)": perValue(([bytes]) => (bytes as Uint8Array).slice().reverse()),
	"btrim(bytea,bytea)": trims({ start: true, end: true }),
	"ltrim(bytea,bytea)": trims({ start: true, end: false }),
	"rtrim(bytea,bytea)": trims({ start: false, end: true }),
	"position(bytea,bytea)": perValue(([bytes, wanted]) => position(bytes as Uint8Array, wanted as Uint8Array)),
	"overlay(bytea,bytea,integer)": perValue(overlay),
	"overlay(bytea,bytea,integer,integer)": perValue(overlay),
};
