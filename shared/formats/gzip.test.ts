/** Compressed bodies: right, corrupt, cut short, too large, and hostile. */
import { Readable } from "node:stream";
import { createGzip, gzipSync } from "node:zlib";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { expect, test } from "vitest";
import { bodyOf } from "./decode.fixture.ts";
import { boundBytes, gunzip } from "./gzip.ts";

const MIB = 1024 * 1024;
const plain = new TextEncoder().encode('{"n": 1}\n'.repeat(50_000));
const compressed = new Uint8Array(gzipSync(plain));

async function read(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of stream) chunks.push(chunk);
	return new Uint8Array(Buffer.concat(chunks));
}

async function errorOf(stream: ReadableStream<Uint8Array>): Promise<LittoralError> {
	try {
		await read(stream);
	} catch (error) {
		if (isLittoralError(error)) return error;
		throw error;
	}
	throw new Error("the stream ended cleanly");
}

test.each([1, 7, 4096, 1_000_000])("gzip in chunks of %d bytes inflates to what it was", async (chunkBytes) => {
	expect(Buffer.compare(await read(gunzip(bodyOf(compressed, chunkBytes))), plain)).toBe(0);
	expect(await read(gunzip(bodyOf(new Uint8Array(gzipSync("")), chunkBytes)))).toHaveLength(0);
});

test("every prefix of a gzip body is malformed", async () => {
	const small = new Uint8Array(gzipSync("hello, littoral"));
	for (let length = 0; length < small.length; length++) {
		expect((await errorOf(gunzip(bodyOf(small.slice(0, length))))).code).toBe("malformed_body");
	}
});

test("trailing bytes, a wrong checksum and what is no gzip are malformed", async () => {
	const flipped = compressed.slice();
	flipped[flipped.length - 6] = (flipped[flipped.length - 6] as number) ^ 1;
	for (const bad of [new Uint8Array([...compressed, 0]), new Uint8Array([...compressed, ...compressed]), flipped, plain.slice(0, 100)]) {
		const error = await errorOf(gunzip(bodyOf(bad, 1000)));
		expect([error.code, error.message]).toEqual(["malformed_body", "the body is not valid gzip, or is cut short"]);
	}
});

test("a bomb without end is stopped at the bound", async () => {
	const zeros = new Uint8Array(MIB);
	const endless = Readable.from(
		(function* () {
			for (;;) yield zeros;
		})(),
	).pipe(createGzip());
	let handedOut = 0;
	const bomb = new ReadableStream<Uint8Array>({
		async pull(controller) {
			const chunk = endless.read() as Uint8Array | null;
			if (chunk === null) await new Promise((resolve) => endless.once("readable", resolve));
			handedOut += chunk?.length ?? 0;
			controller.enqueue(new Uint8Array(chunk ?? []));
		},
		cancel: () => void endless.destroy(),
	});
	const error = await errorOf(gunzip(bomb, { decodedBytesMax: 8 * MIB }));
	expect([error.code, error.message]).toEqual(["body_too_large", "the decoded body takes more than 8388608 bytes"]);
	expect(handedOut).toBeLessThan(MIB);
});

test("too many compressed bytes, and the body's own failure, keep their own errors", async () => {
	expect((await errorOf(gunzip(bodyOf(compressed, 10), { compressedBytesMax: 100 }))).message).toBe(
		"the compressed body takes more than 100 bytes",
	);
	expect((await errorOf(boundBytes(bodyOf(plain, 1000), { byteCountMax: 5000, what: "decoded" }))).code).toBe("body_too_large");
	const failing = new ReadableStream<Uint8Array>({
		pull() {
			throw new LittoralError("unavailable", "the client went away");
		},
	});
	expect((await errorOf(gunzip(failing))).message).toBe("the client went away");
});
