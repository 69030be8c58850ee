/**
 * Spilled blocks as objects under `spill/<tenant id>/<query id>/`. The query drops them when it ends; what a lost isolate leaves behind is collected as garbage when it is an
 * hour old: before a query's first block is written, the catalog knows that the tenant may have some.
 */
import { spillPrefix, type TenantId } from "#shared/base/ids.ts";
import type { SpillStore } from "#shared/engine/operators/spill/spill-space.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";

export function spillStore(
	{
		objects,
		catalog,
	}: { objects: Pick<Ports["objects"], "putNew" | "read" | "remove">; catalog: Pick<Ports["catalog"], "announceObjects"> },
	query: { tenantId: TenantId; queryId: string },
): SpillStore {
	// A statement that is planned anew is another run of the same query.
	const prefix = `${spillPrefix(query)}${crypto.randomUUID()}-`;
	let count = 0;
	let announced: Promise<void> | null = null;
	return {
		async write(partition, bytes) {
			const path = `${prefix}${partition}-${count++}`;
			announced ??= untilKnown(() => catalog.announceObjects(query.tenantId, null));
			await announced;
			if ((await objects.putNew(path, bytes)) === "exists") throw new Error(`${path} is written once`);
			return { path, byteCount: bytes.byteLength };
		},
		read: ({ path, byteCount }) => objects.read(path, 0, byteCount),
		drop: (handles) => objects.remove(handles.map(({ path }) => path)),
	};
}
