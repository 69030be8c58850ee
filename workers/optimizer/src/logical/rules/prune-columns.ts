/**
 * Projection pruning.
 *
 * Effect: operators make only the columns that something above uses; scans read only those; aggregates nobody reads are not computed; a
 * projection that changes nothing goes away.
 * Better: a columnar scan's cost is the columns it reads.
 * Safe: an expression that nobody uses has no effect but its errors, which SQL does not promise. Group keys all stay: they decide the rows.
 * Must not match: DISTINCT, whose columns are group keys.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { AggregateCall, Expression, WindowCall } from "#shared/contracts/plan/expression.ts";
import { collectColumns } from "../expression.ts";
import { expressionsOf } from "../map-expressions.ts";
import { outputColumns } from "../output.ts";
import type { ColumnId, LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

export const pruneColumns: Rule = {
	name: "prune-columns",
	apply: (plan) => prune(plan, new Set(outputColumns(plan))),
};

function withColumns(needed: ReadonlySet<ColumnId>, expressions: (Expression | null)[]): Set<ColumnId> {
	const all = new Set(needed);
	for (const expression of expressions) if (expression !== null) collectColumns(expression, all);
	return all;
}

/** Told of each operator which of its columns something above uses. */
type NeededVisit = (node: LogicalOperator, needed: ReadonlySet<ColumnId>) => void;

export function prune(node: LogicalOperator, needed: ReadonlySet<ColumnId>, visit?: NeededVisit): LogicalOperator {
	visit?.(node, needed);
	const pruned = (input: LogicalOperator, columns: ReadonlySet<ColumnId>) => prune(input, columns, visit);
	switch (node.kind) {
		case "scan": {
			const used = withColumns(needed, [node.predicate]);
			const kept = node.columns.map((id, index) => ({ id, fieldId: node.fieldIds[index] as number })).filter(({ id }) => used.has(id));
			return { ...node, columns: kept.map(({ id }) => id), fieldIds: kept.map(({ fieldId }) => fieldId) };
		}
		case "values": {
			const positions = node.columns.map((_, index) => index).filter((index) => needed.has(node.columns[index] as ColumnId));
			if (positions.length === node.columns.length) return node;
			return {
				...node,
				columns: positions.map((index) => node.columns[index] as ColumnId),
				types: positions.map((index) => node.types[index] as (typeof node.types)[number]),
				rows: node.rows.map((row) => positions.map((index) => row[index] as Expression)),
			};
		}
		case "filter":
			return { ...node, input: pruned(node.input, withColumns(needed, [node.predicate])) };
		case "project": {
			const kept = node.columns
				.map((id, index) => ({ id, expression: node.expressions[index] as Expression }))
				.filter(({ id }) => needed.has(id));
			const input = pruned(
				node.input,
				withColumns(
					new Set(),
					kept.map(({ expression }) => expression),
				),
			);
			const result: LogicalOperator = {
				...node,
				input,
				columns: kept.map(({ id }) => id),
				expressions: kept.map(({ expression }) => expression),
			};
			return changesNothing(result, outputColumns(input)) ? input : result;
		}
		case "join": {
			const used = withColumns(needed, [node.condition, node.mark?.comparison ?? null]);
			return { ...node, left: pruned(node.left, used), right: pruned(node.right, used) };
		}
		case "aggregate": {
			const kept = node.aggregateColumns
				.map((id, index) => ({ id, call: node.aggregates[index] as (typeof node.aggregates)[number] }))
				.filter(({ id }) => needed.has(id));
			const used = withColumns(new Set(), [...node.groupKeys, ...kept.flatMap(({ call }) => expressionsOfCall(call))]);
			// A scalar aggregation has one row whatever it computes; one without groups and aggregates would be a DISTINCT over nothing.
			if (node.groupColumns.length === 0 && kept.length === 0) return { ...node, input: pruned(node.input, allArguments(node)) };
			return {
				...node,
				input: pruned(node.input, used),
				aggregateColumns: kept.map(({ id }) => id),
				aggregates: kept.map(({ call }) => call),
			};
		}
		case "sort":
		case "top_n":
			return {
				...node,
				input: pruned(
					node.input,
					withColumns(
						needed,
						node.keys.map((key) => key.expression),
					),
				),
			};
		case "limit":
			return { ...node, input: pruned(node.input, needed) };
		case "union_all": {
			const positions = node.columns.map((_, index) => index).filter((index) => needed.has(node.columns[index] as ColumnId));
			const inputColumns = node.inputColumns.map((list) => chosen(list, positions));
			return {
				...node,
				columns: chosen(node.columns, positions),
				inputs: node.inputs.map((input, index) => pruned(input, new Set(inputColumns[index]))),
				inputColumns,
			};
		}
		case "set_operation": {
			const [left, right] = node.inputColumns;
			return { ...node, inputs: [pruned(node.inputs[0], new Set(left)), pruned(node.inputs[1], new Set(right))] };
		}
		case "expand": {
			const positions = node.columns.map((_, index) => index).filter((index) => needed.has(node.columns[index] as ColumnId));
			const projections = node.projections.map((projection) => positions.map((position) => projection[position] as Expression));
			return {
				...node,
				columns: chosen(node.columns, positions),
				projections,
				input: pruned(node.input, withColumns(new Set(), projections.flat())),
			};
		}
		case "window": {
			const kept = node.columns.map((id, index) => ({ id, call: node.calls[index] as WindowCall })).filter(({ id }) => needed.has(id));
			if (kept.length === 0) return pruned(node.input, needed);
			const fewer = { ...node, columns: kept.map(({ id }) => id), calls: kept.map(({ call }) => call) };
			return { ...fewer, input: pruned(node.input, withColumns(needed, expressionsOf(fewer))) };
		}
		case "table_function":
			return { ...node, input: pruned(node.input, withColumns(needed, expressionsOf(node))) };
		case "subplan_scan": {
			const positions = node.columns.map((_, index) => index).filter((index) => needed.has(node.columns[index] as ColumnId));
			return { ...node, columns: chosen(node.columns, positions), outputs: positions.map((index) => node.outputs[index] as number) };
		}
		case "worktable_scan":
			return node;
		case "recursive_union":
			return { ...node, seed: pruned(node.seed, new Set(node.seedColumns)), step: pruned(node.step, new Set(node.stepColumns)) };
		default:
			return unreachable(node);
	}
}

function allArguments(node: Extract<LogicalOperator, { kind: "aggregate" }>): Set<ColumnId> {
	return withColumns(new Set(), node.aggregates.flatMap(expressionsOfCall));
}

function expressionsOfCall(call: AggregateCall): (Expression | null)[] {
	return [...call.arguments, call.filter, ...(call.orderBy ?? []).map((key) => key.expression)];
}

/** The columns of an input whose position is needed. */
function chosen(list: ColumnId[], positions: number[]): ColumnId[] {
	return positions.map((position) => list[position] as ColumnId);
}

function changesNothing(node: Extract<LogicalOperator, { kind: "project" }>, input: ColumnId[]): boolean {
	if (input.length !== node.columns.length) return false;
	return node.expressions.every(
		(expression, index) => expression.kind === "column" && expression.index === input[index] && node.columns[index] === input[index],
	);
}
