import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import { createEngine } from "../kernels/kernels.ts";
import { GuardedArena } from "../memory/guarded-arena.fixture.ts";
import { Lease } from "../memory/lease.ts";
import { copyBatch } from "../vector/copy.ts";
import { readRows } from "../vector/read.ts";
import { type BatchSpec, batchesOf, buildBatch, LIST_TYPES, liveRows, SCALAR_TYPES } from "../vector/vectors.fixture.ts";
import { decodeBatch, readHeader } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { GOLDEN_BATCHES, READ_ONLY } from "./golden/batches.ts";
import { checksum, CRC_OFFSET, viewOf } from "./layout.ts";

/** Finds what is written where it may not be. */
const guarded = new GuardedArena(400);
const engine = createEngine({ arena: guarded });
afterEach(() => expect(guarded.violations).toEqual([]));

function withLease<Result>(use: (lease: Lease) => Result): Result {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		return use(lease);
	} finally {
		lease.release();
		expect(engine.arena.leasedPageCount).toBe(0);
	}
}

function encode(spec: BatchSpec): Uint8Array {
	return withLease((lease) =>
		encodeBatch(engine, buildBatch(engine, lease.region(), spec), {
			schemaVersion: 7,
			fieldIds: spec.columns.map((_, index) => index + 10),
		}),
	);
}

test.each([...SCALAR_TYPES, ...LIST_TYPES].map((type) => [typeName(type), type] as const))(
	"%s round-trips in every encoding",
	(_, type) => {
		fc.assert(
			fc.property(batchesOf([type, { kind: "integer" }]), (spec) => {
				const bytes = encode(spec);
				expect(readHeader(bytes)).toEqual({
					rowCount: liveRows(spec).length,
					schemaVersion: 7,
					fieldIds: [10, 11],
					byteCount: bytes.length,
				});
				withLease((lease) => {
					const { batch, schemaVersion, fieldIds } = decodeBatch(engine, bytes, lease.region());
					expect({ schemaVersion, fieldIds }).toEqual({ schemaVersion: 7, fieldIds: [10, 11] });
					expect(batch.columns.map((column) => typeName(column.type))).toEqual([typeName(type), "integer"]);
					expect(readRows(engine, batch)).toEqual(liveRows(spec));
				});
			}),
			{ numRuns: 40 },
		);
	},
);

describe("golden files, which no later version may fail to read", () => {
	test.each(Object.entries(GOLDEN_BATCHES))("v1-%s", (name, spec) => {
		const golden = new Uint8Array(readFileSync(new URL(`golden/v1-${name}.bin`, import.meta.url)));
		withLease((lease) => expect(readRows(engine, decodeBatch(engine, golden, lease.region()).batch)).toEqual(liveRows(spec)));
		if (!READ_ONLY.has(name)) expect(encode(spec)).toEqual(golden);
	});
});

/** Decodes what may be anything: a batch whose every value can be read, or a typed error. */
function decodeOrError(bytes: Uint8Array): "decoded" | "refused" {
	return withLease((lease) => {
		try {
			const { batch } = decodeBatch(engine, bytes, lease.region());
			readRows(engine, batch);
			readRows(engine, copyBatch(engine, batch, lease.region()));
			return "decoded";
		} catch (error) {
			if (!isLittoralError(error)) throw error;
			expect(error.message).toMatch(/^stored batch is damaged: |^the query needs more/);
			return "refused";
		}
	});
}

const mixed = encode(GOLDEN_BATCHES["mixed"]!);

test("every truncation and every extension is refused", () => {
	for (let length = 0; length < mixed.length; length++) expect(decodeOrError(mixed.slice(0, length))).toBe("refused");
	const longer = new Uint8Array(mixed.length + 64);
	longer.set(mixed);
	expect(decodeOrError(longer)).toBe("refused");
});

test("every single flipped bit is refused", () => {
	for (let bit = 0; bit < mixed.length * 8; bit++) {
		const flipped = mixed.slice();
		flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
		expect(decodeOrError(flipped)).toBe("refused");
	}
});

test("bytes with a right checksum but a wrong structure never lead outside of what was decoded", () => {
	let refused = 0;
	fc.assert(
		fc.property(
			fc.constantFrom(...Object.values(GOLDEN_BATCHES).map(encode)),
			fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
			(original, changes) => {
				const bytes = original.slice();
				for (const [at, value] of changes) bytes[at % bytes.length] = value;
				viewOf(bytes).setUint32(CRC_OFFSET, checksum(bytes), true);
				if (decodeOrError(bytes) === "refused") refused++;
			},
		),
		{ numRuns: 3000 },
	);
	expect(refused).toBeGreaterThan(500);
});
