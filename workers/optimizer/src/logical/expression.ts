/** Walking and rebuilding bound expressions. Every visitor of the optimizer goes through these and `partsOf`, so a new kind of expression is added once. */
import { assert, unreachable } from "#shared/base/assert.ts";
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { FunctionSignature } from "#shared/contracts/functions/signature.ts";
import type { ColumnId, ColumnTable } from "./plan.ts";

export const BOOLEAN = { kind: "boolean" } as const;

/** The overload of a bound call. */
export function signatureOf(functionId: string): FunctionSignature {
	const signature = signatureById(functionId);
	assert(signature !== undefined, `${functionId} is in the registry`);
	return signature;
}

/** Rebuilds an expression with each direct part replaced; the same object when nothing changed. */
export function mapParts(expression: Expression, change: (part: Expression) => Expression): Expression {
	const mapList = (list: Expression[]) => {
		const mapped = list.map(change);
		return mapped.every((item, index) => item === list[index]) ? list : mapped;
	};
	switch (expression.kind) {
		case "column":
		case "constant":
			return expression;
		case "call":
		case "and":
		case "or":
		case "coalesce": {
			const list = mapList(expression.arguments);
			return list === expression.arguments ? expression : { ...expression, arguments: list };
		}
		case "cast":
		case "not":
		case "is_null":
		case "in_list": {
			const input = change(expression.input);
			return input === expression.input ? expression : { ...expression, input };
		}
		case "quantified": {
			const [input, array] = [change(expression.input), change(expression.array)];
			return input === expression.input && array === expression.array ? expression : { ...expression, input, array };
		}
		case "case":
			return {
				...expression,
				branches: expression.branches.map((branch) => ({ when: change(branch.when), then: change(branch.then) })),
				otherwise: change(expression.otherwise),
			};
		default:
			return unreachable(expression);
	}
}

/** Applies `change` bottom-up. */
export function rewrite(expression: Expression, change: (node: Expression) => Expression): Expression {
	return change(mapParts(expression, (part) => rewrite(part, change)));
}

export function collectColumns(expression: Expression, into: Set<ColumnId> = new Set()): Set<ColumnId> {
	if (expression.kind === "column") into.add(expression.index);
	for (const part of partsOf(expression)) collectColumns(part, into);
	return into;
}

/** Puts expressions in the place of columns. */
export function substitute(expression: Expression, replacement: (id: ColumnId) => Expression | undefined): Expression {
	return rewrite(expression, (node) => (node.kind === "column" ? (replacement(node.index) ?? node) : node));
}

/** The AND-ed parts of a predicate, nested ANDs flattened. */
export function conjuncts(predicate: Expression | null): Expression[] {
	if (predicate === null) return [];
	return predicate.kind === "and" ? predicate.arguments.flatMap(conjuncts) : [predicate];
}

export function disjuncts(predicate: Expression): Expression[] {
	return predicate.kind === "or" ? predicate.arguments.flatMap(disjuncts) : [predicate];
}

/** @returns null for no parts: always true */
export function conjunction(parts: Expression[]): Expression | null {
	if (parts.length <= 1) return parts[0] ?? null;
	return { kind: "and", arguments: parts, type: BOOLEAN };
}

/** A text equal for structurally equal expressions, or lists and objects with such, and for no others. */
export function fingerprint(value: object): string {
	return JSON.stringify(value, (_key, part: unknown) => {
		if (typeof part === "bigint") return { bigint: part.toString() };
		if (typeof part === "number" && !(Number.isFinite(part) && !Object.is(part, -0)))
			return { number: Object.is(part, -0) ? "-0" : String(part) };
		if (part instanceof Uint8Array) return { bytes: Array.from(part) };
		return part;
	});
}

/** Gives the same answer at every evaluation within a statement, so it may be copied or moved. */
export function isStable(expression: Expression): boolean {
	if (expression.kind === "call" && signatureOf(expression.functionId).volatility === "volatile") return false;
	return partsOf(expression).every(isStable);
}

/** Depends on nothing but its columns: not on the time, the session's zone or chance. */
export function isImmutable(expression: Expression): boolean {
	if (expression.kind === "call" && signatureOf(expression.functionId).volatility !== "immutable") return false;
	return partsOf(expression).every(isImmutable);
}

/** Can it be NULL? Conservative: true when unsure. */
export function isNullable(expression: Expression, columns: ColumnTable): boolean {
	switch (expression.kind) {
		case "column":
			return columns.get(expression.index).nullable;
		case "constant":
			return expression.value === null;
		case "is_null":
			return false;
		case "in_list":
			return isNullable(expression.input, columns) || expression.values.includes(null);
		case "quantified":
			return true;
		case "cast":
			// A JSON null casts to NULL.
			return expression.input.type.kind === "jsonb" || isNullable(expression.input, columns);
		case "not":
			return isNullable(expression.input, columns);
		case "and":
		case "or":
			return expression.arguments.some((argument) => isNullable(argument, columns));
		case "coalesce":
			return expression.arguments.every((argument) => isNullable(argument, columns));
		case "case":
			return [...expression.branches.map((branch) => branch.then), expression.otherwise].some((arm) => isNullable(arm, columns));
		case "call": {
			const signature = signatureOf(expression.functionId);
			// A non-strict function may make NULL of anything; a strict one of nothing but NULL, save for those that say so.
			return !signature.strict || signature.nullable || expression.arguments.some((argument) => isNullable(argument, columns));
		}
		default:
			return unreachable(expression);
	}
}
