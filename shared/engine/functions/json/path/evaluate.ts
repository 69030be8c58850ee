/**
 * Evaluates a path over a canonical document. In lax mode arrays are unwrapped where a step wants what is in them, and what is not there gives no item; in strict mode
 * that is an error. A predicate is true, false or unknown (null): errors inside it are unknown.
 */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { compareJsonNumbers } from "#shared/contracts/values/json-order.ts";
import { jsonElements, jsonKind, jsonMembers, unquoteJson } from "#shared/contracts/values/json-parts.ts";
import { plainNumber, quoteJson, writeObject } from "#shared/contracts/values/json-text.ts";
import {
	formatFloating,
	formatNumeric,
	parseFloating,
	parseInteger,
	parseNumeric,
	roundNumeric,
} from "#shared/contracts/values/number-text.ts";
import { compareText } from "#shared/contracts/values/text-order.ts";
import { divideNumeric } from "../../aggregates/numeric-division.ts";
import { rememberPattern } from "../../strings/regexp.ts";
import type { ParsedPath, PathMethod, PathNode, PathPredicate, PathStep } from "./parse.ts";

/** Items that one path may look at. */
const ITEM_COUNT_MAX = 5_000_000;

interface Focus {
	current: string;
	/** Elements of the array whose subscripts are evaluated. */
	size: number;
}

export class PathEvaluation {
	readonly #path: ParsedPath;
	readonly #document: string;
	readonly #variables: Map<string, string>;
	readonly #compiled = rememberPattern();
	#itemCount = 0;

	constructor(path: ParsedPath, document: string, variables: Map<string, string>) {
		this.#path = path;
		this.#document = document;
		this.#variables = variables;
	}

	/** @throws what a step raises */
	items(): string[] {
		return this.#node(this.#path.root, { current: this.#document, size: -1 });
	}

