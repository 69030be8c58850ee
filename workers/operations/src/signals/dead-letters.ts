/** What becomes of signals that failed every time: they are kept, bounded in number, listed to the administrator, and sent again when he says so. */
import { desc, eq, lt, lte, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { LittoralError } from "#shared/base/errors.ts";
import { DEAD_LETTER_COUNT_MAX } from "#shared/base/limits.ts";
import type { DeadSignal, Signal } from "#shared/contracts/rpc.ts";
import { deadLetters } from "./tables.ts";

export class DeadLetterStore {
	readonly #db: DrizzleD1Database;

	constructor(database: D1Database) {
		this.#db = drizzle(database);
	}

	/** Keeps the newest DEAD_LETTER_COUNT_MAX. @returns how many were not known before */
	async record(letters: { id: string; body: unknown }[], diedAtMs: number): Promise<number> {
		let newCount = 0;
		for (const { id, body } of letters) {
			const [inserted] = await this.#db.batch([
				this.#db
					.insert(deadLetters)
					.values({ id, message: JSON.stringify(body), diedAtMs })
					.onConflictDoNothing()
					.returning({ sequence: deadLetters.sequence }),
				this.#db
					.delete(deadLetters)
					.where(lte(deadLetters.sequence, sql`(SELECT max(${deadLetters.sequence}) FROM ${deadLetters}) - ${DEAD_LETTER_COUNT_MAX}`)),
			]);
			newCount += inserted.length;
		}
		return newCount;
	}

	/** Newest first. */
	async list(page: { limit: number; cursor: string | null }): Promise<{ deadLetters: DeadSignal[]; nextCursor: string | null }> {
		if (page.cursor !== null && !/^\d{1,15}$/.test(page.cursor))
			throw new LittoralError("malformed_request", "cursor is not one that this list gave");
		const below = page.cursor === null ? undefined : lt(deadLetters.sequence, Number(page.cursor));
		const rows = await this.#db
			.select()
			.from(deadLetters)
			.where(below)
			.orderBy(desc(deadLetters.sequence))
			.limit(page.limit + 1);
		const shown = rows.slice(0, page.limit);
		return {
			deadLetters: shown.map(({ id, message, diedAtMs }) => ({ id, message, at: new Date(diedAtMs).toISOString() })),
			nextCursor: rows.length > page.limit ? String(shown.at(-1)?.sequence) : null,
		};
	}

	/** Sends it again, then forgets it: cut off between the two, it is sent twice, which every signal bears. @returns null where there is none */
	async redrive(id: string, send: (signal: Signal) => Promise<void>): Promise<Signal | null> {
		const [row] = await this.#db.select().from(deadLetters).where(eq(deadLetters.id, id));
		if (row === undefined) return null;
		const signal = JSON.parse(row.message) as Signal;
		await send(signal);
		await this.#db.delete(deadLetters).where(eq(deadLetters.id, id));
		return signal;
	}
}
