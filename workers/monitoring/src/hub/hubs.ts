/** The hubs by number; hub 0 is the chief. */
import type { Env } from "../env.ts";
import type { MetricsHub } from "./metrics-hub.ts";

/** Hubs that share the load; isolates are spread by a hash of their id. A change moves isolates, and none of what is stored. */
export const HUB_COUNT = 4;

export function hub({ METRICS_HUB }: Env, index: number): DurableObjectStub<MetricsHub> {
	return METRICS_HUB.get(METRICS_HUB.idFromName(`hub-${index}`));
}

export function chiefHub(env: Env): DurableObjectStub<MetricsHub> {
	return hub(env, 0);
}

export function allHubs(env: Env): DurableObjectStub<MetricsHub>[] {
	return Array.from({ length: HUB_COUNT }, (_, index) => hub(env, index));
}

export function isChief({ METRICS_HUB }: Env, id: DurableObjectId): boolean {
	return METRICS_HUB.idFromName("hub-0").equals(id);
}
