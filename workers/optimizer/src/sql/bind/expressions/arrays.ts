/** The syntax of arrays: ARRAY[...], subscripts and slices, and comparisons with ANY and ALL of an array. */
import type { A_ArrayExpr, A_Expr, A_Indices, A_Indirection, Node } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { BOOLEAN } from "../../../logical/expression.ts";
import { as, leftmost, strings } from "../../parse/ast.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { bindExplicitCast, coerce, tryCoerce } from "./coerce.ts";
import { unifyTypes } from "./conditionals.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { bindOperator } from "./operators.ts";
import { bindInValues } from "./predicates.ts";
import { rowField, rowShape } from "./row-values.ts";
import { bareTypeName } from "../statement.ts";

const TEXT: DataType = { kind: "text" };
const INTEGER: DataType = { kind: "integer" };

/**
 * ARRAY[...]. @param wanted the element type that a cast around it asks for
 * @throws indeterminate_datatype (42P18) for an empty one without a cast, datatype_mismatch (42804)
 */
export function bindArray(environment: ExpressionEnvironment, array: A_ArrayExpr, wanted: DataType | null = null): Bound {
	const { statement } = environment;
	const location = array.location ?? 0;
	const nodes = array.elements ?? [];
	if (nodes.some((node) => as(node, "A_ArrayExpr") !== undefined))
		throw statement.unsupported("an array of more than one dimension", location);
	if (nodes.length === 0 && wanted === null) {
		throw statement.error(
			"indeterminate_datatype",
			"cannot determine type of empty array",
			location,
			"Explicitly cast to the desired type, for example ARRAY[]::integer[].",
		);
	}
	const list = nodes.map((node) => environment.bind(node));
	const element = wanted ?? unifyTypes(statement, list, "ARRAY");
	if (element.kind === "array") throw statement.unsupported("an array of more than one dimension", location);
	const elements = list.map((bound): Expression => {
		if (wanted === null) return coerce(statement, bound, element);
		return coerce(statement, bindExplicitCast(statement, bound, element, bound.location), element);
	});
	return typed(arrayOf(elements, element), location);
}

/** A constant where all elements are. */
function arrayOf(elements: Expression[], element: DataType): Expression {
	const type: DataType = { kind: "array", element };
	const values: SqlValue[] = [];
	for (const expression of elements) if (expression.kind === "constant") values.push(expression.value);
	if (values.length === elements.length) return { kind: "constant", value: values, type };
	return { kind: "call", functionId: "array(compatible...)", arguments: elements, type };
}

/** `a[i]`, `a[i:j]` of an array, `j['key'][0]` of a JSONB. @throws datatype_mismatch (42804) */
export function bindSubscripts(environment: ExpressionEnvironment, indirection: A_Indirection): Bound {
	const { statement } = environment;
	if (indirection.arg === undefined) throw statement.unsupported("this subscript");
	const [first, ...further] = indirection.indirection ?? [];
	const name = as(first, "String")?.sval;
	const row = name === undefined ? null : rowShape(environment, indirection.arg);
	if (row !== null && name !== undefined) {
		const field = rowField(environment.statement, row, name, row.location);
		if (further.length > 0) throw environment.statement.unsupported("a part of a field", row.location);
		return field;
	}
	const container = environment.bind(indirection.arg);
	const { location } = container;
	const indices = (indirection.indirection ?? []).map((node) => {
		const own = as(node, "A_Indices");
		if (own === undefined) throw statement.unsupported("a field of a value", location);
		return own;
	});
	const type = boundType(container);
	if (container.kind !== "typed" || (type?.kind !== "array" && type?.kind !== "jsonb")) {
		throw statement.error(
			"datatype_mismatch",
			`cannot subscript type ${bareTypeName(type)} because it does not support subscripting`,
			location,
		);
	}
	const { expression } = container;
	if (type.kind !== "array") return typed(subscriptDocument(environment, expression, indices), location);
	const [index, second] = indices as [A_Indices, A_Indices | undefined];
	if (second !== undefined) throw statement.unsupported("a second subscript", location);
	if (!index.is_slice) {
		const position = subscript(environment, index.uidx as Node);
		return typed({ kind: "call", functionId: "subscript(array,integer)", arguments: [expression, position], type: type.element }, location);
	}
	const bound = (node: Node | undefined, omitted: number): Expression =>
		node === undefined ? { kind: "constant", value: omitted, type: INTEGER } : subscript(environment, node);
	const bounds = [bound(index.lidx, 1), bound(index.uidx, 2 ** 31 - 1)];
	return typed({ kind: "call", functionId: "slice(array,integer,integer)", arguments: [expression, ...bounds], type }, location);
}

