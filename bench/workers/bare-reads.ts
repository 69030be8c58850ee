/** The floor under a query over cold data: a Worker that reads the ranges it is told to from R2, as many at once as a Worker may have open, and does nothing with them. */
interface Env {
	DATA: R2Bucket;
}

/** A range of an object in R2. */
export interface RangeRead {
	path: string;
	offset: number;
	byteCount: number;
}

/** Connections that one invocation may have waiting for headers. */
const AT_ONCE_COUNT = 6;

/** @returns bytes read */
async function readAll(bucket: R2Bucket, reads: readonly RangeRead[]): Promise<number> {
	let next = 0;
	let readByteCount = 0;
	const readOn = async (): Promise<void> => {
		for (let read = reads[next++]; read !== undefined; read = reads[next++]) {
			const { path, offset, byteCount: length } = read;
			const object = await bucket.get(path, { range: { offset, length } });
			if (object === null) throw new Error(`no object ${path}`);
			const bytes = await object.arrayBuffer();
			readByteCount += bytes.byteLength;
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE_COUNT }, readOn));
	return readByteCount;
}

export default {
	async fetch(request, env): Promise<Response> {
		return Response.json(await readAll(env.DATA, (await request.json()) as RangeRead[]));
	},
} satisfies ExportedHandler<Env>;
