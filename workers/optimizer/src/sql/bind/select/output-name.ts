/** The name PostgreSQL gives an output column without AS: its FigureColname. */
import type { Node, SubLink } from "libpg-query";
import { as, kindOf, strings } from "../../parse/ast.ts";

export function outputName(node: Node | undefined): string {
	return figure(node)?.name ?? "?column?";
}

/** A weak name gives way to that of a type or construct around it. */
interface Figured {
	name: string;
	weak: boolean;
}

function figure(node: Node | undefined): Figured | null {
	if (node === undefined) return null;
	const strong = (name: string): Figured => ({ name, weak: false });
	switch (kindOf(node)) {
		case "ColumnRef": {
			const name = strings(as(node, "ColumnRef")?.fields)
				.filter((field) => field !== "")
				.at(-1);
			return name === undefined ? null : strong(name);
		}
		case "FuncCall":
			return strong(strings(as(node, "FuncCall")?.funcname).at(-1) ?? "?column?");
		case "A_Expr":
			return as(node, "A_Expr")?.kind === "AEXPR_NULLIF" ? strong("nullif") : null;
		case "TypeCast": {
			const cast = as(node, "TypeCast");
			const inner = figure(cast?.arg);
			if (inner !== null && !inner.weak) return inner;
			const name = strings(cast?.typeName?.names).at(-1);
			return name === undefined ? inner : { name, weak: true };
		}
		case "A_ArrayExpr":
			return strong("array");
		case "RowExpr":
			return strong("row");
		case "A_Indirection": {
			const { arg, indirection = [] } = as(node, "A_Indirection") ?? {};
			const field = strings(indirection).findLast((name) => name !== "");
			return field === undefined ? figure(arg) : strong(field);
		}
		case "CollateClause":
			return figure(as(node, "CollateClause")?.arg);
		case "CaseExpr": {
			const inner = figure(as(node, "CaseExpr")?.defresult);
			return inner !== null && !inner.weak ? inner : { name: "case", weak: true };
		}
		case "SubLink":
			return figureSubLink(as(node, "SubLink"));
		case "GroupingFunc":
			return strong("grouping");
		case "CoalesceExpr":
			return strong("coalesce");
		case "MinMaxExpr":
			return strong(as(node, "MinMaxExpr")?.op === "IS_LEAST" ? "least" : "greatest");
		case "SQLValueFunction":
			return strong((as(node, "SQLValueFunction")?.op ?? "").replace("SVFOP_", "").replace(/_N$/, "").toLowerCase());
		default:
			return null;
	}
}

/** A scalar subquery is named as its one column. */
function figureSubLink(link: SubLink | undefined): Figured | null {
	switch (link?.subLinkType) {
		case "EXISTS_SUBLINK":
			return { name: "exists", weak: false };
		case "ARRAY_SUBLINK":
			return { name: "array", weak: false };
		case "EXPR_SUBLINK": {
			let query = as(link.subselect, "SelectStmt");
			while (query?.larg !== undefined) query = query.larg;
			const target = as(query?.targetList?.[0], "ResTarget");
			if (target === undefined) return query?.valuesLists === undefined ? null : { name: "column1", weak: false };
			return { name: target.name ?? figure(target.val)?.name ?? "?column?", weak: false };
		}
		default:
			return null;
	}
}
