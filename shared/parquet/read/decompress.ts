/** Page bodies into the arena: copied, by the snappy kernel, or by node:zlib with the output bounded by what the page header says. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { BufferPool } from "../buffer-pool.ts";
import { Codec } from "../format.ts";
import { malformed, unsupported } from "./malformed.ts";

/** workerd counts whole output chunks against the bound: with the exact size it refuses pages that fit (its zstd says "Memory limit exceeded"). */
const OUTPUT_SLACK_BYTES = 128 * 1024;

/** @throws feature_not_supported for LZO, LZ4 and Brotli */
export function requireCodec(codec: number, column: string): void {
	if (codec !== Codec.uncompressed && codec !== Codec.snappy && codec !== Codec.gzip && codec !== Codec.zstd) {
		throw unsupported(`column "${column}" is compressed with codec ${codec}; uncompressed, snappy, gzip and zstd are read`);
	}
}

/**
 * Writes exactly `byteCount` bytes at `out`, the decompressed `input`.
 * @throws malformed_body when the input gives more, fewer, or is not of the codec
 */
export function decompress(
	input: Uint8Array,
	target: { codec: number; out: Pointer; byteCount: number },
	memory: { engine: Engine; pool: BufferPool },
): void {
	const { codec, out, byteCount } = target;
	const { u8 } = memory.engine.arena.views;
	if (codec === Codec.uncompressed) {
		if (input.length !== byteCount) throw malformed("an uncompressed page has two sizes");
		u8.set(input, out);
		return;
	}
	if (byteCount === 0) return;
	if (codec === Codec.snappy) {
		decompressSnappy(input, target, memory);
		return;
	}
	let bytes: Uint8Array;
	try {
		const maxOutputLength = byteCount + OUTPUT_SLACK_BYTES;
		bytes = codec === Codec.gzip ? gunzipSync(input, { maxOutputLength }) : zstdDecompressSync(input, { maxOutputLength });
	} catch {
		throw malformed(`a page does not decompress (${codec === Codec.gzip ? "gzip" : "zstd"})`);
	}
	if (bytes.length !== byteCount) throw malformed("a page decompresses to another size than its header says");
	u8.set(bytes, out);
}

function decompressSnappy(
	input: Uint8Array,
	{ out, byteCount }: { out: Pointer; byteCount: number },
	{ engine, pool }: { engine: Engine; pool: BufferPool },
): void {
	let declared = 0;
	let start = 0;
	for (let factor = 1; ; factor *= 128) {
		const byte = input[start++];
		if (byte === undefined || start > 5) throw malformed("a page does not decompress (snappy)");
		declared += (byte & 0x7f) * factor;
		if (byte < 0x80) break;
	}
	if (declared !== byteCount) throw malformed("a page decompresses to another size than its header says");
	const scratch = pool.allocate(input.length);
	engine.arena.views.u8.set(input, scratch);
	const result = engine.kernels.snappy_decompress(scratch + start, scratch + input.length, out, out + byteCount);
	pool.release(scratch);
	if (result !== 0) throw malformed("a page does not decompress (snappy)");
}
