/** How inputs are cut into groups. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeGroups } from "../src/compaction/merge-groups.ts";

const budget = { arenaBytes: 100, heapBytes: 50, fanInMax: 8 };
const equal = (count: number, arenaBytes: number, heapBytes = 1) => Array.from({ length: count }, () => ({ arenaBytes, heapBytes }));

test.each([
	["all that fit", equal(8, 12), [8]],
	["no more than may be open", equal(20, 1), [6, 7, 7]],
	["evenly, so that none is left alone", equal(6, 20), [3, 3]],
	["by the heap", equal(6, 1, 20), [2, 2, 2]],
	["two, whatever they take", equal(4, 1000), [2, 2]],
	["unequal ones as they come", [...equal(2, 50), ...equal(7, 10), ...equal(1, 90)], [2, 7, 1]],
	["one", equal(1, 1), [1]],
	["none", [], []],
])("%s", (_, inputs, lengths) => {
	expect(mergeGroups(inputs, budget)).toEqual(lengths);
});

test("every input is in one group, every group of more than two is within the budget, and two neighbours would not fit as one", () => {
	const input = fc.record({ arenaBytes: fc.nat({ max: 120 }), heapBytes: fc.nat({ max: 60 }) });
	fc.assert(
		fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
			const lengths = mergeGroups(inputs, budget);
			expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(inputs.length);
			let start = 0;
			for (const length of lengths) {
				const group = inputs.slice(start, (start += length));
				expect(length).toBeGreaterThan(0);
				expect(length).toBeLessThanOrEqual(budget.fanInMax);
				if (length <= 2) continue;
				expect(group.reduce((sum, { arenaBytes }) => sum + arenaBytes, 0)).toBeLessThanOrEqual(budget.arenaBytes);
				expect(group.reduce((sum, { heapBytes }) => sum + heapBytes, 0)).toBeLessThanOrEqual(budget.heapBytes);
			}
			// Halving is guaranteed: a pass over more than one input leaves at most half of them, and one.
			expect(lengths.length).toBeLessThanOrEqual(Math.ceil(inputs.length / 2));
		}),
	);
});
