/**
 * Rows as values: ROW(...), (a, b), and a relation named as a whole. There is no type of rows here: where one is shown it becomes PostgreSQL's text of it, where it is made a
 * document its fields become members, where it is compared, sorted, grouped or counted its fields are.
 */
import type { FuncCall, Node } from "libpg-query";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import type { ArgumentKind, FunctionSignature } from "#shared/contracts/functions/signature.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, conjunction } from "../../../logical/expression.ts";
import { as, locationOf, strings } from "../../parse/ast.ts";
import { type Bound, typed } from "../bound.ts";
import { settle } from "./coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { findRelation, namesRelation } from "../scope.ts";
import type { StatementContext } from "../statement.ts";
import { bindStar } from "../select/star.ts";

export interface RowShape {
	fields: RowField[];
	location: number;
	/** ROW(...) or a list in brackets, not a relation. */
	isWritten: boolean;
	/** A relation that an outer join may find no row of: it is NULL where all its columns are. */
	mayBeMissing: boolean;
}

interface RowField {
	name: string;
	value: Bound | RowShape;
}

const TEXT = { kind: "text" } as const;
const isShape = (value: Bound | RowShape): value is RowShape => "fields" in value;

/** @returns null where the expression is no row */
export function rowShape(environment: ExpressionEnvironment, node: Node | undefined): RowShape | null {
	const row = as(node, "RowExpr");
	if (row !== undefined) {
		const values = (row.args ?? []).flatMap((item): (Bound | RowShape)[] => {
			const reference = as(item, "ColumnRef");
			const isStar = reference?.fields?.some((field) => as(field, "A_Star") !== undefined) ?? false;
			if (reference !== undefined && isStar) return bindStar(environment, reference).map(({ bound }) => bound);
			return [rowShape(environment, item) ?? environment.bind(item)];
		});
		const fields = values.map((value, index) => ({ name: `f${index + 1}`, value }));
		return { fields, location: row.location ?? 0, isWritten: true, mayBeMissing: false };
	}
	const reference = as(node, "ColumnRef");
	const [name, ...rest] = strings(reference?.fields);
	if (reference === undefined || name === undefined || name === "" || rest.length > 0 || !namesRelation(environment, name)) return null;
	const location = reference.location ?? 0;
	const { relation } = findRelation(environment, name, location);
	if (relation.isValue) return null;
	const star = bindStar(environment, { ...reference, fields: [...(reference.fields ?? []), { A_Star: {} }] });
	const fields = star.map(({ name: field, bound }) => ({ name: field, value: bound }));
	return { fields, location, isWritten: false, mayBeMissing: relation.mayBeMissing ?? false };
}

/** The fields of a row that is compared. @throws feature_not_supported (0A000) for a row inside it */
export function rowFields(environment: ExpressionEnvironment, node: Node | undefined): Bound[] | null {
	const shape = rowShape(environment, node);
	return shape === null ? null : fieldsOf(environment.statement, shape);
}

export function fieldsOf(statement: StatementContext, { fields }: RowShape): Bound[] {
	return fields.map(({ value }) => {
		if (isShape(value)) throw statement.unsupported("a row inside a row that is compared", value.location);
		return value;
	});
}

/** `(row).name`. @throws undefined_column (42703) */
export function rowField(statement: StatementContext, { fields }: RowShape, name: string, location: number): Bound {
	const found = fields.find((field) => field.name === name);
	if (found === undefined) throw statement.error("undefined_column", `could not identify column "${name}" in record data type`, location);
	return isShape(found.value) ? typed(rowText(statement, found.value), location) : found.value;
}

/** PostgreSQL's text of a row: `(1,"a b",,t)`. */
export function rowText(statement: StatementContext, shape: RowShape): Expression {
	const parts = shape.fields.flatMap(({ value }, index) => [...(index === 0 ? [] : [constant(",")]), fieldText(statement, value)]);
	return unlessMissing(statement, shape, call("concat(any...)", [constant("("), ...parts, constant(")")]));
}

function fieldText(statement: StatementContext, value: Bound | RowShape): Expression {
	const expression = isShape(value) ? rowText(statement, value) : settle(statement, value);
	if (PLAIN_KINDS.includes(expression.type.kind)) return expression;
	// A CHAR(n) keeps its blanks here, which a cast would take.
	const text: Expression =
		expression.type.kind === "char"
			? call("concat(any...)", [expression])
			: { kind: "cast", input: expression, type: TEXT, explicit: true };
	const special = call("ne(text,text)", [text, call("translate(text,text,text)", [text, constant(SPECIAL), constant("")])]);
	const doubled = ["\\", '"'].reduce(
		(inner, character) => call("replace(text,text,text)", [inner, constant(character), constant(character + character)]),
		text,
	);
	const isEmpty = call("eq(text,text)", [text, constant("")]);
	return {
		kind: "case",
		branches: [
			{ when: { kind: "is_null", input: expression, negated: false, type: BOOLEAN }, then: constant("") },
			{
				when: { kind: "or", arguments: [isEmpty, special], type: BOOLEAN },
				then: call("concat(any...)", [constant('"'), doubled, constant('"')]),
			},
		],
		otherwise: text,
		type: TEXT,
	};
}