	#node(node: PathNode, focus: Focus): string[] {
		switch (node.kind) {
			case "root":
				return [this.#document];
			case "current":
				return [focus.current];
			case "last":
				if (focus.size < 0) throw new LittoralError("syntax_error", "LAST is allowed only in array subscripts");
				return [String(focus.size - 1)];
			case "variable": {
				const value = this.#variables.get(node.name);
				if (value === undefined) throw new LittoralError("undefined_object", `could not find jsonpath variable "${node.name}"`);
				return [value];
			}
			case "literal":
				return [node.json];
			case "negate":
			case "plus":
				return this.#unwrapped(this.#node(node.input, focus)).map((item) => {
					if (jsonKind(item) !== "number") {
						throw new LittoralError(
							"sql_json_number_not_found",
							`operand of unary jsonpath operator ${node.kind === "plus" ? "+" : "-"} is not a numeric value`,
						);
					}
					return node.kind === "plus" ? item : negated(item);
				});
			case "arithmetic": {
				const operand = (side: PathNode, name: string): NumericValue => {
					const [item, ...more] = this.#unwrapped(this.#node(side, focus));
					if (item === undefined || more.length > 0 || jsonKind(item) !== "number") {
						throw new LittoralError(
							"singleton_sql_json_item_required",
							`${name} operand of jsonpath operator ${node.operator} is not a single numeric value`,
						);
					}
					return parseNumeric(item);
				};
				return [calculate(node.operator, operand(node.left, "left"), operand(node.right, "right"))];
			}
			case "predicate": {
				const answer = this.#predicate(node.predicate, focus);
				return [answer === null ? "null" : String(answer)];
			}
			case "access":
				return this.#node(node.input, focus).flatMap((item) => this.#step(node.step, item, focus));
		}
	}

	#unwrapped(items: string[]): string[] {
		return this.#path.strict ? items : items.flatMap((item) => (jsonKind(item) === "array" ? jsonElements(item) : [item]));
	}

	#count(items: string[]): string[] {
		this.#itemCount += items.length + 1;
		if (this.#itemCount > ITEM_COUNT_MAX) throw new LittoralError("program_limit_exceeded", "jsonpath looks at too many items");
		return items;
	}

	#step(step: PathStep, item: string, focus: Focus): string[] {
		const { strict } = this.#path;
		const kind = jsonKind(item);
		switch (step.kind) {
			case "member": {
				if (kind === "object") {
					const found = jsonMembers(item).find(([key]) => key === step.key);
					if (found !== undefined) return this.#count([found[1]]);
					if (!strict) return [];
					throw new LittoralError("sql_json_member_not_found", `JSON object does not contain key "${step.key}"`);
				}
				if (!strict)
					return kind === "array"
						? jsonElements(item).flatMap((own) => (jsonKind(own) === "object" ? this.#step(step, own, focus) : []))
						: [];
				throw new LittoralError("sql_json_member_not_found", "jsonpath member accessor can only be applied to an object");
			}
			case "any_member":
				if (kind === "object") return this.#count(jsonMembers(item).map(([, value]) => value));
				if (!strict)
					return kind === "array"
						? jsonElements(item).flatMap((own) => (jsonKind(own) === "object" ? this.#step(step, own, focus) : []))
						: [];
				throw new LittoralError("sql_json_object_not_found", "jsonpath wildcard member accessor can only be applied to an object");
			case "any_element":
				if (kind === "array") return this.#count(jsonElements(item));
				if (!strict) return [item];
				throw new LittoralError("sql_json_array_not_found", "jsonpath wildcard array accessor can only be applied to an array");
			case "descend":
				return this.#descend(item, step, 0);
			case "subscripts":
				return this.#subscripts(step.ranges, item, focus);
			case "filter":
				return this.#unwrapped([item]).filter((own) => this.#predicate(step.predicate, { current: own, size: focus.size }) === true);
			case "method":
				return this.#method(step.name, item);
		}
	}

	#descend(item: string, range: { from: number; to: number }, level: number): string[] {
		const own = level >= range.from || (range.from === Number.POSITIVE_INFINITY && !isContainer(item)) ? [item] : [];
		if (level >= range.to) return this.#count(own);
		const kind = jsonKind(item);
		const inside = kind === "object" ? jsonMembers(item).map(([, value]) => value) : kind === "array" ? jsonElements(item) : [];
		return this.#count([...own, ...inside.flatMap((value) => this.#descend(value, range, level + 1))]);
	}

	#subscripts(ranges: { from: PathNode; to: PathNode | null }[], item: string, focus: Focus): string[] {
		const isArray = jsonKind(item) === "array";
		if (!isArray && this.#path.strict) {
			throw new LittoralError("sql_json_array_not_found", "jsonpath array accessor can only be applied to an array");
		}
		const elements = isArray ? jsonElements(item) : [item];
		const inside: Focus = { current: focus.current, size: elements.length };
		return ranges.flatMap(({ from, to }) => {
			const first = this.#subscript(from, inside);
			const last = to === null ? first : this.#subscript(to, inside);
			if (this.#path.strict && (first < 0 || first > last || last >= elements.length)) {
				throw new LittoralError("invalid_sql_json_subscript", "jsonpath array subscript is out of bounds");
			}
			return this.#count(elements.slice(Math.max(0, first), Math.max(0, last + 1)));
		});
	}

	#subscript(node: PathNode, focus: Focus): number {
		const [item, ...more] = this.#node(node, focus);
		if (item === undefined || more.length > 0 || jsonKind(item) !== "number") {
			throw new LittoralError("invalid_sql_json_subscript", "jsonpath array subscript is not a single numeric value");
		}
		const position = Math.trunc(Number(item));
		if (Math.abs(position) < 2 ** 31) return position;
		throw new LittoralError("invalid_sql_json_subscript", "jsonpath array subscript is out of integer range");
	}

	#predicate(predicate: PathPredicate, focus: Focus): boolean | null {
		switch (predicate.kind) {
			case "and": {
				const left = this.#predicate(predicate.left, focus);
				if (left === false) return false;
				const right = this.#predicate(predicate.right, focus);
				return right === false ? false : left === null || right === null ? null : true;
			}
			case "or": {
				const left = this.#predicate(predicate.left, focus);
				if (left === true) return true;
				const right = this.#predicate(predicate.right, focus);
				return right === true ? true : left === null || right === null ? null : false;
			}
			case "not": {
				const inner = this.#predicate(predicate.input, focus);
				return inner === null ? null : !inner;
			}
			case "is_unknown":
				return this.#predicate(predicate.input, focus) === null;
			case "exists": {
				const items = this.#quietly(predicate.path, focus);
				return items === null ? null : items.length > 0;
			}
			case "compare":
				return this.#pairs(predicate.left, predicate.right, focus, (left, right) => compareItems(predicate.operator, left, right));
			case "starts_with":
				return this.#pairs(predicate.input, predicate.prefix, focus, (text, prefix) =>
					jsonKind(text) === "string" && jsonKind(prefix) === "string" ? unquoteJson(text).startsWith(unquoteJson(prefix)) : null,
				);
			case "like_regex": {
				const flags = predicate.flags.replaceAll("s", "").replaceAll("m", "n");
				const { expression } = this.#compiled(predicate.pattern, flags);
				return this.#pairs(predicate.input, { kind: "literal", json: "null" }, focus, (text) =>
					jsonKind(text) === "string" ? expression.matcher(unquoteJson(text)).find() : null,
				);
			}
		}
	}

	/** True where some pair is; in strict mode every pair is looked at, and one unknown makes all unknown. */
	#pairs(left: PathNode, right: PathNode, focus: Focus, test: (left: string, right: string) => boolean | null): boolean | null {
		const ours = this.#quietly(left, focus);
		const others = this.#quietly(right, focus);
		if (ours === null || others === null) return null;
		let found = false;
		let unknown = false;
		for (const one of this.#unwrapped(ours)) {
			for (const other of this.#count(this.#unwrapped(others))) {
				const answer = test(one, other);
				if (answer === null) {
					if (this.#path.strict) return null;
					unknown = true;
				} else if (answer) {
					if (!this.#path.strict) return true;
					found = true;
				}
			}
		}
		return found ? true : unknown ? null : false;
	}

	/** The items of a path inside a predicate; null where it raises. */
	#quietly(node: PathNode, focus: Focus): string[] | null {
		try {
			return this.#node(node, focus);
		} catch (error) {
			if (isPathError(error)) return null;
			throw error;
		}
	}

	#method(name: PathMethod, item: string): string[] {
		if (name === "type") return [quoteJson(jsonKind(item))];
		const kind = jsonKind(item);
		if (name === "size") {
			if (kind === "array") return [String(jsonElements(item).length)];
			if (!this.#path.strict) return ["1"];
			throw new LittoralError("sql_json_array_not_found", "jsonpath item method .size() can only be applied to an array");
		}
		if (!this.#path.strict && kind === "array") return jsonElements(item).flatMap((own) => this.#method(name, own));
		return name === "keyvalue" ? this.#keyValues(item) : [applyMethod(name, item)];
	}

	#keyValues(item: string): string[] {
		if (jsonKind(item) !== "object") {
			throw new LittoralError("sql_json_object_not_found", "jsonpath item method .keyvalue() can only be applied to an object");
		}
		return jsonMembers(item).map(([key, value]) =>
			writeObject(
				new Map([
					["id", "0"],
					["key", quoteJson(key)],
					["value", value],
				]),
			),
		);
	}
}

