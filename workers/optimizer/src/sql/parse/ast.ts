/** The parser's JSON nodes: one-key objects whose key is the kind. Fields with a zero value are absent, a location of 0 among them. */
import type { Node } from "libpg-query";

type KeysOf<Union> = Union extends unknown ? keyof Union : never;
export type NodeKind = KeysOf<Node>;
type NodeOf<Kind extends NodeKind> = Extract<Node, Record<Kind, unknown>>[Kind];

/** @returns the node's body if it is of `kind`, else undefined */
export function as<Kind extends NodeKind>(node: Node | undefined, kind: Kind): NodeOf<Kind> | undefined {
	return (node as Record<string, unknown> | undefined)?.[kind] as NodeOf<Kind> | undefined;
}

export function kindOf(node: Node): NodeKind {
	return Object.keys(node)[0] as NodeKind;
}

/** Texts of a list of String nodes: a qualified name, an operator. */
export function strings(nodes: Node[] | undefined): string[] {
	return (nodes ?? []).map((node) => as(node, "String")?.sval ?? "");
}

/** PostgreSQL's exprLocation: where the leftmost part of a raw expression begins; -1 when unknown. */
export function locationOf(node: Node | undefined): number {
	if (node === undefined) return -1;
	const kind = kindOf(node);
	const body = (node as unknown as Record<string, Record<string, unknown>>)[kind] as Record<string, unknown>;
	const own = kind === "List" || kind === "String" ? -1 : ((body["location"] as number | undefined) ?? 0);
	switch (kind) {
		case "A_Expr":
			return leftmost(own, locationOf(body["lexpr"] as Node | undefined));
		case "TypeCast":
			return leftmost(
				own,
				leftmost(locationOf(body["arg"] as Node | undefined), (body["typeName"] as { location?: number })?.location ?? 0),
			);
		case "NullTest":
		case "BooleanTest":
		case "CollateClause":
		case "A_Indirection":
			return kind === "A_Indirection" ? locationOf(body["arg"] as Node) : leftmost(own, locationOf(body["arg"] as Node | undefined));
		case "BoolExpr":
		case "FuncCall":
			return leftmost(own, leftmostOf((body["args"] as Node[] | undefined) ?? []));
		case "List":
			return leftmostOf((body["items"] as Node[] | undefined) ?? []);
		default:
			return own;
	}
}

function leftmostOf(nodes: Node[]): number {
	return nodes.reduce((best, node) => leftmost(best, locationOf(node)), -1);
}

/** The smaller of two locations, where -1 is no location. */
export function leftmost(left: number, right: number): number {
	if (left < 0) return right;
	if (right < 0) return left;
	return Math.min(left, right);
}
