/**
 * Rows and tables on their way into a deployment, for a test's set-up: what is lost on the way is sent again, as clients should. On a busy machine workerd closes connections, new ones
 * too, once its event loop has stood still for seconds (docs/decisions/0031-kept-connections.md).
 */
import { randomUUID } from "node:crypto";
import { ApiError, type AppendResult, type LittoralClient } from "../scripts/client.ts";

const ATTEMPT_COUNT_MAX = 4;

/** An answer is an answer; only a call without one is made again. */
async function untilAnswered<Answer>(call: (attempt: number) => Promise<Answer>): Promise<Answer> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await call(attempt);
		} catch (error) {
			if (error instanceof ApiError || attempt === ATTEMPT_COUNT_MAX) throw error;
		}
	}
}

/** One append, whatever its number of sendings (invariant W3): each carries the same Idempotency-Key. */
export async function sendRows(
	client: LittoralClient,
	table: string,
	body: string,
	contentType = "application/json",
): Promise<AppendResult> {
	const key = { "Idempotency-Key": randomUUID() };
	return await untilAnswered(() => client.append(table, body, contentType, key));
}

/** @param ddl of a table that does not exist: one that exists at the second sending was made by the first */
export async function createTable(client: LittoralClient, ddl: string): Promise<void> {
	await untilAnswered(async (attempt) => {
		try {
			await client.execute(ddl);
		} catch (error) {
			if (attempt === 1 || !(error instanceof ApiError) || error.problem.sqlstate !== "42P07") throw error;
		}
	});
}
