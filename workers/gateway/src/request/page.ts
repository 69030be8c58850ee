/** `?limit&cursor` of every list. */
import { LittoralError } from "#shared/base/errors.ts";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from "#shared/base/limits.ts";

export interface Page {
	limit: number;
	cursor: string | null;
}

/** Longer than any cursor that we give out. */
const CURSOR_LENGTH_MAX = 1000;

/** @throws malformed_request where limit is no integer from 1 to LIST_LIMIT_MAX, the cursor is empty or too long, or either comes twice */
export function page(url: string): Page {
	const { searchParams } = new URL(url);
	for (const name of ["limit", "cursor"]) {
		if (searchParams.getAll(name).length > 1) throw new LittoralError("malformed_request", `${name} is given twice`);
	}
	const limit = searchParams.get("limit") ?? String(LIST_LIMIT_DEFAULT);
	if (!/^[1-9]\d{0,4}$/.test(limit) || Number(limit) > LIST_LIMIT_MAX) {
		throw new LittoralError("malformed_request", `limit is an integer from 1 to ${LIST_LIMIT_MAX}`);
	}
	const cursor = searchParams.get("cursor");
	if (cursor !== null && (cursor === "" || cursor.length > CURSOR_LENGTH_MAX)) throw invalidCursor();
	return { limit: Number(limit), cursor };
}

export function invalidCursor(): LittoralError {
	return new LittoralError("malformed_request", "cursor is not one that this list gave");
}
