/** Operations with its operations counted. */
import { countedHandlers } from "../counted.ts";
import worker from "../../../workers/operations/src/index.ts";

export * from "../../../workers/operations/src/index.ts";
export default countedHandlers(worker);
