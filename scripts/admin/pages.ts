/** All pages of a list. */
import type { LittoralClient } from "../client.ts";

export async function everyItem<Item>(
	client: LittoralClient,
	path: string,
	member: string,
	query: Record<string, string> = {},
): Promise<Item[]> {
	const items: Item[] = [];
	for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
		const search = new URLSearchParams({ ...query, ...(cursor === null ? {} : { cursor }) }).toString();
		const page: Record<string, unknown> = await client.json(`${path}${search === "" ? "" : `?${search}`}`);
		items.push(...(page[member] as Item[]));
		cursor = page["next_cursor"] as string | null;
	}
	return items;
}
