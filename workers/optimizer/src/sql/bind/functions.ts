/** Function calls and aggregates. */
import type { FuncCall, Node } from "libpg-query";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import type { ArgumentKind, FunctionSignature } from "#shared/contracts/functions/signature.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { fingerprint } from "../../logical/expression.ts";
import { as, leftmost, strings } from "../parse/ast.ts";
import { boundType, typed, type Bound } from "./bound.ts";
import { bindExplicitCast, canCoerce, coerce, coerceBoolean, settle } from "./coerce.ts";
import type { ExpressionEnvironment } from "./environment.ts";
import { concreteTypes } from "./polymorphic.ts";
import { type PlainKind, resolveOverload, typeOfKind } from "./resolve-function.ts";
import { bareTypeName, type StatementContext } from "./statement.ts";

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

/** Functions that SQL only has over windows. */
const WINDOW_ONLY = new Set([
	"row_number",
	"rank",
	"dense_rank",
	"percent_rank",
	"cume_dist",
	"ntile",
	"lag",
	"lead",
	"first_value",
	"last_value",
	"nth_value",
]);

export function bindFunctionCall(environment: ExpressionEnvironment, call: FuncCall): Bound {
	const { statement } = environment;
	const location = call.location ?? 0;
	const names = strings(call.funcname);
	const name = names[names.length - 1] ?? "";
	const shownName = names.join(".");
	if (names.length > 1 && names[0] !== "pg_catalog") {
		throw statement.error("invalid_schema_name", `schema "${names[0] ?? ""}" does not exist`, location);
	}
	if (call.over !== undefined || WINDOW_ONLY.has(name)) throw statement.unsupported("a window function", location);
	if (call.func_variadic) throw statement.unsupported("a VARIADIC argument", location);
	if ((call.args ?? []).some((argument) => as(argument, "NamedArgExpr") !== undefined))
		throw statement.unsupported("a named argument", location);
	const overloads = signaturesByName(name);
	if (overloads[0]?.kind === "table") throw statement.unsupported(`${name} in an expression`, location);
	if (overloads[0]?.kind === "aggregate") return bindAggregate(environment, call, { overloads, shownName, location });
	if (call.agg_star || call.agg_distinct || call.agg_filter !== undefined || call.agg_order !== undefined) {
		refuseAggregateSyntax(statement, call, { overloads, shownName, location });
	}
	const list = (call.args ?? []).map((argument) => environment.bind(argument));
	if (overloads.length === 0) {
		const cast = CAST_FUNCTIONS[name];
		if (cast !== undefined && list.length === 1 && canCoerce(boundType(list[0] as Bound), cast, "explicit")) {
			return bindExplicitCast(statement, list[0] as Bound, cast, location);
		}
	}
	const chosen = chooseOverload(statement, { overloads, list, shownName, location });
	return typed(
		makeCall(statement, chosen, list),
		leftmost(
			location,
			list.reduce((best, bound) => leftmost(best, bound.location), -1),
		),
	);
}

/** SQL's niladic functions such as CURRENT_DATE. */
export function bindNiladic(environment: ExpressionEnvironment, name: string, location: number): Bound {
	const signature = signaturesByName(name).find((overload) => overload.arguments.length === 0);
	if (signature === undefined) throw environment.statement.unsupported(name.toUpperCase(), location);
	return typed({ kind: "call", functionId: signature.id, arguments: [], type: signature.result([]) }, location);
}

interface CallSite {
	overloads: readonly FunctionSignature[];
	list: Bound[];
	shownName: string;
	location: number;
}
interface Chosen {
	signature: FunctionSignature;
	kinds: ArgumentKind[];
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

/** The call with every argument cast to what the overload takes. */
export function makeCall(statement: StatementContext, chosen: Chosen, list: Bound[]): Expression {
	const concrete = concreteTypes(chosen.kinds, list.map(boundType));
	if (concrete === "undetermined") {
		throw statement.error("datatype_mismatch", "could not determine polymorphic type because input has type unknown");
	}
	const given = list.map((bound, index) => {
		const type = concrete?.[index] ?? null;
		return type === null
			? coerceToKind(statement, bound, chosen.kinds[index] as PlainKind | "any" | "nonarray")
			: coerce(statement, bound, type);
	});
	// A VARCHAR that stands for text makes text.
	const types = given.map(
		({ type }, index): DataType => (type.kind === "varchar" && chosen.kinds[index] === "text" ? { kind: "text" } : type),
	);
	return { kind: "call", functionId: chosen.signature.id, arguments: given, type: chosen.signature.result(types) };
}

/** `numeric` takes fixed and free values, `text` takes VARCHAR, `any` everything as it is. */
function coerceToKind(statement: StatementContext, bound: Bound, kind: PlainKind | "any" | "nonarray"): Expression {
	if (kind === "any" || kind === "nonarray") return settle(statement, bound);
	if (bound.kind === "typed") {
		const { type } = bound.expression;
		if (type.kind === kind || (kind === "text" && type.kind === "varchar")) return bound.expression;
	}
	if (kind === "char") return coerceToChar(statement, bound);
	return coerce(statement, bound, typeOfKind(kind));
}

/** A CHAR as long as the value is: it is compared without its padding, so no length may cut it. */
function coerceToChar(statement: StatementContext, bound: Bound): Expression {
	const text = coerce(statement, bound, { kind: "text" });
	const length = text.kind === "constant" && typeof text.value === "string" ? Array.from(text.value).length : 1;
	return text.kind === "constant" ? { ...text, type: { kind: "char", length: Math.max(length, 1) } } : text;
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
	const { statement, aggregates } = environment;
	const { location } = site;
	if (call.agg_within_group || call.agg_order !== undefined) throw statement.unsupported("ORDER BY inside an aggregate", location);
	const list = (call.args ?? []).map((argument: Node) => environment.bind(argument, { insideAggregate: true }));
	if (!call.agg_star && list.length === 0 && site.shownName === "count") {
		throw statement.error("wrong_object_type", "count(*) must be used to call a parameterless aggregate function", location);
	}
	const chosen = chooseOverload(statement, { ...site, list });
	const filter =
		call.agg_filter === undefined
			? null
			: coerceBoolean(statement, environment.bind(call.agg_filter, { clause: "FILTER", aggregates: null }), "FILTER");
	if (environment.insideAggregate) throw statement.error("grouping_error", "aggregate function calls cannot be nested", location);
	if (aggregates === null)
		throw statement.error("grouping_error", `aggregate functions are not allowed in ${environment.clause}`, location);
	const bound = makeCall(statement, chosen, list);
	if (bound.kind !== "call") throw statement.unsupported("this aggregate", location);
	const made: AggregateCall = {
		functionId: bound.functionId,
		arguments: bound.arguments,
		distinct: call.agg_distinct ?? false,
		filter,
		type: bound.type,
	};
	const key = aggregateKey(made);
	const known = aggregates.calls.findIndex((other) => aggregateKey(other) === key);
	let id = aggregates.columns[known];
	if (id === undefined) {
		const isCount = chosen.signature.name === "count";
		id = statement.columns.add({ name: site.shownName, type: bound.type, nullable: !isCount, origin: null });
		aggregates.columns.push(id);
		aggregates.calls.push(made);
	}
	return typed({ kind: "column", index: id, type: bound.type }, location);
}

function aggregateKey(call: AggregateCall): string {
	const filter = call.filter === null ? "" : fingerprint(call.filter);
	return `${call.functionId}|${call.distinct}|${call.arguments.map(fingerprint).join(",")}|${filter}`;
}
