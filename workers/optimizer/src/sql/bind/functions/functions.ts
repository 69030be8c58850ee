/** Function calls and aggregates. */
import type { FuncCall, Node } from "libpg-query";
import { JSON_FUNCTIONS } from "#shared/contracts/functions/json-names.ts";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import { type FunctionSignature, ORDERED_SET_AGGREGATES, UNCALLABLE_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import { collectColumns, fingerprint } from "../../../logical/expression.ts";
import type { ColumnId } from "../../../logical/plan.ts";
import { as, leftmost, locationOf, strings } from "../../parse/ast.ts";
import { aggregateArguments } from "./aggregate-arguments.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { bindExplicitCast, canCoerce, coerce, coerceBoolean, settle } from "../expressions/coerce.ts";
import type { ExpressionEnvironment, QueryLevel } from "../environment.ts";
import { hypotheticalSetAsCounts, isHypotheticalSet } from "./hypothetical-set.ts";
import { makeCall, type Chosen } from "./make-call.ts";
import { argumentsInOrder } from "./named-arguments.ts";
import { bindSortKey } from "../select/ordering.ts";
import { SESSION_VALUES } from "../../system/session.ts";
import { bindArgument, countedRow, rowShape } from "../expressions/row-values.ts";
import { resolveOverload } from "./resolve-function.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";
import { addTableFunction } from "./table-functions.ts";
import { commonType } from "./type-category.ts";
import { addWindowCall } from "./windows.ts";

/** Names of types that PostgreSQL also takes as one-argument functions. */
const CAST_FUNCTIONS: Record<string, DataType> = {
	date: { kind: "date" },
	text: { kind: "text" },
	timestamp: { kind: "timestamp" },
	timestamptz: { kind: "timestamptz" },
	int2: { kind: "smallint" },
	int4: { kind: "integer" },
	int8: { kind: "bigint" },
	float4: { kind: "real" },
	float8: { kind: "double" },
	numeric: { kind: "numeric" },
	bool: { kind: "boolean" },
	varchar: { kind: "varchar" },
	interval: { kind: "interval" },
	time: { kind: "time" },
	uuid: { kind: "uuid" },
	jsonb: { kind: "jsonb" },
};

export function bindFunctionCall(environment: ExpressionEnvironment, written: FuncCall): Bound {
	const { statement } = environment;
	const location = written.location ?? 0;
	const names = strings(written.funcname);
	const name = names[names.length - 1] ?? "";
	const shownName = names.join(".");
	if (names.length > 1 && names[0] !== "pg_catalog") {
		throw statement.error("invalid_schema_name", `schema "${names[0] ?? ""}" does not exist`, location);
	}
	const args = argumentsInOrder(statement, written, name);
	const call = args.length === 0 ? written : { ...written, args };
	if (call.func_variadic) throw statement.unsupported("a VARIADIC argument", location);
	if (name === "pg_typeof" && call.args?.length === 1) return typeOf(environment, call.args[0] as Node, location);
	const overloads = overloadsOf(environment, call, name);
	const session = call.args === undefined && Object.hasOwn(SESSION_VALUES, name) ? SESSION_VALUES[name] : undefined;
	if (session !== undefined && overloads.length === 0) return typed({ kind: "constant", ...session }, location);
	if (isHypotheticalSet(name) && (call.agg_within_group || call.args !== undefined)) {
		if (!call.agg_within_group) {
			throw statement.error("wrong_object_type", `WITHIN GROUP is required for ordered-set aggregate ${shownName}`, location);
		}
		if (call.over !== undefined) {
			throw statement.error("feature_not_supported", `OVER is not supported for ordered-set aggregate ${shownName}`, location);
		}
		return environment.bind(hypotheticalSetAsCounts(environment, call, name));
	}
	if (call.over !== undefined) return bindWindowCall(environment, call, { overloads, shownName, location });
	if (overloads[0]?.kind === "aggregate") return bindAggregate(environment, call, { overloads, shownName, location });
	if (overloads[0]?.kind === "window") {
		throw statement.error("wrong_object_type", `window function ${shownName} requires an OVER clause`, location);
	}
	if (call.agg_star || call.agg_distinct || call.agg_filter !== undefined || call.agg_order !== undefined) {
		refuseAggregateSyntax(statement, call, { overloads, shownName, location });
	}
	const list = (call.args ?? []).map((argument) => bindArgument(environment, { overloads, shownName, location }, argument));
	if (overloads.length === 0) {
		const cast = CAST_FUNCTIONS[name];
		if (cast !== undefined && list.length === 1 && canCoerce(boundType(list[0] as Bound), cast, "explicit")) {
			return bindExplicitCast(statement, list[0] as Bound, cast, location);
		}
	}
	const chosen = chooseOverload(statement, { overloads, list, shownName, location });
	const start = leftmost(
		location,
		list.reduce((best, bound) => leftmost(best, bound.location), -1),
	);
	const made = makeCall(statement, chosen, list);
	if (chosen.signature.kind === "table" && made.kind === "call") return typed(addTableFunction(environment, made, name, location), start);
	return typed(made, start);
}

/** pg_typeof: known here, so the argument is not evaluated. */
function typeOf(environment: ExpressionEnvironment, argument: Node, location: number): Bound {
	const name = rowShape(environment, argument) === null ? bareTypeName(boundType(environment.bind(argument))) : "record";
	return typed({ kind: "constant", value: name, type: { kind: "text" } }, location);
}

/** row_to_json and array_to_json are narrower than the function that stands for them. */
function overloadsOf(environment: ExpressionEnvironment, call: FuncCall, name: string): readonly FunctionSignature[] {
	const isInternal = UNCALLABLE_FUNCTIONS.has(name) || (name === "count_rows" && call.funcformat !== undefined);
	if (isInternal) return [];
	const [first] = call.args ?? [];
	if (name === "row_to_json" && rowShape(environment, first) === null) return [];
	if (name === "array_to_json" && first !== undefined && boundType(environment.bind(first))?.kind !== "array") return [];
	return signaturesByName(JSON_FUNCTIONS.get(name) ?? name);
}

/** A call in FROM of a function that returns rows; null for any other. */
export function bindRowsOf(
	environment: ExpressionEnvironment,
	node: Node,
): { functionId: string; arguments: Expression[]; columns: { name: string; type: DataType }[]; isNamed: boolean } | null {
	const { statement } = environment;
	const call = as(node, "FuncCall");
	const name = strings(call?.funcname).at(-1) ?? "";
	const overloads = signaturesByName(JSON_FUNCTIONS.get(name) ?? name);
	if (call === undefined || overloads[0]?.kind !== "table") return null;
	const list = (call.args ?? []).map((argument) => environment.bind(argument));
	const chosen = chooseOverload(statement, { overloads, list, shownName: strings(call.funcname).join("."), location: call.location ?? 0 });
	const made = makeCall(statement, chosen, list);
	if (made.kind !== "call") throw statement.unsupported("this function in FROM", call.location);
	const named = chosen.signature.columns?.(made.arguments.map(({ type }) => type));
	return {
		functionId: made.functionId,
		arguments: made.arguments,
		columns: named ?? [{ name, type: made.type }],
		isNamed: named !== undefined,
	};
}

/** SQL's niladic functions such as CURRENT_DATE. */
export function bindNiladic(environment: ExpressionEnvironment, name: string, location: number): Bound {
	const signature = signaturesByName(name).find((overload) => overload.arguments.length === 0);
	const session = Object.hasOwn(SESSION_VALUES, name) ? SESSION_VALUES[name] : undefined;
	if (signature === undefined && session !== undefined) return typed({ kind: "constant", ...session }, location);
	if (signature === undefined) throw environment.statement.unsupported(name.toUpperCase(), location);
	return typed({ kind: "call", functionId: signature.id, arguments: [], type: signature.result([]) }, location);
}

interface CallSite {
	overloads: readonly FunctionSignature[];
	list: Bound[];
	shownName: string;
	location: number;
}

/** @throws undefined_function (42883), ambiguous_function (42725) */
function chooseOverload(statement: StatementContext, site: CallSite): Chosen {
	const types = site.list.map(boundType);
	const resolution = resolveOverload(site.overloads, types);
	if (resolution.kind === "found") return resolution;
	const shown = `${site.shownName}(${types.map(bareTypeName).join(", ")})`;
	if (resolution.kind === "ambiguous") {
		throw statement.error(
			"ambiguous_function",
			`function ${shown} is not unique`,
			site.location,
			"Could not choose a best candidate function. You might need to add explicit type casts.",
		);
	}
	throw statement.error(
		"undefined_function",
		`function ${shown} does not exist`,
		site.location,
		"No function matches the given name and argument types. You might need to add explicit type casts.",
	);
}

function refuseAggregateSyntax(statement: StatementContext, call: FuncCall, site: Omit<CallSite, "list">): never {
	const { shownName, location } = site;
	if (site.overloads.length === 0) throw unknownFunction(statement, call, shownName, location);
	const what = call.agg_star
		? `${shownName}(*) specified, but ${shownName} is not an aggregate function`
		: call.agg_distinct
			? `DISTINCT specified, but ${shownName} is not an aggregate function`
			: call.agg_filter !== undefined
				? `FILTER specified, but ${shownName} is not an aggregate function`
				: `ORDER BY specified, but ${shownName} is not an aggregate function`;
	throw statement.error("wrong_object_type", what, location);
}

function unknownFunction(statement: StatementContext, call: FuncCall, shownName: string, location: number): Error {
	const list = call.agg_star ? "" : "...";
	return statement.error(
		"undefined_function",
		`function ${shownName}(${list}) does not exist`,
		location,
		"No function matches the given name and argument types. You might need to add explicit type casts.",
	);
}

/** An aggregate becomes a column of the level's aggregation; equal calls share it. @throws grouping_error (42803) */
function bindAggregate(environment: ExpressionEnvironment, call: FuncCall, site: Omit<CallSite, "list">): Bound {
	const { statement } = environment;
	const { location } = site;
	const usedBefore = levelsAround(environment).map((level) => level.uses.length);
	const { made, name } = bindAggregateCall(environment, call, site, {
		insideAggregate: true,
		guard: null,
		subqueries: environment.aggregates?.subqueries ?? environment.subqueries,
	});
	if (environment.insideAggregate) throw statement.error("grouping_error", "aggregate function calls cannot be nested", location);
	const owner = owningLevel(environment, made);
	const aggregates = owner === null ? environment.aggregates : owner.aggregates;
	const { clause } = owner ?? environment;
	if (owner?.insideAggregate) throw statement.error("grouping_error", "aggregate function calls cannot be nested", location);
	if (aggregates === null) throw statement.error("grouping_error", `aggregate functions are not allowed in ${clause}`, location);
	if (owner !== null) owner.uses.length = usedBefore[levelsAround(environment).indexOf(owner)] ?? 0;
	const key = aggregateKey(made);
	const known = aggregates.calls.findIndex((other) => aggregateKey(other) === key);
	let id = aggregates.columns[known];
	if (id === undefined) {
		id = statement.columns.add({ name: site.shownName, type: made.type, nullable: name !== "count", origin: null });
		aggregates.columns.push(id);
		aggregates.calls.push(made);
	}
	return typed({ kind: "column", index: id, type: made.type }, location);
}

/** Arguments, FILTER and ORDER BY of an aggregate. @param inner what is different inside it */
function bindAggregateCall(
	environment: ExpressionEnvironment,
	call: FuncCall,
	site: Omit<CallSite, "list">,
	inner: Partial<ExpressionEnvironment>,
): { made: AggregateCall; name: string } {
	const { statement } = environment;
	const { location, shownName } = site;
	const isOrderedSet = ORDERED_SET_AGGREGATES.includes(site.overloads[0]?.name ?? "");
	if (isOrderedSet) {
		const direct = (call.args ?? []).map((argument) => settle(statement, environment.bind(argument)));
		environment.aggregates?.direct.push(...direct);
	}
	const inside: ExpressionEnvironment = {
		...environment,
		...inner,
		bind: (node, change) => environment.bind(node, { ...inner, ...change }),
	};
	const counted = site.overloads[0]?.name === "count" ? countedRow(inside, call) : null;
	const own = counted?.list ?? (call.args ?? []).map((argument: Node) => bindArgument(inside, site, argument));
	const keys = (call.agg_order ?? []).map((item) => bindSortKey(inside, item));
	// WITHIN GROUP (ORDER BY x): what is sorted is what is aggregated.
	const list = call.agg_within_group ? [...own, ...keys.map((key) => typed(key.expression, location))] : own;
	if (!call.agg_star && list.length === 0 && shownName === "count") {
		throw statement.error("wrong_object_type", "count(*) must be used to call a parameterless aggregate function", location);
	}
	const chosen = chooseOverload(statement, { ...site, ...(counted === null ? {} : { overloads: counted.overloads }), list });
	if (isOrderedSet !== (call.agg_within_group ?? false)) {
		const what = isOrderedSet
			? `WITHIN GROUP is required for ordered-set aggregate ${shownName}`
			: `${shownName} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`;
		throw statement.error("wrong_object_type", what, location);
	}
	const filter =
		call.agg_filter === undefined
			? null
			: coerceBoolean(
					statement,
					environment.bind(call.agg_filter, {
						clause: "FILTER",
						guard: null,
						...(inner.insideAggregate ? { aggregates: null } : {}),
						...(inner.subqueries === undefined ? {} : { subqueries: inner.subqueries }),
					}),
					"FILTER",
				);
	const bound = makeCall(statement, chosen, list);
	if (bound.kind !== "call") throw statement.unsupported("this aggregate", location);
	const distinct = call.agg_distinct ?? false;
	if (distinct && !keys.every((key) => bound.arguments.some((argument) => fingerprint(argument) === fingerprint(key.expression)))) {
		throw statement.error(
			"invalid_column_reference",
			"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
			locationOf(as(call.agg_order?.[0], "SortBy")?.node),
		);
	}
	const given = aggregateArguments(bound.functionId, bound.arguments);
	if (distinct && IN_ORDER.includes(chosen.signature.name)) keys.push(...sortedAfter(keys, bound.arguments));
	// With DISTINCT the rows that are left have the arguments alone: they are sorted by these.
	const orderBy = keys.map((key) => {
		const index = bound.arguments.findIndex((argument) => fingerprint(argument) === fingerprint(key.expression));
		return distinct ? { ...key, expression: given[index] ?? key.expression } : key;
	});
	return {
		made: {
			functionId: bound.functionId,
			arguments: given,
			distinct,
			filter,
			...(keys.length === 0 ? {} : { orderBy }),
			type: bound.type,
		},
		name: chosen.signature.name,
	};
}

/** With DISTINCT these show that PostgreSQL sorts to find what is equal. */
const IN_ORDER: readonly string[] = ["string_agg", "array_agg", "jsonb_agg"];

/** Keys for the arguments that no key sorts by yet. */
function sortedAfter(keys: SortKey[], list: Expression[]): SortKey[] {
	const sorted = new Set(keys.map(({ expression }) => fingerprint(expression)));
	return list
		.filter((argument) => argument.kind !== "constant" && !sorted.has(fingerprint(argument)))
		.map((expression) => ({ expression, descending: false, nullsFirst: false }));
}

function levelsAround({ outer }: ExpressionEnvironment): QueryLevel[] {
	const list: QueryLevel[] = [];
	for (let level = outer; level !== null; level = level.outer) list.push(level);
	return list;
}

/** An aggregate over nothing but columns of queries around it belongs to the nearest of these; null for this one. */
function owningLevel(environment: ExpressionEnvironment, call: AggregateCall): QueryLevel | null {
	if (environment.outer === null) return null;
	const used = new Set<ColumnId>();
	for (const expression of [...call.arguments, ...(call.orderBy ?? []).map((key) => key.expression)]) collectColumns(expression, used);
	if (call.filter !== null) collectColumns(call.filter, used);
	if (used.size === 0) return null;
	const around = levelsAround(environment);
	const owner = around.find((level) => level.scope.relations.some((relation) => relation.columns.some((column) => used.has(column.id))));
	const isForeign = [...used].every((id) =>
		around.some((level) => level.scope.relations.some((relation) => relation.columns.some((column) => column.id === id))),
	);
	return isForeign ? (owner ?? null) : null;
}

function aggregateKey(call: AggregateCall): string {
	const filter = call.filter === null ? "" : fingerprint(call.filter);
	const order = (call.orderBy ?? []).map((key) => `${fingerprint(key.expression)}${key.descending}${key.nullsFirst}`).join(",");
	return `${call.functionId}|${call.distinct}|${call.arguments.map(fingerprint).join(",")}|${filter}|${order}`;
}

/** f(...) OVER ... @throws wrong_object_type (42809), feature_not_supported (0A000) */
function bindWindowCall(environment: ExpressionEnvironment, call: FuncCall, site: Omit<CallSite, "list">): Bound {
	const { statement } = environment;
	const { overloads, shownName, location } = site;
	const kind = overloads[0]?.kind;
	const list =
		kind === "aggregate" ? [] : (call.args ?? []).map((argument: Node) => environment.bind(argument, { insideWindow: true, guard: null }));
	if (kind === undefined) chooseOverload(statement, { ...site, list });
	if (kind !== "window" && kind !== "aggregate") {
		throw statement.error(
			"wrong_object_type",
			`OVER specified, but ${shownName} is not a window function nor an aggregate function`,
			location,
		);
	}
	if (call.agg_distinct) throw statement.error("feature_not_supported", "DISTINCT is not implemented for window functions", location);
	if (call.agg_within_group) throw statement.unsupported("an ordered-set aggregate over a window", location);
	if (call.agg_order !== undefined) {
		throw statement.error("feature_not_supported", "aggregate ORDER BY is not implemented for window functions", location);
	}
	if (kind === "aggregate") {
		const { made, name } = bindAggregateCall(environment, call, site, { insideWindow: true, guard: null });
		const { functionId, arguments: arguments_, filter, type } = made;
		return typed(addWindowCall(environment, call, { functionId, arguments: arguments_, filter, type }, name), location);
	}
	if (call.agg_filter !== undefined) {
		throw statement.error("feature_not_supported", "FILTER is not implemented for non-aggregate window functions", location);
	}
	const chosen = chooseOverload(statement, { ...site, list });
	const bound = makeCall(statement, chosen, withCommonType(statement, shownName, list));
	if (bound.kind !== "call") throw statement.unsupported("this window function", location);
	const { functionId, arguments: arguments_, type } = bound;
	return typed(
		addWindowCall(environment, call, { functionId, arguments: arguments_, filter: null, type }, chosen.signature.name),
		location,
	);
}

/** lag and lead: the value and its default meet in one type. */
function withCommonType(statement: StatementContext, name: string, list: Bound[]): Bound[] {
	const [value, offset, otherwise] = list;
	if ((name !== "lag" && name !== "lead") || value === undefined || offset === undefined || otherwise === undefined) return list;
	const common = commonType([boundType(value), boundType(otherwise)]);
	if (!("type" in common)) return list;
	return [
		typed(coerce(statement, value, common.type), value.location),
		offset,
		typed(coerce(statement, otherwise, common.type), otherwise.location),
	];
}
