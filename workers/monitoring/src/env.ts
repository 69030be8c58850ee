import type { MetricsHub } from "./hub/metrics-hub.ts";

export interface Env {
	METRICS_HUB: DurableObjectNamespace<MetricsHub>;
	SENTRY_DSN?: string;
}
