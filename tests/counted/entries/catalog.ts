/** Catalog with its operations counted. */
import { countedHandlers } from "../counted.ts";
import worker from "../../../workers/catalog/src/index.ts";

export * from "../../../workers/catalog/src/index.ts";
export default countedHandlers(worker);
