/** jsonb_to_record and jsonb_to_recordset: a subquery that takes the members out and casts their texts to the types of the column definition list. */
import type { FuncCall, Node, RangeFunction, RangeSubselect } from "libpg-query";
import { as, strings } from "../../parse/ast.ts";
import type { StatementContext } from "../statement.ts";
import { bindTypeName } from "../expressions/type-name.ts";

const RECORD_FUNCTIONS: readonly string[] = ["jsonb_to_record", "json_to_record", "jsonb_to_recordset", "json_to_recordset"];

/**
 * @returns null for any other function
 * @throws syntax_error (42601) without a column definition list, feature_not_supported (0A000) for columns that are arrays
 */
export function recordFunctionAsQuery(statement: StatementContext, reference: RangeFunction): RangeSubselect | null {
	const [item, ...others] = reference.functions ?? [];
	const call = as(as(item, "List")?.items?.[0], "FuncCall");
	const name = strings(call?.funcname).at(-1) ?? "";
	const [argument, ...rest] = call?.args ?? [];
	if (call === undefined || argument === undefined || !RECORD_FUNCTIONS.includes(name) || rest.length > 0 || others.length > 0) return null;
	const definitions = (reference.coldeflist ?? []).map((node) => as(node, "ColumnDef") ?? {});
	if (definitions.length === 0) {
		const message = 'a column definition list is required for functions returning "record"';
		throw statement.error("syntax_error", message, call.location ?? 0);
	}
	if (reference.ordinality) throw statement.unsupported(`${name} with ordinality`, call.location ?? 0);
	const targetList = definitions.map(({ colname = "", typeName = {} }): Node => {
		const type = bindTypeName(statement, typeName);
		if (type.kind === "array") throw statement.unsupported(`an array as a column of ${name}`, typeName.location ?? 0);
		const val: Node =
			type.kind === "jsonb"
				? member("->", colname)
				: { TypeCast: { arg: member("->>", colname), typeName, location: typeName.location ?? 0 } };
		return { ResTarget: { name: colname, val } };
	});
	const fromClause = [name.endsWith("set") ? elementsOf(call, argument) : valueOf(argument)];
	return {
		lateral: true,
		subquery: { SelectStmt: { targetList, fromClause, limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE" } },
		alias: reference.alias ?? { aliasname: name },
	};
}

const VALUE = "value";

function member(operator: string, name: string): Node {
	return {
		A_Expr: {
			kind: "AEXPR_OP",
			name: [{ String: { sval: operator } }],
			lexpr: { ColumnRef: { fields: [{ String: { sval: VALUE } }] } },
			rexpr: { A_Const: { sval: { sval: name } } },
		},
	};
}

function elementsOf(call: FuncCall, argument: Node): Node {
	const elements: Node = { FuncCall: { ...call, funcname: [{ String: { sval: "jsonb_array_elements" } }], args: [argument] } };
	return { RangeFunction: { lateral: true, functions: [{ List: { items: [elements] } }], alias: { aliasname: VALUE } } };
}

function valueOf(argument: Node): Node {
	const document: Node = { TypeCast: { arg: argument, typeName: { names: [{ String: { sval: "jsonb" } }], typemod: -1 } } };
	const subquery: Node = {
		SelectStmt: { targetList: [{ ResTarget: { name: VALUE, val: document } }], limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE" },
	};
	return { RangeSubselect: { lateral: true, subquery, alias: { aliasname: VALUE } } };
}