/** Raised by a step for what the document is: unknown in a predicate, silent where that is asked for. */
export function isPathError(error: unknown): boolean {
	return isLittoralError(error) && (error.details.sqlstate ?? "").startsWith("22");
}

const isContainer = (item: string): boolean => item.startsWith("{") || item.startsWith("[");

const negated = (number: string): string => (/^[0.]+$/.test(number) ? number : number.startsWith("-") ? number.slice(1) : `-${number}`);

function compareItems(operator: string, left: string, right: string): boolean | null {
	const kind = jsonKind(left);
	const other = jsonKind(right);
	if (kind !== other) {
		// A null differs from everything else, and is in no order with it.
		return kind === "null" || other === "null" ? operator === "<>" : null;
	}
	let order: number;
	if (kind === "number") order = compareJsonNumbers(left, right);
	else if (kind === "string") order = compareText(unquoteJson(left), unquoteJson(right));
	else if (kind === "boolean") order = Number(left === "true") - Number(right === "true");
	else if (kind === "null") order = 0;
	else return null;
	switch (operator) {
		case "==":
			return order === 0;
		case "<>":
			return order !== 0;
		case "<":
			return order < 0;
		case "<=":
			return order <= 0;
		case ">":
			return order > 0;
		default:
			return order >= 0;
	}
}

