/** Monitoring with its operations counted. */
import { countedHandlers, countedObject } from "../counted.ts";
import worker, { MetricsHub as ProductHub } from "../../../workers/monitoring/src/index.ts";

export * from "../../../workers/monitoring/src/index.ts";
export const MetricsHub = countedObject(ProductHub, "MetricsHub");
export default countedHandlers(worker);
