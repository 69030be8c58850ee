/** Zone maps never rule out a file that holds a matching row, and rule out those that cannot. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBound, truncateLower, truncateUpper } from "../bound.ts";
import type { DataType } from "../data-type.ts";
import { buildFilePage } from "../file-page.ts";
import type { ColumnStatistics, DataFile } from "../snapshot.ts";
import type { SqlValue } from "../value.ts";
import { pageMatches, predicateRanges, rangesMatchStatistics } from "./bounds.ts";
import type { Expression } from "./expression.ts";

const BOOLEAN = { kind: "boolean" } as const;
const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };

const column = (type: DataType, index = 0): Expression => ({ kind: "column", index, type });
const constant = (type: DataType, value: SqlValue): Expression => ({ kind: "constant", value, type });
const call = (name: string, kind: string, ...list: Expression[]): Expression => ({
	kind: "call",
	functionId: `${name}(${list.map(() => kind).join(",")})`,
	arguments: list,
	type: BOOLEAN,
});
const all = (...list: Expression[]): Expression => ({ kind: "and", arguments: list, type: BOOLEAN });
const any = (...list: Expression[]): Expression => ({ kind: "or", arguments: list, type: BOOLEAN });

/** Statistics as the writer makes them, of one column of `values`. */
function statistics(type: DataType, values: SqlValue[]): ColumnStatistics {
	const bounds = values
		.map((value) => encodeBound(type, value))
		.filter((bytes) => bytes !== null)
		.sort((left, right) => Buffer.compare(left, right));
	const [first] = bounds;
	const last = bounds[bounds.length - 1];
	return {
		fieldId: 1,
		nullCount: values.filter((value) => value === null).length,
		minimum: first === undefined ? null : truncateLower(first, 4),
		maximum: last === undefined ? null : truncateUpper(last, 4),
		hasNaN: values.some((value) => Number.isNaN(value)),
	};
}

function mayMatch(predicate: Expression, type: DataType, values: SqlValue[]): boolean {
	const ranges = predicateRanges(predicate);
	const known = statistics(type, values);
	const answer = rangesMatchStatistics(ranges, values.length, () => known);
	const file: DataFile = { path: "p", rowCount: values.length, byteCount: 1, schemaVersion: 1, columns: [known] };
	expect(pageMatches(ranges, buildFilePage([file]), () => 1)[0]).toBe(answer ? 1 : 0);
	return answer;
}

