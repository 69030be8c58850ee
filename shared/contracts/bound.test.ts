import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes, decodeBound, encodeBound, hasBounds, truncateLower, truncateUpper } from "./bound.ts";
import type { DataType } from "./data-type.ts";
import type { NumericValue, SqlValue } from "./value.ts";

const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));

describe("encodings are fixed: they are stored", () => {
	const cases: [DataType, SqlValue, string | null][] = [
		[{ kind: "boolean" }, false, "00"],
		[{ kind: "boolean" }, true, "01"],
		[{ kind: "smallint" }, -1, "7fffffff"],
		[{ kind: "integer" }, 0, "80000000"],
		[{ kind: "integer" }, -2147483648, "00000000"],
		[{ kind: "date" }, 1, "80000001"],
		[{ kind: "bigint" }, 9223372036854775807n, "ffffffffffffffff"],
		[{ kind: "bigint" }, 9223372036854775808n, null],
		[{ kind: "timestamp" }, -1n, "7fffffffffffffff"],
		[{ kind: "real" }, 1, "bf800000"],
		[{ kind: "real" }, -0, "80000000"],
		[{ kind: "double" }, -1, "400fffffffffffff"],
		[{ kind: "double" }, Number.NaN, null],
		[{ kind: "double" }, Number.POSITIVE_INFINITY, "fff0000000000000"],
		[{ kind: "numeric", precision: 18, scale: 2 }, { coefficient: 150n, scale: 2 }, "8000000000000096"],
		[{ kind: "numeric", precision: 18, scale: 2 }, { coefficient: 15n, scale: 1 }, "8000000000000096"],
		[{ kind: "numeric", precision: 18, scale: 0 }, { coefficient: 15n, scale: 1 }, null],
		[{ kind: "numeric", precision: 19, scale: 0 }, { coefficient: -1n, scale: 0 }, `7f${"f".repeat(30)}`],
		[{ kind: "numeric" }, { coefficient: 1n, scale: 0 }, null],
		[{ kind: "uuid" }, "00112233-4455-6677-8899-aabbccddeeff", "00112233445566778899aabbccddeeff"],
		[{ kind: "text" }, "aß", "61c39f"],
		[{ kind: "varchar", length: 3 }, "", ""],
		[{ kind: "bytea" }, Uint8Array.of(0, 255), "00ff"],
		[{ kind: "jsonb" }, "{}", null],
		[{ kind: "array", element: { kind: "integer" } }, [1], null],
		[{ kind: "interval" }, { months: 1, days: 0, microseconds: 0n }, null],
		[{ kind: "integer" }, null, null],
	];
	test.each(cases)("%j of %o", (type, value, expected) => {
		expect(hex(encodeBound(type, value))).toBe(expected);
	});
});

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const compareNumbers = (left: number | bigint, right: number | bigint) => (left < right ? -1 : left > right ? 1 : 0);
const compareText = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
const text = fc.string({ unit: "binary", maxLength: 40 });
const float32 = fc.float({ noNaN: true });

