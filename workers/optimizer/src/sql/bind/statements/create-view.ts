/** CREATE [OR REPLACE] VIEW: the query is bound, so that the view has typed columns, and kept as it was written. */
import type { Node, ViewStmt } from "libpg-query";
import type { ViewDefinition } from "#shared/contracts/table.ts";
import type { PlanRelation } from "#shared/contracts/plan/physical.ts";
import { as, strings } from "../../parse/ast.ts";
import { checkName } from "./create-table.ts";
import type { QueryOptions } from "../query.ts";
import { checkSchema } from "../from/relations.ts";
import type { StatementContext } from "../statement.ts";
import { viewText } from "./view-text.ts";

/** @throws duplicate_column (42701), syntax_error (42601) for more names than columns, feature_not_supported, and what the query throws */
export function bindCreateView(options: QueryOptions, view: ViewStmt): { definition: ViewDefinition; uses: PlanRelation[] } {
	const { statement } = options;
	const { query: node, view: relation } = view;
	const query = as(node, "SelectStmt");
	if (relation === undefined || query === undefined) throw statement.unsupported("this CREATE VIEW");
	checkSchema(statement, relation);
	if (relation.relpersistence !== undefined && relation.relpersistence !== "p") throw statement.unsupported("a temporary view");
	if (view.withCheckOption !== undefined && view.withCheckOption !== "NO_CHECK_OPTION") throw statement.unsupported("WITH CHECK OPTION");
	if (view.options !== undefined) throw statement.unsupported("an option of a view", as(view.options[0], "DefElem")?.location ?? 0);
	if (query.intoClause !== undefined) throw statement.error("feature_not_supported", "views must not contain SELECT INTO");
	const bound = options.bindQuery(query, options);
	if (bound.columns.some(({ isRow }) => isRow)) throw statement.unsupported("a row value as a column");
	const columns = nameColumns(statement, bound.columns, view.aliases ?? []);
	const used = [...statement.uses.values()];
	const name = checkName(statement, relation.relname ?? "", relation.location ?? 0);
	return {
		definition: {
			name,
			replace: view.replace ?? false,
			columns,
			source: {
				sql: viewText(statement.source.sql, {
					start: statement.source.indexOf(relation.location ?? 0),
					name,
					columns: strings(view.aliases),
				}),
				uses: used.map(({ tableId, columns: fields }) => ({ tableId, fieldIds: fields.map(({ fieldId }) => fieldId) })),
			},
		},
		uses: used.map(({ tableId, schemaVersion }) => ({ tableId, schemaVersion })),
	};
}

/** The names given, then the query's own. */
function nameColumns(statement: StatementContext, outputs: ViewDefinition["columns"], aliases: Node[]): ViewDefinition["columns"] {
	const names = strings(aliases);
	if (names.length > outputs.length) throw statement.error("syntax_error", "CREATE VIEW specifies more column names than columns");
	const seen = new Set<string>();
	return outputs.map((output, index) => {
		const name = names[index] ?? output.name;
		if (seen.has(name)) throw statement.error("duplicate_column", `column "${name}" specified more than once`);
		seen.add(name);
		return { name, type: output.type };
	});
}
