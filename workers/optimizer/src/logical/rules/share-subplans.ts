/**
 * Equal subtrees.
 *
 * Effect: what a statement computes twice, in its main query and in a subquery or in several of these, becomes a subplan that runs once. Group-bys over the same rows by the same keys are
 * one, with the aggregates of all.
 * Better: a join, a group-by or a scan less for each reader but the first. Only where running it again is thought to cost more than keeping its rows.
 * Safe: equal canonical forms (`canonical.ts`) emit the same rows: all scans of a table read one snapshot (invariant Q1), and a subplan runs no further than its furthest reader. Group-bys with
 * different aggregates are one only where none of it can raise, for a reader that never asks raises nothing.
 * Must not match: random(), which differs at every evaluation; the rows of a recursion's round; a scan without a predicate, which costs less than its rows; unlike predicates.
 */
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import { keepMilliseconds, runMilliseconds } from "../../statistics/recompute-cost.ts";
import { type Canonical, CanonicalForms } from "../canonical.ts";
import { cloned } from "../clone.ts";
import { substitute } from "../expression.ts";
import { mapAggregate } from "../map-expressions.ts";
import { inputsOf, mapInputs, outputColumns } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalAggregate, LogicalOperator, Program, Subplan } from "../plan.ts";
import type { RuleContext } from "../rule.ts";
import { planMayRaise } from "../unnest/raising.ts";
import { prune } from "./prune-columns.ts";

export const SHARE_SUBPLANS = "share-subplans";

/** Milliseconds below which nobody looks: a subplan stands between a join and the scans that its key filters would reach. */
const SAVED_MILLISECONDS_MIN = 2;
/** Running it again must cost so many times as much as keeping it: estimates err, and a scan that is read where a join's keys filter it costs less than it is thought to. */
const SAVED_FACTOR_MIN = 2;
const SAVED_FACTOR_MIN_OF_SCANS = 8;

interface Occurrence {
	node: LogicalOperator;
	canonical: Canonical;
	/** Its columns that are read above. */
	needed: ColumnId[];
}

/** @param pruned false: whoever reads an occurrence may name any of its columns, read or not */
export function shareSubplans(program: Program, context: RuleContext, pruned: boolean): Program {
	let current = program;
	if (!readsTwice(program)) return program;
	const forms = new CanonicalForms();
	for (;;) {
		const shared = dearestShared(current, { forms, pruned }, context);
		if (shared === null) return current;
		current = shared;
	}
}

/** The program with one set of equal subtrees replaced; null where nothing pays. */
function dearestShared(
	program: Program,
	{ forms, pruned }: { forms: CanonicalForms; pruned: boolean },
	context: RuleContext,
): Program | null {
	const groups = new Map<number, Occurrence[]>();
	for (const tree of [...program.subplans.map(({ operator }) => operator), program.root]) {
		prune(tree, new Set(outputColumns(tree)), (node, needed) => {
			const canonical = isCandidate(node) ? forms.of(node) : null;
			if (canonical === null) return;
			const emitted = outputColumns(node);
			const occurrence: Occurrence = { node, canonical, needed: pruned ? emitted.filter((id) => needed.has(id)) : emitted };
			groups.set(canonical.form, [...(groups.get(canonical.form) ?? []), occurrence]);
		});
	}
	let best: { saved: number; shared: Shared; occurrences: Occurrence[] } | null = null;
	for (const occurrences of groups.values()) {
		const shared = occurrences.length < 2 ? null : sharedOf(occurrences, forms, context);
		if (shared === null) continue;
		const columns = [...shared.columns.values()];
		const again = runMilliseconds(prune(shared.operator, new Set(columns)), context) * (occurrences.length - 1);
		const kept = keepMilliseconds(shared.operator, { columns, readerCount: occurrences.length }, context);
		const factor = shared.operator.kind === "scan" ? SAVED_FACTOR_MIN_OF_SCANS : SAVED_FACTOR_MIN;
		const pays = again - kept >= SAVED_MILLISECONDS_MIN && again >= kept * factor;
		if (!pays && context.regardlessOfCost !== true) continue;
		if (best === null || again - kept > best.saved) best = { saved: again - kept, shared, occurrences };
	}
	return best === null ? null : replaced(program, best.shared, best.occurrences, context);
}

/** What stands for all occurrences: its columns by their names. */
interface Shared {
	operator: LogicalOperator;
	columns: Map<number, ColumnId>;
}

