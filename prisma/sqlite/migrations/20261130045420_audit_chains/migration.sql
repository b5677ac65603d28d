-- CreateTable
CREATE TABLE "AuditChain" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "sequence" INTEGER NOT NULL DEFAULT 0,
    "hash" TEXT NOT NULL DEFAULT '',
    "mac" TEXT NOT NULL DEFAULT ''
);
WITH RECURSIVE "chain"("id") AS (SELECT 0 UNION ALL SELECT "id" + 1 FROM "chain" WHERE "id" < 128)
INSERT INTO "AuditChain" ("id") SELECT "id" FROM "chain";

-- CreateTable
CREATE TABLE "AuditExport" (
    "sequence" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" DATETIME NOT NULL,
    "statement" TEXT NOT NULL,
    "deliveredAt" DATETIME,
    "claimedUntil" DATETIME,
    "failure" TEXT,
    "failedAt" DATETIME
);

-- CreateTable
CREATE TABLE "AuditExportedHead" (
    "chain" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "sequence" INTEGER NOT NULL,
    "hash" TEXT NOT NULL
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_AuditEntry" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "at" DATETIME NOT NULL,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT,
    "action" TEXT NOT NULL,
    "subjectKind" TEXT NOT NULL,
    "subjectId" TEXT NOT NULL,
    "tenantId" TEXT,
    "before" JSONB,
    "after" JSONB,
    "requestId" TEXT NOT NULL,
    "chain" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL,
    "hash" TEXT NOT NULL
);
-- Entries of before are chain 0, in the order of their making. The first start writes their hashes.
INSERT INTO "new_AuditEntry" ("action", "actorId", "actorKind", "after", "at", "before", "id", "requestId", "subjectId", "subjectKind", "tenantId", "chain", "sequence", "hash") SELECT "action", "actorId", "actorKind", "after", "at", "before", "id", "requestId", "subjectId", "subjectKind", "tenantId", 0, ROW_NUMBER() OVER (ORDER BY "id"), '' FROM "AuditEntry";
DROP TABLE "AuditEntry";
ALTER TABLE "new_AuditEntry" RENAME TO "AuditEntry";
CREATE INDEX "AuditEntry_tenantId_id_idx" ON "AuditEntry"("tenantId", "id");
CREATE INDEX "AuditEntry_subjectKind_subjectId_id_idx" ON "AuditEntry"("subjectKind", "subjectId", "id");
CREATE UNIQUE INDEX "AuditEntry_chain_sequence_key" ON "AuditEntry"("chain", "sequence");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE INDEX "AuditExport_deliveredAt_sequence_idx" ON "AuditExport"("deliveredAt", "sequence");
