/** The stored form of an inline file's statistics. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";
import { decodeStatistics, encodeStatistics } from "../src/manifest/statistics.ts";

const bound = fc.option(fc.uint8Array({ maxLength: 200 }));
const statistics: fc.Arbitrary<ColumnStatistics> = fc.record({
	fieldId: fc.nat(),
	nullCount: fc.maxSafeNat(),
	minimum: bound,
	maximum: bound,
	hasNaN: fc.boolean(),
});

test("round trip", () => {
	fc.assert(
		fc.property(fc.array(statistics, { maxLength: 5 }), (columns) => {
			expect(decodeStatistics(encodeStatistics(columns))).toEqual(columns);
		}),
	);
});

const sample: ColumnStatistics[] = [
	{ fieldId: 1, nullCount: 0, minimum: Uint8Array.of(0x80), maximum: Uint8Array.of(0x81, 0xff), hasNaN: false },
	{ fieldId: 300, nullCount: 2 ** 40, minimum: null, maximum: null, hasNaN: true },
];
const GOLDEN = "AQIBAwABgAKB/6wCBICAgICAIA==";

test("golden text of version 1", () => {
	expect(encodeStatistics(sample)).toBe(GOLDEN);
	expect(decodeStatistics(GOLDEN)).toEqual(sample);
});

test.each([
	["", "statistics are whole"],
	["AgA=", "statistics have version 1"],
	["AQIBAwABgAKB/6wCBICAgICA", "statistics are whole"],
	["AQAA", "statistics end with their last column"],
	["AQEBAf8B/w==", "statistics are whole"],
])("%j is refused: %s", (text, message) => {
	expect(() => decodeStatistics(text)).toThrow(`assertion failed: ${message}`);
});
