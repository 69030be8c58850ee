/** What wrangler.toml binds, and what an operator may set: docs/monitoring.md. */
import type { MetricsHub } from "./hub/metrics-hub.ts";
import type { SinkEnv } from "./sinks/config.ts";
import type { WebhookTarget } from "./webhook/notifications.ts";

export interface Env extends SinkEnv {
	METRICS_HUB: DurableObjectNamespace<MetricsHub>;
	SENTRY_DSN?: string;
	/** Where alerts are announced; with ALERT_WEBHOOK_SECRET, or not at all. */
	ALERT_WEBHOOK_URL?: string;
	/** Secret: `whsec_` and base64, by which the receiver checks the signature. */
	ALERT_WEBHOOK_SECRET?: string;
}

/** Null unless both are set: nothing goes out unsigned. */
export function webhookTarget({ ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET }: Env): WebhookTarget | null {
	return ALERT_WEBHOOK_URL && ALERT_WEBHOOK_SECRET ? { url: ALERT_WEBHOOK_URL, secret: ALERT_WEBHOOK_SECRET } : null;
}
