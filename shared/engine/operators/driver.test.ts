import { describe, expect, test } from "vitest";
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import { createEngine, type Kernels } from "../kernels/kernels.ts";
import { Lease } from "../memory/lease.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { run } from "./driver.ts";
import { ExecutionContext } from "./execution-context.ts";
import { call, column, ESTIMATE, FIXTURE_EVALUATOR, integer, runPlan, scan, type TestTable } from "./operators.fixture.ts";
import type { BatchSource } from "./source.ts";

const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };
const types = [INTEGER, TEXT];

const table = (batchCount: number, rowCount: number): TestTable => ({
	types,
	batches: Array.from({ length: batchCount }, (_, batch) => ({
		rowCount,
		selection: null,
		columns: [
			{ type: INTEGER, encoding: "flat" as const, values: Array.from({ length: rowCount }, (__, row) => batch * rowCount + row) },
			{ type: TEXT, encoding: "dictionary" as const, values: Array.from({ length: rowCount }, (__, row) => `text ${row % 3}`) },
		],
	})),
});

/** Every operator at once: a join of two scans, filtered, grouped, sorted, cut. */
const wholePlan: PhysicalOperator = {
	kind: "limit",
	limit: 1000,
	offset: 0,
	estimate: ESTIMATE,
	input: {
		kind: "sort",
		keys: [{ expression: column(0, TEXT), descending: false, nullsFirst: false }],
		estimate: ESTIMATE,
		input: {
			kind: "hash_aggregate",
			groupKeys: [column(3, TEXT), column(0, INTEGER)],
			aggregates: [{ functionId: "max(text)", arguments: [column(1, TEXT)], distinct: false, filter: null, type: TEXT }],
			estimate: ESTIMATE,
			input: {
				kind: "filter",
				predicate: call("lt(integer,integer)", [column(0, INTEGER), integer(50)]),
				estimate: ESTIMATE,
				input: {
					kind: "hash_join",
					nullAware: false,
					join: "left",
					probe: scan(0, types),
					build: scan(1, types),
					probeKeys: [column(0, INTEGER)],
					buildKeys: [column(0, INTEGER)],
					residual: null,
					estimate: ESTIMATE,
				},
			},
		},
	},
};
const tables = [table(4, 20), table(3, 10)];

/** Counts kernel calls; the call numbered `failAt` does `fail`. */
function countingEngine(failAt: number, fail: () => void) {
	let calls = 0;
	const engine = createEngine({
		pageCount: 400,
		wrap: (kernels) =>
			Object.fromEntries(
				Object.entries(kernels).map(([name, kernel]: [string, (...values: number[]) => number]) => [
					name,
					(...values: number[]) => {
						if (++calls === failAt) fail();
						return kernel(...values);
					},
				]),
			) as unknown as Kernels,
	});
	return { engine, callCount: () => calls };
}

test("each operator's rows, work, memory and time are its own, and sum up to the query's", async () => {
	let clock = 1000;
	const { statistics, operators } = await runPlan(wholePlan, tables, { nowMs: () => clock++ });
	expect(operators.map(({ node, depth }) => `${" ".repeat(depth)}${node.kind}`)).toEqual([
		"limit",
		" sort",
		"  hash_aggregate",
		"   filter",
		"    hash_join",
		"     scan",
		"     scan",
	]);
	const own = operators.map((operator) => operator.statistics);
	expect(own.map(({ rows }) => rows)).toEqual([50, 50, 50, 50, 80, 80, 30]);
	expect(own.map(({ batches }) => batches)).toEqual([1, 1, 1, 4, 5, 4, 3]);
	expect(own.reduce((sum, { workUnits }) => sum + workUnits, 0)).toBe(statistics.workUnits);
	expect(own.every(({ workUnits }, index) => workUnits > 0 || operators[index]?.node.kind === "limit")).toBe(true);
	expect(own.reduce((sum, { arenaPeakBytes }) => sum + arenaPeakBytes, 0)).toBeGreaterThanOrEqual(statistics.arenaPeakBytes);
	expect(Math.max(...own.map(({ arenaPeakBytes }) => arenaPeakBytes))).toBeLessThan(statistics.arenaPeakBytes);
	// An operator's time holds that of its inputs.
	for (const [index, { node }] of operators.entries()) {
		if (node.kind !== "scan") expect(own[index]!.totalMs).toBeGreaterThan(own[index + 1]!.totalMs);
		expect(own[index]!.startupMs).toBeGreaterThan(0);
		expect(own[index]!.startupMs).toBeLessThanOrEqual(own[index]!.totalMs);
	}
});

test("the plan of these tests gives what it should", async () => {
	const { rows, closeCounts } = await runPlan(wholePlan, tables);
	expect(rows.length).toBe(50);
	expect(rows[0]).toEqual(["text 0", 0, "text 0"]);
	expect(closeCounts).toEqual([1, 1]);
});

test("a trap in any kernel call poisons the arena, is `unavailable`, and leaves no page leased", async () => {
	const whole = countingEngine(0, () => undefined);
	await runPlan(wholePlan, tables, { engine: whole.engine });
	expect(whole.callCount()).toBeGreaterThan(100);
	for (let failAt = 1; failAt <= whole.callCount(); failAt += 7) {
		const { engine } = countingEngine(failAt, () => {
			throw new WebAssembly.RuntimeError("unreachable");
		});
		await expect(runPlan(wholePlan, tables, { engine })).rejects.toMatchObject({
			code: "unavailable",
			message: "the query's memory was lost; try again",
		});
		expect(engine.arena.poisoned).toBe(true);
	}
});

