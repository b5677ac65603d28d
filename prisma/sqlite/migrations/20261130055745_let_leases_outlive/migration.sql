-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_SecretLease" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "vaultId" TEXT NOT NULL,
    "principalId" TEXT NOT NULL,
    "askedBy" TEXT NOT NULL,
    "askedByName" TEXT NOT NULL DEFAULT '',
    "kind" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "endsLatest" DATETIME NOT NULL,
    "lastReadAt" DATETIME,
    "endedAt" DATETIME,
    "endReason" TEXT,
    "externalId" TEXT,
    "settledAt" DATETIME,
    "nextTryAt" DATETIME
);
INSERT INTO "new_SecretLease" ("askedBy", "createdAt", "endReason", "endedAt", "endsLatest", "expiresAt", "externalId", "id", "kind", "lastReadAt", "name", "nextTryAt", "principalId", "purpose", "service", "settledAt", "tenantId", "vaultId") SELECT "askedBy", "createdAt", "endReason", "endedAt", "endsLatest", "expiresAt", "externalId", "id", "kind", "lastReadAt", "name", "nextTryAt", "principalId", "purpose", "service", "settledAt", "tenantId", "vaultId" FROM "SecretLease";
DROP TABLE "SecretLease";
ALTER TABLE "new_SecretLease" RENAME TO "SecretLease";
CREATE INDEX "SecretLease_tenantId_id_idx" ON "SecretLease"("tenantId", "id");
CREATE INDEX "SecretLease_vaultId_id_idx" ON "SecretLease"("vaultId", "id");
CREATE INDEX "SecretLease_principalId_id_idx" ON "SecretLease"("principalId", "id");
CREATE INDEX "SecretLease_askedBy_id_idx" ON "SecretLease"("askedBy", "id");
CREATE INDEX "SecretLease_nextTryAt_idx" ON "SecretLease"("nextTryAt");
CREATE INDEX "SecretLease_endedAt_expiresAt_idx" ON "SecretLease"("endedAt", "expiresAt");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
