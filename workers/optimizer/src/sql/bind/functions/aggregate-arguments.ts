/** Aggregates that make documents take documents and texts: what their arguments are becomes so before, by functions that know the session's time zone. */
import type { Expression } from "#shared/contracts/plan/expression.ts";

const toDocument = (input: Expression): Expression =>
	input.type.kind === "jsonb" ? input : { kind: "call", functionId: "to_jsonb(element)", arguments: [input], type: { kind: "jsonb" } };
const toKey = (input: Expression): Expression => ({
	kind: "call",
	functionId: "jsonb_key(any)",
	arguments: [input],
	type: { kind: "text" },
});

/** The arguments of an aggregate as the engine takes them. */
export function aggregateArguments(functionId: string, list: Expression[]): Expression[] {
	const [first, second] = list as [Expression, Expression];
	switch (functionId) {
		case "jsonb_agg(element)":
			return [toDocument(first)];
		case "jsonb_object_agg(any,any)":
			return [toKey(first), toDocument(second)];
		default:
			return list;
	}
}
