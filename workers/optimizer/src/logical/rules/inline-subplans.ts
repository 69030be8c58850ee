/**
 * WITH queries in the place where they are used.
 *
 * Effect: a subplan that is read once, or that only reads, filters and projects a table, is put where it is read.
 * Better: predicates around it reach its scans, unused columns go, and nothing is kept in memory.
 * Safe: read once, it runs once as before. Read more often, it costs no more than its scans, and gives the same rows each time: all scans of a table read one
 * snapshot (invariant Q1).
 * Must not match: WITH ... AS MATERIALIZED; an aggregation that is read twice; a volatile expression that is read twice.
 *
 * What reads the rows of a recursion's round is no choice: it is other rows each round, so it must stand within the step. That happens without the rule, too.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { unreachable } from "#shared/base/assert.ts";
import { cloned } from "../clone.ts";
import { isStable } from "../expression.ts";
import { expressionsOf } from "../map-expressions.ts";
import { inputsOf, mapInputs } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalOperator, Program, Subplan } from "../plan.ts";

export const INLINE_SUBPLANS = "inline-subplans";

/** Copies of subplans of a round that a statement may have: each that reads another twice doubles them. */
const ROUND_COPY_COUNT_MAX = 500;

/**
 * @param enabled false: only what must be
 * @throws statement_too_complex (54001)
 */
export function inlineSubplans(program: Program, columns: ColumnTable, enabled: boolean): Program {
	const counts = program.subplans.map(() => 0);
	countReads(program.root, program, counts);
	const known = new Map<number, Set<number>>();
	const isOfRound = program.subplans.map((subplan) => worktablesRead(subplan.operator, program, known).size > 0);
	if (program.stored !== null) countReads((program.subplans[program.stored] as Subplan).operator, program, counts);
	const isInlined = program.subplans.map((subplan, index) => {
		if (isOfRound[index]) return true;
		if (!enabled) return false;
		if (subplan.materialized !== null) return !subplan.materialized;
		return counts[index] === 1 || isCheap(subplan.operator);
	});
	let roundCopyCount = 0;
	const inline = (node: LogicalOperator): LogicalOperator => {
		const subplan = node.kind === "subplan_scan" ? program.subplans[node.subplan] : undefined;
		if (node.kind !== "subplan_scan" || subplan === undefined || !isInlined[node.subplan]) return mapInputs(node, inline);
		if (isOfRound[node.subplan] && ++roundCopyCount > ROUND_COPY_COUNT_MAX) {
			throw new LittoralError(
				"statement_too_complex",
				`a recursive query may read its WITH queries at most ${ROUND_COPY_COUNT_MAX} times`,
				{
					sqlstate: "54001",
				},
			);
		}
		const ids = new Map<ColumnId, ColumnId>(
			node.columns.map((id, index) => [subplan.columns[node.outputs[index] as number] as ColumnId, id]),
		);
		return inline(cloned(subplan.operator, columns, ids));
	};
	return {
		...program,
		root: inline(program.root),
		subplans: program.subplans.map((subplan, index) => (isOfRound[index] ? subplan : { ...subplan, operator: inline(subplan.operator) })),
	};
}

/** Worktables of recursions around the subtree, those that subplans read for it included. @param known by subplan */
function worktablesRead(node: LogicalOperator, program: Program, known: Map<number, Set<number>>): Set<number> {
	if (node.kind === "worktable_scan") return new Set([node.worktable]);
	if (node.kind === "subplan_scan") {
		let read = known.get(node.subplan);
		if (read === undefined) {
			read = worktablesRead((program.subplans[node.subplan] as Subplan).operator, program, known);
			known.set(node.subplan, read);
		}
		return read;
	}
	const read = new Set(inputsOf(node).flatMap((input) => [...worktablesRead(input, program, known)]));
	if (node.kind === "recursive_union") read.delete(node.worktable);
	return read;
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
