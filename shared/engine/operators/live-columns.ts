/**
 * Which columns of each operator's output somebody above reads. Plans leave a column where it is until the end, whoever stopped reading it: a scan's filter column, a join's
 * keys. What joins copy is found here, from the root down; a column that is not live may come as NULL.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import { inputsOf } from "#shared/contracts/plan/inputs.ts";
import type { PhysicalHashAggregate, PhysicalHashJoin, PhysicalNestedLoopJoin, PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import { columnsOf } from "../expression/single-column.ts";
import { asksExistence, emitsBuild } from "./join/join-output.ts";

/** Positions of an operator's output columns; null: all of them. */
type Columns = ReadonlySet<number> | null;

/** What each join has to give its joined rows (probe ++ build): columns read above it, and those of its condition. */
export type JoinColumns = ReadonlyMap<PhysicalOperator, Columns>;

/** @param widthOf the number of an operator's output columns */
export function joinColumns(roots: readonly PhysicalOperator[], widthOf: (node: PhysicalOperator) => number): JoinColumns {
	const joins = new Map<PhysicalOperator, Columns>();
	const visit = (node: PhysicalOperator, live: Columns): void => {
		if (node.kind === "hash_join" || node.kind === "nested_loop_join") {
			const width = { probe: widthOf(node.probe), build: widthOf(node.build) };
			const joined = joinedColumns(node, live, width);
			joins.set(node, joined);
			const keys = node.kind === "hash_join" ? node : { probeKeys: [], buildKeys: [] };
			visit(node.probe, joined === null ? null : union(below(joined, width.probe), keys.probeKeys));
			visit(node.build, joined === null ? null : union(above(joined, width.probe), keys.buildKeys));
			return;
		}
		const wanted = inputColumns(node, live, widthOf);
		for (const input of inputsOf(node)) visit(input, wanted);
	};
	for (const root of roots) visit(root, null);
	return joins;
}

function joinedColumns(node: PhysicalHashJoin | PhysicalNestedLoopJoin, live: Columns, width: { probe: number; build: number }): Columns {
	const condition = node.kind === "hash_join" ? node.residual : node.condition;
	const conditions = condition === null ? [] : [condition];
	if (emitsBuild(node.join)) {
		const emitted = live ?? range(width.build);
		return union(
			[...emitted].map((column) => width.probe + column),
			conditions,
		);
	}
	if (!asksExistence(node.join)) return live === null ? null : union(live, conditions);
	// Emitted are the probe's columns and, behind them, a mark: of the build's only the condition reads any.
	const emitted = live === null ? range(width.probe) : below(live, width.probe);
	return union(emitted, conditions);
}

/** Of a group-by's input: what its keys and aggregates read. */
export function groupedColumns({ groupKeys, aggregates }: Pick<PhysicalHashAggregate, "groupKeys" | "aggregates">): ReadonlySet<number> {
	const calls = aggregates.flatMap(({ arguments: values, filter, orderBy }) => [
		...values,
		...(filter === null ? [] : [filter]),
		...expressionsOf(orderBy ?? []),
	]);
	return union([], [...groupKeys, ...calls]);
}

/** Of each input. */
function inputColumns(
	node: Exclude<PhysicalOperator, PhysicalHashJoin | PhysicalNestedLoopJoin>,
	live: Columns,
	widthOf: (node: PhysicalOperator) => number,
): Columns {
	switch (node.kind) {
		case "filter":
			return live === null ? null : union(live, [node.predicate]);
		case "project":
			return union([], node.expressions);
		case "hash_aggregate":
			return groupedColumns(node);
		case "sort":
		case "top_n":
			return live === null ? null : union(live, expressionsOf(node.keys));
		case "limit":
		case "exchange":
		case "union_all":
			return live;
		case "expand":
			return union([], node.projections.flat());
		case "table_function": {
			const values = node.functions.flatMap((called) => called.arguments);
			return live === null ? null : union(below(live, widthOf(node.input)), values);
		}
		// Rows are compared as wholes, or are read by others than whoever is above.
		case "set_operation":
		case "recursive_union":
		case "window":
		case "scan":
		case "values":
		case "subplan_scan":
		case "worktable_scan":
			return null;
		default:
			return unreachable(node);
	}
}

const range = (count: number): number[] => Array.from({ length: count }, (_, column) => column);

const expressionsOf = (keys: readonly SortKey[]): Expression[] => keys.map(({ expression }) => expression);

function union(columns: Iterable<number>, expressions: readonly Expression[]): Set<number> {
	return new Set([...columns, ...expressions.flatMap(columnsOf)]);
}

function below(columns: ReadonlySet<number>, width: number): number[] {
	return [...columns].filter((column) => column < width);
}

function above(columns: ReadonlySet<number>, width: number): number[] {
	return [...columns].filter((column) => column >= width).map((column) => column - width);
}
