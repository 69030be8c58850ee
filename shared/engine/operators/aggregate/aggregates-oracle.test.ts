import type { PGlite } from "@electric-sql/pglite";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import { SIGNATURES, signatureById } from "#shared/contracts/functions/registry.ts";
import { ORDERED_SET_AGGREGATES } from "#shared/contracts/functions/signature.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { createEngine } from "../../kernels/kernels.ts";
import { Lease } from "../../memory/lease.ts";
import { GroupTable } from "./group-table.ts";
import { ExecutionContext } from "../execution-context.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import { valuesOf } from "../../vector/vectors.fixture.ts";
import { aggregateFunction } from "../../functions/aggregates/registry.ts";
import { startPostgres } from "../../../../tests/postgres.ts";

const engine = createEngine({ pageCount: 200 });
let database: PGlite;
beforeAll(async () => {
	database = await startPostgres();
});
afterAll(async () => {
	await database.close();
});

/** The type that an argument kind of a signature is tried with. */
function typeOf(kind: string): DataType {
	if (kind === "any" || kind === "nonarray") return { kind: "integer" };
	// The binder makes documents of what jsonb_agg is given.
	if (kind === "element") return { kind: "jsonb" };
	if (kind === "char") return { kind: "char", length: 3 };
	if (kind === "array") return { kind: "array", element: { kind: "integer" } };
	if (kind === "numeric") return { kind: "numeric", precision: 12, scale: 2 };
	return { kind } as DataType;
}

/** Values whose aggregates stay in range, so that answers and not errors are compared. */
function modestValues(type: DataType): fc.Arbitrary<SqlValue> {
	switch (type.kind) {
		case "double":
			return fc.double({ min: -1e6, max: 1e6, noNaN: true });
		case "real":
			return fc.integer({ min: -1000, max: 1000 }).map((value) => value / 8);
		case "bigint":
			return fc.bigInt(-(10n ** 15n), 10n ** 15n);
		case "numeric":
			return fc.record({
				coefficient: fc.bigInt(-(10n ** 9n), 10n ** 9n),
				scale: type.precision === undefined ? fc.integer({ min: 0, max: 6 }) : fc.constant(type.scale ?? 0),
			});
		case "interval":
			return fc.record({
				months: fc.integer({ min: -500, max: 500 }),
				days: fc.integer({ min: -500, max: 500 }),
				microseconds: fc.bigInt(-(10n ** 12n), 10n ** 12n),
			});
		case "char":
			return fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 3, maxLength: 3 });
		case "text":
			return fc.string({ unit: fc.constantFrom("a", "é", "😀", " ", "z"), maxLength: 4 });
		case "date":
			return fc.integer({ min: -100_000, max: 100_000 });
		case "timestamp":
		case "timestamptz":
			return fc.bigInt(-(10n ** 16n), 10n ** 16n);
		case "time":
			return fc.bigInt(0n, 86_399_999_999n);
		case "jsonb":
			return fc.constantFrom("1", '"a"', "[2]");
		default:
			return valuesOf(type);
	}
}

/** Updates two partial states, merges the second into the first through its columns, and finishes: what a spilled or distributed aggregation does. */
function aggregate(functionId: string, types: DataType[], rows: SqlValue[][], splitAt: number): { type: DataType; value: SqlValue } {
	const signature = signatureById(functionId)!;
	const type = signature.result(types);
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const context = new ExecutionContext({
			engine,
			lease,
			statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
			tables: [],
			signal: new AbortController().signal,
		});
		const region = lease.region();
		const definition = aggregateFunction(functionId);
		const state = () => {
			const table = new GroupTable(context, [], definition.stateBytes);
			const group = table.single();
			const heap = { state: table.heapState, grow: () => table.growHeap() };
			const bound = definition.bind({ engine, argumentTypes: types, type, offset: table.layout.extraOffset, heap });
			const groups = (count: number) => {
				const pointers = region.allocate(count * 4);
				engine.arena.views.u32.fill(group, pointers / 4, pointers / 4 + count);
				return pointers;
			};
			return { bound, groups };
		};
		const update = (target: ReturnType<typeof state>, part: SqlValue[][]): void => {
			const columns = types.map((argument, index) => {
				const builder = new VectorBuilder(engine, region, argument, 8);
				for (const row of part) builder.append(row[index] as SqlValue);
				return builder.finish();
			});
			const space = { rowCount: part.length, selection: 0, selectedCount: part.length };
			target.bound.update({ columns, rows: space, groups: target.groups(part.length), region });
		};
		const first = state();
		const second = state();
		update(first, rows.slice(0, splitAt));
		update(second, rows.slice(splitAt));
		const partial = second.bound.partial({ rows: second.groups(1), count: 1 }, region);
		expect(partial.map((column) => typeName(column.type))).toEqual(second.bound.partialTypes.map(typeName));
		const one = { rowCount: 1, selection: 0, selectedCount: 1 };
		first.bound.merge({ columns: partial, rows: one, groups: first.groups(1), region });
		const result = first.bound.finish({ rows: first.groups(1), count: 1 }, region);
		expect(typeName(result.type)).toBe(typeName(type));
		return { type, value: readValue(engine, result, 0) };
	} finally {
		lease.release();
	}
}