/** Types whose texts need no quotes in a row's. */
const PLAIN_KINDS: readonly string[] = ["boolean", "smallint", "integer", "bigint", "real", "double", "numeric", "uuid"];
/** What makes quotes needed: white space as C's isspace has it, and what the form itself uses. */
const SPECIAL = ' \t\n\r\v\f,()"\\';

/** As row_to_json: a member for each field. */
function rowDocument(statement: StatementContext, shape: RowShape): Expression {
	const type = { kind: "jsonb" } as const;
	const members = shape.fields.flatMap(({ name, value }) => [
		constant(name),
		isShape(value) ? rowDocument(statement, value) : settle(statement, value),
	]);
	const functionId = members.length === 0 ? "jsonb_build_object()" : "jsonb_build_object(any...)";
	return unlessMissing(statement, shape, { kind: "call", functionId, arguments: members, type });
}

function unlessMissing(statement: StatementContext, shape: RowShape, value: Expression): Expression {
	if (!shape.mayBeMissing) return value;
	const missing = missingTest(statement, shape);
	return {
		kind: "case",
		branches: [{ when: missing, then: { kind: "constant", value: null, type: value.type } }],
		otherwise: value,
		type: value.type,
	};
}

function missingTest(statement: StatementContext, shape: RowShape): Expression {
	const tests = fieldsOf(statement, shape).map((field): Expression => {
		return { kind: "is_null", input: settle(statement, field), negated: false, type: BOOLEAN };
	});
	return conjunction(tests) ?? { kind: "constant", value: false, type: BOOLEAN };
}

/** Functions that take a row as a document. */
const DOCUMENT_FUNCTIONS: ReadonlySet<string> = new Set([
	"to_jsonb",
	"jsonb_agg",
	"jsonb_object_agg",
	"jsonb_build_object",
	"jsonb_build_array",
]);
/** What a row may stand for in a signature. */
const ANY_KINDS: readonly ArgumentKind[] = ["any", "element", "nonarray", "compatible"];
/** Functions that take a row as its text. */
const TEXT_FUNCTIONS: ReadonlySet<string> = new Set(["concat", "concat_ws", "format"]);

/**
 * An argument of a function, which may be a row.
 *
 * @throws undefined_function (42883) for a function that takes none, feature_not_supported (0A000) for one that does in PostgreSQL
 */
export function bindArgument(
	environment: ExpressionEnvironment,
	{ overloads, shownName, location }: { overloads: readonly FunctionSignature[]; shownName: string; location: number },
	node: Node,
): Bound {
	const shape = rowShape(environment, node);
	if (shape === null) return environment.bind(node);
	const name = overloads[0]?.name ?? "";
	if (!overloads.some((overload) => overload.arguments.some((kind) => ANY_KINDS.includes(kind)))) {
		throw environment.statement.error(
			"undefined_function",
			`function ${shownName}(record) does not exist`,
			location,
			"No function matches the given name and argument types. You might need to add explicit type casts.",
		);
	}
	if (DOCUMENT_FUNCTIONS.has(name)) return typed(rowDocument(environment.statement, shape), shape.location);
	if (TEXT_FUNCTIONS.has(name)) return typed(rowText(environment.statement, shape), shape.location);
	throw environment.statement.unsupported(`a row value as an argument of ${shownName}`, shape.location);
}

/** `count(row)` counts rows that are there, `count(DISTINCT row)` different ones. @returns null for any other count */
export function countedRow(
	environment: ExpressionEnvironment,
	{ args = [], agg_distinct, agg_star }: FuncCall,
): { overloads: readonly FunctionSignature[]; list: Bound[] } | null {
	const shape = args.length === 1 && !agg_star ? rowShape(environment, args[0]) : null;
	if (shape === null) return null;
	const { statement } = environment;
	if (agg_distinct && shape.mayBeMissing)
		throw statement.unsupported("count(DISTINCT) of a row that an outer join may miss", shape.location);
	if (agg_distinct) return { overloads: signaturesByName("count_rows"), list: fieldsOf(statement, shape) };
	const one: Expression = { kind: "constant", value: 1, type: { kind: "integer" } };
	return { overloads: signaturesByName("count"), list: [typed(unlessMissing(statement, shape, one), shape.location)] };
}

/** @throws feature_not_supported (0A000): what a row is here depends on what is done with it */
export function refuseRow(statement: StatementContext, node: Node): Error {
	return statement.unsupported("a row value here", locationOf(node));
}

function constant(value: string): Expression {
	return { kind: "constant", value, type: TEXT };
}

function call(functionId: string, list: Expression[]): Expression {
	return { kind: "call", functionId, arguments: list, type: /^(eq|ne)\(/.test(functionId) ? BOOLEAN : TEXT };
}