function sharedOf(occurrences: readonly Occurrence[], forms: CanonicalForms, context: RuleContext): Shared | null {
	const wanted = new Set(occurrences.flatMap(({ needed, canonical }) => needed.map((id) => canonical.names.get(id) ?? -1)));
	for (const { node, canonical } of occurrences) {
		const columns = new Map<number, ColumnId>();
		for (const id of outputColumns(node)) {
			const name = canonical.names.get(id);
			if (name !== undefined && wanted.has(name) && !columns.has(name)) columns.set(name, id);
		}
		if (columns.size === wanted.size) return { operator: node, columns };
	}
	return withAllAggregates(occurrences, wanted, { forms, context });
}

/** The first group-by, with the aggregates of the others that it does not have. */
function withAllAggregates(
	[first, ...others]: readonly Occurrence[],
	wanted: ReadonlySet<number>,
	{ forms, context }: { forms: CanonicalForms; context: RuleContext },
): Shared | null {
	if (first?.node.kind !== "aggregate") return null;
	const { node, canonical } = first;
	const input = forms.of(node.input) as Canonical;
	const placed = new Map(outputColumns(node.input).map((id) => [input.names.get(id) as number, id]));
	const columns = new Map(outputColumns(node).map((id) => [canonical.names.get(id) as number, id]));
	const merged: LogicalAggregate = { ...node, aggregateColumns: [...node.aggregateColumns], aggregates: [...node.aggregates] };
	for (const other of others) {
		if (other.node.kind !== "aggregate") return null;
		const names = (forms.of(other.node.input) as Canonical).names;
		for (const [index, call] of other.node.aggregates.entries()) {
			const id = other.node.aggregateColumns[index] as ColumnId;
			const name = other.canonical.names.get(id) as number;
			if (columns.has(name) || !wanted.has(name)) continue;
			const moved = moveCall(call, (column) => placed.get(names.get(column) as number), context.columns);
			if (moved === null) return null;
			merged.aggregates.push(moved);
			columns.set(name, context.columns.add({ ...context.columns.get(id) }));
			merged.aggregateColumns.push(columns.get(name) as ColumnId);
		}
	}
	if ([...wanted].some((name) => !columns.has(name)) || planMayRaise(merged, { subplans: true })) return null;
	return { operator: merged, columns: new Map([...columns].filter(([name]) => wanted.has(name))) };
}

/** The call over other columns; null where one is missing. */
function moveCall(call: AggregateCall, columnOf: (id: ColumnId) => ColumnId | undefined, columns: ColumnTable): AggregateCall | null {
	let isWhole = true;
	const moved = mapAggregate(call, (part) =>
		substitute(part, (id) => {
			const column = columnOf(id);
			if (column === undefined) isWhole = false;
			return column === undefined ? undefined : { kind: "column", index: column, type: columns.get(column).type };
		}),
	);
	return isWhole ? moved : null;
}

function replaced(program: Program, { operator, columns }: Shared, occurrences: readonly Occurrence[], context: RuleContext): Program {
	const ids = new Map<ColumnId, ColumnId>();
	const copy = cloned(operator, context.columns, ids);
	const names = [...columns.keys()];
	const outputs = [...columns.values()].map((id) => ids.get(id) as ColumnId);
	const expressions = outputs.map((id) => ({ kind: "column" as const, index: id, type: context.columns.get(id).type }));
	const subplan: Subplan = {
		operator: { kind: "project", input: copy, columns: outputs, expressions },
		columns: outputs,
		materialized: true,
	};
	const number = program.subplans.length;
	const scans = new Map<LogicalOperator, LogicalOperator>();
	for (const { node, canonical, needed } of occurrences) {
		const places = needed.map((id) => names.indexOf(canonical.names.get(id) as number));
		scans.set(node, { kind: "subplan_scan", subplan: number, columns: needed, outputs: places });
	}
	const replace = (node: LogicalOperator): LogicalOperator => scans.get(node) ?? mapInputs(node, replace);
	const subplans = program.subplans.map((other) => ({ ...other, operator: replace(other.operator) }));
	return { ...program, root: replace(program.root), subplans: [...subplans, subplan] };
}

/** What may cost more than to keep its rows, and is not one with what stands below it. */
function isCandidate(node: LogicalOperator): boolean {
	switch (node.kind) {
		case "scan":
			return node.predicate !== null;
		case "filter":
		case "join":
		case "aggregate":
		case "window":
		case "top_n":
			return true;
		default:
			return false;
	}
}

/** Is a table or a subplan read more than once? */
function readsTwice(program: Program): boolean {
	const seen = new Set<string>();
	const reads = (node: LogicalOperator): boolean => {
		const key = node.kind === "scan" ? `table ${node.table}` : node.kind === "subplan_scan" ? `subplan ${node.subplan}` : null;
		if (key !== null && seen.has(key)) return true;
		if (key !== null) seen.add(key);
		return inputsOf(node).some(reads);
	};
	return [...program.subplans.map(({ operator }) => operator), program.root].some(reads);
}
