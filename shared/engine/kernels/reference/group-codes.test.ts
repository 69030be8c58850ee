import fc from "fast-check";
import { expect, test } from "vitest";
import { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import { createEngine } from "../kernels.ts";
import { codesWords } from "./group-codes.ts";

const engine = createEngine({ pageCount: 64 });
const { kernels } = engine;
const { views } = engine.arena;

interface CodedRows {
	/** null is NULL. */
	codes: (number | null)[];
	entryCount: number;
	/** Ascending; null for all. */
	selection: number[] | null;
}

const ROWS: fc.Arbitrary<CodedRows> = fc
	.tuple(fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(255, 2047, 2048, 2049)), fc.constantFrom(1, 2, 13, 300))
	.chain(([count, entryCount]) => {
		const code = fc.integer({ min: 0, max: entryCount - 1 });
		const codes = (of: fc.Arbitrary<number | null>) => fc.array(of, { minLength: count, maxLength: count });
		return fc.record({
			codes: fc.oneof(codes(code), codes(fc.option(code)), codes(fc.constant(null))),
			entryCount: fc.constant(entryCount),
			selection: fc.option(fc.subarray(Array.from({ length: count }, (_, row) => row))),
		});
	});

const liveOf = ({ codes, selection }: CodedRows): number[] => selection ?? codes.map((_, row) => row);

function withRegion(use: (region: Region) => void): void {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		use(lease.region());
	} finally {
		lease.release();
	}
}

/** The rows in the arena: codes (0 under NULL), validity (0 without NULLs), selection (0 for all), each unaligned by nothing but their length. */
function lay(region: Region, rows: CodedRows): { codes: number; validity: number; selection: number; count: number } {
	const codes = region.allocate(rows.codes.length * 4);
	views.i32.set(
		rows.codes.map((code) => code ?? 0),
		codes / 4,
	);
	let validity = 0;
	if (rows.codes.includes(null)) {
		validity = region.allocateZeroed((rows.codes.length + 7) >> 3);
		for (const [row, code] of rows.codes.entries()) if (code !== null) views.u8[validity + (row >> 3)]! |= 1 << (row & 7);
	}
	const live = liveOf(rows);
	const selection = rows.selection === null ? 0 : region.allocate(live.length * 2);
	if (selection !== 0) views.u16.set(live, selection / 2);
	return { codes, validity, selection, count: live.length };
}

const u32s = (at: number, count: number): number[] => [...views.u32.subarray(at / 4, at / 4 + count)];
const u16s = (at: number, count: number): number[] => [...views.u16.subarray(at / 2, at / 2 + count)];

test("words of codes: one row of each unknown entry is asked for, and once it is learnt all are known", () => {
	fc.assert(
		fc.property(ROWS, fc.array(fc.boolean(), { minLength: 301, maxLength: 301 }), (rows, isKnown) => {
			withRegion((region) => {
				const { codes, validity, selection, count } = lay(region, rows);
				const { entryCount } = rows;
				const known = new Map<number | null, number>();
				const table = region.allocateZeroed((entryCount + 1) * 4);
				for (let entry = 0; entry <= entryCount; entry++) {
					if (!isKnown[entry]) continue;
					known.set(entry === entryCount ? null : entry, 1000 + entry);
					views.u32[table / 4 + entry] = 1000 + entry;
				}
				const words = region.allocate(rows.codes.length * 4);
				const unknown = region.allocate(count * 2);
				const ask = () => kernels.codes_words(count, selection, codes, validity, entryCount, table, words, unknown);
				const expected = codesWords(liveOf(rows), rows.codes, known);
				const unknownCount = ask();
				expect(u16s(unknown, unknownCount)).toEqual(expected.unknown);
				for (const [row, word] of expected.words) expect(views.u32[words / 4 + row]).toBe(word);

				const learnt = region.allocate(unknownCount * 4);
				for (const [index, row] of expected.unknown.entries()) {
					known.set(rows.codes[row]!, 5000 + row);
					views.u32[learnt / 4 + index] = 5000 + row;
				}
				kernels.codes_learn(unknownCount, unknown, codes, validity, entryCount, table, learnt);
				expect(ask()).toBe(0);
				for (const row of liveOf(rows)) expect(views.u32[words / 4 + row]).toBe(known.get(rows.codes[row]!));
			});
		}),
		{ numRuns: 200 },
	);
});

test("ids side by side, groups numbered and their numbers read", () => {
	fc.assert(
		fc.property(ROWS, fc.integer({ min: 9, max: 16 }), (rows, bits) => {
			withRegion((region) => {
				const { codes, selection, count } = lay(region, rows);
				const next = region.allocate(rows.codes.length * 4);
				views.u32.set(
					rows.codes.map((_, row) => (row * 7) % 512),
					next / 4,
				);
				kernels.ids_combine(count, selection, codes, bits, next);
				for (const row of liveOf(rows)) expect(views.u32[codes / 4 + row]).toBe((rows.codes[row] ?? 0) * 2 ** bits + ((row * 7) % 512));

				const states = region.allocateZeroed(rows.codes.length * 16);
				const groups = region.allocate(rows.codes.length * 4);
				views.u32.set(
					rows.codes.map((_, row) => states + row * 16),
					groups / 4,
				);
				kernels.groups_number(count, selection, groups, 8, 41);
				kernels.groups_numbers(count, selection, groups, 8);
				expect(liveOf(rows).map((row) => views.u32[groups / 4 + row])).toEqual(liveOf(rows).map((_, index) => 41 + index));
			});
		}),
		{ numRuns: 100 },
	);
});

