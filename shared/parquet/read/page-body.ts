/** Page bodies into the arena: decompressed, and cut into levels and values. */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { BufferPool } from "../buffer-pool.ts";
import { decompress } from "./decompress.ts";
import { Encoding } from "../format.ts";
import { malformed, unsupported } from "./malformed.ts";
import type { PageHeader } from "./page-header.ts";
import { SLACK_BYTES } from "../raw-values.ts";

/** Bytes of a hybrid decoder's state. */
export const LEVEL_STATE_BYTES = 32;

/** The column that a page is of, and where its bytes go. */
export interface PageSource {
	engine: Engine;
	pool: BufferPool;
	codec: number;
	name: string;
	nullable: boolean;
}

/** Decompresses a data page: levels at [levelsStart, levelsEnd), values at [levelsEnd, end). */
export function loadPage(
	header: PageHeader,
	body: Uint8Array,
	source: PageSource,
): { buffer: Pointer; levelsStart: Pointer; levelsEnd: Pointer; end: Pointer } {
	const { engine, pool } = source;
	const buffer = pool.allocate(header.uncompressedByteCount + SLACK_BYTES);
	const end = buffer + header.uncompressedByteCount;
	if (header.kind === "dataV2") {
		const levelsEnd = buffer + header.levelByteCount;
		if (header.levelByteCount > body.length || levelsEnd > end) throw malformed("the levels of a page are longer than the page");
		engine.arena.views.u8.set(body.subarray(0, header.levelByteCount), buffer);
		const codec = header.isCompressed ? source.codec : 0;
		decompress(body.subarray(header.levelByteCount), { codec, out: levelsEnd, byteCount: end - levelsEnd }, source);
		return { buffer, levelsStart: buffer, levelsEnd, end };
	}
	decompress(body, { codec: source.codec, out: buffer, byteCount: header.uncompressedByteCount }, source);
	if (!source.nullable) return { buffer, levelsStart: buffer, levelsEnd: buffer, end };
	if (header.levelEncoding !== Encoding.rle) throw unsupported(`column "${source.name}" has bit-packed levels`);
	const levelByteCount = end - buffer < 4 ? -1 : engine.arena.views.data.getUint32(buffer, true);
	if (levelByteCount < 0 || levelByteCount > end - buffer - 4) throw malformed("the levels of a page are longer than the page");
	return { buffer, levelsStart: buffer + 4, levelsEnd: buffer + 4 + levelByteCount, end };
}

/** Decompresses a page of lists: repetition levels, definition levels, values from `values` to `end`. */
export function loadListPage(
	header: PageHeader,
	body: Uint8Array,
	source: PageSource,
): { buffer: Pointer; repetitions: [Pointer, Pointer]; definitions: [Pointer, Pointer]; values: Pointer; end: Pointer } {
	const { engine, pool } = source;
	const buffer = pool.allocate(header.uncompressedByteCount + SLACK_BYTES);
	const end = buffer + header.uncompressedByteCount;
	const tooLong = (): Error => malformed("the levels of a page are longer than the page");
	if (header.kind === "dataV2") {
		const middle = buffer + header.repetitionByteCount;
		const values = middle + header.levelByteCount;
		const levelByteCount = values - buffer;
		if (levelByteCount > body.length || values > end) throw tooLong();
		engine.arena.views.u8.set(body.subarray(0, levelByteCount), buffer);
		const codec = header.isCompressed ? source.codec : 0;
		decompress(body.subarray(levelByteCount), { codec, out: values, byteCount: end - values }, source);
		return { buffer, repetitions: [buffer, middle], definitions: [middle, values], values, end };
	}
	decompress(body, { codec: source.codec, out: buffer, byteCount: header.uncompressedByteCount }, source);
	if (header.levelEncoding !== Encoding.rle) throw unsupported(`column "${source.name}" has bit-packed levels`);
	const levelsAt = (start: Pointer): [Pointer, Pointer] => {
		const byteCount = end - start < 4 ? -1 : engine.arena.views.data.getUint32(start, true);
		if (byteCount < 0 || byteCount > end - start - 4) throw tooLong();
		return [start + 4, start + 4 + byteCount];
	};
	const repetitions = levelsAt(buffer);
	const definitions = levelsAt(repetitions[1]);
	return { buffer, repetitions, definitions, values: definitions[1], end };
}

/** `count` levels of `bitWidth` bits in [start, end), all below `limit`. @throws malformed_body */
export function readLevels(
	[start, end]: [Pointer, Pointer],
	{ count, bitWidth, limit }: { count: number; bitWidth: number; limit: number },
	source: { engine: Engine; pool: BufferPool },
): Int32Array {
	const { engine, pool } = source;
	const state = pool.allocate(LEVEL_STATE_BYTES);
	const out = pool.allocate(count * 4 + SLACK_BYTES);
	engine.kernels.hybrid_open(state, start, end, bitWidth);
	const answer = engine.kernels.hybrid_read_i32(state, count, out, limit);
	const levels = engine.arena.views.i32.slice(out >> 2, (out >> 2) + count);
	pool.release(out);
	pool.release(state);
	if (answer < 0) throw malformed("the levels of a page end early or are too high");
	return levels;
}
