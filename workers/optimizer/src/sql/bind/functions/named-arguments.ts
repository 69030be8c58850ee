/** Calls with named arguments, f(a => 1): put in order, with defaults for those left out. */
import type { FuncCall, Node } from "libpg-query";
import { as } from "../../parse/ast.ts";
import type { StatementContext } from "../statement.ts";

/** Parameters by function, as PostgreSQL names them; a default stands where one may be left out before another that is given. */
const PARAMETERS: Record<string, readonly (readonly [name: string, byDefault?: number])[]> = {
	make_date: [["year"], ["month"], ["day"]],
	make_interval: [
		["years", 0],
		["months", 0],
		["weeks", 0],
		["days", 0],
		["hours", 0],
		["mins", 0],
		["secs", 0],
	],
	make_time: [["hour"], ["min"], ["sec"]],
	make_timestamp: [["year"], ["month"], ["mday"], ["hour"], ["min"], ["sec"]],
	make_timestamptz: [["year"], ["month"], ["mday"], ["hour"], ["min"], ["sec"], ["timezone"]],
	jsonb_set: [["jsonb_in"], ["path"], ["replacement"], ["create_if_missing"]],
	jsonb_insert: [["jsonb_in"], ["path"], ["replacement"], ["insert_after"]],
	jsonb_strip_nulls: [["target"], ["strip_in_arrays"]],
};

/**
 * @returns the arguments in the order of the parameters; those of a call without names as they are
 * @throws syntax_error (42601), undefined_function (42883) for a name that the function does not have; feature_not_supported (0A000)
 */
export function argumentsInOrder(statement: StatementContext, call: FuncCall, functionName: string): Node[] {
	const given = call.args ?? [];
	if (given.every((argument) => as(argument, "NamedArgExpr") === undefined)) return given;
	const parameters = PARAMETERS[functionName];
	if (parameters === undefined) throw statement.unsupported("a named argument", call.location);
	const list: (Node | undefined)[] = [];
	for (const argument of given) {
		const named = as(argument, "NamedArgExpr");
		if (named === undefined) {
			list.push(argument);
			continue;
		}
		const index = parameters.findIndex(([name]) => name === named.name);
		if (index < 0) throw statement.error("undefined_function", `function ${functionName} has no argument "${named.name}"`, call.location);
		if (list[index] !== undefined) {
			throw statement.error("syntax_error", `argument name "${named.name}" used more than once`, named.location);
		}
		list[index] = named.arg as Node;
	}
	return Array.from(list, (argument, index) => {
		if (argument !== undefined) return argument;
		const [name, byDefault] = parameters[index] as readonly [string, number?];
		if (byDefault === undefined) {
			throw statement.error("undefined_function", `function ${functionName} needs its argument "${name}"`, call.location);
		}
		return { A_Const: { ival: { ival: byDefault }, location: call.location ?? 0 } };
	});
}
