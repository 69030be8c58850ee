/**
 * Group keys that follow from others.
 *
 * Effect: `GROUP BY x, x - 1, 7` groups by x and computes the rest of each group; of two columns that a join makes equal one is a key; a text that is determined by other keys
 * (it belongs to groups below that have these) is carried as any_value.
 * Better: fewer keys are hashed, compared and kept a row, the rest is computed once a group.
 * Safe: dependencies are proved by the operators below (`dependencies.ts`), never by a PRIMARY KEY, which nobody enforces. Every group has a row, so what raises for a row still raises,
 * which is why this comes after columns that nobody reads were pruned. One key stays: without any there would be a group over no rows.
 * Must not match: `GROUP BY d, 1 / d` of doubles, where 0 and -0 are equal and 1 / d is not; `GROUP BY x, random()`; `GROUP BY c_custkey, c_name` of a stored table.
 */
import { physicalType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, substitute } from "../expression.ts";
import { closure, dependenciesOf, equalIsSame, isDetermined, type Dependency } from "../dependencies.ts";
import { mapInputs, outputColumns } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalAggregate, LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

export const reduceGroupKeys: Rule = { name: "reduce-group-keys", apply: (plan, { columns }) => rewritten(plan, columns) };

function rewritten(plan: LogicalOperator, columns: ColumnTable): LogicalOperator {
	const node = mapInputs(plan, (input) => rewritten(input, columns));
	return node.kind === "aggregate" && node.groupKeys.length > 1 ? reduced(node, columns) : node;
}

interface Key {
	/** Of the group. */
	column: ColumnId;
	expression: Expression;
}

function reduced(node: LogicalAggregate, columns: ColumnTable): LogicalOperator {
	const keys = node.groupColumns.map((column, index): Key => ({ column, expression: node.groupKeys[index] as Expression }));
	const dependencies = dependenciesOf(node.input);
	const given = new Map<Key, Expression | "any value">();
	// The dearest first, so that of two that determine each other the cheaper one stays.
	for (const key of keys.toSorted((left, right) => dearness(right) - dearness(left))) {
		const others = keys.filter((other) => other !== key && !given.has(other));
		const found = others.length === 0 ? null : follows(key.expression, others, dependencies);
		if (found !== null) given.set(key, found);
	}
	if (given.size === 0) return node;
	const kept = keys.filter((key) => !given.has(key));
	const carried: { column: ColumnId; call: AggregateCall }[] = [];
	for (const [{ column, expression }, how] of given) {
		if (how !== "any value") continue;
		const call = { functionId: "any_value(element)", arguments: [expression], distinct: false, filter: null, type: expression.type };
		carried.push({ column, call });
	}
	const input: LogicalAggregate = {
		...node,
		groupColumns: kept.map(({ column }) => column),
		groupKeys: kept.map(({ expression }) => expression),
		aggregateColumns: [...carried.map(({ column }) => column), ...node.aggregateColumns],
		aggregates: [...carried.map(({ call }) => call), ...node.aggregates],
	};
	const made = new Map([...given].flatMap(([{ column }, how]) => (how === "any value" ? [] : [[column, how] as const])));
	if (made.size === 0) return input;
	const emitted = outputColumns(node);
	const expressions = emitted.map((id) => made.get(id) ?? { kind: "column" as const, index: id, type: columns.get(id).type });
	return { kind: "project", input, columns: emitted, expressions };
}

/** Expressions before columns, texts before numbers. */
function dearness({ expression }: Key): number {
	return (expression.kind === "column" ? 0 : 2) + (physicalType(expression.type) === "bytes" ? 1 : 0);
}

/**
 * How a key follows from others: as an expression of their group columns, or as any of its values in a group.
 *
 * @returns null where it does not, or where to carry it costs no less than to group by it
 */
function follows(key: Expression, others: readonly Key[], dependencies: readonly Dependency[]): Expression | "any value" | null {
	const grouped = new Map<ColumnId, Expression>();
	for (const { column, expression } of others) {
		if (expression.kind === "column" && equalIsSame(expression.type)) grouped.set(expression.index, { ...expression, index: column });
	}
	const known = closure(grouped.keys(), dependencies);
	const isGiven = key.kind === "column" ? known.has(key.index) : isDetermined(key) && [...collectColumns(key)].every((id) => known.has(id));
	if (!isGiven) return null;
	const values = knownValues(grouped, dependencies);
	if ([...collectColumns(key)].every((id) => values.has(id))) return substitute(key, (id) => values.get(id));
	return physicalType(key.type) === "bytes" ? "any value" : null;
}

/** What columns are in terms of group columns and constants, by the equalities among them. */
function knownValues(grouped: ReadonlyMap<ColumnId, Expression>, dependencies: readonly Dependency[]): Map<ColumnId, Expression> {
	const values = new Map(grouped);
	for (let size = -1; size !== values.size; ) {
		size = values.size;
		for (const { gives, is } of dependencies) {
			const [id] = gives;
			if (id === undefined || is === undefined || values.has(id)) continue;
			const value = is.kind === "column" ? values.get(is.index) : is;
			if (value !== undefined) values.set(id, value);
		}
	}
	return values;
}
