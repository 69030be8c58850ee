/** Which kernels have no twin of their own, and what compares those instead: nobody may add a kernel that nothing compares. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../../../scripts/fleet.ts";
import { createEngine } from "../kernels.ts";
import { TWINS } from "./twins/twins.ts";

const ASSEMBLY = join(ROOT, "shared/engine/kernels/assembly");
/** They call kernels by name, with twins on values beside them. */
const COMPARED_BY_NAME = [
	"shared/engine/kernels/reference/*.test.ts",
	"shared/parquet/kernels.test.ts",
	"shared/parquet/delta-kernels.test.ts",
];

/** Kernels without a twin over their own memory: why, and the tests that compare what is made of them with a twin on values, PostgreSQL or DuckDB. */
const WITHOUT_TWIN: readonly { kernels: RegExp; reason: string; tests: readonly string[] }[] = [
	{
		kernels: /^(isValid|clearBit|setBit|holds|compareBytes|findBytes|isUtf8|daysFromCivil|daysInMonth)$/,
		reason: "no kernel: a part of others, exported to be one between files",
		tests: ["shared/engine/kernels/reference/twins.test.ts"],
	},
	{
		kernels: /^rows_|^group_|^agg_bool$|^agg_wide_check$/,
		reason: "rows of a layout that operators alone know: groups and rows are compared by equality of values",
		tests: ["aggregate/hash-aggregate", "join/joins", "sort/sorts", "spill/spill"].map((name) => `shared/engine/operators/${name}.test.ts`),
	},
	{
		kernels: /^rows_in_order$/,
		reason: "reads columns that are not stored anywhere else",
		tests: ["shared/engine/operators/sort/order-check.test.ts"],
	},
	{
		kernels: /^join_|^spill_partition$/,
		reason: "steps of a join over its own tables: whole joins are compared with nested loops over values",
		tests: ["shared/engine/operators/join/joins.test.ts", "shared/engine/operators/spill/spill.test.ts"],
	},
	{
		kernels: /^sort_/,
		reason: "steps of one sort over entries of its own: whole sorts and merges are compared with the order of values",
		tests: ["shared/engine/operators/sort/sorts.test.ts", "shared/engine/operators/sort/merge-sorted.test.ts"],
	},
	{
		kernels: /^window_/,
		reason: "steps over stored rows: window functions are compared with what they say by value",
		tests: ["shared/engine/operators/window/window.test.ts"],
	},
	{
		kernels: /^agg_/,
		reason: "states of many steps, merged and finished elsewhere: aggregates are compared with PostgreSQL's",
		tests: ["shared/engine/operators/aggregate/aggregates-oracle.test.ts", "shared/engine/operators/aggregate/hash-aggregate.test.ts"],
	},
	{
		kernels: /^(arithmetic|numeric|compare_values|pow10_table|copy_bytes|lookup_validity|lookup_offsets|lookup_bytes|in_sorted_bytes)/,
		reason: "compared through expressions, with twins on values, over every encoding",
		tests: ["shared/engine/expression/kernels.property.test.ts", "shared/engine/expression/oracle.test.ts"],
	},
	{
		kernels: /^(unary|convert|round|rounding|numeric)_/,
		reason: "PostgreSQL's own rounding and ranges: compared with its answers",
		tests: ["shared/engine/expression/oracle.test.ts"],
	},
	{
		kernels: /^(date_trunc|extract|split|add|subtract)_/,
		reason: "PostgreSQL's own calendar: compared with its answers",
		tests: ["shared/engine/expression/oracle.test.ts", "shared/engine/expression/time-zone.oracle.test.ts"],
	},
	{
		kernels: /^(substring_bytes|copy_slices|ascii_case)$/,
		reason: "one of two passes that make a text: compared with PostgreSQL's answers",
		tests: ["shared/engine/expression/oracle.test.ts"],
	},
	{
		kernels: /^(regexp_|longest_bytes$)/,
		reason: "steps over tables that are filled on the way: compared with re2js",
		tests: ["shared/engine/functions/strings/regexp-automaton/run.test.ts"],
	},
	{
		kernels: /^(array_|check_arrays$|json_)/,
		reason: "a layout of JSON or of arrays inside of text: compared with PostgreSQL's answers",
		tests: ["tests/sql/nested.test.ts", "shared/engine/codec/codec.test.ts"],
	},
	{
		kernels: /^fill_bytes$/,
		reason: "one of two passes that make a constant text a column",
		tests: ["shared/engine/operators/aggregate/hash-aggregate.test.ts", "shared/engine/operators/sort/sorts.test.ts"],
	},
	{
		kernels: /^(check_bool|big_endian_bytes_to_i128|lengths_to_offsets|front_coded_|spread_offsets|hybrid_skip)/,
		reason: "a step of reading a page: files of other writers and of our own are compared by value with what they were made of",
		tests: ["shared/parquet/encodings.test.ts", "shared/parquet/read/reader.test.ts", "shared/engine/codec/codec.test.ts"],
	},
	{
		kernels: /^(compact_offsets|i128_to_big_endian|extremes_bytes|dictionary_encode_)/,
		reason: "a step of writing a page: what we write is read by DuckDB and by hyparquet",
		tests: ["shared/parquet/write/writer.test.ts", "shared/parquet/read/statistics.test.ts"],
	},
];

