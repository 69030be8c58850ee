/** Manifests in R2: written before the batch that points to them, immutable, and so cached without an age. */
import { assert } from "#shared/base/assert.ts";
import { manifestPath, randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { decodeFilePage, encodeFilePage } from "#shared/contracts/file-page-codec.ts";
import { buildFilePage, pageByteCount } from "#shared/contracts/file-page.ts";
import type { DataFile, FilePage } from "#shared/contracts/snapshot.ts";
import { repeated } from "../database/attempts.ts";
import type { CatalogPorts } from "../ports.ts";
import type { Lru } from "#shared/base/lru.ts";

export interface WrittenManifest {
	manifestId: string;
	path: string;
	byteCount: number;
	rowCount: number;
	/** Paths of the files that it lists. */
	files: string[];
}

/** Writes one manifest under a new random id; until a batch points to it, it is an orphan. */
export async function writeManifest(
	ports: CatalogPorts,
	table: { tenantId: TenantId; tableId: TableId },
	files: readonly DataFile[],
): Promise<WrittenManifest> {
	const manifestId = randomHex(12);
	const path = manifestPath({ ...table, manifestId });
	const bytes = encodeFilePage(buildFilePage(files));
	await repeated(ports, () => ports.objects.put("put_manifest", path, bytes));
	const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
	return { manifestId, path, byteCount: bytes.length, rowCount, files: files.map((file) => file.path) };
}

/** @param pointer what D1 says of it: a manifest with another number of files is not the one that was committed */
export async function readManifest(
	ports: CatalogPorts,
	cache: Lru<FilePage>,
	pointer: { path: string; fileCount: number },
): Promise<FilePage> {
	const cached = cache.get(pointer.path);
	if (cached !== undefined) return cached;
	const bytes = await repeated(ports, () => ports.objects.get("get_manifest", pointer.path));
	assert(bytes !== null, `manifest ${pointer.path} of a retained snapshot exists (C2)`);
	const page = decodeFilePage(bytes);
	assert(page.fileCount === pointer.fileCount, `manifest ${pointer.path} lists ${pointer.fileCount} files`);
	cache.set(pointer.path, page, pageByteCount(page));
	return page;
}
