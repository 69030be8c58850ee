/** Columns of arrays and of JSONB through the whole system: every format in and out, rows in tails and in files, predicates and functions over both. */
import { beforeAll, expect, test } from "vitest";
import type { ApiError, LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";

let harness: SharedHarness;
let client: LittoralClient;
beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
});

const COLUMNS =
	"(k INTEGER NOT NULL, tags TEXT[], ns INTEGER[] DEFAULT ARRAY[7, NULL], prices NUMERIC(10,2)[], at TIMESTAMPTZ[], doc JSONB, docs JSONB[])";
const EVERYTHING = "SELECT k, tags::text, ns::text, prices::text, at::text, doc::text, docs::text FROM";
/** Of more than APPEND_BYTES_MAX: they go to files at once. */
const BULK_ROW_COUNT = 14_000;
const PADDING = "x".repeat(700);

async function rowsOf(sql: string): Promise<unknown[][]> {
	return (await client.query(sql)).rows;
}

test("rows come in by SQL, JSON, NDJSON and CSV, and in bulk straight to files", async () => {
	await client.execute(`CREATE TABLE t ${COLUMNS} WITH (sort_key = 'k')`);
	const bulk = Array.from({ length: BULK_ROW_COUNT }, (_, row) => {
		const tags = row % 7 === 0 ? "" : `"{t${row % 5},t${row % 3}}"`;
		return `${row + 10},${tags},"{${row % 100},NULL}","{""n"": ${row}, ""kind"": ""k${row % 4}"", ""pad"": ""${PADDING}""}"`;
	});
	await client.append("t", `k,tags,ns,doc\n${bulk.join("\n")}\n`, "text/csv");
	await client.execute(
		"INSERT INTO t VALUES (1, ARRAY['a','b'], '{1,NULL}', '{1.5}', NULL, '{\"a\": {\"b\": 1.50}}', ARRAY['{\"x\": 1}'::jsonb]), (2, '{}', DEFAULT, NULL, '{}', NULL, NULL)",
	);
	const line =
		'{"k":3,"tags":["a","x, \\"y\\"",null],"ns":[3],"prices":["2.25",3],"at":["2024-01-01T00:00:00Z"],"doc":[1,{"a":null}],"docs":[{"b":2},null,"s"]}';
	await client.append("t", line, "application/x-ndjson");
	await client.append("t", `[${line.replace('"k":3', '"k":4')}]`, "application/json");
	await client.append("t", 'k,tags,ns,doc\n5,"{a,""b c"",NULL}","{5,6}","{""b"":1,""a"":2}"\n', "text/csv");
	expect(await rowsOf(`${EVERYTHING} t WHERE k < 6 ORDER BY k`)).toEqual([
		[1, "{a,b}", "{1,NULL}", "{1.50}", null, '{"a": {"b": 1.50}}', '{"{\\"x\\": 1}"}'],
		[2, "{}", "{7,NULL}", null, "{}", null, null],
		[3, '{a,"x, \\"y\\"",NULL}', "{3}", "{2.25,3.00}", '{"2024-01-01 00:00:00+00"}', '[1, {"a": null}]', '{"{\\"b\\": 2}",NULL,"\\"s\\""}'],
		[4, '{a,"x, \\"y\\"",NULL}', "{3}", "{2.25,3.00}", '{"2024-01-01 00:00:00+00"}', '[1, {"a": null}]', '{"{\\"b\\": 2}",NULL,"\\"s\\""}'],
		[5, '{a,"b c",NULL}', "{5,6}", null, null, '{"a": 2, "b": 1}', null],
	]);
});

test("predicates and functions see rows in tails and in files alike", async () => {
	expect(await client.json("/v1/tables/t")).toMatchObject({ row_count: BULK_ROW_COUNT + 5, tail_rows: 5 });
	const everywhere = Array.from({ length: BULK_ROW_COUNT }, (_, row) => row);
	expect(await rowsOf("SELECT count(*) FROM t WHERE 't1' = ANY(tags)")).toEqual([
		[everywhere.filter((row) => row % 7 !== 0 && (row % 5 === 1 || row % 3 === 1)).length],
	]);
	expect(await rowsOf("SELECT count(*), sum(cardinality(ns)) FROM t WHERE ns @> ARRAY[42] OR k = ANY('{1,5}')")).toEqual([[142, 284]]);
	expect(await rowsOf("SELECT doc ->> 'kind' AS kind, count(*) FROM t WHERE (doc ->> 'n')::int < 10 GROUP BY 1 ORDER BY 1")).toEqual([
		["k0", 3],
		["k1", 3],
		["k2", 2],
		["k3", 2],
	]);
	expect(await rowsOf("SELECT tags, count(*) FROM t WHERE k > 5 AND k < 40 GROUP BY tags ORDER BY tags LIMIT 2")).toEqual([
		[["t0", "t0"], 1],
		[["t0", "t1"], 2],
	]);
	expect(await rowsOf("SELECT count(*) FROM t WHERE tags IS NULL")).toEqual([[everywhere.filter((row) => row % 7 === 0).length]]);
});

test.each([
	["application/vnd.apache.parquet", "application/vnd.apache.parquet"],
	["application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"],
	["text/csv", "text/csv"],
	["application/x-ndjson", "application/x-ndjson"],
])("a result in %s is an append", async (accept, mediaType) => {
	const name = `copy_${accept.replaceAll(/\W/g, "_")}`;
	await client.execute(`CREATE TABLE ${name} ${COLUMNS}`);
	const answer = await client.request("/v1/sql", {
		method: "POST",
		headers: { "Content-Type": "application/json", Accept: accept },
		body: JSON.stringify({ sql: "SELECT * FROM t WHERE k < 200" }),
	});
	expect(answer.status).toBe(200);
	const body = new Uint8Array(await answer.arrayBuffer());
	await client.append(name, body, mediaType);
	expect(await rowsOf(`${EVERYTHING} ${name} ORDER BY k`)).toEqual(await rowsOf(`${EVERYTHING} t WHERE k < 200 ORDER BY k`));
});

test("a bad element is a row error of its column", async () => {
	const error = await client.append("t", '{"k":1}\n{"k":2,"ns":[1,"x"]}\n{"k":3,"tags":[["a"]]}', "application/x-ndjson").then(
		() => null,
		(reason: unknown) => reason as ApiError,
	);
	expect(error?.problem.errors).toEqual([
		{ row: 2, line: 2, column: "ns", code: "invalid_text_representation", detail: 'invalid input syntax for type integer: "x"' },
		{ row: 3, line: 3, column: "tags", code: "datatype_mismatch", detail: "a column of type text takes no JSON array" },
	]);
});
