/** PostgreSQL's order of JSONB documents over their canonical text, and a text that equal documents share. The kernels have the same order (`assembly/json.ts`). */
import { jsonElements, jsonKind, jsonMembers, unquoteJson } from "./json-parts.ts";
import { compareText } from "./text-order.ts";

const RANKS = { null: 0, string: 1, number: 2, boolean: 3, array: 4, object: 5 } as const;

/** A scalar document counts as an array of one: above the empty array, below every other. */
export function compareJson(left: string, right: string): number {
	if (left === right) return 0;
	const leftRank = RANKS[jsonKind(left)];
	const rightRank = RANKS[jsonKind(right)];
	if (leftRank < RANKS.array && rightRank === RANKS.array) return right === "[]" ? 1 : -1;
	if (rightRank < RANKS.array && leftRank === RANKS.array) return left === "[]" ? -1 : 1;
	return compareInside(left, right);
}

function compareInside(left: string, right: string): number {
	if (left === right) return 0;
	const kind = jsonKind(left);
	const types = RANKS[kind] - RANKS[jsonKind(right)];
	if (types !== 0) return types;
	switch (kind) {
		case "null":
			return 0;
		case "boolean":
			return left === "true" ? 1 : -1;
		case "string":
			return compareText(unquoteJson(left), unquoteJson(right));
		case "number":
			return compareJsonNumbers(left, right);
		case "array": {
			const one = jsonElements(left);
			const other = jsonElements(right);
			if (one.length !== other.length) return one.length - other.length;
			return firstDifference(one.length, (index) => compareInside(one[index] as string, other[index] as string));
		}
		case "object": {
			const one = jsonMembers(left);
			const other = jsonMembers(right);
			if (one.length !== other.length) return one.length - other.length;
			return firstDifference(one.length, (index) => {
				const [leftKey, leftValue] = one[index] as [string, string];
				const [rightKey, rightValue] = other[index] as [string, string];
				return compareText(leftKey, rightKey) || compareInside(leftValue, rightValue);
			});
		}
	}
}

function firstDifference(count: number, compare: (index: number) => number): number {
	for (let index = 0; index < count; index++) {
		const order = compare(index);
		if (order !== 0) return order;
	}
	return 0;
}

/** Numbers as canonical texts write them: no exponent, no zeros in front. */
export function compareJsonNumbers(left: string, right: string): number {
	const leftNegative = left.startsWith("-");
	if (leftNegative !== right.startsWith("-")) return leftNegative ? -1 : 1;
	const sign = leftNegative ? -1 : 1;
	const [leftWhole, leftFraction] = digitsOf(left);
	const [rightWhole, rightFraction] = digitsOf(right);
	if (leftWhole.length !== rightWhole.length) return leftWhole.length > rightWhole.length ? sign : -sign;
	const width = Math.max(leftFraction.length, rightFraction.length);
	const one = leftWhole + leftFraction.padEnd(width, "0");
	const other = rightWhole + rightFraction.padEnd(width, "0");
	return one === other ? 0 : one > other ? sign : -sign;
}

function digitsOf(number: string): [whole: string, fraction: string] {
	const digits = number.startsWith("-") ? number.slice(1) : number;
	const point = digits.indexOf(".");
	return point < 0 ? [digits, ""] : [digits.slice(0, point), digits.slice(point + 1)];
}

const STRING_OR_FRACTION = /"(?:[^"\\]|\\.)*"|\d\.\d+/g;

/** Equal documents, and no others, have one key: zeros at the end of a fraction do not count. */
export function jsonKey(text: string): string {
	return text.replace(STRING_OR_FRACTION, (part) => (part.startsWith('"') ? part : part.replace(/\.?0+$/, "")));
}
