/** Stored bytes: golden ones of version 1 stay readable, damaged ones are a typed error and nothing else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { toHex } from "#shared/base/hash.ts";
import { FrequentValues } from "./frequent-values.ts";
import { HyperLogLog } from "./hyper-log-log.ts";
import { QuantileSketch } from "./quantile-sketch.ts";
import { hashed, hashWords } from "./value-hash.ts";

function distinct(count: number): HyperLogLog {
	const sketch = new HyperLogLog(4);
	for (let value = 0; value < count; value++) {
		hashWords(value, 0);
		sketch.add(hashed.high, hashed.low);
	}
	return sketch;
}

function quantiles(count: number): QuantileSketch {
	const sketch = new QuantileSketch(8);
	for (let value = 0; value < count; value++) sketch.add(value);
	return sketch;
}

function frequent(): FrequentValues {
	const sketch = new FrequentValues(2);
	for (const key of ["a", "bc", "a"]) sketch.add(key);
	return sketch;
}

const KINDS = [
	{ name: "HyperLogLog, few", sketch: distinct(2), decode: (bytes: Uint8Array) => HyperLogLog.decode(bytes) },
	{ name: "HyperLogLog, many", sketch: distinct(1000), decode: (bytes: Uint8Array) => HyperLogLog.decode(bytes) },
	{ name: "quantiles", sketch: quantiles(12), decode: (bytes: Uint8Array) => QuantileSketch.decode(bytes) },
	{ name: "frequent values", sketch: frequent(), decode: (bytes: Uint8Array) => FrequentValues.decode(bytes) },
];

test("the bytes of version 1", () => {
	expect(Object.fromEntries(KINDS.map(({ name, sketch }) => [name, toHex(sketch.encode())]))).toMatchInlineSnapshot(`
		{
		  "HyperLogLog, few": "010100007693441c040102000500030a0001",
		  "HyperLogLog, many": "010100004fe031500400000046b224c8511cc6511848a214",
		  "frequent values": "03010000d5e8cf9902000200000000000000000000000840000000000000000000000000000000400161000000000000f03f026263",
		  "quantiles": "02010000aebed1b40800020019460c5100000000000028400000000000000000000000000000264004000000040000000000000000000000000000000000224000000000000024400000000000002640000000000000f03f000000000000084000000000000014400000000000001c40",
		}
	`);
});

describe.each(KINDS)("$name", ({ sketch, decode }) => {
	const bytes = sketch.encode();

	function refused(damaged: Uint8Array): void {
		let error: unknown = null;
		try {
			decode(damaged);
		} catch (thrown) {
			error = thrown;
		}
		if (!isLittoralError(error)) throw new Error("damaged bytes were taken for a sketch");
		expect([error.code, error.message.startsWith("stored sketch is damaged: ")]).toEqual(["internal_error", true]);
	}

	test("comes back from its bytes, at any place of a buffer", () => {
		const moved = new Uint8Array(bytes.length + 7);
		moved.set(bytes, 3);
		expect(decode(moved.subarray(3, 3 + bytes.length)).encode()).toEqual(bytes);
	});

	test("any flipped bit is refused", () => {
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			const damaged = bytes.slice();
			damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
			refused(damaged);
		}
	});

	test("any cut and any addition is refused", () => {
		for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length));
		refused(Uint8Array.from([...bytes, 0]));
	});

	test("any bytes are refused", () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), refused));
	});
});
