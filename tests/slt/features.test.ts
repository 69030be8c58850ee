/**
 * Our own files, by feature: PostgreSQL must answer what they say, and Littoral what PostgreSQL does, in names, types, text, SQLSTATE and order. UPDATE_SLT=1 writes
 * PostgreSQL's answers into them; FILES=substring runs some.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestModes } from "#shared/engine/operators/execution-context.ts";
import { type Harness, startHarness } from "../harness.ts";
import { difference, littoralAnswer } from "../sql/answers.ts";
import { Oracle, type TextAnswer } from "../sql/oracle.ts";
import { RULE_SETS } from "../sql/rule-sets.ts";
import { DirectLittoral, type Evidence, type Placement } from "./direct.ts";
import { type FeatureFile, features, isOrdered, writeFeature, writtenAnswer } from "./features.ts";
import type { SltRecord } from "./parse.ts";

const files = features(process.env["FILES"] ?? "");
const UPDATE = process.env["UPDATE_SLT"] === "1";

/** Operators that hold rows, recursions and shared subplans included. */
const SPILLING_KINDS = [
	"hash_aggregate",
	"hash_join",
	"nested_loop_join",
	"recursive_union",
	"set_operation",
	"sort",
	"subplan_scan",
	"top_n",
	"window",
];
const spilledKinds = new Set<string>();
let overflowCount = 0;
let tailRowCount = 0;
let fileCount = 0;
let replayCount = 0;

/** A way to run that answers must not depend on, and what shows for each file that it was run so; what need not happen in every file is gathered. */
interface Mode {
	name: string;
	placement: Placement;
	testModes?: TestModes;
	replays?: boolean;
	shows?: (evidence: Evidence) => void;
}

const MODES: Mode[] = [
	{
		name: "rows in tails only",
		placement: "tail",
		shows: ({ filesScanned, rowsScanned }) => {
			expect(filesScanned).toBe(0);
			tailRowCount += rowsScanned;
		},
	},
	{ name: "rows in files", placement: "files", shows: ({ filesScanned }) => void (fileCount += filesScanned) },
	{
		name: "rows in both, plans run twice",
		placement: "mixed",
		replays: true,
		shows: ({ replayCount: count }) => void (replayCount += count),
	},
	{
		name: "batches of one row",
		placement: "mixed",
		testModes: { batchRowCountMax: 1 },
		shows: ({ manyRowBatches }) => expect(manyRowBatches).toBe(0),
	},
	{
		name: "spilling whenever it can",
		placement: "mixed",
		testModes: { spillAlways: true },
		shows: ({ spilledBytes }) => {
			for (const kind of spilledBytes.keys()) spilledKinds.add(kind);
		},
	},
	{
		name: "dictionaries of too many entries",
		placement: "files",
		testModes: { dictionaryEntryCountMax: 0 },
		shows: ({ dictionaryOverflowCount }) => void (overflowCount += dictionaryOverflowCount),
	},
];

interface Answered {
	record: SltRecord;
	answer: TextAnswer;
}
const answers = new Map<string, Answered[]>();

beforeAll(async () => {
	const oracle = await Oracle.start();
	for (const file of files) {
		await oracle.reset();
		const answered: Answered[] = [];
		for (const record of file.records) answered.push({ record, answer: await oracle.query(record.sql) });
		answers.set(file.name, answered);
		if (UPDATE) writeFeature(file, answered);
	}
	await oracle.stop();
});

/** Each record that is wrong, with what is. */
async function wrongRecords(file: FeatureFile, run: (sql: string) => Promise<TextAnswer>): Promise<string[]> {
	const wrong: string[] = [];
	for (const { record, answer } of answers.get(file.name) as Answered[]) {
		const actual = await run(record.sql);
		if (record.kind === "statement" && !actual.error && !answer.error) continue;
		const found = difference(record.sql, actual, answer, isOrdered(record));
		if (found !== null) wrong.push(`${file.name}:${record.line} ${record.sql}\n  => ${found}`);
	}
	return wrong;
}

describe.each(files)("$name", (file) => {
	test("says what PostgreSQL answers", () => {
		for (const { record, answer } of UPDATE ? [] : (answers.get(file.name) as Answered[])) {
			const where = `${file.name}:${record.line} ${record.sql}`;
			expect(answer.error?.sqlstate ?? null, where).toBe(record.sqlstate);
			if (record.kind === "query" && !answer.error) expect(writtenAnswer(record, answer), where).toEqual(record.expected);
		}
	});

	test.each(MODES)("optimizer and engine, $name", async ({ placement, testModes, replays, shows }) => {
		const littoral = new DirectLittoral(placement, testModes, replays);
		expect((await wrongRecords(file, (sql) => littoral.execute(sql))).join("\n")).toBe("");
		expect(littoral.leasedPageCount).toBe(0);
		shows?.(littoral.evidence);
	});
});

test.skipIf(UPDATE || process.env["FILES"] !== undefined)(
	"operators spilled, dictionaries overflowed, and tails and files were read",
	() => {
		expect([...spilledKinds].toSorted()).toEqual(SPILLING_KINDS);
		expect(overflowCount).toBeGreaterThan(0);
		expect(tailRowCount).toBeGreaterThan(0);
		expect(fileCount).toBeGreaterThan(0);
		expect(replayCount).toBeGreaterThan(300);
	},
);

const planCounts = new Map<string, number>();

describe("the optimizer's rules", () => {
	test.each(files)("$name: answers do not depend on them", async (file) => {
		const littoral = new DirectLittoral("mixed");
		const wrong: string[] = [];
		for (const { record, answer } of answers.get(file.name) as Answered[]) {
			const changesRows = record.kind === "statement" || /\binsert into\b/i.test(record.sql);
			if (changesRows) await littoral.execute(record.sql);
			else
				for (const [name, actual] of await littoral.executeWithout(record.sql, RULE_SETS)) {
					// A rule may keep rows from what would raise for them: class 22, data exceptions.
					if (actual.error?.sqlstate.startsWith("22")) continue;
					const found = difference(record.sql, actual, answer, isOrdered(record));
					if (found !== null) wrong.push(`${file.name}:${record.line} without ${name}: ${record.sql}\n  => ${found}`);
				}
		}
		expect(wrong.join("\n")).toBe("");
		for (const [name, count] of littoral.evidence.planCounts) planCounts.set(name, (planCounts.get(name) ?? 0) + count);
	});

	test.skipIf(UPDATE || process.env["FILES"] !== undefined)("each of them changed plans", () => {
		expect([...planCounts.keys()].toSorted()).toEqual([...RULE_SETS.keys(), "whatever it costs"].toSorted());
	});
});

describe("through POST /v1/sql", () => {
	let harness: Harness;
	beforeAll(async () => {
		harness = await startHarness({ rateLimitRequestCount: 1_000_000 });
	});
	afterAll(() => harness.stop());

	test.each(files)("$name", async (file) => {
		const { owner } = await harness.tenant();
		expect((await wrongRecords(file, (sql) => littoralAnswer(owner, sql))).join("\n")).toBe("");
	});
});
