-- AlterTable
ALTER TABLE "AccessReceipt" ADD COLUMN "machines" JSONB;

-- AlterTable
ALTER TABLE "IdentityClaim" ADD COLUMN "role" TEXT;

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_ApiToken" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "principalId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "ending" TEXT NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'member',
    "scopes" JSONB,
    "createdById" TEXT,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME,
    "lastUsedAt" DATETIME,
    "revokedAt" DATETIME,
    CONSTRAINT "ApiToken_principalId_fkey" FOREIGN KEY ("principalId") REFERENCES "Principal" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_ApiToken" ("createdAt", "createdById", "ending", "expiresAt", "id", "lastUsedAt", "name", "principalId", "revokedAt", "scopes", "tenantId", "tokenHash") SELECT "createdAt", "createdById", "ending", "expiresAt", "id", "lastUsedAt", "name", "principalId", "revokedAt", "scopes", "tenantId", "tokenHash" FROM "ApiToken";
DROP TABLE "ApiToken";
ALTER TABLE "new_ApiToken" RENAME TO "ApiToken";
CREATE UNIQUE INDEX "ApiToken_tokenHash_key" ON "ApiToken"("tokenHash");
CREATE INDEX "ApiToken_tenantId_id_idx" ON "ApiToken"("tenantId", "id");
CREATE INDEX "ApiToken_principalId_idx" ON "ApiToken"("principalId");
CREATE TABLE "new_Identity" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "handle" TEXT NOT NULL,
    "did" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "tenantId" TEXT,
    "address" TEXT,
    "userAgent" TEXT,
    "rotationAsked" BOOLEAN NOT NULL DEFAULT false,
    "keyChangedAt" DATETIME NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "lastUsedAt" DATETIME,
    "revokedAt" DATETIME,
    "version" INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT "Identity_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_Identity" ("address", "createdAt", "did", "handle", "id", "keyChangedAt", "lastUsedAt", "revokedAt", "rotationAsked", "status", "userAgent", "version") SELECT "address", "createdAt", "did", "handle", "id", "keyChangedAt", "lastUsedAt", "revokedAt", "rotationAsked", "status", "userAgent", "version" FROM "Identity";
DROP TABLE "Identity";
ALTER TABLE "new_Identity" RENAME TO "Identity";
CREATE UNIQUE INDEX "Identity_handle_key" ON "Identity"("handle");
CREATE UNIQUE INDEX "Identity_did_key" ON "Identity"("did");
CREATE INDEX "Identity_tenantId_id_idx" ON "Identity"("tenantId", "id");
CREATE INDEX "Identity_status_createdAt_idx" ON "Identity"("status", "createdAt");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE INDEX "ServiceAccount_tenantId_id_idx" ON "ServiceAccount"("tenantId", "id");