describe("cancelling", () => {
	test.each([
		["by the client", new DOMException("gone", "AbortError"), "query_canceled", "canceling statement due to user request"],
		["by a time limit", new DOMException("late", "TimeoutError"), "query_timeout", "canceling statement due to statement timeout"],
		["with an error of our own", new LittoralError("overloaded", "make room"), "overloaded", "make room"],
	])("%s ends the query at whatever kernel call it comes, with no page leased", async (_, reason, code, message) => {
		const whole = countingEngine(0, () => undefined);
		await runPlan(wholePlan, tables, { engine: whole.engine });
		for (let failAt = 1; failAt <= whole.callCount(); failAt += 11) {
			const controller = new AbortController();
			const { engine } = countingEngine(failAt, () => controller.abort(reason));
			const outcome = await runPlan(wholePlan, tables, { engine, signal: controller.signal }).then(
				() => "finished",
				(error: unknown) => error,
			);
			// An abort within the last pull comes too late to change anything.
			if (outcome !== "finished") expect(outcome).toMatchObject({ code, message });
			else expect(failAt / whole.callCount()).toBeGreaterThan(0.9);
		}
	});

	test("before the first pull", async () => {
		await expect(runPlan(wholePlan, tables, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "query_canceled" });
	});

	test("sqlstate is 57014 both times", async () => {
		for (const reason of [new DOMException("", "AbortError"), new DOMException("", "TimeoutError")]) {
			await expect(runPlan(wholePlan, tables, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
				details: { sqlstate: "57014" },
			});
		}
	});
});

function newContext(signal = new AbortController().signal) {
	const engine = createEngine({ pageCount: 20 });
	const lease = new Lease(engine.arena, { owner: "test" });
	const statement = { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] };
	return new ExecutionContext({ engine, lease, statement, tables: [], signal, evaluator: FIXTURE_EVALUATOR });
}

function sourceOf(next: BatchSource["next"]): BatchSource & { closed: number } {
	return {
		next,
		closed: 0,
		close() {
			this.closed++;
		},
	};
}

test("an abort is seen while the driver waits for I/O that never comes", async () => {
	const controller = new AbortController();
	const context = newContext(controller.signal);
	const source = sourceOf(() => {
		context.blockOn(new Promise(() => undefined));
		return "blocked";
	});
	const pulled = run(source, context).next();
	setTimeout(() => controller.abort(), 0);
	await expect(pulled).rejects.toMatchObject({ code: "query_canceled" });
	expect(source.closed).toBe(1);
});

test("I/O that fails fails the query, and a loser of the race is not an unhandled rejection", async () => {
	const context = newContext();
	const source = sourceOf(() => {
		context.blockOn(Promise.reject(new LittoralError("unavailable", "storage is away")));
		context.blockOn(Promise.reject(new LittoralError("unavailable", "twice")));
		return "blocked";
	});
	await expect(run(source, context).next()).rejects.toMatchObject({ code: "unavailable", message: "storage is away" });
	expect(source.closed).toBe(1);
});

test("a consumer that stops early closes the source", async () => {
	const context = newContext();
	const region = context.lease.region();
	const builder = new VectorBuilder(context.engine, region, INTEGER, 1);
	builder.append(1);
	const columns = [builder.finish()];
	const source = sourceOf(() => ({ rowCount: 1, columns, selection: 0, selectedCount: 1 }));
	for await (const batch of run(source, context)) {
		expect(batch.rowCount).toBe(1);
		break;
	}
	expect(source.closed).toBe(1);
});

test("work without I/O lets a timer in long before it ends", async () => {
	const context = newContext();
	let pulls = 0;
	let pullsAtTimer = 0;
	const source = sourceOf(() => {
		if (context.yieldDue) return "blocked";
		context.spend(500_000);
		return ++pulls > 300 ? null : "blocked";
	});
	setTimeout(() => {
		pullsAtTimer = pulls;
	}, 1);
	for await (const _ of run(source, context)) expect.fail("the source has no batch");
	expect(pullsAtTimer).toBeGreaterThan(0);
	expect(pullsAtTimer).toBeLessThan(300);
	expect(context.statistics.yieldCount).toBeGreaterThanOrEqual(75);
});

test("scanned rows and bytes are counted, and bytes are limited", () => {
	const engine = createEngine({ pageCount: 20 });
	const context = new ExecutionContext({
		engine,
		lease: new Lease(engine.arena, { owner: "test" }),
		statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
		tables: [],
		signal: new AbortController().signal,
		evaluator: FIXTURE_EVALUATOR,
		limits: { bytesScanned: 1000 },
	});
	context.countScanned({ rows: 5, bytes: 600 });
	expect(() => context.countScanned({ rows: 1, bytes: 401 })).toThrow(
		expect.objectContaining({
			code: "resource_exhausted",
			message: "the query reads more than its 1000 bytes",
			details: { sqlstate: "54000" },
		}),
	);
	expect(context.statistics).toMatchObject({ rowsScanned: 6, bytesScanned: 1001, spilledBytes: 0 });
});
