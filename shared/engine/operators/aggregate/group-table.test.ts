/** The table of groups against a map: keys of every width, with NULL in some batches and in others not, found, made and looked up. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine } from "../../kernels/kernels.ts";
import { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { ExecutionContext } from "../execution-context.ts";
import { GroupTable } from "./group-table.ts";

const INTEGER: DataType = { kind: "integer" };
const BIGINT: DataType = { kind: "bigint" };
const TEXT: DataType = { kind: "text" };
const SHAPES: DataType[][] = [
	[INTEGER],
	[BIGINT],
	[INTEGER, INTEGER],
	[INTEGER, BIGINT],
	[BIGINT, INTEGER],
	[BIGINT, BIGINT],
	[BIGINT, TEXT],
	[INTEGER, INTEGER, INTEGER],
];

const engine = createEngine({ pageCount: 200 });

interface Keys {
	rows: (number | null)[][];
	/** Ascending positions, or all. */
	selection: number[] | null;
}

const valueOf = (type: DataType, value: number | null): SqlValue => {
	if (value === null) return null;
	return type.kind === "text" ? `text ${value}` : type.kind === "bigint" ? BigInt(value) * 0x1_0000_0001n : value;
};

function batchesOf(width: number): fc.Arbitrary<Keys[]> {
	const value = fc.integer({ min: -40, max: 40 });
	const rowsOf = (key: fc.Arbitrary<number | null>) => fc.array(fc.array(key, { minLength: width, maxLength: width }), { maxLength: 120 });
	const batch = fc.oneof(rowsOf(value), rowsOf(fc.option(value, { freq: 4 }))).chain((rows) =>
		fc.record({
			rows: fc.constant(rows),
			selection: fc.option(fc.subarray([...rows.keys()])),
		}),
	);
	return fc.array(batch, { minLength: 1, maxLength: 5 });
}

function vectorsOf(types: DataType[], { rows }: Keys, region: Region): FlatVector[] {
	return types.map((type, column) => {
		const builder = new VectorBuilder(engine, region, type, Math.max(1, rows.length));
		for (const row of rows) builder.append(valueOf(type, row[column] as number | null));
		return builder.finish();
	});
}

test.each(SHAPES.map((types): [string, DataType[]] => [types.map(({ kind }) => kind).join(", "), types]))("%s", (_, types) => {
	const { u16, u32 } = engine.arena.views;
	fc.assert(
		fc.property(batchesOf(types.length), batchesOf(types.length), (made, asked) => {
			const lease = new Lease(engine.arena, { owner: "test" });
			try {
				const statement = { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] };
				const context = new ExecutionContext({ engine, lease, statement, tables: [], signal: new AbortController().signal });
				const table = new GroupTable(context, types, 8);
				const addresses = new Map<string, number>();
				const region = lease.region();
				const spaceOf = ({ rows, selection }: Keys) => {
					const positions = selection ?? [...rows.keys()];
					const pointer = region.allocate(positions.length * 2);
					u16.set(positions, pointer / 2);
					return {
						positions,
						space: { rowCount: rows.length, selection: selection === null ? 0 : pointer, selectedCount: positions.length },
					};
				};
				for (const keys of made) {
					const { positions, space } = spaceOf(keys);
					const { groups, created, createdCount } = table.find(vectorsOf(types, keys, region), space, region);
					const news: number[] = [];
					for (const row of positions) {
						const key = JSON.stringify(keys.rows[row]);
						const address = u32[groups / 4 + row] as number;
						if (!addresses.has(key)) {
							expect([...addresses.values()]).not.toContain(address);
							addresses.set(key, address);
							news.push(row);
						}
						expect(address).toBe(addresses.get(key));
					}
					expect([...u16.subarray(created / 2, created / 2 + createdCount)]).toEqual(news);
				}
				expect(table.groupCount).toBe(addresses.size);
				for (const keys of asked) {
					const { positions, space } = spaceOf(keys);
					const { groups, found, missing } = table.lookUp(vectorsOf(types, keys, region), space, region);
					const [known, unknown] = [[] as number[], [] as number[]];
					for (const row of positions) {
						const address = addresses.get(JSON.stringify(keys.rows[row]));
						(address === undefined ? unknown : known).push(row);
						expect(u32[groups / 4 + row]).toBe(address ?? 0);
					}
					const of = ({ selection, selectedCount }: typeof found) => [...u16.subarray(selection / 2, selection / 2 + selectedCount)];
					expect(of(found)).toEqual(known);
					expect(of(missing)).toEqual(unknown);
				}
				expect(table.groupCount).toBe(addresses.size);
			} finally {
				lease.release();
			}
		}),
		{ numRuns: 40 },
	);
});

test.each([[[BIGINT]], [[BIGINT, TEXT]]])(
	"a table far larger than a cache, looked up, filled further and looked up again (%j)",
	(types) => {
		const { u16, u32 } = engine.arena.views;
		const lease = new Lease(engine.arena, { owner: "test" });
		const statement = { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] };
		const context = new ExecutionContext({ engine, lease, statement, tables: [], signal: new AbortController().signal });
		const table = new GroupTable(context, types, 8);
		const region = lease.region();
		const BATCH = 2000;
		const addresses = new Map<number, number>();
		/** Every third row is not live. */
		const batchAt = (start: number) => {
			region.reset();
			const rows = Array.from({ length: BATCH }, (_, row) => types.map(() => start + row));
			const positions = [...rows.keys()].filter((row) => row % 3 !== 1);
			const selection = region.allocate(positions.length * 2);
			u16.set(positions, selection / 2);
			const space = { rowCount: BATCH, selection, selectedCount: positions.length };
			return { vectors: vectorsOf(types, { rows, selection: null }, region), positions, space };
		};
		try {
			for (const groupCount of [24_000, 48_000]) {
				for (let start = groupCount - 24_000; start < groupCount; start += BATCH) {
					const { vectors, positions, space } = batchAt(start);
					const { groups } = table.find(vectors, space, region);
					for (const row of positions) addresses.set(start + row, u32[groups / 4 + row] as number);
				}
				expect(table.groupCount).toBe(addresses.size);
				for (let start = 1; start < 60_000; start += BATCH) {
					const { vectors, positions, space } = batchAt(start);
					const { groups, found, missing } = table.lookUp(vectors, space, region);
					const of = ({ selection, selectedCount }: typeof found) => [...u16.subarray(selection / 2, selection / 2 + selectedCount)];
					expect(of(found)).toEqual(positions.filter((row) => addresses.has(start + row)));
					expect(of(missing)).toEqual(positions.filter((row) => !addresses.has(start + row)));
					expect(positions.map((row) => u32[groups / 4 + row])).toEqual(positions.map((row) => addresses.get(start + row) ?? 0));
				}
			}
		} finally {
			lease.release();
		}
	},
);
