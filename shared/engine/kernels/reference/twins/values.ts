/** Values of lanes for the cases of kernels: few enough to be equal often, and the ends of their ranges. */
import type { KernelCase } from "./kernel-case.ts";

const I32S = [0, 1, -1, 2, 100, -100, 2 ** 31 - 1, -(2 ** 31)];
const FLOATS = [0, -0, 1, -1, 0.5, 1e-7, -1234.5, Infinity, -Infinity, Number.NaN];

export const anyBool = (rows: KernelCase) => (): number => rows.flag;
export const anyByte = (rows: KernelCase) => (): number => rows.below(256);
export const anyI32 = (rows: KernelCase) => (): number => (rows.flag === 0 ? rows.pick(I32S) : rows.number());
export const anyFloat = (rows: KernelCase) => (): number => Math.fround(rows.flag === 0 ? rows.pick(FLOATS) : rows.number() / 1024);
/** No infinity and no NaN: sums of few of them are exact enough to be equal in the same order. */
export const anyFinite = (rows: KernelCase) => (): number => rows.number() / 1024 + 0.1;

export function anyI64(rows: KernelCase): () => bigint {
	return () => {
		const kind = rows.below(4);
		const small = BigInt(rows.pick(I32S));
		if (kind === 0) return small;
		if (kind === 1) return BigInt.asIntN(64, (1n << 63n) + small);
		return BigInt.asIntN(64, (BigInt(rows.number()) << 32n) ^ BigInt(rows.number()));
	};
}

export function anyI128(rows: KernelCase): () => bigint {
	const half = anyI64(rows);
	return () => BigInt.asIntN(128, rows.flag === 0 ? half() : (half() << 64n) ^ half());
}

const CHARACTERS = ["a", "b", "ab", "%", " ", "é", "€", "😀", "0123456789abcdef"];
const encoder = new TextEncoder();

/** UTF-8 of a few characters of one to four bytes, of any length about a vector's. */
export function anyTexts(rows: KernelCase, count = rows.rowCount + 1): Uint8Array[] {
	const lengths = [0, 1, 3, 17];
	return Array.from({ length: count }, () => {
		let text = "";
		for (let left = rows.pick(lengths); left > 0; left--) text += rows.pick(CHARACTERS);
		return encoder.encode(text);
	});
}
