/** EXPLAIN (FORMAT JSON): the same tree as an object, with names like PostgreSQL's. */
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { operatorDollars } from "../statistics/cost-model.ts";
import { describe, type Description } from "./describe.ts";

export function explainJson(plan: PhysicalPlan): string {
	const totals = {
		"Plan Rows": plan.estimate.rowCount,
		"Bytes Scanned": plan.estimate.byteCount,
		Milliseconds: plan.estimate.milliseconds,
		Dollars: plan.estimate.dollars,
	};
	const tables = plan.tables.map((table) => ({
		Table: table.schema.name,
		"Snapshot Version": table.snapshotVersion,
		Files: table.pages.reduce((count, page) => count + page.fileCount, 0),
		"Files Pruned": table.filesPruned,
	}));
	return JSON.stringify([{ Plan: toObject(describe(plan.root, plan)), Totals: totals, Tables: tables }]);
}

function toObject(node: Description): object {
	return {
		"Node Type": node.title,
		...Object.fromEntries(node.properties),
		"Plan Rows": node.estimate.rowCount,
		Bytes: node.estimate.byteCount,
		Milliseconds: node.estimate.milliseconds,
		Dollars: operatorDollars({ milliseconds: node.estimate.milliseconds, fileCount: node.fileCount }),
		...(node.inputs.length > 0 ? { Plans: node.inputs.map(toObject) } : {}),
	};
}
