/** Group-by and DISTINCT by codes and ids give what they give by value: past the bounds of each shortcut, and where batches come with dictionaries or without. */
import { expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { ColumnSpec } from "../../vector/vectors.fixture.ts";
import { column, ESTIMATE, runPlan, scan, type TestTable } from "../operators.fixture.ts";

const TEXT: DataType = { kind: "text" };
const INTEGER: DataType = { kind: "integer" };
const BIGINT: DataType = { kind: "bigint" };
const TYPES = [TEXT, INTEGER, TEXT];

const count = (distinct: boolean, index: number): AggregateCall => ({
	functionId: "count(any)",
	arguments: [column(index, TYPES[index] as DataType)],
	distinct,
	filter: null,
	type: BIGINT,
});

function plan(keys: number[], aggregates: AggregateCall[]): PhysicalHashAggregate {
	return {
		kind: "hash_aggregate",
		input: scan(0, TYPES),
		groupKeys: keys.map((index) => column(index, TYPES[index] as DataType)),
		aggregates,
		estimate: ESTIMATE,
	};
}

/** `batchCount` batches of 2,000 rows whose columns have so many values each, NULL among them. */
function table(
	batchCount: number,
	valueCounts: [number, number, number],
	encodingOf: (batch: number) => ColumnSpec["encoding"],
): TestTable {
	let state = 1;
	const next = (below: number): number => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
	const value = (type: DataType, of: number): SqlValue => (of === 0 ? null : type.kind === "text" ? `value ${of}` : of);
	const batches = Array.from({ length: batchCount }, (_, batch) => ({
		rowCount: 2000,
		columns: TYPES.map((type, index) => ({
			type,
			encoding: encodingOf(batch),
			values: Array.from({ length: 2000 }, () => value(type, next(valueCounts[index] as number))),
		})),
		selection: null,
	}));
	return { types: TYPES, batches };
}

const sorted = (rows: SqlValue[][]): string[] => rows.map((row) => row.join("|")).sort();

test.each([
	["few values: an array of all keys' ids", [20, 30, 40], 4],
	["ids that outgrow their bits again and again", [300, 200, 2], 6],
	["too many of two keys together for an array", [700, 900, 2], 6],
] as [string, [number, number, number], number][])("%s", async (_, valueCounts, batchCount) => {
	for (const keys of [[0], [0, 1], [1, 0, 2]]) {
		const node = plan(keys, [count(false, 0), count(true, 1), count(true, 2)]);
		const byValue = await runPlan(node, [table(batchCount, valueCounts, () => "flat")]);
		for (const encodingOf of [
			() => "dictionary" as const,
			(batch: number) => (batch % 2 === 0 ? ("dictionary" as const) : ("flat" as const)),
		]) {
			const { rows } = await runPlan(node, [table(batchCount, valueCounts, encodingOf)]);
			expect(sorted(rows)).toEqual(sorted(byValue.rows));
		}
	}
});

test("a DISTINCT whose pairs hardly ever come again gives its memory up", async () => {
	const node = plan([1], [count(true, 0)]);
	const counts: [number, number, number] = [90_000, 5, 2];
	const byValue = await runPlan(node, [table(40, counts, () => "flat")]);
	const byIds = await runPlan(node, [table(40, counts, () => "dictionary")]);
	expect(sorted(byIds.rows)).toEqual(sorted(byValue.rows));
});

test("one group of all rows, with every aggregate that keeps its state in registers", async () => {
	const aggregates = ["count()", "sum(integer)", "min(integer)", "max(integer)", "avg(integer)"].map(
		(functionId): AggregateCall => ({
			functionId,
			arguments: functionId === "count()" ? [] : [column(1, INTEGER)],
			distinct: false,
			filter: null,
			type: functionId.startsWith("m") ? INTEGER : functionId.startsWith("avg") ? { kind: "numeric" } : BIGINT,
		}),
	);
	const data = table(3, [5, 1000, 5], (batch) => (batch === 1 ? "dictionary" : "flat"));
	const values = data.batches.flatMap((batch) => (batch.columns[1] as ColumnSpec).values).filter((value) => value !== null) as number[];
	const { rows } = await runPlan(plan([], aggregates), [data]);
	const sum = values.reduce((total, value) => total + value, 0);
	expect(rows).toHaveLength(1);
	expect(rows[0]?.slice(0, 4)).toEqual([6000n, BigInt(sum), Math.min(...values), Math.max(...values)]);
});
