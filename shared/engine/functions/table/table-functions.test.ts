/** Table functions beside PGlite: rows, types and errors; and their pieces, which are never more than was asked for. */
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { SIGNATURES, signatureById } from "#shared/contracts/functions/registry.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { typeOf } from "../../expression/oracle.fixture.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { createEngine } from "../../kernels/kernels.ts";
import { Lease } from "../../memory/lease.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import { bindTableFunction, tableFunctionIds } from "./registry.ts";
import { startPostgres } from "../../../../tests/postgres.ts";

const engine = createEngine({ pageCount: 64 });
let database: PGlite;
beforeAll(async () => {
	database = await startPostgres();
	await database.exec("set timezone = 'Europe/Berlin'");
}, 60_000);
afterAll(() => database.close());

test("every table signature has its function, and every function a signature", () => {
	const signatures = SIGNATURES.filter(({ kind }) => kind === "table").map(({ id }) => id);
	expect(tableFunctionIds().toSorted()).toEqual(signatures.toSorted());
});

const STATEMENT = { nowMicroseconds: 0n, timeZone: "Europe/Berlin", parameters: [] };

/** The rows' texts, pulled `countMax` at a time. */
function ours(functionId: string, literals: [string, string | null][], countMax: number): (string | null)[][] | string {
	const signature = signatureById(functionId)!;
	const argumentTypes = literals.map(([type]): DataType => typeOf(type));
	const types = signature.columns?.(argumentTypes).map(({ type }) => type) ?? [signature.result(argumentTypes)];
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const open = bindTableFunction(functionId, { argumentTypes, types, statement: STATEMENT });
		const values = literals.map(
			([, text], index): SqlValue => (text === null ? null : parseValue(argumentTypes[index]!, text, { timeZone: STATEMENT.timeZone })),
		);
		const rows = open(values);
		const texts: (string | null)[][] = [];
		for (;;) {
			const columns = types.map((type) => new VectorBuilder(engine, lease.region(), type, 8));
			const count = rows.pull(columns, countMax);
			expect(count).toBeLessThanOrEqual(countMax);
			const vectors = columns.map((column) => column.finish());
			for (let row = 0; row < count; row++) {
				texts.push(
					vectors.map((vector) => {
						const value = readValue(engine, vector, row);
						return value === null ? null : formatValue(vector.type, value, { timeZone: STATEMENT.timeZone });
					}),
				);
			}
			if (count < countMax) break;
		}
		return texts;
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return `${error.details.sqlstate}: ${error.message}`;
	} finally {
		lease.release();
	}
}

