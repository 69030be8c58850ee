/** D1 `operations`: messages of the queue `signals` that failed every time. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const deadLetters = sqliteTable("dead_letters", {
	/** Order of arrival; lists are paged by it. */
	sequence: integer("sequence").primaryKey({ autoIncrement: true }),
	/** The message's id in its queue: a second delivery of a dead letter changes nothing. */
	id: text("id").notNull().unique(),
	/** The message as JSON. */
	message: text("message").notNull(),
	diedAtMs: integer("died_at_ms").notNull(),
});
