import { describe, expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey } from "../../kernels/reference/value.ts";
import { call, column, ESTIMATE, integer, runPlan, scan, tableRows, type TestTable } from "../operators.fixture.ts";

const BIGINT: DataType = { kind: "bigint" };
const INTEGER: DataType = { kind: "integer" };

function grouped(types: DataType[], groupKeys: number[], aggregates: AggregateCall[]): PhysicalHashAggregate {
	const keys = groupKeys.map((index) => column(index, types[index]!));
	return { kind: "hash_aggregate", input: scan(0, types), groupKeys: keys, aggregates, estimate: ESTIMATE };
}

function aggregateCall(
	functionId: string,
	type: DataType,
	args: [number, DataType][] = [],
	options: Partial<AggregateCall> = {},
): AggregateCall {
	const list = args.map(([index, argument]) => column(index, argument));
	return { functionId, arguments: list, distinct: false, filter: null, type, ...options };
}

describe("groups below the least key to come are emitted at once", () => {
	const types: DataType[] = [BIGINT, INTEGER, { kind: "text" }];
	const BATCH_COUNT = 10;
	const ROW_COUNT = 1500;

	/** Keys rise from batch to batch, neighbours share some, and every 97th row has none. @param spread how far a key may lie behind its place */
	function rising(spread: number, wide: boolean): TestTable {
		let seed = 1;
		const random = (bound: number): number => (seed = (seed * 48_271) % 2_147_483_647) % bound;
		const keyType = wide ? BIGINT : INTEGER;
		const batches = Array.from({ length: BATCH_COUNT }, (_, batch) => {
			const places = Array.from({ length: ROW_COUNT }, (__, row) => batch * ROW_COUNT + row - random(spread));
			const keys = places.map((place, row) => (row % 97 === 0 ? null : wide ? BigInt(place) - 2n ** 40n : place - 5000));
			const columns = [
				{ type: keyType, encoding: "flat" as const, values: keys },
				{ type: INTEGER, encoding: "flat" as const, values: places.map((place) => (place % 7 === 0 ? null : place)) },
				{ type: types[2]!, encoding: "flat" as const, values: places.map((place, row) => `text ${row % 13} of ${place}`) },
			];
			return { rowCount: ROW_COUNT, selection: null, columns };
		});
		return { types: [keyType, INTEGER, types[2]!], batches };
	}

	const calls = (options: Partial<AggregateCall> = {}): AggregateCall[] => [
		aggregateCall("count()", BIGINT),
		aggregateCall("sum(integer)", BIGINT, [[1, INTEGER]], options),
		aggregateCall("min(text)", types[2]!, [[2, types[2]!]]),
		aggregateCall("max(text)", types[2]!, [[2, types[2]!]]),
	];
	const sortedRows = (rows: SqlValue[][]): string[] => rows.map((row) => row.map(equalityKey).join("|")).sort();

	test.each([
		["sorted", 1, true],
		["nearly sorted", 400, true],
		["nearly sorted, of 32 bits", 400, false],
		["in no order", 100_000, true],
	] as const)("%s", async (_, spread, wide) => {
		const table = rising(spread, wide);
		const plan = grouped(table.types, [0], calls());
		const whole = await runPlan(plan, [table]);
		const early = await runPlan(plan, [table], { tellsFloors: true });
		expect(sortedRows(early.rows)).toEqual(sortedRows(whole.rows));
		expect(new Set(tableRows(table).map(([key]) => equalityKey(key!))).size).toBe(early.rows.length);
		const peaks = [early, whole].map(({ operators }) => operators[0]!.statistics.arenaPeakBytes) as [number, number];
		if (spread < 1000) expect(peaks[0]).toBeLessThan(peaks[1]);
	});

	test("behind other keys, and below a filter", async () => {
		const table = rising(400, true);
		const input: PhysicalHashAggregate["input"] = {
			kind: "filter",
			input: scan(0, table.types),
			predicate: call("lt(integer,integer)", [column(1, INTEGER), integer(9000)]),
			estimate: ESTIMATE,
		};
		const plan = { ...grouped(table.types, [2, 0], calls()), input };
		const whole = await runPlan(plan, [table]);
		const early = await runPlan(plan, [table], { tellsFloors: true });
		expect(sortedRows(early.rows)).toEqual(sortedRows(whole.rows));
	});

	test("not where a call keeps rows of its own", async () => {
		const table = rising(1, true);
		const plan = grouped(table.types, [0], calls({ distinct: true }));
		const [whole, asked] = [await runPlan(plan, [table]), await runPlan(plan, [table], { tellsFloors: true })];
		expect(asked.rows).toEqual(whole.rows);
	});
});
