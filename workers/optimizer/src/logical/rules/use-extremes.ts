/**
 * EXISTS by the least and the greatest.
 *
 * Effect: `EXISTS (SELECT FROM u WHERE u.k = t.k AND u.x <> t.y)` asks the groups of u by k: min(x) <> y or max(x) <> y; with `<` and the like one of the two; NOT EXISTS too.
 * Better: a row of t meets one group in the place of every row of u with its key: with many rows a key the pairs are what costs, and they grow with the product.
 * Safe: some x differs from y if and only if the least or the greatest does; some x is above y if and only if the greatest is. NULL among x is no match and no extreme; a group of NULLs alone
 * has none, and compares to NULL: no match. y NULL is no match either way.
 * Must not match: a second condition over both sides, which another row may meet; a computed x, which may raise for a row without a partner; few rows a key.
 */
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, conjunction, conjuncts, isStable, substitute } from "../expression.ts";
import { mapInputs, outputColumns } from "../output.ts";
import type { LogicalJoin, LogicalOperator } from "../plan.ts";
import type { Rule, RuleContext } from "../rule.ts";

/** A pair costs about a quarter of what it costs to group a row. */
const PAIRS_PER_ROW_MIN = 4;

export const useExtremes: Rule = { name: "use-extremes", apply: rewritten };

type Column = Extract<Expression, { kind: "column" }>;
type Call = Extract<Expression, { kind: "call" }>;

function rewritten(plan: LogicalOperator, context: RuleContext): LogicalOperator {
	const node = mapInputs(plan, (input) => rewritten(input, context));
	if (node.kind !== "join" || (node.join !== "semi" && node.join !== "anti") || node.guard !== undefined) return node;
	const parts = partsOf(node);
	return parts === null || !pays(node, parts, context) ? node : byExtremes(node, parts, context);
}

interface Parts {
	/** Each equates an expression of the left side with a column of the right one. */
	equalities: { condition: Expression; key: Column }[];
	comparison: { call: Call; name: string; column: Column; isFirst: boolean };
}

function partsOf(node: LogicalJoin): Parts | null {
	const [left, right] = [new Set(outputColumns(node.left)), new Set(outputColumns(node.right))];
	const isLeft = (part: Expression): boolean => isStable(part) && [...collectColumns(part)].every((id) => left.has(id));
	const equalities: Parts["equalities"] = [];
	let comparison: Parts["comparison"] | null = null;
	for (const part of conjuncts(node.condition)) {
		const name = part.kind === "call" ? /^(eq|ne|lt|le|gt|ge)\(/.exec(part.functionId)?.[1] : undefined;
		if (part.kind !== "call" || name === undefined) return null;
		const [first, second] = part.arguments as [Expression, Expression];
		const isFirst = first.kind === "column" && right.has(first.index);
		const [column, other] = isFirst ? [first, second] : [second, first];
		if (column.kind !== "column" || !right.has(column.index) || !isLeft(other)) return null;
		if (name === "eq") equalities.push({ condition: part, key: column });
		else if (comparison === null) comparison = { call: part, name, column, isFirst };
		else return null;
	}
	return comparison === null || equalities.length === 0 ? null : { equalities, comparison };
}

function pays(node: LogicalJoin, { equalities }: Parts, { cardinality, regardlessOfCost }: RuleContext): boolean {
	if (regardlessOfCost === true) return true;
	const [left, right] = [cardinality.rowCount(node.left), cardinality.rowCount(node.right)];
	const condition = conjunction(equalities.map((equality) => equality.condition));
	const pairCount = cardinality.joinRowCount({ ...node, join: "inner", condition }, left, right);
	return pairCount > PAIRS_PER_ROW_MIN * (left + right);
}

function byExtremes(node: LogicalJoin, { equalities, comparison }: Parts, { columns }: RuleContext): LogicalOperator {
	const { call, name, column, isFirst } = comparison;
	// `x < y` holds for the least x if for any, `y < x` for the greatest.
	const wantsLeast = (name === "lt" || name === "le") === isFirst;
	const extremes = name === "ne" ? ["min", "max"] : [wantsLeast ? "min" : "max"];
	const kind = column.type.kind === "varchar" ? "text" : column.type.kind;
	const functionIds = extremes.map((extreme) => `${extreme}(${kind})`);
	if (functionIds.some((id) => signatureById(id) === undefined)) return node;
	const aggregates = functionIds.map((functionId): AggregateCall => {
		return { functionId, arguments: [column], distinct: false, filter: null, type: column.type };
	});
	const aggregateColumns = functionIds.map((functionId) => columns.add({ ...columns.get(column.index), name: functionId, nullable: true }));
	const compared = aggregateColumns.map((index): Expression => {
		const made = { ...column, index };
		return { ...call, arguments: call.arguments.map((part, position) => ((position === 0) === isFirst ? made : part)) };
	});
	const keys = [...new Map(equalities.map(({ key }) => [key.index, key])).values()];
	const grouped = new Map(keys.map((key) => [key.index, { ...key, index: columns.add({ ...columns.get(key.index) }) }]));
	const equal = equalities.map(({ condition }) => substitute(condition, (id) => grouped.get(id)));
	const any: Expression = compared.length === 1 ? (compared[0] as Expression) : { kind: "or", arguments: compared, type: BOOLEAN };
	const right: LogicalOperator = {
		kind: "aggregate",
		input: node.right,
		groupColumns: keys.map((key) => (grouped.get(key.index) as Column).index),
		groupKeys: keys,
		aggregateColumns,
		aggregates,
	};
	return { ...node, right, condition: conjunction([...equal, any]) };
}
