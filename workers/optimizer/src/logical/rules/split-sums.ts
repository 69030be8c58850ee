/**
 * Sums of one column and several constants.
 *
 * Effect: `sum(x + 1), sum(x + 2), sum(7 - x)` become sum(x) and count(x), and what is asked for is computed of these: sum(x) + 1 · count(x).
 * Better: every row is added up once, however many sums there are.
 * Safe: x is a SMALLINT and the constant leaves x + c room in an INTEGER, so that neither form can raise; without a row that counts both are NULL.
 * Must not match: DISTINCT (x + c is as distinct as x, but its sum is not), a FILTER, `sum(x * 2)`, `sum(i + 1)` of an INTEGER, which may be out of range.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { mapInputs, outputColumns } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalAggregate, LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

/** |c| up to here: then x + c and c - x are INTEGERs whatever x is. */
const CONSTANT_MAX = 2 ** 31 - 1 - 2 ** 15;
const SMALLINT: DataType = { kind: "smallint" };
const BIGINT: DataType = { kind: "bigint" };

export const splitSums: Rule = { name: "split-sums", apply: (plan, { columns }) => rewritten(plan, columns) };

/** sign · column + constant */
interface Shifted {
	column: ColumnId;
	sign: 1 | -1;
	constant: number;
}

function rewritten(plan: LogicalOperator, columns: ColumnTable): LogicalOperator {
	const node = mapInputs(plan, (input) => rewritten(input, columns));
	if (node.kind !== "aggregate") return node;
	const shifted = node.aggregates.map(shiftedSum);
	const counts = new Map<ColumnId, number>();
	for (const sum of shifted) if (sum !== null) counts.set(sum.column, (counts.get(sum.column) ?? 0) + 1);
	const split = shifted.map((sum) => (sum !== null && (counts.get(sum.column) as number) > 1 ? sum : null));
	return split.some((sum) => sum !== null) ? withSplit(node, split, columns) : node;
}

function withSplit(node: LogicalAggregate, split: readonly (Shifted | null)[], columns: ColumnTable): LogicalOperator {
	const aggregates: AggregateCall[] = [];
	const aggregateColumns: ColumnId[] = [];
	const add = (call: AggregateCall, column: ColumnId): ColumnId => {
		aggregates.push(call);
		aggregateColumns.push(column);
		return column;
	};
	const parts = new Map<ColumnId, { sum: Expression; count: Expression }>();
	const partsOf = (column: ColumnId): { sum: Expression; count: Expression } => {
		const known = parts.get(column);
		if (known !== undefined) return known;
		const argument: Expression = { kind: "column", index: column, type: SMALLINT };
		const made = (name: string, functionId: string): Expression => {
			const info = { name: `${name}(${columns.get(column).name})`, type: BIGINT, nullable: name === "sum", origin: null };
			const call = { functionId, arguments: [argument], distinct: false, filter: null, type: BIGINT };
			return { kind: "column", index: add(call, columns.add(info)), type: BIGINT };
		};
		const both = { sum: made("sum", "sum(smallint)"), count: made("count", "count(any)") };
		parts.set(column, both);
		return both;
	};
	const results = node.aggregates.map((call, index): Expression => {
		const sum = split[index] ?? null;
		const column = node.aggregateColumns[index] as ColumnId;
		if (sum === null) return { kind: "column", index: add(call, column), type: call.type };
		return shift(sum, partsOf(sum.column));
	});
	const groups = node.groupColumns.map((index, key): Expression => ({ kind: "column", index, type: typeOf(node, key) }));
	return {
		kind: "project",
		input: { ...node, aggregates, aggregateColumns },
		columns: outputColumns(node),
		expressions: [...groups, ...results],
	};
}

const typeOf = (node: LogicalAggregate, key: number): DataType => (node.groupKeys[key] as Expression).type;

function shift({ sign, constant }: Shifted, { sum, count }: { sum: Expression; count: Expression }): Expression {
	const call = (name: string, operands: Expression[]): Expression => ({
		kind: "call",
		functionId: `${name}(bigint,bigint)`,
		arguments: operands,
		type: BIGINT,
	});
	if (sign === 1 && constant === 0) return sum;
	const added = call("multiply", [count, { kind: "constant", value: BigInt(constant), type: BIGINT }]);
	return sign === 1 ? call("add", [sum, added]) : call("subtract", [added, sum]);
}

/** Null where the call is no such sum. */
function shiftedSum({ functionId, arguments: [argument], distinct, filter, orderBy }: AggregateCall): Shifted | null {
	if (argument === undefined || distinct || filter !== null || orderBy !== undefined) return null;
	if (functionId === "sum(smallint)" && argument.kind === "column") return { column: argument.index, sign: 1, constant: 0 };
	if (functionId !== "sum(integer)" || argument.kind !== "call") return null;
	const isSum = argument.functionId === "add(integer,integer)";
	if (!isSum && argument.functionId !== "subtract(integer,integer)") return null;
	const [left, right] = argument.arguments as [Expression, Expression];
	const [column, constant] = left.kind === "constant" ? [smallintColumn(right), left] : [smallintColumn(left), right];
	if (column === null || constant.kind !== "constant" || typeof constant.value !== "number") return null;
	const { value } = constant;
	if (Math.abs(value) > CONSTANT_MAX) return null;
	if (isSum) return { column, sign: 1, constant: value };
	return constant === left ? { column, sign: -1, constant: value } : { column, sign: 1, constant: -value };
}

function smallintColumn(expression: Expression): ColumnId | null {
	const isCast = expression.kind === "cast" && expression.input.kind === "column" && expression.input.type.kind === "smallint";
	return isCast ? (expression.input as Expression & { kind: "column" }).index : null;
}