const FLOATS = new Set(["real", "double"]);
const AGGREGATES = SIGNATURES.filter(({ kind }) => kind === "aggregate");
const ELEMENT_TYPES: DataType[] = [
	{ kind: "text" },
	{ kind: "boolean" },
	{ kind: "bigint" },
	{ kind: "numeric" },
	{ kind: "numeric", precision: 30, scale: 5 },
	{ kind: "interval" },
	{ kind: "uuid" },
	{ kind: "jsonb" },
	{ kind: "timestamptz" },
];
const CASES: [string, DataType[]][] = [
	// PostgreSQL has none of the approximate ones (tests/sql/approximate.test.ts). Those over sorted rows are in tests/slt/features/functions_math.slt: runs that are merged here would not be sorted.
	...AGGREGATES.filter(
		({ name }) => name !== "jsonb_object_agg" && !ORDERED_SET_AGGREGATES.includes(name) && !name.startsWith("approx_"),
	).map(({ id, arguments: kinds }): [string, DataType[]] => [id, kinds.map(typeOf)]),
	...ELEMENT_TYPES.map((element): [string, DataType[]] => ["array_agg(nonarray)", [element]]),
	...["sum", "avg", "min", "max"].map((name): [string, DataType[]] => [`${name}(numeric)`, [{ kind: "numeric" }]]),
	...["sum", "avg", "min", "max"].map((name): [string, DataType[]] => [`${name}(numeric)`, [{ kind: "numeric", precision: 30, scale: 5 }]]),
];

test.each(CASES)("%s of %j, split in two and merged, answers as PostgreSQL", async (functionId, types) => {
	const name = functionId.slice(0, functionId.indexOf("("));
	const call = name === "count_rows" ? "count(*)" : `${name}(${types.map((_, index) => `a${index}`).join(", ") || "*"})`;
	// Sums of products lose what large and tiny values have in common: pairs are of one magnitude.
	const valuesFor = (type: DataType) => modestValues(type.kind === "double" && types.length === 2 ? { kind: "real" } : type);
	const row = fc.tuple(...types.map((type) => fc.option(valuesFor(type), { freq: 6 })));
	const cases = fc.sample(fc.tuple(fc.array(row, { maxLength: 12 }), fc.nat()), { numRuns: 12, seed: 7 });
	// All cases of an aggregate are one statement: a call of PGlite costs more than an aggregate.
	const columns = types.map((_, index) => `a${index}`);
	const selects = cases.map(([rows], number) => {
		const literal = (value: SqlValue, index: number): string => {
			const type = types[index]!;
			const text = value === null ? "null" : `'${formatValue(type, value, { timeZone: "UTC" }).replaceAll("'", "''")}'`;
			return `${text}::${typeName(type)}`;
		};
		const from =
			types.length === 0
				? `generate_series(1, ${rows.length})`
				: rows.length === 0
					? `(select ${types.map((type, index) => `null::${typeName(type)} as a${index}`).join(", ")} where false) t`
					: `(values ${rows.map((values) => `(${values.map(literal).join(", ")})`).join(", ")}) t(${columns.join(", ")})`;
		return `select ${number} as number, format('%s', v) as text, v is null as "isNull" from (select ${call} as v from ${from}) s`;
	});
	const { rows: answers } = await database.query<{ number: number; text: string; isNull: boolean }>(
		`${selects.join(" union all ")} order by 1`,
	);
	for (const [number, [rows, split]] of cases.entries()) {
		const { type, value } = aggregate(functionId, types, rows, rows.length === 0 ? 0 : split % rows.length);
		const text = value === null ? null : formatValue(type, value, { timeZone: "UTC" });
		const answer = answers[number]!;
		const expected = answer.isNull ? null : answer.text;
		if (FLOATS.has(type.kind) && expected !== null && text !== null) {
			expect(Math.abs(Number(text) - Number(expected))).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(Number(expected))));
		} else expect({ rows, text }).toEqual({ rows, text: expected });
	}
});

test("approximate aggregates, split in two and merged, are as of one piece, or as near", () => {
	const rows: SqlValue[][] = Array.from({ length: 700 }, (_, index) => [index % 600 === 7 ? null : (index * 37) % 500, 0.5]);
	const distinct = (splitAt: number) =>
		Number(
			aggregate(
				"approx_count_distinct(element)",
				[{ kind: "integer" }],
				rows.map(([value]) => [value as SqlValue]),
				splitAt,
			).value,
		);
	const median = (splitAt: number) =>
		aggregate("approx_quantile(double,double)", [{ kind: "double" }, { kind: "double" }], rows, splitAt).value as number;
	expect(distinct(250)).toBe(distinct(700));
	expect(Math.abs(distinct(250) - 500)).toBeLessThan(20);
	for (const splitAt of [0, 250, 700]) expect(Math.abs(median(splitAt) - 250)).toBeLessThan(8);
});
