-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_User" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "email" TEXT,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "locale" TEXT,
    "picture" TEXT,
    "platformRole" TEXT NOT NULL DEFAULT 'user',
    "roleSource" TEXT NOT NULL DEFAULT 'manual',
    "status" TEXT NOT NULL DEFAULT 'active',
    "passwordHash" TEXT,
    "lastLoginAt" DATETIME,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1
);
INSERT INTO "new_User" ("createdAt", "email", "id", "lastLoginAt", "locale", "name", "nameKey", "passwordHash", "picture", "platformRole", "roleSource", "status", "updatedAt", "version") SELECT "createdAt", "email", "id", "lastLoginAt", "locale", "name", "nameKey", "passwordHash", "picture", "platformRole", "roleSource", "status", "updatedAt", "version" FROM "User";
DROP TABLE "User";
ALTER TABLE "new_User" RENAME TO "User";
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE INDEX "User_nameKey_id_idx" ON "User"("nameKey", "id");
CREATE INDEX "User_platformRole_status_idx" ON "User"("platformRole", "status");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- Of those that were there: an account that no provider knows was made by an operator, or by an invitation. Of the
-- others the address is known to be theirs where a provider said that it verified it.
UPDATE "User" SET "emailVerified" = true WHERE "email" IS NOT NULL AND (
    NOT EXISTS (SELECT 1 FROM "ExternalIdentity" i WHERE i."userId" = "User"."id")
    OR EXISTS (
        SELECT 1 FROM "ExternalIdentity" i
        WHERE i."userId" = "User"."id" AND i."email" = "User"."email" AND i."emailVerified" = true
    )
);
