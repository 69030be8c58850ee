/** UNION, INTERSECT, EXCEPT: both sides' columns meet in one type each; the result has the left side's names. */
import type { SelectStmt } from "libpg-query";
import { sameType, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import { locationOf, as } from "../../parse/ast.ts";
import { typed, type Bound } from "../bound.ts";
import { coerce } from "../expressions/coerce.ts";
import { unifyTypes } from "../expressions/conditionals.ts";
import { checkOrdered } from "./ordering.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import type { ScopeColumn } from "../scope.ts";
import type { StatementContext } from "../statement.ts";

/** @throws syntax_error (42601) for different numbers of columns, datatype_mismatch (42804) */
export function bindSetOperation(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const { larg, rarg } = query;
	if (larg === undefined || rarg === undefined) throw statement.unsupported("this set operation");
	const left = options.bindQuery(larg, options);
	const right = options.bindQuery(rarg, options);
	const name = (query.op ?? "SETOP_UNION").replace("SETOP_", "");
	if (left.columns.length !== right.columns.length) {
		throw statement.error(
			"syntax_error",
			`each ${name} query must have the same number of columns`,
			right.locations?.[0] ?? locationOf(as(rarg.targetList?.[0], "ResTarget")?.val),
		);
	}
	const all = query.all ?? false;
	const bounds = [left, right].map((side) => side.columns.map((_, index) => outputOf(side, index)));
	const types = left.columns.map((_, index) => {
		const pair = bounds.map((list) => list[index] as Bound);
		const type = unifyTypes(statement, pair, name);
		if (!all) checkOrdered(statement, { bound: typed({ kind: "constant", value: null, type }, pair[0]?.location ?? -1) }, "equality");
		return type;
	});
	const sides = [left, right].map((side, number) => coerced(statement, side, bounds[number] as Bound[], types));
	const [first, second] = sides as [CoercedSide, CoercedSide];
	const columns = left.columns.map((column, index): ScopeColumn => {
		const type = types[index] as DataType;
		const nullable = sides.some((side) => statement.columns.get(side.columns[index] as ColumnId).nullable);
		return { name: column.name, id: statement.columns.add({ name: column.name, type, nullable, origin: null }), type };
	});
	const ids = columns.map((column) => column.id);
	return {
		operator: combined(statement, { name, all, ids, first, second }),
		columns,
		locations: left.columns.map((_, index) => outputOf(left, index).location),
	};
}

interface CoercedSide {
	operator: LogicalOperator;
	columns: ColumnId[];
}

/** An output as a set operation sees it: a literal without a type is still open. */
function outputOf(side: BoundQuery, index: number): Bound {
	const column = side.columns[index] as ScopeColumn;
	const open = side.untyped?.get(index);
	return open ?? typed({ kind: "column", index: column.id, type: column.type }, side.locations?.[index] ?? -1);
}

function coerced(statement: StatementContext, side: BoundQuery, bounds: Bound[], types: DataType[]): CoercedSide {
	const isAsItIs = side.columns.every((column, index) => sameType(column.type, types[index] as DataType));
	if (isAsItIs) return { operator: side.operator, columns: side.columns.map((column) => column.id) };
	const expressions = bounds.map((bound, index): Expression => coerce(statement, bound, types[index] as DataType));
	const columns = expressions.map((expression, index) => {
		const column = side.columns[index] as ScopeColumn;
		const { nullable } = statement.columns.get(column.id);
		return statement.columns.add({ name: column.name, type: expression.type, nullable, origin: null });
	});
	return { operator: { kind: "project", input: side.operator, columns, expressions }, columns };
}

function combined(
	statement: StatementContext,
	{ name, all, ids, first, second }: { name: string; all: boolean; ids: ColumnId[]; first: CoercedSide; second: CoercedSide },
): LogicalOperator {
	if (name !== "UNION") {
		return {
			kind: "set_operation",
			operation: name === "INTERSECT" ? "intersect" : "except",
			all,
			columns: ids,
			inputs: [first.operator, second.operator],
			inputColumns: [first.columns, second.columns],
		};
	}
	const union: LogicalOperator = {
		kind: "union_all",
		columns: ids,
		inputs: [first.operator, second.operator],
		inputColumns: [first.columns, second.columns],
	};
	if (all) return union;
	const groupKeys = ids.map((id): Expression => ({ kind: "column", index: id, type: statement.columns.get(id).type }));
	return { kind: "aggregate", input: union, groupColumns: ids, groupKeys, aggregateColumns: [], aggregates: [] };
}