const kernels = Object.keys(createEngine({ pageCount: 2 }).kernels);

function comparedByName(): string[] {
	const texts = globSync(COMPARED_BY_NAME, { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), "utf8"));
	const called = new Set([...texts.join("\n").matchAll(/kernels\.(\w+)/g)].map(([, name]) => name as string));
	return kernels.filter((name) => called.has(name) || name in TWINS);
}

/** Exported kernels whose code, or code that they call, has vector instructions: by the sources' text. */
function kernelsWithVectors(): string[] {
	const bodies = new Map<string, string>();
	for (const file of globSync("*.ts", { cwd: ASSEMBLY })) {
		const code = readFileSync(join(ASSEMBLY, file), "utf8").replaceAll(/\/\/.*$/gm, "");
		for (const part of code.split(/^(?=(?:export )?function )/m)) {
			const [, name] = /^(?:export )?function (\w+)/.exec(part) ?? [];
			// Two files may have a function of their own by one name.
			if (name !== undefined) bodies.set(name, (bodies.get(name) ?? "") + part);
		}
	}
	const found = new Set([...bodies].filter(([, body]) => /\b(v128|[if]\d+x\d+)\./.test(body)).map(([name]) => name));
	for (let before = -1; before !== found.size; ) {
		before = found.size;
		const calls = new RegExp(`\\b(${[...found].join("|")})(<[^>]*>)?\\(`);
		for (const [name, body] of bodies) if (calls.test(body)) found.add(name);
	}
	return kernels.filter((name) => found.has(name));
}

test("every kernel is compared with a twin by name, or has a reason and tests that compare what is made of it", () => {
	const compared = comparedByName();
	const others = kernels.filter((name) => !compared.includes(name));
	expect(others.filter((name) => !WITHOUT_TWIN.some((group) => group.kernels.test(name)))).toEqual([]);
	const idle = WITHOUT_TWIN.filter((group) => !others.some((name) => group.kernels.test(name)));
	expect(idle.map((group) => String(group.kernels))).toEqual([]);
	expect(WITHOUT_TWIN.flatMap(({ tests }) => tests).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test("every kernel with vector instructions is compared with a twin by name", () => {
	const vectored = kernelsWithVectors().filter((name) => name !== "findBytes");
	expect(vectored.length).toBeGreaterThan(15);
	const compared = comparedByName();
	expect(vectored.filter((name) => !compared.includes(name))).toEqual([]);
});
