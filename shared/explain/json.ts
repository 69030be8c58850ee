/** EXPLAIN (FORMAT JSON): the same tree as an object, with names like PostgreSQL's. */
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { describePlan, type Actual, type Description } from "./describe.ts";
import { operatorDollars } from "./operator-cost.ts";
import type { RunTotals } from "./text.ts";

/** @param run of EXPLAIN ANALYZE */
export function explainJson(plan: PhysicalPlan, run?: { actuals: readonly Actual[]; totals: RunTotals }): string {
	const totals = {
		"Plan Rows": plan.estimate.rowCount,
		"Bytes Scanned": plan.estimate.byteCount,
		Milliseconds: plan.estimate.milliseconds,
		Dollars: plan.estimate.dollars,
		...(run === undefined
			? {}
			: {
					"Actual Rows": run.totals.rowCount,
					"Actual Bytes Scanned": run.totals.bytesScanned,
					"Actual Milliseconds": run.totals.elapsedMs,
					"Arena Peak Bytes": run.totals.arenaPeakBytes,
					"Spilled Bytes": run.totals.spilledBytes,
				}),
	};
	const tables = plan.tables.map((table) => ({
		Table: table.schema.name,
		"Snapshot Version": table.snapshotVersion,
		Files: table.pages.reduce((count, page) => count + page.fileCount, 0),
		"Files Pruned": table.filesPruned,
	}));
	const { root, subplans } = describePlan(plan, run?.actuals);
	const shared = subplans.length > 0 ? { Subplans: subplans.map(toObject) } : {};
	return JSON.stringify([{ Plan: toObject(root), ...shared, Totals: totals, Tables: tables }]);
}

function toObject(node: Description): object {
	return {
		"Node Type": node.title,
		...Object.fromEntries(node.properties),
		"Plan Rows": node.estimate.rowCount,
		Bytes: node.estimate.byteCount,
		Milliseconds: node.estimate.milliseconds,
		Dollars: operatorDollars({ milliseconds: node.estimate.milliseconds, fileCount: node.fileCount }),
		...(node.actual === undefined ? {} : actualFigures(node.actual)),
		...(node.inputs.length > 0 ? { Plans: node.inputs.map(toObject) } : {}),
	};
}

function actualFigures(actual: Actual): object {
	return {
		"Actual Rows": actual.rows,
		"Actual Loops": actual.loops,
		"Actual Batches": actual.batches,
		"Actual Bytes Scanned": actual.bytesScanned,
		"Work Units": actual.workUnits,
		"Actual Startup Time": actual.startupMs,
		"Actual Total Time": actual.totalMs,
		"Arena Peak Bytes": actual.arenaPeakBytes,
		"Spilled Bytes": actual.spilledBytes,
	};
}
