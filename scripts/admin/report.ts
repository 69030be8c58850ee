/** What the shell learns of a failure. Exit codes: 0 done, 1 the API refused or could not be reached, 2 wrong usage, 3 done in part. */
import { CommanderError } from "commander";
import { ApiError } from "../client.ts";

/** Some of what was asked for failed; the output says what. */
export class PartialFailure extends Error {}

export function exitCodeOf(error: unknown): number {
	if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
	return error instanceof PartialFailure ? 3 : 1;
}

/** One line on stderr; commander has written its own. */
export function report(error: unknown): void {
	if (error instanceof CommanderError) return;
	process.stderr.write(`admin: ${messageOf(error)}\n`);
}

function messageOf(error: unknown): string {
	if (error instanceof ApiError) {
		const { status, code, detail, request_id } = error.problem;
		return `${status} ${code}: ${detail} (request ${request_id})`;
	}
	if (!(error instanceof Error)) return String(error);
	// fetch says only "fetch failed"; its cause says why.
	return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