function calculate(operator: "+" | "-" | "*" | "/" | "%", left: NumericValue, right: NumericValue): string {
	const scale = Math.max(left.scale, right.scale);
	const a = left.coefficient * 10n ** BigInt(scale - left.scale);
	const b = right.coefficient * 10n ** BigInt(scale - right.scale);
	if ((operator === "/" || operator === "%") && b === 0n) throw new LittoralError("division_by_zero", "division by zero");
	switch (operator) {
		case "+":
			return formatNumeric(roundNumeric({ coefficient: a + b, scale }));
		case "-":
			return formatNumeric(roundNumeric({ coefficient: a - b, scale }));
		case "*":
			return formatNumeric(roundNumeric({ coefficient: left.coefficient * right.coefficient, scale: left.scale + right.scale }));
		case "%":
			return formatNumeric(roundNumeric({ coefficient: a % b, scale }));
		case "/":
			return formatNumeric(divideNumeric(left, right));
	}
}

const METHOD_TYPES = { double: "double precision", number: "numeric", integer: "integer", bigint: "bigint" } as const;

function applyMethod(name: Exclude<PathMethod, "type" | "size" | "keyvalue">, item: string): string {
	const kind = jsonKind(item);
	const text = kind === "string" ? unquoteJson(item) : item;
	switch (name) {
		case "ceiling":
		case "floor":
		case "abs": {
			if (kind !== "number")
				throw new LittoralError("non_numeric_sql_json_item", `jsonpath item method .${name}() can only be applied to a numeric value`);
			if (name === "abs") return item.startsWith("-") ? item.slice(1) : item;
			return roundedToward(item, name === "ceiling" ? 1n : -1n);
		}
		case "string":
			if (kind === "string") return item;
			if (kind === "number" || kind === "boolean") return quoteJson(item);
			throw new LittoralError(
				"non_numeric_sql_json_item",
				"jsonpath item method .string() can only be applied to a boolean, string, numeric, or datetime value",
			);
		case "boolean": {
			const word = text.toLowerCase();
			if (kind === "boolean") return item;
			if (["true", "t", "yes", "y", "on", "1"].includes(word)) return "true";
			if (["false", "f", "no", "n", "off", "0"].includes(word)) return "false";
			throw new LittoralError(
				"non_numeric_sql_json_item",
				'argument "' + text + '" of jsonpath item method .boolean() is invalid for type boolean',
			);
		}
		default: {
			if (kind !== "string" && kind !== "number") {
				throw new LittoralError(
					"non_numeric_sql_json_item",
					`jsonpath item method .${name}() can only be applied to a string or numeric value`,
				);
			}
			try {
				if (name === "double") return plainNumber(formatFloating("double", parseFloating("double", text)));
				if (name === "number") return formatNumeric(parseNumeric(text));
				return String(parseInteger(name, kind === "number" ? formatNumeric(parseNumeric(text, 38, 0)) : text));
			} catch (error) {
				if (!isLittoralError(error)) throw error;
				throw new LittoralError(
					"non_numeric_sql_json_item",
					`argument "${text}" of jsonpath item method .${name}() is invalid for type ${METHOD_TYPES[name]}`,
				);
			}
		}
	}
}

function roundedToward(number: string, direction: 1n | -1n): string {
	const { coefficient, scale } = parseNumeric(number);
	const unit = 10n ** BigInt(scale);
	const whole = coefficient / unit;
	const rest = coefficient % unit;
	return String(rest !== 0n && rest > 0n === direction > 0n ? whole + direction : whole);
}
