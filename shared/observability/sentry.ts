/**
 * Reports of bugs to Sentry, by toucan-js, where SENTRY_DSN is set. Errors that users cause are not reported; nor is a request, its headers or its body
 * ever sent along, and of an error's message only what is not in quotes, where statements, values and names stand.
 */
import { Toucan } from "toucan-js";

export interface SentryEnv {
	SENTRY_DSN?: string;
}

const MESSAGE_LENGTH_MAX = 500;
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`/g;
const SECRETS = /lit_[0-9a-z]{16}_\w+|\b(?:Bearer|Basic)\s+\S+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/gi;

/** Sends `error` in the background, once, however many Workers it passes through; without a DSN nothing happens. Never throws. */
export function reportError(
	env: SentryEnv,
	context: { waitUntil(promise: Promise<unknown>): void },
	error: unknown,
	tags: Record<string, string>,
): void {
	if (!env.SENTRY_DSN || isOfThePlatform(error) || wasReported(error)) return;
	try {
		const sentry = new Toucan({
			dsn: env.SENTRY_DSN,
			context,
			beforeSend(event) {
				for (const exception of event.exception?.values ?? []) exception.value = scrubbed(exception.value);
				if (event.message !== undefined) event.message = scrubbed(event.message);
				return event;
			},
		});
		sentry.setTags(tags);
		sentry.captureException(error);
	} catch (failure) {
		console.log(JSON.stringify({ level: "warn", message: "Sentry is misconfigured", error: scrubbed(String(failure)) }));
	}
}

/** A Durable Object or service that was reset or flooded: answered with 503 or 429, and no bug. */
function isOfThePlatform(error: unknown): boolean {
	const flags = error as { overloaded?: unknown; retryable?: unknown } | null;
	return flags?.overloaded === true || flags?.retryable === true;
}

/** Marks it: RPC carries an error's own properties to the caller, who reports it too. */
function wasReported(error: unknown): boolean {
	if (typeof error !== "object" || error === null) return false;
	const marked = error as { isReported?: boolean };
	if (marked.isReported === true) return true;
	if (Object.isExtensible(marked)) marked.isReported = true;
	return false;
}

function scrubbed(text = ""): string {
	return text.replaceAll(SECRETS, "[secret]").replaceAll(QUOTED, '"…"').slice(0, MESSAGE_LENGTH_MAX);
}
