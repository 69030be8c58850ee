/** The ports of a plan that runs over files alone, without Workers around it. */
import { LittoralError } from "#shared/base/errors.ts";
import type { ObjectPort, Ports } from "../../workers/tenant/src/ports.ts";

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
		objects: { ...(port as ObjectPort), read },
	};
}
