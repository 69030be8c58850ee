import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Region } from "../../memory/region.ts";
import { i64s, kernels, ROWS, type Rows, u16s, views, withRegion } from "./kernels.fixture.ts";

const LIMIT = 10n ** 18n;

interface Term {
	values: bigint[];
	constant: boolean;
}

/** Coefficients of every length up to `bits`, and those beside powers of two, of either sign. */
const coefficient = (bits: number): fc.Arbitrary<bigint> =>
	fc
		.tuple(fc.integer({ min: 0, max: bits }), fc.bigInt({ min: -1n, max: 1n }), fc.boolean())
		.map(([length, beside, negative]) => BigInt.asIntN(64, ((1n << BigInt(length)) + beside) * (negative ? -1n : 1n)));

const term = (count: number): fc.Arbitrary<Term> =>
	fc
		.record({ constant: fc.boolean(), bits: fc.constantFrom(4, 20, 29, 30, 31, 40, 57, 58, 59, 63) })
		.chain(({ constant, bits }) =>
			fc.record({ constant: fc.constant(constant), values: fc.array(coefficient(bits), { minLength: count + 1, maxLength: count + 1 }) }),
		);

const INPUTS = ROWS.chain((rows) => fc.record({ rows: fc.constant(rows), left: term(rows.count), right: term(rows.count) }));
/** One or a power of ten, as of decimals whose scales differ. */
const FACTORS = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.boolean(), fc.boolean());

const liveOf = ({ count, selection }: Rows): number[] => selection ?? Array.from({ length: count }, (_, row) => row);
const at = ({ values, constant }: Term, row: number): bigint => values[constant ? 0 : row] as bigint;
/** k of -2^k <= value < 2^k. */
const bitsOf = (value: bigint): number => (value < 0n ? -value - 1n : value).toString(2).replace(/^0$/, "").length;
const bitsOfAll = (from: Term, live: number[]): number => Math.max(0, ...live.map((row) => bitsOf(at(from, row))));

/** What answers 0 is exact, and of 18 digits at most; and what is as short as `isShort` says answers 0. */
function check(answer: number, exact: bigint[], found: bigint[], isShort: boolean): void {
	if (isShort) expect(answer).toBe(0);
	if (answer !== 0) return;
	expect(found).toEqual(exact);
	expect(exact.filter((value) => value >= LIMIT || value <= -LIMIT)).toEqual([]);
}

describe("arithmetic of decimals in 64 bits", () => {
	function run(rows: Rows, kernel: (count: number, selection: number, out: number, region: Region) => number) {
		const live = liveOf(rows);
		let found: bigint[] = [];
		let answer = 0;
		withRegion((region) => {
			const out = region.allocateZeroed(rows.count * 8);
			answer = kernel(live.length, rows.selection === null ? 0 : u16s(region, rows.selection), out, region);
			found = live.map((row) => views.i64[out / 8 + row] as bigint);
		});
		return { live, answer, found };
	}

	test("products", () => {
		fc.assert(
			fc.property(INPUTS, ({ rows, left, right }) => {
				const { live, answer, found } = run(rows, (count, selection, out, region) =>
					kernels.decimal_multiply(
						count,
						selection,
						i64s(region, left.values),
						left.constant ? 1 : 0,
						i64s(region, right.values),
						right.constant ? 1 : 0,
						out,
					),
				);
				const exact = live.map((row) => at(left, row) * at(right, row));
				check(answer, exact, found, bitsOfAll(left, live) + bitsOfAll(right, live) <= 59);
			}),
			{ numRuns: 300 },
		);
	});

	test("sums and differences of two scales", () => {
		fc.assert(
			fc.property(INPUTS, FACTORS, ({ rows, left, right }, [leftPower, rightPower, isDifference, isLeftScaled]) => {
				const leftFactor = isLeftScaled ? 10 ** leftPower : 1;
				const rightFactor = (isLeftScaled ? 1 : 10 ** rightPower) * (isDifference ? -1 : 1);
				const { live, answer, found } = run(rows, (count, selection, out, region) =>
					kernels.decimal_add(
						count,
						selection,
						i64s(region, left.values),
						left.constant ? 1 : 0,
						leftFactor,
						i64s(region, right.values),
						right.constant ? 1 : 0,
						rightFactor,
						out,
					),
				);
				const exact = live.map((row) => at(left, row) * BigInt(leftFactor) + at(right, row) * BigInt(rightFactor));
				const bits = (from: Term, factor: number): number => bitsOfAll(from, live) + bitsOf(BigInt(factor));
				check(answer, exact, found, Math.max(bits(left, leftFactor), bits(right, rightFactor)) <= 58);
			}),
			{ numRuns: 300 },
		);
	});
});
