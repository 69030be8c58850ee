/** Vitest set-up of projects with properties: all of them are tried with the values of one seed, which a failure prints. */
import fc from "fast-check";
import { SEED } from "./seed.ts";

fc.configureGlobal({ seed: SEED });
