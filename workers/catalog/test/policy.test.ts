/** What is merged and why; and, by simulating any sequence of appends, that the bound holds, that no file is in two jobs, and that it ends. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMPACTION_FILE_BYTES, COMPACTION_LEVEL_BYTES, COMPACTION_LEVEL_COUNT } from "#shared/base/limits.ts";
import { SEED } from "../../../tests/seed.ts";
import { outputFileCount } from "../src/compaction/job-cost.ts";
import { fileCountMax, planCompaction, type PolicyFile } from "../src/compaction/policy.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SETTLED_BYTES = COMPACTION_LEVEL_BYTES.at(-1) as number;

const bound = (value: number) => Uint8Array.of(value >> 24, value >> 16, value >> 8, value);

let fileCount = 0;

function file(byteCount: number, range: [number, number] | null = null, run = `flush-${++fileCount}`): PolicyFile {
	return {
		path: `data/t/u/${run}-1.parquet`,
		byteCount,
		rowCount: Math.ceil(byteCount / 20),
		minimum: range && bound(range[0]),
		maximum: range && bound(range[1]),
	};
}

const many = (count: number, byteCount: number) => Array.from({ length: count }, () => file(byteCount));
const plan = (files: PolicyFile[], isSorted = false, queriesPerDay = 100) => planCompaction({ files, isSorted, queriesPerDay });

describe("levels", () => {
	test("a level that is not full is left alone; a full one becomes one file, and says what that costs and saves", () => {
		expect(plan(many(COMPACTION_LEVEL_COUNT - 1, 10 * KIB))).toEqual([]);
		const files = many(COMPACTION_LEVEL_COUNT, 10 * KIB);
		expect(plan(files)).toEqual([
			{
				inputs: files,
				reason:
					"level 0 (files below 64 KiB) holds 8 of at most 7 files: merging 8 files of 80 KiB into 1 costs $0.000066, and saves $0.0000051 a query, so it is paid after 13 queries, 0.13 days at 100 a day",
			},
		]);
	});

	test("files of different levels are not merged with one another", () => {
		expect(plan([...many(7, KIB), ...many(7, 100 * KIB), ...many(7, MIB), ...many(7, 10 * MIB), ...many(20, 50 * MIB)])).toEqual([]);
		const jobs = plan([...many(8, KIB), ...many(9, 100 * KIB), ...many(1, MIB)]);
		expect(jobs.map(({ inputs }) => inputs.map(({ byteCount }) => byteCount))).toEqual([
			Array.from({ length: 8 }, () => KIB),
			Array.from({ length: 9 }, () => 100 * KIB),
		]);
	});

	test("a hundred small files are one job; thousands are jobs of what one can do", () => {
		expect(plan(many(100, 20 * KIB)).map(({ inputs }) => inputs.length)).toEqual([100]);
		expect(plan(many(300, 20 * KIB)).map(({ inputs }) => inputs.length)).toEqual([128, 128, 44]);
		expect(plan(many(40, 30 * MIB)).map(({ inputs }) => inputs.length)).toEqual([17, 17, 6]);
	});

	test("neighbours in the key go into one job, and equal rows keep the order of their commits", () => {
		const files = Array.from({ length: 256 }, (_, index) => file(KIB, [((index * 37) % 256) * 10, ((index * 37) % 256) * 10 + 9]));
		const jobs = plan(files, true);
		expect(jobs).toHaveLength(2);
		for (const [index, { inputs }] of jobs.entries()) {
			expect(inputs).toHaveLength(128);
			const values = inputs.map(({ minimum }) => new DataView((minimum as Uint8Array).buffer).getUint32(0));
			expect([Math.min(...values), Math.max(...values)]).toEqual([index * 1280, index * 1280 + 1270]);
			expect(inputs.map((input) => files.indexOf(input))).toEqual(inputs.map((input) => files.indexOf(input)).toSorted((a, b) => a - b));
		}
	});
});

describe("settled files", () => {
	const overlapping = (count: number) => Array.from({ length: count }, () => file(40 * MIB, [0, 100]));

	test("runs that overlap are merged where the saved reads pay for it, and say so", () => {
		expect(plan(overlapping(7), true)).toEqual([]);
		const files = overlapping(8);
		const [job, ...others] = plan(files, true);
		expect(others).toEqual([]);
		expect(job?.inputs).toEqual(files);
		expect(job?.reason).toMatch(
			/^8 sorted runs overlap at one place of the sort key: merging 8 files of 320 MiB into 5 costs \$0\.00\d+, and saves \$0\.0000051 a query of that place, so it is paid after \d+ queries, [\d.]+ days at 100 a day$/,
		);
		expect(plan(files, true, 1)).toEqual([]);
		expect(plan(files, false)).toEqual([]);
	});

	// docs/storage.md says why nobody counts a table's queries; these are its figures.
	test.each([
		[32, 5, "0.00074"],
		[40, 6, "0.00091"],
		[64, 10, "0.0014"],
	])("of %i MiB each: from %i queries a day on the choice is the same, and below it a merge loses at most $%s", (mib, fewest, dollars) => {
		const files = Array.from({ length: 8 }, () => file(mib * MIB, [0, 100]));
		const chosen = [fewest, 100, 1_000_000].map((queriesPerDay) => plan(files, true, queriesPerDay).map(({ inputs }) => inputs));
		expect(chosen).toEqual([[files], [files], [files]]);
		expect(plan(files, true, fewest - 1)).toEqual([]);
		expect(plan(files, true)[0]?.reason).toContain(`costs $${dollars},`);
	});

	test("files of one run, files that only touch, of one value, or without bounds overlap none", () => {
		const run = Array.from({ length: 9 }, (_, index) => ({
			...file(40 * MIB, [0, 100]),
			path: `data/t/u/merge-j-a-1-${index + 1}.parquet`,
		}));
		expect(plan(run, true)).toEqual([]);
		expect(
			plan(
				Array.from({ length: 9 }, (_, index) => file(40 * MIB, [index * 10, index * 10 + 10])),
				true,
			),
		).toEqual([]);
		expect(
			plan(
				Array.from({ length: 9 }, () => file(40 * MIB, [5, 5])),
				true,
			),
		).toEqual([]);
		expect(plan(many(9, 40 * MIB), true)).toEqual([]);
	});

	test("only those that contain the deepest place are rewritten", () => {
		const deep = Array.from({ length: 8 }, (_, index) => file(40 * MIB, [index, 100 + index]));
		const elsewhere = [file(40 * MIB, [200, 300]), file(40 * MIB, [107, 400])];
		expect(plan([...elsewhere, ...deep], true)[0]?.inputs).toEqual(deep);
	});
});

/** Files after a merge as `merge-files.ts` makes them: cut evenly, side by side in the key, in `groups` runs. */
function simulate(files: PolicyFile[], isSorted: boolean, groups: number): { files: PolicyFile[]; jobCount: number; writtenBytes: number } {
	const jobs = plan(files, isSorted);
	const inputs = jobs.flatMap((job) => job.inputs);
	expect(new Set(inputs).size).toBe(inputs.length);
	const taken = new Set(inputs);
	const added: PolicyFile[] = [];
	for (const job of jobs) {
		expect(job.inputs.length).toBeGreaterThanOrEqual(2);
		expect(job.reason).toMatch(/costs \$\d.*saves \$\d/);
		const groupCount = Math.min(groups, job.inputs.length >> 1);
		const name = `merge-${++fileCount}`;
		for (let group = 0; group < groupCount; group++) {
			const from = Math.floor((job.inputs.length * group) / groupCount);
			const part = job.inputs.slice(from, Math.floor((job.inputs.length * (group + 1)) / groupCount));
			const byteCount = part.reduce((sum, input) => sum + input.byteCount, 0);
			const count = outputFileCount(byteCount);
			const bounds = part.flatMap(({ minimum, maximum }) => [minimum, maximum].filter((value) => value !== null));
			const values = bounds.map((value) => new DataView(value.buffer).getUint32(0));
			const [low, high] = [Math.min(...values), Math.max(...values)];
			for (let number = 1; number <= count; number++) {
				const range: [number, number] = [
					low + Math.floor(((high - low) * (number - 1)) / count),
					low + Math.floor(((high - low) * number) / count),
				];
				added.push({
					...file(Math.floor(byteCount / count), isSorted ? range : null),
					path: `data/t/u/${name}-x-${group}-${number}.parquet`,
				});
			}
		}
	}
	return {
		files: [...files.filter((other) => !taken.has(other)), ...added],
		jobCount: jobs.length,
		writtenBytes: added.reduce((sum, other) => sum + other.byteCount, 0),
	};
}

