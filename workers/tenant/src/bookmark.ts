/**
 * Bookmarks: opaque tokens of a write. Queries see every acknowledged write anyway (invariant Q2), so a bookmark is only checked for being ours.
 *
 * `<base64url of JSON>.<16 hex>`: the tag is a hash over the tenant's internal id, which is random and never leaves the system, and the payload.
 */
import { createHash } from "node:crypto";
import { LittoralError } from "#shared/base/errors.ts";
import type { TableId, TenantId } from "#shared/base/ids.ts";
import type { AppendResult } from "./shard/contract.ts";

const BOOKMARK_VERSION = 1;
const TAG_HEX_LENGTH = 16;
const BOOKMARK_LENGTH_MAX = 1024;

/** What a write made visible; `table` null for a statement that changed no rows. */
export type BookmarkPosition = { table: TableId | null } & Partial<Pick<AppendResult, "shard" | "sequence" | "snapshotVersion">>;

export function makeBookmark(tenantId: TenantId, position: BookmarkPosition): string {
	const { table, shard = null, sequence = null, snapshotVersion = null } = position;
	const payload = toBase64Url(JSON.stringify([BOOKMARK_VERSION, table, shard, sequence, snapshotVersion]));
	return `${payload}.${tagOf(tenantId, payload)}`;
}

/** @throws invalid_bookmark for anything that this tenant was not given */
export function checkBookmark(tenantId: TenantId, bookmark: string): void {
	const [payload, tag, ...rest] = bookmark.length > BOOKMARK_LENGTH_MAX ? [] : bookmark.split(".");
	const valid = payload !== undefined && tag !== undefined && rest.length === 0 && tag === tagOf(tenantId, payload);
	if (!valid) throw new LittoralError("invalid_bookmark", "the bookmark is not one of this tenant's");
}

function tagOf(tenantId: TenantId, payload: string): string {
	return createHash("sha256").update(`bookmark ${tenantId} ${payload}`).digest("hex").slice(0, TAG_HEX_LENGTH);
}

function toBase64Url(text: string): string {
	return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
