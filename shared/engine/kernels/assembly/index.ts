// Every exported kernel, by room. AssemblyScript: raw loads and stores on the imported memory, no managed object, no global state, no data segment.
export * from "./validity";
export * from "./selection";
export * from "./gather";
export * from "./check";
export * from "./parquet-snappy";
export * from "./parquet-hybrid";
export * from "./parquet-plain";
export * from "./parquet-delta";
export * from "./parquet-lanes";
export * from "./parquet-encode";
export * from "./parquet-dictionary";
