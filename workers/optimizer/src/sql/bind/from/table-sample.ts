/** TABLESAMPLE: each row by itself is taken or not, with either method: a table here has no pages that SYSTEM could take whole. */
import type { RangeTableSample } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns } from "../../../logical/expression.ts";
import { as, strings } from "../../parse/ast.ts";
import { coerceArgument } from "../expressions/coerce.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import type { QueryOptions } from "../query.ts";
import type { BoundFrom } from "./relation-scope.ts";
import { EMPTY_SCOPE } from "../scope.ts";

const DOUBLE = { kind: "double" } as const;

/** @throws undefined_object (42704), invalid_tablesample_argument (2202H), feature_not_supported (0A000) */
export function sampled(sample: RangeTableSample, from: BoundFrom, options: QueryOptions): BoundFrom {
	const { statement } = options;
	const location = sample.location ?? 0;
	const method = strings(sample.method).at(-1) ?? "";
	const [argument, ...rest] = sample.args ?? [];
	if (from.operator.kind !== "scan") {
		const message = "TABLESAMPLE clause can only be applied to tables and materialized views";
		throw statement.error("feature_not_supported", message, as(sample.relation, "RangeVar")?.location ?? location);
	}
	if (method !== "bernoulli" && method !== "system") {
		throw statement.error("undefined_object", `tablesample method ${method} does not exist`, location);
	}
	if (sample.repeatable !== undefined) throw statement.unsupported("REPEATABLE", location);
	if (argument === undefined || rest.length > 0) {
		throw statement.error(
			"invalid_tablesample_argument",
			`tablesample method ${method} requires 1 argument, not ${sample.args?.length ?? 0}`,
			location,
		);
	}
	const environment = expressionEnvironment({ query: options, scope: EMPTY_SCOPE, clause: "functions in FROM" });
	const percentage = coerceArgument(statement, environment.bind(argument), DOUBLE, "TABLESAMPLE");
	if (collectColumns(percentage).size > 0) throw statement.unsupported("TABLESAMPLE by a column", location);
	const value = statement.evaluate(percentage) as number | null;
	if (value === null) throw statement.error("invalid_tablesample_argument", "TABLESAMPLE parameter cannot be null");
	if (!(value >= 0 && value <= 100)) throw statement.error("invalid_tablesample_argument", "sample percentage must be between 0 and 100");
	const chance: Expression = { kind: "call", functionId: "random()", arguments: [], type: DOUBLE };
	const share: Expression = { kind: "constant", value: value / 100, type: DOUBLE };
	const predicate: Expression = { kind: "call", functionId: "lt(double,double)", arguments: [chance, share], type: BOOLEAN };
	return { ...from, operator: { kind: "filter", input: from.operator, predicate } };
}