const total = (files: PolicyFile[]) => files.reduce((sum, other) => sum + other.byteCount, 0);

describe("any sequence of appends", () => {
	const size = fc.oneof(
		fc.integer({ min: 500, max: 100_000 }),
		fc.integer({ min: 500, max: 4 * MIB }),
		fc.integer({ min: MIB, max: 90 * MIB }),
	);
	const append = fc.record({ byteCount: size, low: fc.nat(10_000), width: fc.oneof(fc.nat(100), fc.nat(10_000)) });

	test(`ends within the bound, with nothing more to do (seed ${SEED})`, () => {
		fc.assert(
			fc.property(
				fc.array(fc.array(append, { maxLength: 40 }), { maxLength: 12 }),
				fc.boolean(),
				fc.integer({ min: 1, max: 4 }),
				(waves, isSorted, groups) => {
					let files: PolicyFile[] = [];
					for (const wave of waves) {
						files.push(...wave.map(({ byteCount, low, width }) => file(byteCount, isSorted ? [low, low + width] : null)));
						for (let round = 0; ; round++) {
							expect(round).toBeLessThan(40);
							const next = simulate(files, isSorted, groups);
							if (next.jobCount === 0) break;
							// A merge of a level leaves fewer files; one of settled runs about as many.
							files = next.files;
						}
						expect(files.length).toBeLessThanOrEqual(fileCountMax(total(files)));
					}
				},
			),
			{ numRuns: 60 },
		);
	});

	test("a stream of tiny appends: the bound always, and a byte is rewritten a few times a level", () => {
		let files: PolicyFile[] = [];
		let written = 0;
		let appended = 0;
		for (let count = 0; count < 20_000; count++) {
			files.push(file(2 * KIB, [count, count + 1]));
			appended += 2 * KIB;
			const next = simulate(files, true, 1);
			files = next.files;
			written += next.writtenBytes;
			if (next.jobCount === 0) expect(files.length).toBeLessThanOrEqual(fileCountMax(total(files)));
		}
		expect(appended).toBeGreaterThan(SETTLED_BYTES);
		expect(written / appended).toBeLessThan(8);
		expect(files.length).toBeLessThanOrEqual(fileCountMax(total(files)) + 1);
	});

	test("the bound is that of the levels, and a file for each 32 MiB", () => {
		expect(fileCountMax(0)).toBe(28);
		expect(fileCountMax(10 * 1024 * MIB)).toBe(28 + 320);
		expect(COMPACTION_FILE_BYTES).toBe(2 * SETTLED_BYTES);
	});
});
