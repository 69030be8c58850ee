import fc from "fast-check";
import { expect, test } from "vitest";
import type { Region } from "../../memory/region.ts";
import { i128s, i32s, i64s, kernels, read128s, ROWS, u16s, views, withRegion } from "./kernels.fixture.ts";
import { product } from "./numeric-multiply.ts";

const LIMIT = 10n ** 38n;

interface Factor {
	values: bigint[];
	wide: boolean;
	constant: boolean;
	/** One for every row, or one a row. */
	scales: number | number[];
}

/** Coefficients of every length in bits, and those beside powers of two, of either sign. */
const coefficient = (bits: number): fc.Arbitrary<bigint> =>
	fc.tuple(fc.integer({ min: 0, max: bits }), fc.bigInt({ min: -2n, max: 2n }), fc.boolean()).map(([length, beside, negative]) => {
		const magnitude = (1n << BigInt(length)) + beside;
		const limited = wrap(magnitude, bits);
		return negative ? -limited : limited;
	});
const wrap = (value: bigint, bits: number): bigint => (value < 0n || value >= (bits > 63 ? LIMIT : 1n << 63n) ? 1n : value);

const factor = (count: number): fc.Arbitrary<Factor> =>
	fc.record({ wide: fc.boolean(), constant: fc.boolean(), perRow: fc.boolean() }).chain(({ wide, constant, perRow }) => {
		const length = Math.max(1, constant ? 1 : count);
		const scale = fc.integer({ min: 0, max: 20 });
		return fc.record({
			values: fc.array(coefficient(wide ? 126 : 62), { minLength: length, maxLength: length }),
			wide: fc.constant(wide),
			constant: fc.constant(constant),
			scales: perRow ? fc.array(scale, { minLength: length, maxLength: length }) : scale,
		});
	});

function operand(region: Region, { values, wide, constant, scales }: Factor): number {
	const at = wide ? i128s(region, values) : i64s(region, values);
	const perRow = typeof scales === "number" ? 0 : i32s(region, scales);
	return i32s(region, [at, wide ? 1 : 0, perRow, typeof scales === "number" ? scales : 0, constant ? 1 : 0]);
}

const at = ({ values, constant, scales }: Factor, row: number): { coefficient: bigint; scale: number } => {
	const lane = constant ? 0 : row;
	return { coefficient: values[lane] as bigint, scale: typeof scales === "number" ? scales : (scales[lane] as number) };
};

test("products of factors of any length, wide, narrow or constant, with a scale for all or each", () => {
	const inputs = ROWS.chain((rows) => fc.record({ rows: fc.constant(rows), left: factor(rows.count), right: factor(rows.count) }));
	fc.assert(
		fc.property(inputs, ({ rows: { count, selection }, left, right }) =>
			withRegion((region) => {
				const out = region.allocateZeroed(count * 16);
				const scales = region.allocateZeroed(count * 4);
				const live = selection ?? Array.from({ length: count }, (_, row) => row);
				const expected = live.map((row) => product(at(left, row), at(right, row)));
				const answer = kernels.numeric_multiply(
					live.length,
					selection === null ? 0 : u16s(region, selection),
					operand(region, left),
					operand(region, right),
					out,
					scales,
					region.allocate(256),
				);
				expect(answer).toBe(expected.includes(null) ? 1 : 0);
				if (answer !== 0) return;
				const products = read128s(out, count);
				expect(live.map((row) => ({ coefficient: products[row], scale: views.i32[scales / 4 + row] }))).toEqual(expected);
			}),
		),
		{ numRuns: 200 },
	);
});
