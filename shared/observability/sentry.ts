/** Reports of bugs to Sentry, by toucan-js, where SENTRY_DSN is set. Errors that users cause are not reported. */
import { Toucan } from "toucan-js";

export interface SentryEnv {
	SENTRY_DSN?: string;
}

/** Sends `error` in the background; without a DSN nothing happens. */
export function reportError(
	env: SentryEnv,
	context: { waitUntil(promise: Promise<unknown>): void },
	error: unknown,
	tags: Record<string, string>,
): void {
	if (!env.SENTRY_DSN) return;
	const sentry = new Toucan({ dsn: env.SENTRY_DSN, context });
	sentry.setTags(tags);
	sentry.captureException(error);
}