function subscript(environment: ExpressionEnvironment, node: Node): Expression {
	const { statement } = environment;
	const bound = environment.bind(node);
	const position = tryCoerce(statement, bound, INTEGER, "assignment");
	if (position === null) throw statement.error("datatype_mismatch", "array subscript must have type integer", bound.location);
	return position;
}

/** Subscripts of a document are the steps of a path. */
function subscriptDocument(environment: ExpressionEnvironment, document: Expression, indices: A_Indices[]): Expression {
	const { statement } = environment;
	const steps = indices.map((index): Expression => {
		if (index.is_slice || index.uidx === undefined) {
			const shown = index.uidx ?? index.lidx;
			const location = shown === undefined ? -1 : environment.bind(shown).location;
			throw statement.error("datatype_mismatch", "jsonb subscript does not support slices", location);
		}
		const bound = environment.bind(index.uidx);
		const type = boundType(bound);
		if (type !== null && type.kind !== "text" && tryCoerce(statement, bound, INTEGER, "implicit") === null) {
			throw statement.error(
				"datatype_mismatch",
				`subscript type ${bareTypeName(type)} is not supported`,
				bound.location,
				"jsonb subscript must be coercible to either integer or text.",
			);
		}
		const step = coerce(statement, bound, type === null ? TEXT : type);
		if (step.kind === "constant" && typeof step.value === "number") return { kind: "constant", value: String(step.value), type: TEXT };
		return coerce(statement, typed(step, bound.location), TEXT);
	});
	return {
		kind: "call",
		functionId: "json_path_get(jsonb,text[])",
		arguments: [document, arrayOf(steps, TEXT)],
		type: { kind: "jsonb" },
	};
}

/**
 * `x op ANY (array)` and `x op ALL (array)`: the operator is that of x and the elements. `= ANY` and `<> ALL` of a constant array are IN and NOT IN.
 *
 * @throws wrong_object_type (42809) where there is no array; undefined_function (42883)
 */
export function bindQuantified(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	const all = expression.kind === "AEXPR_OP_ALL";
	const symbol = strings(expression.name).at(-1) ?? "";
	if (expression.lexpr === undefined || expression.rexpr === undefined) throw statement.unsupported("this comparison", location);
	const subject = environment.bind(expression.lexpr);
	const array = environment.bind(expression.rexpr);
	const arrayType = boundType(array);
	if (arrayType !== null && arrayType.kind !== "array") {
		throw statement.error("wrong_object_type", "op ANY/ALL (array) requires array on right side", location);
	}
	const sample: Bound =
		arrayType === null
			? { kind: "unknown", text: null, location: -1 }
			: typed({ kind: "constant", value: null, type: arrayType.element }, -1);
	const compared = bindOperator(statement, symbol, [subject, sample], location);
	if (compared.kind !== "typed" || compared.expression.kind !== "call" || compared.expression.type.kind !== "boolean") {
		throw statement.error("wrong_object_type", "op ANY/ALL (array) requires operator to yield boolean", location);
	}
	const [input, element] = compared.expression.arguments as [Expression, Expression];
	const elements = coerce(statement, array, { kind: "array", element: element.type });
	const start = leftmost(location, subject.location);
	const isMembership = all ? symbol === "<>" : symbol === "=";
	if (isMembership && elements.kind === "constant" && elements.value !== null) {
		const list = membership(environment, { subject, elements: elements.value as SqlValue[], type: element.type, negated: all, location });
		if (list !== null) return typed(list, start);
	}
	return typed({ kind: "quantified", functionId: compared.expression.functionId, input, array: elements, all, type: BOOLEAN }, start);
}

function membership(
	environment: ExpressionEnvironment,
	options: { subject: Bound; elements: SqlValue[]; type: DataType; negated: boolean; location: number },
): Expression | null {
	const { subject, elements, type, negated, location } = options;
	// Nothing is in an empty array, and a NULL is no exception: not what an IN list says.
	if (elements.length === 0 || subject.kind !== "typed") return null;
	const values = elements.map((value): Bound => {
		if (value === null) return { kind: "unknown", text: null, location };
		return typed({ kind: "constant", value, type }, location);
	});
	return bindInValues(environment, { subject, values, negated, location });
}