async function theirs(functionId: string, literals: [string, string | null][]): Promise<(string | null)[][] | string> {
	const name = functionId.slice(0, functionId.indexOf("("));
	const list = literals.map(([type, text]) => `${text === null ? "null" : `'${text.replaceAll("'", "''")}'`}::${type}`).join(", ");
	try {
		const width = signatureById(functionId)!.columns?.([]).length ?? 1;
		const columns = Array.from({ length: width }, (_, index) => `c${index}`);
		const { rows } = await database.query<Record<string, string | null>>(
			`select ${columns.map((column) => `${column}::text`).join(", ")} from ${name}(${list}) as f(${columns.join(", ")})`,
		);
		return rows.map((row) => columns.map((column) => row[column] ?? null));
	} catch (error) {
		const { code, message } = error as { code: string; message: string };
		return `${code}: ${message}`;
	}
}

const CASES: [string, ...[string, string | null][]][] = [
	["generate_series(integer,integer)", ["int", "1"], ["int", "5"]],
	["generate_series(integer,integer)", ["int", "3"], ["int", "1"]],
	["generate_series(integer,integer)", ["int", null], ["int", "1"]],
	["generate_series(integer,integer,integer)", ["int", "10"], ["int", "1"], ["int", "-3"]],
	["generate_series(integer,integer,integer)", ["int", "2147483645"], ["int", "2147483647"], ["int", "2"]],
	["generate_series(integer,integer,integer)", ["int", "1"], ["int", "2"], ["int", "0"]],
	["generate_series(bigint,bigint)", ["bigint", "9223372036854775805"], ["bigint", "9223372036854775807"]],
	["generate_series(bigint,bigint,bigint)", ["bigint", "-5"], ["bigint", "5"], ["bigint", "4"]],
	["generate_series(numeric,numeric)", ["numeric", "1.5"], ["numeric", "4"]],
	["generate_series(numeric,numeric,numeric)", ["numeric", "1.0"], ["numeric", "2"], ["numeric", "0.250"]],
	["generate_series(numeric,numeric,numeric)", ["numeric", "2"], ["numeric", "-1"], ["numeric", "-0.9"]],
	["generate_series(numeric,numeric,numeric)", ["numeric", "2"], ["numeric", "-1"], ["numeric", "0.0"]],
	["generate_series(timestamp,timestamp,interval)", ["timestamp", "2024-01-31"], ["timestamp", "2024-06-30"], ["interval", "1 month"]],
	["generate_series(timestamp,timestamp,interval)", ["timestamp", "2024-01-02"], ["timestamp", "2024-01-01"], ["interval", "-06:00"]],
	["generate_series(timestamp,timestamp,interval)", ["timestamp", "0001-01-01"], ["timestamp", "0001-02-01"], ["interval", "0"]],
	[
		"generate_series(timestamptz,timestamptz,interval)",
		["timestamptz", "2024-03-30"],
		["timestamptz", "2024-04-02"],
		["interval", "1 day"],
	],
	[
		"generate_series(timestamptz,timestamptz,interval)",
		["timestamptz", "2024-10-26 02:30"],
		["timestamptz", "2024-10-28"],
		["interval", "1 day 1 hour"],
	],
	[
		"generate_series(timestamptz,timestamptz,interval,text)",
		["timestamptz", "2024-03-09 12:00+00"],
		["timestamptz", "2024-03-12"],
		["interval", "1 day"],
		["text", "America/New_York"],
	],
	["generate_subscripts(array,integer)", ["int[]", "{7,8,9}"], ["int", "1"]],
	["generate_subscripts(array,integer)", ["int[]", "{7,8,9}"], ["int", "2"]],
	["generate_subscripts(array,integer)", ["int[]", "{}"], ["int", "1"]],
	["generate_subscripts(array,integer,boolean)", ["int[]", "{7,8,9}"], ["int", "1"], ["boolean", "true"]],
	["unnest(array)", ["int[]", "{1,NULL,3}"]],
	["unnest(array)", ["text[]", '{a,"b,c",NULL,""}']],
	["unnest(array)", ["text[]", null]],
	["unnest(array)", ["numeric[]", "{1.10,2}"]],
	["unnest(array)", ["timestamptz[]", '{"2024-01-01 00:00:00+00"}']],
	["string_to_table(text,text)", ["text", "a,b,,c"], ["text", ","]],
	["string_to_table(text,text)", ["text", "añb"], ["text", null]],
	["string_to_table(text,text)", ["text", ""], ["text", ","]],
	["string_to_table(text,text)", ["text", null], ["text", ","]],
	["string_to_table(text,text,text)", ["text", "a,b,a"], ["text", ","], ["text", "a"]],
	["regexp_split_to_table(text,text)", ["text", "one  two three"], ["text", "\\s+"]],
	["regexp_split_to_table(text,text)", ["text", "abc"], ["text", ""]],
	["regexp_split_to_table(text,text)", ["text", "a1b22"], ["text", "\\d*"]],
	["regexp_split_to_table(text,text,text)", ["text", "aXbxc"], ["text", "x"], ["text", "i"]],
	["regexp_split_to_table(text,text,text)", ["text", "a"], ["text", "x"], ["text", "g"]],
	["regexp_matches(text,text)", ["text", "foobarbequebaz"], ["text", "(bar)(beque)(x)?"]],
	["regexp_matches(text,text)", ["text", "foo"], ["text", "z"]],
	["regexp_matches(text,text,text)", ["text", "foobarbequebaz"], ["text", "b[^b]+"], ["text", "g"]],
	["jsonb_each(jsonb)", ["jsonb", '{"b": [1, {"x": "}"}], "a": "x, \\"y", "cc": null}']],
	["jsonb_each(jsonb)", ["jsonb", "{}"]],
	["jsonb_each(jsonb)", ["jsonb", "[1]"]],
	["jsonb_each(jsonb)", ["jsonb", "1"]],
	["jsonb_each_text(jsonb)", ["jsonb", '{"a": "x\\ny", "b": null, "c": [1, 2], "d": 1.50}']],
	["jsonb_each_text(jsonb)", ["jsonb", '"x"']],
	["jsonb_array_elements(jsonb)", ["jsonb", '[1, "a, ]", [2, [3]], {"k": []}, null, true]']],
	["jsonb_array_elements(jsonb)", ["jsonb", "[]"]],
	["jsonb_array_elements(jsonb)", ["jsonb", "{}"]],
	["jsonb_array_elements(jsonb)", ["jsonb", "true"]],
	["jsonb_array_elements_text(jsonb)", ["jsonb", '["a", null, 1, "\\u00e9\\t"]']],
	["jsonb_object_keys(jsonb)", ["jsonb", '{"b": 1, "a": 2, "": 3}']],
	["jsonb_object_keys(jsonb)", ["jsonb", "[1]"]],
	["jsonb_object_keys(jsonb)", ["jsonb", "1"]],
];

test.each(CASES)("%s %j", async (functionId, ...literals) => {
	const expected = await theirs(functionId, literals);
	for (const countMax of [1, 2, 1000]) expect(ours(functionId, literals, countMax)).toEqual(expected);
});

test("a series of a thousand million rows is made as it is asked for", () => {
	const lease = new Lease(engine.arena, { owner: "test" });
	const open = bindTableFunction("generate_series(bigint,bigint)", {
		argumentTypes: [{ kind: "bigint" }, { kind: "bigint" }],
		types: [{ kind: "bigint" }],
		statement: STATEMENT,
	});
	const builder = new VectorBuilder(engine, lease.region(), { kind: "bigint" }, 2048);
	expect(open([1n, 1_000_000_000n]).pull([builder], 2048)).toBe(2048);
	lease.release();
});
