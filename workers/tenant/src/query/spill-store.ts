/**
 * Spilled blocks as objects under `spill/<tenant id>/<query id>/`. The query drops them when it ends; what a lost isolate leaves behind is collected as garbage when it is an
 * hour old.
 */
import { spillPrefix, type TenantId } from "#shared/base/ids.ts";
import type { SpillStore } from "#shared/engine/operators/spill-space.ts";
import type { ObjectPort } from "../ports.ts";

export function spillStore(
	objects: Pick<ObjectPort, "putNew" | "read" | "remove">,
	query: { tenantId: TenantId; queryId: string },
): SpillStore {
	// A statement that is planned anew is another run of the same query.
	const prefix = `${spillPrefix(query)}${crypto.randomUUID()}-`;
	let count = 0;
	return {
		async write(partition, bytes) {
			const path = `${prefix}${partition}-${count++}`;
			if ((await objects.putNew(path, bytes)) === "exists") throw new Error(`${path} is written once`);
			return { path, byteCount: bytes.byteLength };
		},
		read: ({ path, byteCount }) => objects.read(path, 0, byteCount),
		drop: (handles) => objects.remove(handles.map(({ path }) => path)),
	};
}
