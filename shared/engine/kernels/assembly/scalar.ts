// Kernels of scalar functions, casts and logic.
export * from "./comparison";
export * from "./arithmetic";
export * from "./logic";
export * from "./bytes";
export { pow10_table } from "./int128";
export * from "./numeric";
export * from "./numeric-convert";
export * from "./numeric-narrow";
export * from "./in-list";
export * from "./convert";
export * from "./dates";
export * from "./strings";
