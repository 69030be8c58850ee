/**
 * WITH queries in the place where they are used.
 *
 * Effect: a subplan that is read once, or that only reads, filters and projects a table, is put where it is read.
 * Better: predicates around it reach its scans, unused columns go, and nothing is kept in memory.
 * Safe: read once, it runs once as before. Read more often, it costs no more than its scans, and gives the same rows each time: all scans of a table read one
 * snapshot (invariant Q1).
 * Must not match: WITH ... AS MATERIALIZED; an aggregation that is read twice; a volatile expression that is read twice.
 */
import { unreachable } from "#shared/base/assert.ts";
import { cloned } from "../clone.ts";
import { isStable } from "../expression.ts";
import { expressionsOf } from "../map-expressions.ts";
import { inputsOf, mapInputs } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalOperator, Program, Subplan } from "../plan.ts";

export const INLINE_SUBPLANS = "inline-subplans";

export function inlineSubplans(program: Program, columns: ColumnTable): Program {
	const counts = program.subplans.map(() => 0);
	countReads(program.root, program, counts);
	const isInlined = program.subplans.map((subplan, index) => {
		if (subplan.materialized !== null) return !subplan.materialized;
		return counts[index] === 1 || isCheap(subplan.operator);
	});
	const inline = (node: LogicalOperator): LogicalOperator => {
		const subplan = node.kind === "subplan_scan" ? program.subplans[node.subplan] : undefined;
		if (node.kind !== "subplan_scan" || subplan === undefined || !isInlined[node.subplan]) return mapInputs(node, inline);
		const ids = new Map<ColumnId, ColumnId>(
			node.columns.map((id, index) => [subplan.columns[node.outputs[index] as number] as ColumnId, id]),
		);
		return inline(cloned(subplan.operator, columns, ids));
	};
	return {
		root: inline(program.root),
		subplans: program.subplans.map((subplan) => ({ ...subplan, operator: inline(subplan.operator) })),
	};
}

/** Reads of each subplan, those of subplans that are read themselves included. */
function countReads(node: LogicalOperator, program: Program, counts: number[]): void {
	if (node.kind === "subplan_scan") {
		counts[node.subplan] = (counts[node.subplan] as number) + 1;
		if (counts[node.subplan] === 1) countReads((program.subplans[node.subplan] as Subplan).operator, program, counts);
	}
	for (const input of inputsOf(node)) countReads(input, program, counts);
}

/** No more than a scan, whatever stands above it in the same pipeline. */
function isCheap(node: LogicalOperator): boolean {
	switch (node.kind) {
		case "scan":
		case "values":
		case "subplan_scan":
			return expressionsOf(node).every(isStable);
		case "filter":
		case "project":
			return expressionsOf(node).every(isStable) && isCheap(node.input);
		case "join":
		case "aggregate":
		case "sort":
		case "top_n":
		case "limit":
		case "union_all":
		case "set_operation":
		case "expand":
		case "window":
		case "table_function":
		case "recursive_union":
		case "worktable_scan":
			return false;
		default:
			return unreachable(node);
	}
}
