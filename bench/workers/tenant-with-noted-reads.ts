/** Tenant, which notes what its queries read of data files, and tells it over its default export. */
import { installPortWrapper } from "../../workers/tenant/src/ports.ts";
import type { RangeRead } from "./bare-reads.ts";

export * from "../../workers/tenant/src/index.ts";

const reads: RangeRead[] = [];

installPortWrapper((ports) => ({
	...ports,
	objects: {
		...ports.objects,
		read(path, offset, byteCount, into) {
			reads.push({ path, offset, byteCount });
			return ports.objects.read(path, offset, byteCount, into);
		},
		readPieces(path, offset, byteCounts, arrived) {
			reads.push({ path, offset, byteCount: byteCounts.reduce((sum, byteCount) => sum + byteCount, 0) });
			return ports.objects.readPieces(path, offset, byteCounts, arrived);
		},
	},
}));

/** Answers with the reads since it was asked last. */
export default { fetch: () => Response.json(reads.splice(0)) };
