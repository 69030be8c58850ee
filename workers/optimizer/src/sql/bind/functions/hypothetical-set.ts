/**
 * rank, dense_rank, percent_rank and cume_dist WITHIN GROUP: where a row of the given values would stand. Nothing need be sorted for that: they count the rows
 * that come before it. Each is written as SQL of counts with a FILTER:
 * rank: count(*) FILTER (WHERE before) + 1; dense_rank: the same of distinct keys; percent_rank: (rank - 1) / rows; cume_dist: (rows before or equal + 1) / (rows + 1).
 */
import type { FuncCall, Node } from "libpg-query";
import { assert } from "#shared/base/assert.ts";
import { as, locationOf } from "../../parse/ast.ts";
import { boundType } from "../bound.ts";
import { settle } from "../expressions/coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { bareTypeName } from "../statement.ts";
import { commonType } from "./type-category.ts";

const HYPOTHETICAL_SETS = ["rank", "dense_rank", "percent_rank", "cume_dist"] as const;
type HypotheticalSet = (typeof HYPOTHETICAL_SETS)[number];

export const isHypotheticalSet = (name: string): name is HypotheticalSet => (HYPOTHETICAL_SETS as readonly string[]).includes(name);

interface Key {
	/** What is sorted, and the value that is placed. */
	sorted: Node;
	given: Node;
	descending: boolean;
	nullsFirst: boolean;
}

const named = (name: string): Node[] => [{ String: { sval: name } }];
const operator = (name: string, left: Node, right: Node, location: number): Node => ({
	A_Expr: { kind: "AEXPR_OP", name: named(name), lexpr: left, rexpr: right, location },
});
const integer = (ival: number, location: number): Node => ({ A_Const: { ival: { ival }, location } });
const toDouble = (arg: Node, location: number): Node => ({
	TypeCast: { arg, typeName: { names: [...named("pg_catalog"), ...named("float8")], typemod: -1, location }, location },
});
const isNull = (arg: Node, negated: boolean, location: number): Node => ({
	NullTest: { arg, nulltesttype: negated ? "IS_NOT_NULL" : "IS_NULL", location },
});
const all = (args: Node[], location: number): Node => ({ BoolExpr: { boolop: "AND_EXPR", args, location } });
const any = (args: Node[], location: number): Node => ({ BoolExpr: { boolop: "OR_EXPR", args, location } });

/** Whether a row's key sorts before the one given. */
function before({ sorted, given, descending, nullsFirst }: Key, location: number): Node {
	const [absent, present] = nullsFirst ? [sorted, given] : [given, sorted];
	return any(
		[
			operator(descending ? ">" : "<", sorted, given, location),
			all([isNull(absent, false, location), isNull(present, true, location)], location),
		],
		location,
	);
}

const equal = ({ sorted, given }: Key, location: number): Node => ({
	A_Expr: { kind: "AEXPR_NOT_DISTINCT", name: named("="), lexpr: sorted, rexpr: given, location },
});

/** Whether a row sorts before the one given; `ties` counts equal ones too. */
function rowBefore([key, ...rest]: Key[], ties: boolean, location: number): Node {
	assert(key !== undefined, "a key to compare by");
	const equalSoFar = equal(key, location);
	if (rest.length > 0) {
		return any([before(key, location), all([equalSoFar, rowBefore(rest, ties, location)], location)], location);
	}
	return ties ? any([before(key, location), equalSoFar], location) : before(key, location);
}

/** @throws undefined_function (42883), datatype_mismatch (42804) */
function keysOf(environment: ExpressionEnvironment, call: FuncCall, name: string): Key[] {
	const { statement } = environment;
	const given = call.args ?? [];
	const location = call.location ?? 0;
	const sorts = (call.agg_order ?? []).map((item) => as(item, "SortBy"));
	const sorted = sorts.map((sort) => sort?.node as Node);
	const direct = given.map((node) => environment.bind(node));
	environment.aggregates?.direct.push(...direct.map((bound) => settle(statement, bound)));
	const givenTypes = direct.map(boundType);
	const sortedTypes = sorted.map((node) => boundType(environment.bind(node, { insideAggregate: true })));
	if (given.length !== sorted.length) {
		throw statement.error(
			"undefined_function",
			`function ${name}(${[...givenTypes, ...sortedTypes].map(bareTypeName).join(", ")}) does not exist`,
			location,
			`To use the hypothetical-set aggregate ${name}, the number of hypothetical direct arguments (here ${given.length}) must match the number of ordering columns (here ${sorted.length}).`,
		);
	}
	return sorts.map((sort, index) => {
		const pair = [sortedTypes[index] ?? null, givenTypes[index] ?? null];
		if (!("type" in commonType(pair))) {
			const shown = pair.map(bareTypeName).join(" and ");
			throw statement.error("datatype_mismatch", `WITHIN GROUP types ${shown} cannot be matched`, locationOf(given[index]));
		}
		if (sort?.sortby_dir === "SORTBY_USING") throw statement.unsupported("ORDER BY USING", sort.location);
		const descending = sort?.sortby_dir === "SORTBY_DESC";
		const nullsFirst = sort?.sortby_nulls === "SORTBY_NULLS_FIRST" || (sort?.sortby_nulls !== "SORTBY_NULLS_LAST" && descending);
		return { sorted: sorted[index] as Node, given: given[index] as Node, descending, nullsFirst };
	});
}

/** The call in SQL that needs no WITHIN GROUP. @throws undefined_function (42883), datatype_mismatch (42804) */
export function hypotheticalSetAsCounts(environment: ExpressionEnvironment, call: FuncCall, name: HypotheticalSet): Node {
	const location = call.location ?? 0;
	const keys = keysOf(environment, call, name);
	const filtered = (condition: Node | null): Node | undefined => {
		const parts = [call.agg_filter, condition].filter((part) => part !== undefined && part !== null);
		return parts.length > 1 ? all(parts, location) : parts[0];
	};
	const count = (condition: Node | null): Node => {
		const filter = filtered(condition);
		return { FuncCall: { funcname: named("count"), agg_star: true, ...(filter === undefined ? {} : { agg_filter: filter }), location } };
	};
	const next = (counted: Node): Node => operator("+", counted, integer(1, location), location);
	switch (name) {
		case "rank":
			return next(count(rowBefore(keys, false, location)));
		case "dense_rank":
			return next({
				FuncCall: {
					funcname: named("count_rows"),
					args: keys.map(({ sorted }) => sorted),
					agg_distinct: true,
					agg_filter: filtered(rowBefore(keys, false, location)) as Node,
					location,
				},
			});
		case "percent_rank": {
			const rows = count(null);
			const counted = toDouble(count(rowBefore(keys, false, location)), location);
			// Over nothing it is 0 of 1.
			const divisor: Node = { MinMaxExpr: { op: "IS_GREATEST", args: [rows, integer(1, location)], location } };
			return operator("/", counted, toDouble(divisor, location), location);
		}
		case "cume_dist":
			return operator(
				"/",
				toDouble(next(count(rowBefore(keys, true, location))), location),
				toDouble(next(count(null)), location),
				location,
			);
	}
}
