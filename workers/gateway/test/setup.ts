/** Every test file begins with an empty, migrated IDENTITY. */
import { applyD1Migrations } from "cloudflare:test";
import { testEnv } from "./world.ts";

await applyD1Migrations(testEnv.IDENTITY, testEnv.MIGRATIONS);