describe("predicateRanges", () => {
	const a = column(INTEGER);
	const at = (value: number) => constant(INTEGER, value);
	it.each<[string, Expression, (number | null)[], boolean]>([
		["a = 5", call("eq", "integer", a, at(5)), [1, 4], false],
		["a = 5", call("eq", "integer", a, at(5)), [1, 5], true],
		["5 > a", call("gt", "integer", at(5), a), [5, 9], false],
		["5 >= a", call("ge", "integer", at(5), a), [5, 9], true],
		["a > 9", call("gt", "integer", a, at(9)), [5, 9], false],
		["a <> 5", call("ne", "integer", a, at(5)), [5, 5], true],
		["a <> 5 over NULLs", call("ne", "integer", a, at(5)), [null, null], false],
		["a = NULL", call("eq", "integer", a, constant(INTEGER, null)), [1, null], false],
		["a IS NULL", { kind: "is_null", input: a, negated: false, type: BOOLEAN }, [1, 2], false],
		["a IS NULL", { kind: "is_null", input: a, negated: false, type: BOOLEAN }, [1, null], true],
		["a IS NOT NULL", { kind: "is_null", input: a, negated: true, type: BOOLEAN }, [null], false],
		["a IN (3, 7)", { kind: "in_list", input: a, values: [7, null, 3], negated: false, type: BOOLEAN }, [4, 6], false],
		["a IN (3, 7)", { kind: "in_list", input: a, values: [7, null, 3], negated: false, type: BOOLEAN }, [4, 8], true],
		["a NOT IN (3)", { kind: "in_list", input: a, values: [3], negated: true, type: BOOLEAN }, [3, 3], true],
		["a > 3 AND a < 5", all(call("gt", "integer", a, at(3)), call("lt", "integer", a, at(5))), [5, 9], false],
		["a > 5 AND a < 3", all(call("gt", "integer", a, at(5)), call("lt", "integer", a, at(3))), [1, 9], false],
		["a < 3 OR a > 7", any(call("lt", "integer", a, at(3)), call("gt", "integer", a, at(7))), [4, 6], false],
		["a < 3 OR a > 7", any(call("lt", "integer", a, at(3)), call("gt", "integer", a, at(7))), [6, 8], true],
		["a < 3 OR b = 1", any(call("lt", "integer", a, at(3)), call("eq", "integer", column(INTEGER, 1), at(1))), [4, 6], true],
	])("%s", (_sql, predicate, values, expected) => {
		expect(mayMatch(predicate, INTEGER, values)).toBe(expected);
	});

	const bigger = (kind: "bigint" | "numeric"): Expression => ({ kind: "cast", input: a, type: { kind }, explicit: false });
	it.each<[string, Expression, number[], boolean]>([
		["a::bigint = 2^40", call("eq", "bigint", bigger("bigint"), constant({ kind: "bigint" }, 2n ** 40n)), [1, 9], false],
		["a::bigint < 2^40", call("lt", "bigint", bigger("bigint"), constant({ kind: "bigint" }, 2n ** 40n)), [1, 9], true],
		[
			"a::numeric > 2.5",
			call("gt", "numeric", bigger("numeric"), constant({ kind: "numeric" }, { coefficient: 25n, scale: 1 })),
			[1, 2],
			false,
		],
		[
			"a::numeric >= 2.5",
			call("ge", "numeric", bigger("numeric"), constant({ kind: "numeric" }, { coefficient: 25n, scale: 1 })),
			[1, 3],
			true,
		],
		[
			"a::numeric < -2.5",
			call("lt", "numeric", bigger("numeric"), constant({ kind: "numeric" }, { coefficient: -25n, scale: 1 })),
			[-3, 0],
			true,
		],
		[
			"a::numeric < -2.5",
			call("lt", "numeric", bigger("numeric"), constant({ kind: "numeric" }, { coefficient: -25n, scale: 1 })),
			[-2, 0],
			false,
		],
		[
			"a::numeric = 2.5",
			call("eq", "numeric", bigger("numeric"), constant({ kind: "numeric" }, { coefficient: 25n, scale: 1 })),
			[1, 3],
			false,
		],
	])("looks through casts: %s", (_sql, predicate, values, expected) => {
		expect(mayMatch(predicate, INTEGER, values)).toBe(expected);
	});

	it.each<[string, string, string[], boolean]>([
		["like", "abc%", ["abb", "abd"], true],
		["like", "abc%", ["abd", "abe"], false],
		["like", "abc%", ["aaa", "abb"], false],
		["like", "a\\%c%", ["aa", "ab"], false],
		["like", "%c", ["x", "y"], true],
		["like", "abc", ["abd", "abe"], false],
		["like", "abc_", ["abcd", "abce"], true],
		// Bounds are cut to four bytes: a longer text with the same start may be there.
		["eq", "abcdz", ["abcda", "abcdb"], true],
	])("text %s %s", (name, pattern, values, expected) => {
		expect(mayMatch(call(name, "text", column(TEXT), constant(TEXT, pattern)), TEXT, values)).toBe(expected);
	});

	it("keeps files with NaN, which is above every number", () => {
		const double: DataType = { kind: "double" };
		const above = call("gt", "double", column(double), constant(double, 100));
		const below = call("lt", "double", column(double), constant(double, 0));
		expect(mayMatch(above, double, [1, 2, Number.NaN])).toBe(true);
		expect(mayMatch(above, double, [1, 2])).toBe(false);
		expect(mayMatch(below, double, [1, 2, Number.NaN])).toBe(false);
		expect(mayMatch(call("eq", "double", column(double), constant(double, Number.NaN)), double, [1, 2])).toBe(true);
	});

	it("never rules out a matching row", () => {
		const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(null));
		const leaf = fc.tuple(fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge"), fc.integer({ min: -6, max: 6 })).map(([name, number]) => ({
			expression: call(name, "integer", a, at(number)),
			test: (row: number | null) =>
				row !== null &&
				{ eq: row === number, ne: row !== number, lt: row < number, le: row <= number, gt: row > number, ge: row >= number }[name as "eq"],
		}));
		type Tested = { expression: Expression; test: (row: number | null) => boolean };
		const tree = fc.letrec<{ node: Tested }>((tie) => ({
			node: fc.oneof(
				{ maxDepth: 3 },
				leaf,
				fc.tuple(tie("node"), tie("node")).map(([left, right]) => ({
					expression: all(left.expression, right.expression),
					test: (row: number | null) => left.test(row) && right.test(row),
				})),
				fc.tuple(tie("node"), tie("node")).map(([left, right]) => ({
					expression: any(left.expression, right.expression),
					test: (row: number | null) => left.test(row) || right.test(row),
				})),
			),
		})).node;
		fc.assert(
			fc.property(tree, fc.array(value, { minLength: 1, maxLength: 4 }), ({ expression, test }, rows) => {
				if (rows.some(test)) expect(mayMatch(expression, INTEGER, rows)).toBe(true);
			}),
			{ numRuns: 2000 },
		);
	});
});