test("pairs: every new one gets past, one remembered does not, and a full memory forgets but never hides", () => {
	fc.assert(
		fc.property(ROWS, fc.constantFrom(16, 4096), (rows, pairCount) => {
			withRegion((region) => {
				const { selection, count } = lay(region, rows);
				const groups = region.allocate(rows.codes.length * 4);
				const words = region.allocate(rows.codes.length * 4);
				views.u32.set(
					rows.codes.map((_, row) => 64 + (row % 3) * 64),
					groups / 4,
				);
				views.u32.set(
					rows.codes.map((code) => (code ?? 300) + 1),
					words / 4,
				);
				const memory = region.allocateZeroed(pairCount * 8);
				const out = region.allocate(count * 2);
				const kept = u16s(out, kernels.pairs_unseen(count, selection, groups, words, memory, pairCount - 1, out));
				const pairOf = (row: number): string => `${row % 3}/${rows.codes[row]}`;
				const firsts = new Map<string, number>();
				for (const row of liveOf(rows)) if (!firsts.has(pairOf(row))) firsts.set(pairOf(row), row);
				expect(kept).toEqual(expect.arrayContaining([...firsts.values()]));
				expect(kept).toEqual(kept.toSorted((left, right) => left - right));
				if (firsts.size <= 8) expect(kept).toHaveLength(firsts.size);
			});
		}),
		{ numRuns: 200 },
	);
});

/** What a predicate says of 300 entries: anything, or the same of all but a stretch of them. */
const HOLDS = fc.oneof(
	fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }),
	fc
		.tuple(fc.boolean(), fc.nat(20), fc.nat(20))
		.map(([others, first, more]) => Array.from({ length: 300 }, (_, code) => (code >= first && code <= first + more) !== others)),
);

test("a predicate per entry, and a code for NULL", () => {
	fc.assert(
		fc.property(ROWS, HOLDS, (rows, holds) => {
			withRegion((region) => {
				const { codes, validity, selection, count } = lay(region, rows);
				const table = region.allocate(300);
				views.u8.set(
					holds.map((hold) => (hold ? 1 : 0)),
					table,
				);
				const out = region.allocate(rows.codes.length * 2 + 2);
				const kept = u16s(out, kernels.select_codes(count, selection, codes, validity, table, out));
				expect(kept).toEqual(liveOf(rows).filter((row) => rows.codes[row] !== null && holds[rows.codes[row]!]));

				const range = region.allocate(8);
				const which = kernels.truths_range(300, table, range);
				if (which > 0 && validity === 0) {
					const [first, more] = views.i32.subarray(range / 4, range / 4 + 2) as unknown as [number, number];
					const all = u16s(out, kernels.select_code_range(rows.codes.length, codes, first, more, which - 1, out));
					expect(all).toEqual(rows.codes.flatMap((code, row) => (holds[code as number] ? [row] : [])));
				}

				const withNull = region.allocate(rows.codes.length * 4);
				kernels.codes_with_null(rows.codes.length, codes, validity, rows.entryCount, withNull);
				expect(u32s(withNull, rows.codes.length)).toEqual(rows.codes.map((code) => code ?? rows.entryCount));
			});
		}),
		{ numRuns: 200 },
	);
});

test("select_true keeps what is true, whatever follows the last whole sixteen rows", () => {
	fc.assert(
		fc.property(ROWS, (rows) => {
			withRegion((region) => {
				const { validity, selection, count } = lay(region, rows);
				const values = region.allocate(rows.codes.length);
				views.u8.set(
					rows.codes.map((code) => (code ?? 0) % 2),
					values,
				);
				const out = region.allocate(count * 2 + 2);
				const kept = u16s(out, kernels.select_true(count, selection, values, validity, out));
				expect(kept).toEqual(liveOf(rows).filter((row) => rows.codes[row] !== null && rows.codes[row]! % 2 === 1));
			});
		}),
		{ numRuns: 200 },
	);
});

test("groups of two codes at once: each known pair has its own, and one that is not known is told of", () => {
	fc.assert(
		fc.property(ROWS, fc.integer({ min: 1, max: 5 }), fc.boolean(), (rows, bits, isComplete) => {
			withRegion((region) => {
				const { codes, selection, count } = lay(region, { ...rows, codes: rows.codes.map((code) => code ?? 0) });
				const secondCodes = rows.codes.map((_, row) => (row * 5) % (2 ** bits - 1));
				const second = region.allocate(rows.codes.length * 4);
				views.i32.set(secondCodes, second / 4);
				const firstIds = region.allocate(rows.entryCount * 4);
				views.u32.set(
					Array.from({ length: rows.entryCount }, (_, code) => rows.entryCount - code),
					firstIds / 4,
				);
				const secondIds = region.allocate(2 ** bits * 4);
				views.u32.set(
					Array.from({ length: 2 ** bits }, (_, code) => code + 1),
					secondIds / 4,
				);
				const known = region.allocateZeroed((rows.entryCount + 1) * 2 ** bits * 4);
				const expected = new Map<number, number>();
				const live = liveOf(rows);
				for (const row of live) {
					const index = (rows.entryCount - (rows.codes[row] ?? 0)) * 2 ** bits + (secondCodes[row] as number) + 1;
					expected.set(row, 1000 + index);
					views.u32[known / 4 + index] = 1000 + index;
				}
				const out = region.allocate(rows.codes.length * 4);
				const ask = (): number => kernels.codes_pairs(count, selection, codes, firstIds, second, secondIds, bits, known, out);
				expect(ask()).toBe(0);
				for (const [row, group] of expected) expect(views.u32[out / 4 + row]).toBe(group);
				if (live.length === 0 || isComplete) return;
				views.u32[known / 4 + (expected.get(live[live.length >> 1] as number) as number) - 1000] = 0;
				expect(ask()).toBe(1);
			});
		}),
		{ numRuns: 200 },
	);
});
