/** `?limit&cursor` as OpenAPI describes it; `request/page.ts` reads it. */
import { z } from "@hono/zod-openapi";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from "#shared/base/limits.ts";

export const PageQuery = z.object({
	limit: z.int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT).optional(),
	cursor: z.string().optional().openapi({ description: "`next_cursor` of the page before." }),
});
