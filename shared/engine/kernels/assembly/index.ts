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
export { rows_before, rows_gather, rows_gather_bytes, rows_gather_offsets, rows_gather_validity, rows_hash, rows_sequence, rows_string_bytes, rows_without_null, rows_write } from "./row-store";
export * from "./group";
export * from "./join";
export * from "./sort";
export * from "./aggregate";
export * from "./scalar";
export * from "./parquet-encode";
export * from "./parquet-dictionary";
