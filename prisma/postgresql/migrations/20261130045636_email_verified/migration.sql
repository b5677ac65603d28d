-- AlterTable
ALTER TABLE "User" ADD COLUMN     "emailVerified" BOOLEAN NOT NULL DEFAULT false;

-- Of those that were there: an account that no provider knows was made by an operator, or by an invitation. Of the
-- others the address is known to be theirs where a provider said that it verified it.
UPDATE "User" SET "emailVerified" = true WHERE "email" IS NOT NULL AND (
    NOT EXISTS (SELECT 1 FROM "ExternalIdentity" i WHERE i."userId" = "User"."id")
    OR EXISTS (
        SELECT 1 FROM "ExternalIdentity" i
        WHERE i."userId" = "User"."id" AND i."email" = "User"."email" AND i."emailVerified" = true
    )
);
