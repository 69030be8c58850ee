/** The ports of a plan that runs over files alone, without Workers around it. */
import { LittoralError } from "#shared/base/errors.ts";
import type { ObjectPort, Ports } from "../../workers/tenant/src/ports.ts";

/** An object store that only reads. @param read the bytes of a range; pieces are cut from one of these */
export function readingObjects(read: ObjectPort["read"]): Pick<ObjectPort, "read" | "readPieces"> {
	return {
		read,
		async readPieces(path, offset, byteCounts, arrived) {
			const run = await read(
				path,
				offset,
				byteCounts.reduce((sum, byteCount) => sum + byteCount, 0),
			);
			let at = 0;
			for (const [index, byteCount] of byteCounts.entries()) arrived(index, run.slice(at, (at += byteCount)));
		},
	};
}

/** @param read a stored file's bytes; whatever else a plan might ask for ends as `unavailable` */
export function filePorts(read: ObjectPort["read"]): Ports {
	const unused = (): never => {
		throw new LittoralError("unavailable", "a running plan asks only for objects");
	};
	const port = new Proxy({}, { get: () => unused }) as never;
	return {
		now: () => 0,
		catalog: port,
		optimizer: port,
		signals: port,
		encodeDataFile: unused,
		background: () => {},
		shard: unused,
		objects: { ...(port as ObjectPort), ...readingObjects(read) },
	};
}
