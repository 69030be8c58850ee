/** Gateway with its operations counted. */
import { countedHandlers } from "../counted.ts";
import worker from "../../../workers/gateway/src/index.ts";

export default countedHandlers(worker);