/** Every type with bounds, an arbitrary of its values, and the type's order. */
const types: { type: DataType; values: fc.Arbitrary<SqlValue>; compare: (left: never, right: never) => number }[] = [
	{ type: { kind: "boolean" }, values: fc.boolean(), compare: (left: boolean, right: boolean) => Number(left) - Number(right) },
	{ type: { kind: "smallint" }, values: fc.integer({ min: -32768, max: 32767 }), compare: compareNumbers },
	{ type: { kind: "integer" }, values: fc.integer(), compare: compareNumbers },
	{ type: { kind: "date" }, values: fc.integer(), compare: compareNumbers },
	{ type: { kind: "bigint" }, values: int64, compare: compareNumbers },
	{ type: { kind: "time" }, values: int64, compare: compareNumbers },
	{ type: { kind: "timestamp" }, values: int64, compare: compareNumbers },
	{ type: { kind: "timestamptz" }, values: int64, compare: compareNumbers },
	{ type: { kind: "real" }, values: float32, compare: compareNumbers },
	{ type: { kind: "double" }, values: fc.double({ noNaN: true }), compare: compareNumbers },
	{
		type: { kind: "numeric", precision: 18, scale: 4 },
		values: fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }).map((coefficient) => ({ coefficient, scale: 4 })),
		compare: (left: NumericValue, right: NumericValue) => compareNumbers(left.coefficient, right.coefficient),
	},
	{
		type: { kind: "numeric", precision: 38, scale: 10 },
		values: fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map((coefficient) => ({ coefficient, scale: 10 })),
		compare: (left: NumericValue, right: NumericValue) => compareNumbers(left.coefficient, right.coefficient),
	},
	{ type: { kind: "uuid" }, values: fc.uuid(), compare: compareText },
	{ type: { kind: "text" }, values: text, compare: compareText },
	{ type: { kind: "varchar" }, values: text, compare: compareText },
	{ type: { kind: "char", length: 40 }, values: text, compare: compareText },
	{
		type: { kind: "bytea" },
		values: fc.uint8Array({ maxLength: 40 }),
		compare: (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right),
	},
];

describe.each(types)("$type", ({ type, values, compare }) => {
	test("byte order is value order, and a bound decodes to its value", () => {
		expect(hasBounds(type)).toBe(true);
		fc.assert(
			fc.property(values, values, (left, right) => {
				const leftBytes = encodeBound(type, left) as Uint8Array;
				const rightBytes = encodeBound(type, right) as Uint8Array;
				expect(Math.sign(compareBytes(leftBytes, rightBytes))).toBe(Math.sign(compare(left as never, right as never)));
				// -0 and 0 are one value and one bound.
				expect(decodeBound(type, leftBytes)).toEqual(left === 0 ? 0 : left);
			}),
		);
	});
});

describe("truncation", () => {
	test("never lifts a lower bound and never lowers an upper one", () => {
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 12 }),
			fc.array(fc.constantFrom(0, 0xfe, 0xff), { maxLength: 12 }).map((list) => Uint8Array.from(list)),
		);
		fc.assert(
			fc.property(bytes, fc.integer({ min: 1, max: 8 }), (value, byteCountMax) => {
				const lower = truncateLower(value, byteCountMax);
				const upper = truncateUpper(value, byteCountMax);
				expect(lower.length).toBeLessThanOrEqual(byteCountMax);
				expect(compareBytes(lower, value)).toBeLessThanOrEqual(0);
				if (upper === null) expect(value.subarray(0, byteCountMax).every((byte) => byte === 0xff)).toBe(true);
				else {
					expect(upper.length).toBeLessThanOrEqual(byteCountMax);
					expect(compareBytes(upper, value)).toBeGreaterThanOrEqual(0);
				}
			}),
		);
	});

	test.each([
		["a".repeat(32), "61".repeat(32)],
		["a".repeat(33), `${"61".repeat(31)}62`],
		[`${"a".repeat(31)}ÿ`, `${"61".repeat(31)}c4`],
	])("upper bound of %j", (value, expected) => {
		expect(hex(truncateUpper(encodeBound({ kind: "text" }, value) as Uint8Array))).toBe(expected);
	});

	test("an upper bound that cannot be rounded up is absent", () => {
		expect(truncateUpper(new Uint8Array(33).fill(0xff))).toBeNull();
		expect(hex(truncateUpper(new Uint8Array(32).fill(0xff)))).toBe("ff".repeat(32));
	});
});

describe("decodeBound", () => {
	test.each<[DataType, Uint8Array, SqlValue]>([
		[{ kind: "text" }, Uint8Array.of(0x61, 0xc3), "a"],
		[{ kind: "integer" }, Uint8Array.of(1, 2, 3), null],
		[{ kind: "jsonb" }, Uint8Array.of(1), null],
		[{ kind: "numeric" }, Uint8Array.of(1), null],
	])("%j of %o", (type, bytes, expected) => {
		expect(decodeBound(type, bytes)).toEqual(expected);
	});
});
